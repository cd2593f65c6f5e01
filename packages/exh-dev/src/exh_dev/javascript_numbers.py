"""Numbers as JavaScript reads and writes them, which is what the platform does."""

from __future__ import annotations

import math
import re

from extrahorizon.query import spelled

_MOST_EXACT = 2**53  # larger integers lose precision as a double, as in JavaScript
_MOST_DIGITS = 400  # of a whole number that may be finite as a double, with some to spare
_WITH_EXPONENT = re.compile(r"\de[+-]\d")
_STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?e[+-]?\d+')


def parse_integer(text: str) -> int | float:
    """Return the number that JavaScript reads from digits: a double if there are too many, infinite from 310 on."""
    if len(text) > _MOST_DIGITS:
        return fraction(text)  # Python refuses to parse 4,301 digits
    number = int(text)
    return number if abs(number) <= _MOST_EXACT else fraction(text)


def fraction(text: str) -> int | float:
    """Return the number that JavaScript parses: an int if it has no fraction.

    Returns:
        The number; infinite where it is too large.
    """
    return integer_if_exact(float(text))


def integer_if_exact(number: float) -> int | float:
    """Return a double as an int if it is exact; JSON then writes it without a decimal point."""
    return int(number) if number.is_integer() and abs(number) <= _MOST_EXACT else number


def number_text(number: float) -> str:
    """Return a number as JavaScript's `String` has it, such as `0.00001`, `1e-7`, `100` and `1e+21`."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if isinstance(number, int) and abs(number) <= _MOST_EXACT:
        return str(number)
    return spelled(float(number))  # a query has numbers as JavaScript prints them


def respelled(text: str) -> str:
    """Return JSON that Python wrote, with its numbers in JavaScript's notation; strings are unchanged."""
    if not _WITH_EXPONENT.search(text):
        return text
    return _STRING_OR_NUMBER.sub(lambda found: found[0] if found[0][0] == '"' else number_text(float(found[0])), text)
