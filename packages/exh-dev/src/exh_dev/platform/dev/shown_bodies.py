"""Bodies of requests and answers as the control center shows them.

JSON, text, or for other content its type and size; truncated and redacted.

Secrets are recognized by member names (`extrahorizon.redaction`, also used for logs). Requests to services that issue
tokens and set passwords use further names, which are redacted there. Tokens of files are recognized by their format
anywhere: `<id of the file>-[redacted]`.
"""

from __future__ import annotations

import json
import re
import zlib
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from extrahorizon.redaction import DEPTH, REDACTED, is_secret_name, redact, words_of

LARGEST = 64 * 1024  # bytes of a body that are kept
_OF_LOGINS = re.compile(
    r"/auth/v\d+(/|$)|/users/v\d+/.*(password|activation|pin|authenticate|register|forgot)|/_dev/oidc"
)
_SECRETS_OF_LOGINS = frozenset(
    {"challenge", "code", "codes", "hash", "key", "keys", "nonce", "otp", "pin", "seed", "state", "verifier"}
)
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|"', re.DOTALL)
_NAMES = re.compile(r'"([^"\\]+)"\s*:')
_FORM = "application/x-www-form-urlencoded"
#: What of a file's token opens the file. Hyphens are rarer than digits: a pattern that begins with one is found sooner.
_OF_FILE_TOKEN = re.compile(
    r"-(?<=[0-9a-f]{24}-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE
)


def without_file_tokens(text: str) -> str:
    """Return a string with each file token shortened to the file's id."""
    return _OF_FILE_TOKEN.sub(f"-{REDACTED}", text)


def is_login(path: str) -> bool:
    """Return whether a path is of a service that hands out tokens, or sets passwords."""
    return bool(_OF_LOGINS.match(path))


def kept(first: bytes, size: int, content_type: str, *, encoding: str = "", login: bool = False) -> dict[str, Any]:
    """Return the part of a body to store, without secrets. This is the cheap part; `shown` does the rest on demand.

    Args:
        first: the first `LARGEST` bytes of it, or all.
        size: its size in bytes.
        content_type: its Content-Type header.
        encoding: its Content-Encoding header.
        login: the result of `is_login` for its path.
    """
    if not size:
        return {}
    cut = size > len(first)
    media_type = content_type.partition(";")[0].strip().lower()
    if encoding.strip().lower() == "gzip":
        first, cut = _unpacked(first, cut)
    if media_type.endswith(("/json", "+json")):
        text = without_file_tokens(first.decode("utf-8", "ignore" if cut else "replace"))
        # Most bodies have no secret: to see that is a tenth of the work of parsing one, and of writing it again.
        if login or "\\u" in text or any(map(_is_secret, set(_NAMES.findall(text)))):
            return _parsed(text, cut, login=login)
        return _marked({"raw": text}, cut)
    if media_type == _FORM:
        return _form(first, cut, login)
    if media_type.startswith("text/") and not login:
        return _marked({"text": without_file_tokens(first.decode("utf-8", "replace"))}, cut)
    return {}


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a stored body for display.

    It has `json` or `text`, with `cut` if truncated; neither for a binary or empty body.
    """
    return _parsed(found["raw"], bool(found.get("cut")), login=False) if "raw" in found else found


def without_secrets(value: Any, *, login: bool = False) -> Any:
    """Return a copy of a JSON value, with every secret member replaced."""
    hidden = redact(value)
    return _without_secrets_of_logins(hidden, DEPTH) if login else hidden


def hidden_inside(value: Any) -> Any:
    """Return a JSON value without the tokens of files in its strings."""
    text = json.dumps(value, ensure_ascii=False)
    hidden = without_file_tokens(text)
    return value if hidden == text else json.loads(hidden)


def is_secret(name: str, *, login: bool = False) -> bool:
    """Return whether a member of this name is hidden."""
    return _is_secret(name) or (login and _is_secret_of_logins(name))


@lru_cache(4_096)
def _is_secret(name: str) -> bool:
    return is_secret_name(name)


@lru_cache(4_096)
def _is_secret_of_logins(name: str) -> bool:
    return not _SECRETS_OF_LOGINS.isdisjoint(words_of(name))


def _without_secrets_of_logins(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return {
            name: REDACTED
            if each is not None and not isinstance(each, dict) and _is_secret_of_logins(name)
            else _without_secrets_of_logins(each, depth - 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets_of_logins(each, depth - 1) for each in value]
    return value


def _parsed(text: str, cut: bool, *, login: bool) -> dict[str, Any]:
    try:
        value = json.loads(_closed(text) if cut else text)
        found = without_secrets(value, login=login)
        # An escape may have hidden a token.
        return _marked({"json": hidden_inside(found) if "\\u" in text else found}, cut)
    except (ValueError, RecursionError):
        if cut or login or any(map(_is_secret, _NAMES.findall(text))):
            return _marked({}, cut)
        return {"text": text}


def _form(first: bytes, cut: bool, login: bool) -> dict[str, Any]:
    pairs = parse_qsl(without_file_tokens(first.decode("utf-8", "replace")), keep_blank_values=True)
    return _marked({"json": without_secrets(dict(pairs), login=login)}, cut)


def _marked(found: dict[str, Any], cut: bool) -> dict[str, Any]:
    return {**found, "cut": True} if cut else found


def _closed(text: str) -> str:
    """Complete truncated JSON: drop the unfinished value and add the closing brackets."""
    open_ones: list[str] = []
    end, closing = 0, ""
    for match in _TOKENS.finditer(text):
        match match[0]:
            case "{" | "[" as bracket:
                open_ones.append("}" if bracket == "{" else "]")
                end, closing = match.end(), "".join(reversed(open_ones))
            case "}" | "]" if open_ones:
                open_ones.pop()
                end, closing = match.end(), "".join(reversed(open_ones))
            case ",":
                end, closing = match.start(), "".join(reversed(open_ones))
            case '"':
                break
            case _:
                continue
    return text[:end] + closing


def _unpacked(first: bytes, cut: bool) -> tuple[bytes, bool]:
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip, not zlib
    try:
        plain = unpacking.decompress(first, LARGEST)
    except zlib.error:
        return b"", True
    return plain, cut or not unpacking.eof
