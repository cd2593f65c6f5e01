"""Time-based one-time passwords (RFC 6238 over RFC 4226), with SHA-1, 6 digits and 30 seconds, as apps make them."""

from __future__ import annotations

import base64
import hashlib
import hmac

_STEP = 30  # seconds
_DIGITS = 6


def code_at(secret: str, seconds: float) -> str:
    """The code for a base32 `secret` at a time in epoch seconds."""
    counter = int(seconds // _STEP)
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF  # RFC 4226, section 5.3: dynamic truncation
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def is_code(code: str, secret: str, seconds: float) -> bool:
    """Whether `code` is the one of now or of a step before or after (RFC 6238, section 5.2, on clocks that differ).

    The same code is taken again within that time: nothing published says that the platform refuses it.
    """
    around = (code_at(secret, max(0.0, seconds + step * _STEP)) for step in (-1, 0, 1))
    return any(hmac.compare_digest(each.encode(), code.encode()) for each in around)
