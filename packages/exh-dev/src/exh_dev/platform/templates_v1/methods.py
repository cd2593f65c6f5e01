"""Methods that Velocity templates may call, and Java's formatting, comparison and arithmetic of values.

A value is JSON, or a range of integers. On the platform it is a Java object with all methods of its class; this module
has those that templates use. Like Velocity, an operation on a missing or wrong value returns null.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Method = Callable[..., Any]


def shown(value: Any) -> str:
    """Return a value as Java's `toString` has it: `true`, `[1, 2]`, `{a=b}`."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={shown(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | range):
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value)


def called(value: Any, name: str, arguments: list[Any]) -> Any:
    """Return what the method `name` of a value answers; None where the value has none of this name.

    Raises:
        ValueError: the method does not take these arguments.
    """
    for kind, methods in _METHODS.items():
        if isinstance(value, kind) and name in methods:
            try:
                return methods[name](value, *arguments)
            except (TypeError, AttributeError):
                raise ValueError(f"{name}() does not take these arguments") from None
    return None


def at(value: Any, index: Any) -> Any:
    """Return an element of a list or a member of an object; None if missing."""
    if isinstance(value, list | range) and isinstance(index, int) and not isinstance(index, bool):
        return value[index] if -len(value) <= index < len(value) else None
    if isinstance(value, dict) and isinstance(index, str):
        return value.get(index)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(one: Any, other: Any) -> bool:
    """Compare; values of different types by their string forms, as in Velocity."""
    if one is None or other is None:
        return one is other
    if type(one) is type(other) or (_is_number(one) and _is_number(other)):
        return bool(one == other)
    return shown(one) == shown(other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(one: Any, other: Any) -> bool:
        return _is_number(one) and _is_number(other) and compare(one, other)

    return holds


def _computed(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def result(one: Any, other: Any) -> Any:
        try:
            return compute(one, other) if _is_number(one) and _is_number(other) else None
        except ArithmeticError:  # division by zero among others
            return None

    return result


def _sum(one: Any, other: Any) -> Any:
    if _is_number(one) and _is_number(other):
        return one + other
    return None if one is None or other is None else shown(one) + shown(other)


def _quotient(one: Any, other: Any) -> Any:
    """Divide; integers give an integer, rounded toward zero."""
    if isinstance(one, int) and isinstance(other, int):
        quotient = abs(one) // abs(other)
        return quotient if (one < 0) == (other < 0) else -quotient
    return one / other


def _remainder(one: Any, other: Any) -> Any:
    return one - other * _quotient(one, other) if isinstance(one, int) and isinstance(other, int) else None


_either: Callable[[Any, Any], bool] = lambda one, other: bool(one) or bool(other)  # noqa: E731 - a row of a table below
_both: Callable[[Any, Any], bool] = lambda one, other: bool(one) and bool(other)  # noqa: E731 - a row of a table below
_greater, _smaller = _ordered(operator.gt), _ordered(operator.lt)
_at_least, _at_most = _ordered(operator.ge), _ordered(operator.le)
#: What each operator between two values does.
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys((">", "gt"), _greater),
    **dict.fromkeys(("<", "lt"), _smaller),
    **dict.fromkeys((">=", "ge"), _at_least),
    **dict.fromkeys(("<=", "le"), _at_most),
    **dict.fromkeys(("==", "eq"), _equal),
    **dict.fromkeys(("!=", "ne"), lambda one, other: not _equal(one, other)),
    **dict.fromkeys(("||", "or"), _either),
    **dict.fromkeys(("&&", "and"), _both),
    "+": _sum,
    "-": _computed(operator.sub),
    "*": _computed(operator.mul),
    "/": _computed(_quotient),
    "%": _computed(_remainder),
}


def _replaced(text: str, pattern: str, replacement: str) -> str:
    """Replace what a pattern matches; `$1` is the first group, as in Java."""
    return re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", replacement), text)


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"substring({start}, {end}) is not within {len(text)} characters")
    return text[start:end]


def _added(values: list[Any], value: Any) -> bool:
    values.append(value)
    return True


def _put(members: dict[str, Any], name: str, value: Any) -> Any:
    before = members.get(name)
    members[name] = value
    return before


def _entries(members: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value} for name, value in members.items()]


_OF_ALL: dict[str, Method] = {"toString": shown, "equals": _equal}
_OF_TEXTS: dict[str, Method] = {
    "length": len,
    "isEmpty": lambda text: not text,
    "isBlank": lambda text: not text.strip(),
    "toUpperCase": str.upper,
    "toLowerCase": str.lower,
    "trim": str.strip,
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "indexOf": str.find,
    "lastIndexOf": str.rfind,
    "equalsIgnoreCase": lambda text, other: text.lower() == other.lower(),
    "concat": lambda text, other: text + shown(other),
    "charAt": lambda text, index: _substring(text, index, index + 1),
    "substring": _substring,
    "replace": lambda text, old, new: text.replace(old, new),
    "replaceAll": _replaced,
    "matches": lambda text, pattern: re.fullmatch(pattern, text) is not None,
    "split": lambda text, pattern: re.split(pattern, text),
}
_OF_LISTS: dict[str, Method] = {
    "size": len,
    "isEmpty": lambda values: not values,
    "get": lambda values, index: values[index],
    "contains": lambda values, value: value in values,
    "indexOf": lambda values, value: values.index(value) if value in values else -1,
}
_OF_OBJECTS: dict[str, Method] = {
    "size": len,
    "isEmpty": lambda members: not members,
    "get": at,
    "containsKey": lambda members, name: name in members,
    "containsValue": lambda members, value: value in members.values(),
    "keySet": list,
    "values": lambda members: list(members.values()),
    "entrySet": _entries,
    "getKey": lambda entry: entry.get("key"),
    "getValue": lambda entry: entry.get("value"),
    "put": _put,
}
_OF_NUMBERS: dict[str, Method] = {"intValue": int, "longValue": int, "doubleValue": float}
_METHODS: dict[Any, dict[str, Method]] = {
    str: _OF_TEXTS,
    list: {**_OF_LISTS, "add": _added},
    range: _OF_LISTS,
    dict: _OF_OBJECTS,
    int | float: _OF_NUMBERS,
    object: _OF_ALL,
}
