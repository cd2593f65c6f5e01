"""Authenticate users by e-mail and password, with the platform's rate limits.

After a failure the next attempt has to wait a second (211); every tenth failure freezes the account for a minute (212),
the fiftieth locks it (213). A success resets the count. Attempts refused by the rate limit are not counted. Source: the
published description of the auth service. Assumed: the second counts from the last failure, not from any attempt.

Passwords are kept as scrypt hashes (RFC 7914), with a low cost because tests start many platforms.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_TIMEOUT = 1_000  # milliseconds after any failure
_FREEZE = 60_000  # milliseconds after every tenth
_FREEZE_EVERY = 10
_LOCK_AFTER = 50
# 1 MiB and about 3 ms. A public service would ask for 128 MiB; this one holds a developer's made-up users.
_COST, _BLOCK, _PARALLEL = 1024, 8, 1


class Login:
    """Checks passwords, and keeps count on the user's record, where the user service shows it."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def user_id(self, email: str, password: str) -> str:
        """Return the user with this e-mail address and password.

        Raises:
            ErrorAnswer: 106 when they are wrong, 211 to 213 when the rate limit applies.
        """
        user = self._store.one("users", "email", email)
        if user is None:
            raise _unknown()
        now = epoch_ms(self._clock())
        _check_pace(user, now)
        if not is_password(password, user["password_hash"]):
            count = user["failed_count"] + 1
            self._store.put("users", {**user, "failed_count": count, "last_failed_timestamp": now})
            raise _unknown()
        if user["failed_count"]:
            self._store.put("users", {**user, "failed_count": 0})
        user_id: str = user["id"]
        return user_id


def _check_pace(user: Document, now: int) -> None:
    count = user["failed_count"]
    if count == 0:
        return
    passed = now - user["last_failed_timestamp"]
    if count >= _LOCK_AFTER:
        raise ErrorAnswer(213, "Account is locked due to too many failed login attempts")
    if count % _FREEZE_EVERY == 0 and passed < _FREEZE:
        raise ErrorAnswer(212, "Login timeout in progress, too many failed login attempts")
    if passed < _TIMEOUT:
        raise ErrorAnswer(211, "Login attempt too fast")


def _unknown() -> ErrorAnswer:
    return ErrorAnswer(106, "This password email combination is unknown")


def hash_password(password: str) -> str:
    """Return the salt and the hash of a password in hex, to be stored."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(password, salt).hex()}"


def is_password(password: str, stored: str) -> bool:
    """Return whether `password` matches the hash `stored`."""
    salt, _, expected = stored.partition(":")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)
