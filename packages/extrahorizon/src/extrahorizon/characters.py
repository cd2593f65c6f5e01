"""Half characters and what becomes of them: a surrogate without its other half, as of an emoji that was cut in two.

JavaScript's strings hold them (`substring` makes them) and so do Python's, but UTF-8 does not. What encodes one raises
an error that holds the whole text, which may be a secret or a patient's.
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
    """Return whether a text holds half a character, so that it has no UTF-8."""
    return not text.isascii() and re.search(_HALF, text) is not None


def well_formed(text: str) -> str:
    """Return a text with U+FFFD for each half of a character, as browsers send forms; two halves that meet are one."""
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
    """Return the value of a JSON text. As JSON has it: no NaN and no Infinity, nor a number that becomes one.

    Raises:
        ValueError: it is no JSON, or is nested too deeply, or has a number that no double holds. The error has nothing
            of the text.
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        pass
    raise ValueError("this is no JSON, or is nested too deeply")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _no_number(_: str) -> Any:
    raise ValueError
