"""Find the line and column of a value in a JSON string from its JSON pointer."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from exh_dev.json_pointer import steps

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


class Place(NamedTuple):
    """From 1."""

    line: int
    column: int


def place_of(text: str, pointer: str) -> Place | None:
    """Return the location of the value that a pointer names; None if there is none.

    Args:
        text: JSON.
        pointer: as in RFC 6901: `/transitions/0/name`; empty for the root.
    """
    try:
        index = _find(text, _after_space(text, 0), steps(pointer))
    except (ValueError, IndexError, RecursionError):
        return None
    if index is None:
        return None
    return Place(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _find(text: str, index: int, steps: list[str]) -> int | None:
    shown = index
    for step in steps:
        found = _member(text, index, step) if text[index] == "{" else _item(text, index, step)
        if found is None:
            return None
        shown, index = found
    return shown


def _member(text: str, index: int, name: str) -> tuple[int, int] | None:
    """Return the offsets of a member's key and value. The last duplicate wins, as in JSON parsers."""
    found = None
    index = _after_space(text, index + 1)
    while text[index] == '"':
        key, end = _DECODER.raw_decode(text, index)
        value = _after_space(text, _after_space(text, end) + 1)
        if key == name:
            found = index, value
        index = _after_value(text, value)
    return found


def _item(text: str, index: int, number: str) -> tuple[int, int] | None:
    if text[index] != "[" or not number.isdecimal():
        return None
    index = _after_space(text, index + 1)
    for _ in range(int(number)):
        index = _after_value(text, index)
    return index, index


def _after_value(text: str, index: int) -> int:
    """Return the offset of the next member or item, or of the closing bracket."""
    _, end = _DECODER.raw_decode(text, index)
    end = _after_space(text, end)
    return _after_space(text, end + 1) if text[end] == "," else end


def _after_space(text: str, index: int) -> int:
    found = _SPACE.match(text, index)
    return found.end() if found else index
