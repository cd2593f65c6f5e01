"""Redaction: recognize names of secrets and remove their values, for logs and wherever requests are displayed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

REDACTED = "[redacted]"
DEPTH = 20  # levels of a value that are logged; deeper ones, or a value inside itself, are cut off

_SECRET_WORDS = frozenset(
    {"authorization", "bearer", "cookie", "cookies", "credential", "credentials", "jwt", "otp", "passcode"}
    | {"passphrase", "passwd", "password", "passwords", "pin", "pwd", "secret", "secrets", "signature"}
    | {"token", "tokens"}
)
#: "key" and "code" are ordinary words; after one of these they are secrets.
_SECRET_KEYS = frozenset({"access", "api", "consumer", "encryption", "license", "mfa", "private", "secret", "signing"})
#: Names written without a break between their words.
_RUN_TOGETHER = re.compile(r"(?:api|access|secret|private)keys?$|(?:token|secret|password|passwd)s?$", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case, from `tokenSecret`, `token-secret` or `TOKEN_SECRET` alike."""
    return [word.lower() for word in _WORDS.findall(name)]


def is_secret_name(name: str) -> bool:
    """Return whether a member's name says that it is secret: `tokenSecret`, `X-Api-Key`, `apikey`, …"""
    words = words_of(name)
    return (
        not _SECRET_WORDS.isdisjoint(words)
        or any(first in _SECRET_KEYS and second in ("code", "key", "keys") for first, second in pairwise(words))
        or any(_RUN_TOGETHER.search(word) for word in words)
    )


def redact(value: Any, depth: int = DEPTH) -> Any:
    """Return a JSON-like copy of a value with every secret member replaced, at any depth and in any kind of mapping."""
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth == 0:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {
            key if isinstance(key, str) else str(key): (
                REDACTED if item is not None and is_secret_name(str(key)) else redact(item, depth - 1)
            )
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth - 1) for item in value]
    return value
