"""Properties of schemas that no value fits: the platform takes such a schema, and then no document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exh_dev.json_pointer import step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.checking.finding import Finding
    from exh_dev.checking.inspection import Inspection

_RANGES = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
_KINDS: dict[str, Any] = {"string": str, "number": int | float, "boolean": bool, "array": list, "object": dict}


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield each range that is empty, and each value of an `enum` or `const` that is of another type."""
    files = inspection.configuration.schema_files
    for schema in inspection.configuration.schemas:
        file = files.get(schema.get("name", "")) if isinstance(schema.get("name"), str) else None
        if file is not None:
            for pointer, message in _contradictions(schema.get("properties"), "/properties"):
                yield replace(inspection.in_json(file, pointer, message), severity="warning")


def _contradictions(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the pointer to each contradiction in a part of a schema, and what to say of it."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _contradictions(each, f"{pointer}/{index}")
    elif isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in _KINDS:  # a configuration, and no property that is called `type`
            yield from _empty_ranges(value, pointer)
            yield from _foreign_values(value, kind, pointer)
        for name, each in value.items():
            if name not in {"enum", "const"}:
                yield from _contradictions(each, f"{pointer}/{step(name)}")


def _empty_ranges(configuration: dict[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    for least, most in _RANGES:
        low: Any = configuration.get(least)
        high: Any = configuration.get(most)
        if _has_type("number", low) and _has_type("number", high) and low > high:
            yield f"{pointer}/{most}", f"no value fits: {least} is {low} and {most} is {high}"


def _foreign_values(configuration: dict[str, Any], kind: str, pointer: str) -> Iterator[tuple[str, str]]:
    listed = configuration.get("enum")
    values = {f"enum/{index}": each for index, each in enumerate(listed if isinstance(listed, list) else ())}
    if "const" in configuration:
        values["const"] = configuration["const"]
    for place, value in values.items():
        if not _has_type(kind, value):
            yield f"{pointer}/{place}", f"no value is this one: the property is of the type {kind}"


def _has_type(kind: str, value: Any) -> bool:
    return isinstance(value, _KINDS[kind]) and isinstance(value, bool) == (kind == "boolean")
