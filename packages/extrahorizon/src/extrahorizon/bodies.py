"""Validate request bodies against their `TypedDict` before they are sent.

The platform ignores unknown members, so a misspelling would look like success. Here it raises `TypeError` before
sending, as do missing required members, None where it has no meaning, and values of a wrong type. The caller's own
data, such as that of a document, is not validated.

Types are loaded when a body is first validated, so functions that only read do not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from extrahorizon.timestamps import described, iso, milliseconds, plain

Convert = Callable[[Any, str], Any]

_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "a boolean", list: "a list", dict: "a dict"}
_checks: dict[type, Convert] = {}


def check(service: str, kind: str, members: Mapping[str, Any], *, nulls: bool = False) -> dict[str, Any]:
    """Return a body as it is sent.

    Args:
        service: a module of the service, such as `extrahorizon.services.tasks.schedules`.
        kind: name of the `TypedDict` in the service's `types`.
        members: what the caller gave.
        nulls: send None as null, which clears something, where a type allows it; else it leaves the member out.

    Raises:
        TypeError: a member is unknown, missing, or of another type.
    """
    module = import_module(f"{'.'.join(service.split('.')[:3])}.types")
    body: dict[str, Any] = _converter(getattr(module, kind))(members, "")
    return body if nulls else {name: value for name, value in body.items() if value is not None}


def _converter(kind: Any, outer: frozenset[Any] = frozenset()) -> Convert:
    """Return a function that validates and converts a value of a type, cached for each `TypedDict`.

    `outer` are the types under construction, because types can be recursive. Concurrent threads may build the same one;
    each gets a complete one.
    """
    if not is_typeddict(kind):
        return _made(kind, outer)
    if kind in _checks:
        return _checks[kind]
    if kind in outer:
        return _later(kind)
    check = _checks[kind] = _dict_check(kind, outer | {kind})
    return check


def _later(kind: type) -> Convert:
    def convert(value: Any, path: str) -> Any:
        return _checks[kind](value, path)

    return convert


def _made(kind: Any, outer: frozenset[Any]) -> Convert:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in {Any, object}:
        return _anything
    if origin in {Union, UnionType}:
        return _union_check(arguments, outer)
    if origin is Literal:
        return _literal_check(arguments)
    if origin is list:
        return _list_check(_converter(arguments[0], outer))
    if origin is dict:
        return _mapping_check(_converter(arguments[1], outer))
    return _plain_check(kind)


def _anything(value: Any, path: str) -> Any:
    del path
    return value


def _plain_check(kind: type) -> Convert:
    def convert(value: Any, path: str) -> Any:
        value = plain(value)
        # A boolean is an int to Python, and never meant as one; an int is a number too.
        accepted = (int, float, Decimal) if kind is float else kind
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise _unfit(path, _NAMES.get(kind, f"a {kind.__name__}"), value)
        return value

    return convert


def _dict_check(kind: Any, outer: frozenset[Any]) -> Convert:
    checks = {name: _converter(hint, outer) for name, hint in get_type_hints(kind).items()}
    required: frozenset[str] = kind.__required_keys__

    def convert(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise _unfit(path, "a dict", value)
        for name in value:
            if name not in checks:
                raise TypeError(_unknown(kind, path, name, list(checks), required))
        for name in checks:
            if name in required and name not in value:
                raise TypeError(f"{_place(kind, path)} needs {name}")
        before = f"{path}." if path else ""
        return {name: checks[name](each, f"{before}{name}") for name, each in value.items()}

    return convert


def _list_check(item: Convert) -> Convert:
    def convert(value: Any, path: str) -> Any:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise _unfit(path, "a list", value)
        return [item(each, f"{path}[{index}]") for index, each in enumerate(value)]

    return convert


def _mapping_check(item: Convert) -> Convert:
    def convert(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise _unfit(path, "a dict", value)
        return {name: item(each, f"{path}.{name}") for name, each in value.items()}

    return convert


def _literal_check(choices: tuple[Any, ...]) -> Convert:
    def convert(value: Any, path: str) -> Any:
        value = plain(value)
        if any(value == each and type(value) is type(each) for each in choices):
            return value
        # Without the value, which may be personal data.
        raise TypeError(f"{path} is one of {', '.join(map(repr, choices))}")

    return convert


def _union_check(kinds: tuple[Any, ...], outer: frozenset[Any]) -> Convert:
    optional = NoneType in kinds
    others = [kind for kind in kinds if kind is not NoneType]
    if str in others:  # names that are known, for an editor to complete, and any other string
        others = [kind for kind in others if get_origin(kind) is not Literal]
    with_time = datetime in others
    checks = [_converter(kind, outer) for kind in others if kind is not datetime]
    in_milliseconds = str not in others

    def convert(value: Any, path: str) -> Any:
        if value is None and optional:
            return None
        if with_time and isinstance(value, datetime):
            return milliseconds(value) if in_milliseconds else iso(value)
        problems = []
        for each in checks:
            try:
                return each(value, path)
            except TypeError as error:
                problems.append(error)
        if len(problems) == 1 and not with_time:
            raise problems[0]
        raise _unfit(
            path, " or ".join(_NAMES.get(kind, f"a {getattr(kind, '__name__', kind)}") for kind in others), value
        )

    return convert


def _unknown(kind: Any, path: str, name: object, known: list[str], required: frozenset[str]) -> str:
    from difflib import get_close_matches

    folded = {each.replace("_", "").lower(): each for each in known}
    close = get_close_matches(str(name).replace("_", "").lower(), folded, n=1)
    hint = f"; did you mean {folded[close[0]]}?" if close else "."
    members = ", ".join(f"{each} (required)" if each in required else each for each in known)
    return f"{_place(kind, path)} has no member {name}{hint} It has: {members}"


def _place(kind: Any, path: str) -> str:
    return f"{kind.__name__}, {path}," if path else str(kind.__name__)


def _unfit(path: str, expected: str, value: object) -> TypeError:
    hint = "; leave it out instead" if value is None else ""
    return TypeError(f"{path or 'the body'} is {expected}, not {described(value)}{hint}")
