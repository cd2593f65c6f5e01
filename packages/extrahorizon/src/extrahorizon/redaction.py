"""Redaction: recognize names of secrets and remove their values, for logs and wherever requests are displayed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

REDACTED = "[redacted]"
DEPTH = 20  # levels of a value that are logged; deeper ones, or a value inside itself, are cut off

_SECRET_WORDS = frozenset(
    {"contrasena", "kennwort", "passwort", "wachtwoord"}
    | {"authorization", "bearer", "cookie", "cookies", "credential", "credentials", "jwt", "otp", "passcode"}
    | {"passphrase", "passwd", "password", "passwords", "pin", "pwd", "secret", "secrets", "signature"}
    | {"token", "tokens"}
)
#: "key" and "code" are ordinary words; after one of these they are secrets.
_SECRET_KEYS = frozenset(
    {"access", "api", "client", "consumer", "encryption", "license", "mfa", "private", "secret", "signing"}
)
#: Secrets as the last word of a name: `pass_rate` and `auth_method` are none.
_LAST_WORDS = frozenset({"auth", "pass"})
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
        or not _LAST_WORDS.isdisjoint(words[-1:])
        or ("session", "id") in pairwise(words)
        or any(first in _SECRET_KEYS and second in ("code", "key", "keys") for first, second in pairwise(words))
        or any(_RUN_TOGETHER.search(word) for word in words)
    )


def redact(value: Any, depth: int = DEPTH) -> Any:
    """Return a JSON-like copy of a value with every secret member replaced, at any depth and in any kind of mapping."""
    if (fields := _fields_of(value)) is not None:
        value = {name: getattr(value, name) for name in fields}
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
        return [[item[0], REDACTED] if _is_secret_pair(item) else redact(item, depth - 1) for item in value]
    return value


def _fields_of(value: Any) -> Iterable[str] | None:
    """Return the names in a dataclass or a named tuple; None if it is neither."""
    if isinstance(value, type):
        return None
    if isinstance(value, tuple):
        return getattr(value, "_fields", None)
    return getattr(value, "__dataclass_fields__", None)


def _is_secret_pair(item: Any) -> bool:
    """Return whether an item is a name with its value, as in a list of headers, and the name is that of a secret."""
    is_pair = isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str)
    return is_pair and item[1] is not None and is_secret_name(item[0])
