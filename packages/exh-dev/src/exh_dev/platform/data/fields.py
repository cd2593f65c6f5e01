"""Changing what a document holds, by dotted paths under `data`. Everything that is set is checked by the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.configuration import Mismatch, fitting, stored_item
from exh_dev.platform.data.matching import together
from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exh_dev.platform.storage.store import Document


def fitted(schema: Document, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data as it is stored.

    Raises:
        ErrorAnswer: 26 with the place and the rule it breaks, never the value.
    """
    try:
        with together():
            found: dict[str, Any] = fitting({"type": "object", "properties": schema["properties"]}, dict(data), "")
    except Mismatch as mismatch:
        raise ErrorAnswer(26, f"The data does not fit the schema: {mismatch}") from None
    return found


def assign(schema: Document, document: Document, changes: Mapping[str, Any]) -> None:
    """Set fields: a name replaces the entire property, a dotted path part of it; None removes.

    Raises:
        ErrorAnswer: 26 when the result does not fit the schema.
    """
    before = document["data"]
    data = {**before}
    touched = set()
    for path, value in changes.items():
        first, *rest = path.split(".")
        touched.add(first)
        if not rest:
            _set(data, first, value)
            continue
        holder = data[first] = dict(data[first]) if isinstance(data.get(first), dict) else {}
        for name in rest[:-1]:
            holder[name] = dict(holder[name]) if isinstance(holder.get(name), dict) else {}
            holder = holder[name]
        _set(holder, rest[-1], value)
    checked = fitted(schema, {name: data[name] for name in touched if name in data})
    document["data"] = {**data, **checked}


def unset(document: Document, paths: Iterable[str]) -> None:
    """Remove the members at these paths."""
    for path in paths:
        *outer, name = path.split(".")
        holder: Any = document["data"]
        for step in outer:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.pop(name, None)


def add_items(schema: Document, document: Document, path: str, values: Sequence[Any]) -> None:
    """Append items to a list, which is created if missing."""
    assign(schema, document, {path: [*_list_at(document, path), *values]})


def remove_items(document: Document, path: str, values: Sequence[Any]) -> None:
    items = _list_at(document, path)
    items[:] = [item for item in items if item not in values]


def objects_at(document: Document, path: str) -> list[dict[str, Any]]:
    """Return the list of objects at a path.

    Raises:
        ErrorAnswer: 26 when it has another type.
    """
    items = _list_at(document, path)
    if not all(isinstance(item, dict) for item in items):
        raise ErrorAnswer(26, "The field is not a list of objects")
    return items


def item_configuration(schema: Document, path: str) -> dict[str, Any]:
    """Return the configuration of the items of the list at a path.

    Raises:
        ErrorAnswer: 26 when the schema has no list there.
    """
    configuration: Any = {"type": "object", "properties": schema["properties"]}
    for name in path.split("."):
        configuration = configuration.get("properties", {}).get(name) or {}
    if configuration.get("type") != "array" or configuration["items"].get("type") != "object":
        raise ErrorAnswer(26, "The schema has no list of objects there")
    found: dict[str, Any] = configuration["items"]
    return found


def fitted_item(schema: Document, path: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of a list as it is stored, with its id. Raises 26 when it does not fit."""
    try:
        with together():
            found: dict[str, Any] = stored_item(item_configuration(schema, path), dict(item), path)
    except Mismatch as mismatch:
        raise ErrorAnswer(26, f"The data does not fit the schema: {mismatch}") from None
    return found


def _set(holder: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _list_at(document: Document, path: str) -> list[Any]:
    value: Any = document["data"]
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is not None and not isinstance(value, list):
        raise ErrorAnswer(26, "The field is not a list")
    return [] if value is None else value
