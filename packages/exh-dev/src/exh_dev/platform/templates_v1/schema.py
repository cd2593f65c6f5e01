"""Schemas for the content of version 1 templates.

A type is `object` (its `fields`), `array` (its `type_configuration`), `string`, `number`, `boolean`, `object_id` or
`date`; the official SDK's types call the first two members `properties` and `items`, so those are accepted too.
Documented `options` are checked: `min` and `max` of a number, `min_bytes` and `max_bytes` of an object; others have no
effect here.

Undeclared content is dropped, because mails add some to every template. Declared content is required, except for names
of the template's own fields.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.bodies import one_of
from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Container

_KINDS = {"string": str, "number": int | float, "boolean": bool, "object_id": str, "date": str | int | float}
_OBJECT_ID = re.compile("[0-9a-fA-F]{24}")
_DEEPEST = 50  # levels: checking them is recursive


def check_schema(schema: dict[str, Any]) -> None:
    """Check that `schema` describes an object.

    Raises:
        ErrorAnswer: 15 when it is not.
    """
    if schema.get("type", "object") != "object":
        raise ErrorAnswer(15, "The field schema.type must be object")
    _check_members(schema, "schema", 0)


def _check(configuration: Any, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ErrorAnswer(15, "The field schema is nested too deeply")
    if not isinstance(configuration, dict):
        raise ErrorAnswer(15, f"The field {path} must be an object")
    kind = one_of(configuration.get("type"), ["object", "array", *_KINDS], f"The field {path}.type")
    if kind == "object":
        _check_members(configuration, path, depth)
    elif kind == "array":
        _check(_items(configuration), f"{path}.type_configuration", depth + 1)
        _check_options(configuration, path)
    else:
        _check_options(configuration, path)


def _check_members(configuration: dict[str, Any], path: str, depth: int) -> None:
    members = _members(configuration)
    if not isinstance(members, dict):
        raise ErrorAnswer(15, f"The field {path}.fields must be an object")
    for name, inner in members.items():
        _check(inner, f"{path}.fields.{name}", depth + 1)
    _check_options(configuration, path)


def _check_options(configuration: dict[str, Any], path: str) -> None:
    options = configuration.get("options")
    if options is not None and not (isinstance(options, list) and all(isinstance(each, dict) for each in options)):
        raise ErrorAnswer(15, f"The field {path}.options must be a list of objects")


def _members(configuration: dict[str, Any]) -> Any:
    return configuration.get("fields", configuration.get("properties", {}))


def _items(configuration: dict[str, Any]) -> Any:
    return configuration.get("type_configuration", configuration.get("items", {"type": "string"}))


def fitting(
    schema: dict[str, Any], content: dict[str, Any], *, own: Container[str], date: Callable[[Any], str]
) -> dict[str, Any]:
    """Validate content, and return the declared members with formatted dates.

    Args:
        schema: the declaration.
        content: the content.
        own: names of the template's fields.
        date: formats a date; raises `ValueError` for an invalid one.

    Raises:
        ErrorAnswer: 1003 when a member is missing or has the wrong type.
    """
    return _object(schema, content, "", own, date)


def _object(
    configuration: dict[str, Any], value: dict[str, Any], path: str, own: Container[str], date: Callable[[Any], str]
) -> dict[str, Any]:
    found = {}
    for name, inner in _members(configuration).items():
        if value.get(name) is not None:
            found[name] = _fitting(inner, value[name], f"{path}{name}", date)
        elif name not in own:
            raise ErrorAnswer(1003, f"The content has no {path}{name}, which the template's schema declares")
    _check_limits(configuration, value, path.removesuffix(".") or "content")
    return found


def _fitting(configuration: dict[str, Any], value: Any, path: str, date: Callable[[Any], str]) -> Any:
    kind = configuration["type"]
    if kind == "object" and isinstance(value, dict):
        return _object(configuration, value, f"{path}.", (), date)
    if kind == "array" and isinstance(value, list):
        items = _items(configuration)
        return [_fitting(items, each, f"{path}[{position}]", date) for position, each in enumerate(value)]
    if kind in _KINDS and isinstance(value, _KINDS[kind]) and isinstance(value, bool) == (kind == "boolean"):
        if kind == "number":
            _check_limits(configuration, value, path)
        if kind == "date":
            try:
                return date(value)
            except ValueError:
                raise ErrorAnswer(1003, f"The content {path} must be a date") from None
        if kind != "object_id" or _OBJECT_ID.fullmatch(str(value)):
            return value
    raise ErrorAnswer(1003, f"The content {path} must be of the type {kind}")


def _check_limits(configuration: dict[str, Any], value: Any, path: str) -> None:
    """Check limits, written `{"type": "min", "value": 1}` or `{"min": 1}`: the sources have both."""
    measured = {"min": value, "max": value}
    if isinstance(value, dict):
        size = len(json.dumps(value, ensure_ascii=False).encode()) if configuration.get("options") else 0
        measured = {"min_bytes": size, "max_bytes": size}
    for option in configuration.get("options") or ():
        for name, found in measured.items():
            limit = option.get("value") if option.get("type") == name else option.get(name)
            if isinstance(limit, bool) or not isinstance(limit, int | float):
                continue
            if found < limit if name.startswith("min") else found > limit:
                raise ErrorAnswer(1003, f"The content {path} breaks its limit {name} {limit}")
