"""Passwords are kept as scrypt hashes (RFC 7914), with costs low enough for a platform that starts in every test."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# 1 MiB and about 3 ms. A public service would ask for 128 MiB; this one holds a developer's made-up users.
_COST, _BLOCK, _PARALLEL = 1024, 8, 1


def hash_password(password: str) -> str:
    """What is stored: the salt and the hash, in hex."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(password, salt).hex()}"


def is_password(password: str, stored: str) -> bool:
    """Whether `stored` was made from `password`."""
    salt, _, expected = stored.partition(":")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)
