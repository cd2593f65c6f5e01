"""Handle lone surrogates, such as half of an emoji that was cut in two.

JavaScript's strings can contain them (`substring` creates them) and so can Python's, but UTF-8 cannot. Encoding one
raises an error that contains the entire string, which may be a secret or personal data.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_HALF = "[\ud800-\udfff]"
HALF_A_CHARACTER = "half a character (a lone surrogate), which cannot be sent"


def has_half(text: str) -> bool:
    """Return whether a string has a lone surrogate, so that it has no UTF-8 encoding."""
    return not text.isascii() and re.search(_HALF, text) is not None


def well_formed(text: str) -> str:
    """Replace each lone surrogate with U+FFFD, as browsers do in forms; two adjacent halves form one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if has_half(text) else text


def json_text(value: Any, *, default: Callable[[Any], Any] | None = None) -> bytes:
    r"""Return a value as JSON in UTF-8, half characters as `\ud83d`: so does `JSON.stringify` of JavaScript.

    Args:
        value: what to write.
        default: returns what to write in the place of an object that JSON has no type for.

    Raises:
        TypeError: it holds an object that JSON has no type for.
        ValueError: it holds a number that is not finite, or itself, or is nested too deeply.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default)
    except RecursionError:
        text = None
    if text is None:
        raise ValueError("the value is nested too deeply for JSON, or contains itself")
    # Outside of a string JSON has no such character, and in one this is its escape.
    return text.encode(errors="backslashreplace")


def read_json(text: str | bytes) -> Any:
    """Parse JSON strictly: no NaN, no Infinity, and no number that overflows.

    Raises:
        ValueError: it is not JSON, is nested too deeply, or has a number out of range. The error quotes none of the
            text.
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        pass
    raise ValueError("this is not JSON, or is nested too deeply")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _no_number(_: str) -> Any:
    raise ValueError
