"""JSON as RFC 8259 has it: what Python's parser reads beyond that is refused, in words of its own."""

from __future__ import annotations

import json
import math
from typing import Any

_MOST_DIGITS = 4_300
"""Most digits of an integer that Python parses: https://docs.python.org/3/library/stdtypes.html#int-max-str-digits"""


def loads(text: str | bytes) -> Any:
    """Parse JSON strictly.

    Args:
        text: JSON; as bytes in UTF-8, UTF-16 or UTF-32.

    Raises:
        json.JSONDecodeError: it is not JSON; with line and column.
        UnicodeDecodeError: it cannot be decoded.
        ValueError: a number is NaN, infinite, or has too many digits.
        RecursionError: it is nested too deeply.

    **A number that no other program reads**

        >>> loads('{"rate": 1e999}')
        Traceback (most recent call last):
        ...
        ValueError: the number 1e999 is out of range
    """
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_integer)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is out of range")
    return number


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(text):,} digits")
    return int(text)
