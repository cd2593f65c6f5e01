"""Type configurations: the subset of JSON Schema for properties of documents.

Keywords per type: object (`properties`, `additionalProperties`, `required`), array (`items`, `minItems`, `maxItems`,
`contains`), string (`minLength`, `maxLength`, `pattern`, `format: date-time`, `enum`, `const`), number (`minimum`,
`maximum`, `enum`, `const`), boolean (`enum`, `const`). Other keywords are stored and ignored.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from exh_dev.patterns import PatternError, compiled
from exh_dev.platform.data.matching import PatternTooSlowError, matches
from exh_dev.platform.http.bodies import is_one_of
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.timestamps import epoch_seconds, iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.platform.storage.comparisons import Kind

#: The types, and the keywords of each that hold a configuration.
_NESTED: dict[str, tuple[str, ...]] = {
    "object": ("additionalProperties",),
    "array": ("items", "contains"),
    "string": (),
    "number": (),
    "boolean": (),
}
_NUMBERS = {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}
_LISTS = {"enum", "required"}
_YEAR = re.compile(r"\d{4}(-\d{2})?")


class Mismatch(Exception):  # noqa: N818 - a finding, not a failure
    """A value does not match its configuration. The message has the path and the rule, never the value."""


def check_configuration(configuration: Any, path: str, *, typed: bool = True) -> None:
    """Check a configuration.

    Args:
        configuration: the configuration.
        path: its path, for messages.
        typed: whether a type is required, which it is not in conditions.

    Raises:
        ErrorAnswer: 26 with the place and the reason.
    """
    if not isinstance(configuration, dict):
        raise _unusable(path, "a configuration is an object")
    kind = configuration.get("type")
    if (typed or kind is not None) and not is_one_of(kind, _NESTED):
        raise _unusable(path, f"the type is one of {', '.join(_NESTED)}")
    if kind == "array" and "items" not in configuration:
        raise _unusable(path, "an array needs items")
    nested = _NESTED[kind] if kind else ("additionalProperties", "items", "contains")
    inner = {f"{path}.{name}": configuration[name] for name in nested if name in configuration}
    if kind in {"object", None}:
        inner |= {f"{path}.{name}": each for name, each in _mapping(configuration.get("properties"), path).items()}
    for place, each in inner.items():
        check_configuration(each, place, typed=typed)
    _check_keywords(configuration, path)


def fitting(configuration: Mapping[str, Any], value: Any, path: str, *, closed: bool = True) -> Any:
    """Validate a value and return it as stored: timestamps in UTC, objects in lists with an id.

    Args:
        configuration: the configuration; without a `type` any type is valid, as in conditions.
        value: the value.
        path: its path, for messages.
        closed: whether to reject undeclared members.

    Raises:
        Mismatch: it does not match.
    """
    kind = configuration.get("type")
    if kind == "object" or (kind is None and isinstance(value, dict)):
        value = _object(configuration, value, path, closed=closed)
    elif kind == "array" or (kind is None and isinstance(value, list)):
        value = _array(configuration, value, path, closed=closed)
    elif kind == "string" or (kind is None and isinstance(value, str)):
        value = _string(configuration, value, path)
    elif kind == "number" or (kind is None and isinstance(value, int | float) and not isinstance(value, bool)):
        value = _number(configuration, value, path)
    elif kind == "boolean" and not isinstance(value, bool):
        raise Mismatch(f"{path} has to be a boolean")
    if "enum" in configuration and not any(_same(value, each) for each in configuration["enum"]):
        raise Mismatch(f"{path} is none of the values of its enum")
    if "const" in configuration and not _same(value, configuration["const"]):
        raise Mismatch(f"{path} is not the value of its const")
    return value


def fits(configuration: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value meets the configuration of a condition, which may leave members undeclared."""
    return mismatch(configuration, value) is None


def mismatch(configuration: Mapping[str, Any], value: Any) -> str | None:
    """Return the path and rule by which a value violates a condition's configuration; None if it matches."""
    try:
        fitting(configuration, value, "", closed=False)
    except Mismatch as found:
        return str(found).strip()
    return None


#: Keywords that only restate that the value is a number.
_OF_PLAIN_NUMBERS = frozenset({"type", "description"})
_PLAIN: dict[str, Kind] = {
    "string": "string", "date-time": "date-time", "number": "number", "boolean": "boolean", "object": "object",
}  # fmt: skip
_OF_LISTS: dict[str, Kind] = {
    "string": "list:string", "date-time": "list:date-time", "number": "list:number", "boolean": "list:boolean",
}  # fmt: skip


def kind_at(properties: Mapping[str, Any], path: str) -> Kind:
    """Return the type, for a query, of the property at a dotted path; for a list, that of its elements."""
    configuration, listed = _innermost({"type": "object", "properties": properties})
    for name in path.split("."):
        if listed and name.isdecimal():
            continue  # an element by its position
        if configuration.get("type") != "object":
            return "any"
        inner = (configuration.get("properties") or {}).get(name) or configuration.get("additionalProperties")
        configuration, within = _innermost(inner or {})
        listed = listed or within
    kind = configuration.get("type")
    if kind == "string" and configuration.get("format") == "date-time":
        kind = "date-time"
    if listed:
        return _OF_LISTS.get(str(kind), "any")
    return _PLAIN.get(str(kind), "any")


def _innermost(configuration: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Return the configuration of a value, of a list's elements where it is one, and whether it is."""
    listed = False
    while configuration.get("type") == "array":
        configuration, listed = configuration.get("items") or {}, True
    return configuration, listed


def _object(configuration: Mapping[str, Any], value: Any, path: str, *, closed: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Mismatch(f"{path} has to be an object")
    declared = configuration.get("properties") or {}
    missing = [name for name in configuration.get("required", ()) if value.get(name) is None]
    if missing:
        raise Mismatch(f"{path} needs {', '.join(missing)}".strip())
    fitted = {}
    for name, inner in value.items():
        place = f"{path}.{name}".lstrip(".")
        rule = declared.get(name) or configuration.get("additionalProperties")
        if rule is not None:
            fitted[name] = fitting(rule, inner, place, closed=closed)
        elif closed:
            raise Mismatch(f"{place} is not a property of the schema")
        else:
            fitted[name] = inner
    return fitted


def _array(configuration: Mapping[str, Any], value: Any, path: str, *, closed: bool) -> list[Any]:
    if not isinstance(value, list):
        raise Mismatch(f"{path} has to be an array")
    least, most = configuration.get("minItems", 0), configuration.get("maxItems", math.inf)
    if not least <= len(value) <= most:
        raise Mismatch(f"{path} has too few or too many items")
    rule = configuration.get("items", {})
    if rule.keys() <= _OF_PLAIN_NUMBERS and rule.get("type") == "number" and _are_numbers(value):
        fitted = list(value)
    else:
        fitted = [stored_item(rule, item, f"{path}[{index}]", closed=closed) for index, item in enumerate(value)]
    wanted = configuration.get("contains")
    if wanted is not None and not any(fits(wanted, item) for item in fitted):
        raise Mismatch(f"{path} contains no item that matches")
    return fitted


def _are_numbers(values: list[Any]) -> bool:
    """Return whether all values are numbers: a recording may have a million samples."""
    return {type(each) for each in values} <= {int, float}


def stored_item(rule: Mapping[str, Any], item: Any, path: str, *, closed: bool = True) -> Any:
    """Return an item of a list as it is stored: an object has an id. Raises what `fitting` raises."""
    if not closed or not isinstance(item, dict) or rule.get("type") != "object":
        return fitting(rule, item, path, closed=closed)
    given = {name: member for name, member in item.items() if name != "id"}
    identity = item.get("id") if isinstance(item.get("id"), str) else object_id()
    return {"id": identity, **fitting(rule, given, path, closed=closed)}


def _string(configuration: Mapping[str, Any], value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Mismatch(f"{path} has to be a string")
    if not configuration.get("minLength", 0) <= len(value) <= configuration.get("maxLength", math.inf):
        raise Mismatch(f"{path} is too short or too long")
    if "pattern" in configuration:
        try:
            is_match = matches(configuration["pattern"], value)
        except PatternTooSlowError:
            raise Mismatch(f"the pattern of {path} takes too long on this value") from None
        if not is_match:
            raise Mismatch(f"{path} does not match its pattern")
    return _in_utc(value, path) if configuration.get("format") == "date-time" else value


def _in_utc(text: str, path: str) -> str:
    padded = f"{text}{'-01-01'[len(text) - 4 :]}" if _YEAR.fullmatch(text) else text
    try:
        return iso(epoch_seconds(padded))
    except ValueError:
        raise Mismatch(f"{path} has to be a date in ISO 8601, of the years 1000 to 9999") from None


def _number(configuration: Mapping[str, Any], value: Any, path: str) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mismatch(f"{path} has to be a number")
    if not configuration.get("minimum", -math.inf) <= value <= configuration.get("maximum", math.inf):
        raise Mismatch(f"{path} is too small or too large")
    return value


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, True and 1 not being."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _mapping(value: Any, path: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise _unusable(path, "properties are an object")
    return value or {}


def _unusable(path: str, reason: str) -> ErrorAnswer:
    return ErrorAnswer(26, f"The configuration of {path} cannot be used: {reason}")


def _check_keywords(configuration: Mapping[str, Any], path: str) -> None:
    for name in _NUMBERS & configuration.keys():
        if isinstance(configuration[name], bool) or not isinstance(configuration[name], int | float):
            raise _unusable(path, f"{name} is a number")
    for name in _LISTS & configuration.keys():
        if not isinstance(configuration[name], list):
            raise _unusable(path, f"{name} is a list")
    if not all(isinstance(name, str) for name in configuration.get("required", ())):
        raise _unusable(path, "required is a list of names")
    if "pattern" in configuration:
        try:
            compiled(configuration["pattern"])
        except (PatternError, TypeError) as error:
            raise _unusable(path, f"the pattern is not a regular expression: {error}") from None
