"""Calls any operation of the client with made-up arguments that fit its signature."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.query import rql
from extrahorizon.transport.over_requests import RequestsTransport

SOME_RQL = rql.eq("name", "x y")
SIMPLE = {str: "some text", int: 3, float: 1.5, bool: True, dict: {"a": 1}, Any: "thing", object: "thing"}


def client():
    """Return a client that nothing answers but mocks of `responses`."""
    known = Credentials("https://api.acme.io", "key", "secret", "token", "token secret")
    return ExtraHorizon(known, transport=RequestsTransport())


def operations(group, name=""):
    """Every public operation under a client or group: its dotted name and the group it belongs to."""
    for member in dir(type(group)):
        if member.startswith("_") or member in {
            "close",
            "fan_out",
            "host",
            "oauth1_session",
            "session",
            "with_options",
        }:
            continue
        declared = inspect.getattr_static(type(group), member)
        path = f"{name}.{member}".lstrip(".")
        if isinstance(declared, cached_property):
            yield from operations(getattr(group, member), path)
        elif inspect.isfunction(declared) or isinstance(declared, property):
            yield path, group, declared


def body_type(function, parameter):
    """The `TypedDict` of a method's keyword arguments, whose annotation is `Unpack[...]`."""
    name = str(parameter.annotation).removeprefix("Unpack[").removesuffix("]")
    service = ".".join(function.__module__.split(".")[:3])
    return getattr(import_module(f"{service}.types"), name)


def sample(hint):  # noqa: PLR0911 - a kind each
    """A value of this type; of a `TypedDict` every member."""
    if get_origin(hint) in {Union, UnionType}:
        return sample(next(kind for kind in get_args(hint) if kind is not NoneType))
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if is_typeddict(hint):
        return {name: sample(kind) for name, kind in get_type_hints(hint).items()}
    if get_origin(hint) in {list, tuple} or str(hint).startswith("collections.abc.Sequence"):
        return [sample(get_args(hint)[0])]
    if get_origin(hint) is dict:
        (_, kind), required = get_args(hint), getattr(get_args(hint)[1], "__required_keys__", None)
        # A type may have itself as a member: below a name of the caller's own, only what is required.
        return {
            "some": sample(kind)
            if required is None
            else {name: sample(get_type_hints(kind)[name]) for name in required}
        }
    if "Mapping" in str(hint):
        return {"some": "thing"}
    return SIMPLE[hint]


def arguments(function, *, full=True):
    """Positional and keyword arguments; without `full`, only what is required."""
    positional, keywords = [], {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            kind = body_type(function, parameter)
            members = (
                get_type_hints(kind) if full else {name: get_type_hints(kind)[name] for name in kind.__required_keys__}
            )
            keywords |= {name: sample(hint) for name, hint in members.items()}
            continue
        if parameter.default is not parameter.empty and not (full or parameter.kind is parameter.POSITIONAL_ONLY):
            continue
        value = made_up(parameter)
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[parameter.name] = value
        else:
            positional.append(value)
    return positional, keywords


def made_up(parameter):
    if parameter.name == "method":
        return "PUT"
    annotation = str(parameter.annotation)
    for words, value in (
        (("Condition",), SOME_RQL),
        (("Callable",), lambda *_: None),
        (("Sequence[str]", "list[str]"), ["some text"]),
        (("Mapping", "dict["), {"some": "thing"}),
        (("bytes",), b"content"),
        (("bool",), True),
        (("float", "int"), 3),
    ):
        if any(word in annotation for word in words):
            return value
    return re.split("['\"]", annotation)[1] if "Literal" in annotation else f"<{parameter.name}>"
