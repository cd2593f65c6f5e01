"""Patterns of schemas that take for ever on some value: the local platform ends them, and a cluster may not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exh_dev.json_pointer import step
from exh_dev.patterns import PatternError, compiled, most_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.checking.finding import Finding
    from exh_dev.checking.inspection import Inspection

_LONG = 40  # characters: a value that a user may well type
_SECONDS = 0.1  # for one value; what is harmless takes a thousandth
_PUMPED = ("a", "A", "0", " ", "-", "_", ".", "a ", "0-", "a.", "aA0")
_END = "\N{SNOWMAN}"  # what few patterns take


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield each pattern that was seen to take longer than a tenth of a second on a value of forty characters."""
    files = inspection.configuration.schema_files
    for schema in inspection.configuration.schemas:
        file = files.get(schema.get("name", "")) if isinstance(schema.get("name"), str) else None
        if file is None:
            continue
        for pointer, pattern in _patterns(schema, ""):
            if (text := slow_text(pattern)) is not None:
                message = (
                    f"the pattern {pattern} takes too long on some values, such as `{text[:12]}…`: a loop in a loop, "
                    "or alternatives in one, that can match the same text in many ways"
                )
                found = inspection.in_json(file, pointer, message)
                yield replace(
                    found,
                    severity="warning",
                    hint="write what the loop repeats so that one way alone fits, or set maxLength",
                )


def slow_text(pattern: str) -> str | None:
    """Return a string that a pattern takes long to search, found by trying likely candidates."""
    try:
        compiled(pattern)
    except PatternError:
        return None  # has its own finding
    if most_steps(pattern, _LONG) < math.inf:
        return None
    from exh_dev.platform.data.matching import PatternTooSlowError, matches  # here, for few projects need it

    own = sorted({each for each in pattern if each.isalnum()})[:8]
    for pumped in dict.fromkeys([*_PUMPED, *own]):
        text = pumped * (_LONG // len(pumped)) + _END
        try:
            matches(pattern, text, _SECONDS)
        except PatternTooSlowError:
            return text
    return None


def _patterns(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the pointer and source of each pattern in a schema."""
    if isinstance(value, dict):
        for name, each in value.items():
            place = f"{pointer}/{step(name)}"
            if name == "pattern" and isinstance(each, str):
                yield place, each
            else:
                yield from _patterns(each, place)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _patterns(each, f"{pointer}/{index}")
