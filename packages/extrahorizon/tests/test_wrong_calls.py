"""Every method of every service, called wrongly: refused before a request leaves, with what was wrong."""

import inspect
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from extrahorizon import ExtraHorizon, rql
from extrahorizon.login import OAuth2Authentication
from extrahorizon.resource import Resource

HOST = "https://api.example.invalid"


class SentError(Exception):
    """A request was about to leave."""


class Spy(OAuth2Authentication):
    """The first thing that every call asks for. A client of OAuth2 has every method."""

    def __init__(self):
        super().__init__(HOST, "client", "secret")

    def current(self, deadline):
        raise SentError

    def _fetch(self, path, body):
        raise SentError


def methods(group, name="exh"):
    """Each public method below a client, with its name as a caller writes it."""
    for member in sorted(dir(type(group))):
        declared = inspect.getattr_static(type(group), member)
        if member.startswith("_"):
            continue
        if isinstance(declared, cached_property):
            inner = getattr(group, member)
            if isinstance(inner, Resource):
                yield from methods(inner, f"{name}.{member}")
        elif inspect.isfunction(declared) and isinstance(group, Resource):
            yield f"{name}.{member}", getattr(group, member)


METHODS = dict(methods(ExtraHorizon(Spy())))
#: They call nobody here.
WITHOUT_A_CALL = {"exh.auth.logout", "exh.auth.confirm_mfa", "exh.auth.generate_oidc_authentication_url"}


def body_of(method):
    """The `TypedDict` of a method's keyword arguments."""
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            name = parameter.annotation.removeprefix("Unpack[").removesuffix("]")
            service = ".".join(type(method.__self__).__module__.split(".")[:3])
            return getattr(import_module(f"{service}.types"), name)
    return None


def valid(hint):  # noqa: PLR0911 - a kind each
    """A value of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return "anything"
    if is_typeddict(hint):
        hints = get_type_hints(hint)
        return {name: valid(hints[name]) for name in hint.__required_keys__}
    if origin in {Union, UnionType}:
        return valid(next(each for each in arguments if each is not NoneType))
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [valid(arguments[0])]
    if origin is dict:
        return {"name": valid(arguments[1])}
    return {str: "text", int: 1, float: 1.5, bool: True, bytes: b"x", datetime: datetime.now(UTC)}[hint]


def wrong(hint):
    """A value that is of no type that a member has, and what is nearly right."""
    if hint is Any or hint is object:
        return []
    values = [object(), b"bytes"]
    if str not in get_args(hint) and hint is not str and get_origin(hint) is not Literal:
        values.append("text")
    if not {int, float} & {hint, *get_args(hint)}:
        values.append(17)
    if get_origin(hint) is list:
        values.append({})
    return values


GIVEN = {
    "str": "text",
    "Path": Path("file"),
    "Condition": rql.eq("id", "5f0a"),
    "Mapping[str, Any]": {"a": 1},
    "bytes | BinaryIO | Path": b"x",
    "str | bytes": "text",
}
UNFIT = {
    "str": [None, 17, "", ".."],
    "Condition": [None, {"n": 1}, 17, "", rql],
    "Condition | None": [{"n": 1}, 17],
    "Mapping[str, Any]": [None, 17, "a text", [("a", 1)]],
    "Mapping[str, Any] | None": [17, "a text", [("a", 1)]],
    "str | None": [17],
    "bytes | None": [17, "text"],
    "Callable[[int, int], object] | None": [17, "text"],
    "Sequence[str]": ["text", 17, [17]],
    "bytes | BinaryIO | Path": [None, 17, "text"],
    "str | bytes": [None, 17],
    "Path": [None, "text"],
    "Literal['hash', 'pin_code'] | None": ["Hash", 17],
    "bool": ["yes", None],
    "float": ["30", None],
}


def is_no_segment(method, name):
    """Whether a string is sent in a query or a body, where it may be any."""
    by = method.__name__.removeprefix("find_by_")
    searched = by != method.__name__ and name in {by, "record_id", f"target_{by}", *ENDS.get(by, ())}
    return searched or (method.__qualname__, name) in NO_SEGMENTS


ENDS = {"id": ["document_id", "comment_id", "role_id"], "name": ["role_name"]}
NO_SEGMENTS = {
    ("Api.request", "method"),
    ("Api.request", "content_type"),
    ("Auth.authenticate_with_oidc", "authorization_code"),
    ("Files.create_from_text", "text"),
    ("OAuth1.consume_sso_token", "sso_token"),
    ("Properties.create", "name"),
    ("Users.is_email_available", "email"),
    ("Users.request_email_activation", "email"),
    ("Users.request_password_reset", "email"),
    *((f"Api.{verb}", "path") for verb in ("get", "post", "put", "patch", "delete", "request")),
}


def right(method):
    """Arguments that a method takes, by name."""
    arguments = {}
    for name, parameter in list(inspect.signature(method).parameters.items()):
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments |= valid(body_of(method))
        elif parameter.default is parameter.empty:
            arguments[name] = GIVEN[parameter.annotation]
    if method.__qualname__ == "Files.create":
        arguments["name"] = "name.txt"
    if method.__qualname__ == "Auth.authenticate":
        arguments = {"username": "a@example.com", "password": "secret"}
    return arguments


def wrong_calls(method):
    """Each way to call a method wrongly: what is wrong, and the arguments."""
    base = right(method)
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            yield from wrong_bodies(body_of(method), base)
            continue
        if parameter.default is parameter.empty:
            yield name, {key: value for key, value in base.items() if key != name}
        for value in UNFIT[parameter.annotation]:
            if parameter.annotation == "str" and value in {"", ".."} and is_no_segment(method, name):
                continue
            yield name, {**base, name: value}
        yield f"{name}s", {**base, f"{name}s": base.get(name)}
    yield "no_such_member", {**base, "no_such_member": 1}


def wrong_bodies(kind, base):
    hints = get_type_hints(kind)
    for name, hint in hints.items():
        given = {**base, name: valid(hint)}
        if name in kind.__required_keys__:
            yield name, {key: value for key, value in given.items() if key != name}
        if NoneType not in get_args(hint) and hint is not Any:
            yield name, {**given, name: None}
        for value in wrong(hint):
            yield name, {**given, name: value}
        for spelling in {f"{name}s", name[:-1], snake(name), camel(name), name.upper()} - hints.keys() - {"self", ""}:
            if spelling not in base:
                yield spelling, {**{key: value for key, value in given.items() if key != name}, spelling: valid(hint)}


def snake(name):
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def call(method, arguments):
    answer = method(**arguments)
    if inspect.isgenerator(answer) or hasattr(answer, "__next__"):
        next(answer)


@pytest.mark.parametrize("name", [name for name in METHODS if name not in WITHOUT_A_CALL])
def test_a_call_with_what_is_required_is_sent(name):
    with pytest.raises(SentError):
        call(METHODS[name], right(METHODS[name]))


@pytest.mark.parametrize("name", METHODS)
def test_a_wrong_call_is_refused_and_names_what_is_wrong(name):
    method = METHODS[name]
    for member, arguments in wrong_calls(method):
        with pytest.raises((TypeError, ValueError)) as caught:
            call(method, arguments)
        assert member in str(caught.value), f"{name}: {member}: {caught.value}"


def test_at_least_two_thousand_wrong_calls_are_tried():
    assert sum(1 for method in METHODS.values() for _ in wrong_calls(method)) >= 2000
