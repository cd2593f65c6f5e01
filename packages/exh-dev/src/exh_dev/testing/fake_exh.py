"""A fake client for unit tests of code that takes an `ExtraHorizon`.

To type checkers it is an `ExtraHorizon`: completion and checks are those of the real client. Where no type checker
runs, `fake_exh.users.me.returns(...)` is short for `fake_exh.when(fake_exh.users.me).returns(...)`.

Calls must fit the real method's signature, bodies its `TypedDict` and answers its return type, so that a test cannot
pass with a call that the real client would reject.
"""

from __future__ import annotations

import inspect
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from extrahorizon.bodies import check
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.paging import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: What a type is in an answer, where that is no dict described by a `TypedDict`.
_PLAIN = {name: name for name in ("int", "bool", "bytes", "str", "list", "Page", "Iterator", "None")}
_PLAIN["Path"] = type(Path()).__name__
_NOBODY = Credentials("https://api.fake.invalid", "key", "secret", "token", "secret", "fake_exh")


if TYPE_CHECKING:
    _Client = ExtraHorizon
else:
    _Client = object  # no attribute of the real client, which would send requests


class FakeExtraHorizon(_Client):
    """A client that sends no requests: tests program its answers and look at its calls.

    Attributes:
        calls: every call so far, as the name of the method and its arguments by name.

    **Program answers**

        >>> fake_exh = FakeExtraHorizon()
        >>> fake_exh.when(fake_exh.users.find_by_id).returns({"id": "57f3f2a1", "first_name": "Ada"})
        >>> fake_exh.users.find_by_id("57f3f2a1")["first_name"]
        'Ada'
        >>> fake_exh.calls
        [('users.find_by_id', {'user_id': '57f3f2a1'})]
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._deadline = Deadline()
        self._client = ExtraHorizon(_NOBODY)
        self._services: dict[str, FakeGroup] = {}

    @property
    def deadline(self) -> Deadline:
        """None; set it to an `extrahorizon.deadline.Deadline` to test what a function does when its time runs out."""
        return self._deadline

    @deadline.setter
    def deadline(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def when(self, method: Callable[..., object]) -> FakeMethod:
        """Return what programs a method, and lists its calls: `fake_exh.when(fake_exh.users.me).returns({...})`.

        Raises:
            TypeError: it is no method of this client.
        """
        if not isinstance(method, FakeMethod):
            raise TypeError("when() takes a method of the fake client, such as fake_exh.users.me, without calling it")
        return method

    def __getattr__(self, name: str) -> FakeGroup:
        if name == "session":
            raise AttributeError("fake_exh has no session because it sends no requests; test raw calls with `platform`")
        if name.startswith("_"):  # copying asks for some before there are any attributes
            raise AttributeError(name)
        if name not in self._services:
            self._services[name] = FakeGroup(getattr(self._client, name), name, self.calls)
        return self._services[name]

    def with_options(self, **options: Any) -> Self:
        """Return this client: calls with other options are programmed, and listed, with all others."""
        self._client.with_options(**options)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: the fake has no connections."""

    def close(self) -> None:
        """Do nothing: the fake has no connections."""

    def fan_out(self, function: Callable[[Any], Any], items: Iterable[Any], *, workers: int = 8) -> list[Any]:
        """Call `function` for one item after another, in a deterministic order."""
        del workers
        return [function(item) for item in items]


class FakeGroup:
    """A service or a group of operations."""

    def __init__(self, real: object, name: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
        self._real, self._name, self._calls = real, name, calls
        self._members: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying asks for some before there are any attributes
            raise AttributeError(name)
        if not hasattr(type(self._real), name):
            raise AttributeError(f"exh.{self._name} has no {name}")
        member = self.program(name)
        return member() if isinstance(member, FakeMethod) and member.is_property else member

    def program(self, name: str) -> Any:
        """Return the member itself, even of a property, whose reading is a call: `fake_exh.raw.program("user_id")`."""
        if name not in self._members:
            path = f"{self._name}.{name}"
            declared = inspect.getattr_static(type(self._real), name)
            if isinstance(declared, cached_property):
                self._members[name] = FakeGroup(getattr(self._real, name), path, self._calls)
            else:
                self._members[name] = FakeMethod(declared, path, self._calls)
        return self._members[name]


class FakeMethod:
    """An operation; configure its answer before it is called."""

    def __init__(self, real: Any, name: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
        self.is_property = isinstance(real, property)
        self._function: Callable[..., Any] = getattr(real, "fget", real)
        self._signature = inspect.signature(self._function)
        self._name, self._calls = name, calls
        self._answer: Callable[..., Any] | None = None

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The arguments of each call so far, by name; defaults left out."""
        return [arguments for name, arguments in self._calls if name == self._name]

    def returns(self, *answers: Any) -> None:
        """Answer with these, one call after another; the last one stays.

        For `find`, a list becomes a `Page`; for `find_all`, an iterator.
        """
        if not answers:
            raise TypeError("returns() takes an answer at least")
        remaining = [self._shaped(answer) for answer in answers]
        self._answer = lambda **_: (remaining.pop(0) if len(remaining) > 1 else remaining[0])()

    def raises(self, error: BaseException) -> None:
        """Raise this."""

        def fail(**_: Any) -> Any:
            raise error

        self._answer = fail

    def answers(self, function: Callable[..., Any]) -> None:
        """Answer with the return value of `function`, called with the arguments by name."""
        self._answer = lambda **arguments: self._shaped(function(**arguments))()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = self._bound(args, kwargs)
        if self._answer is None:
            raise AssertionError(
                f"exh.{self._name} was called; say what it answers: fake_exh.{self._name}.returns(...)"
            )
        self._calls.append((self._name, arguments))
        return self._answer(**arguments)

    def _bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        try:
            bound = self._signature.bind(None, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"exh.{self._name}{_shown(self._signature)}: {error}") from None
        arguments = dict(list(bound.arguments.items())[1:])
        for parameter in self._signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                body = arguments.pop(parameter.name, {})
                kind = str(parameter.annotation).removeprefix("Unpack[").removesuffix("]")
                try:
                    check(self._function.__module__, kind, body)
                except TypeError as error:
                    raise TypeError(f"exh.{self._name}: {error}") from None
                arguments.update(body)
        return arguments

    def _shaped(self, answer: Any) -> Callable[[], Any]:
        """Return a function that returns the answer in the real method's type.

        Raises:
            TypeError: the answer does not fit the real method's type.
        """
        returned = str(self._signature.return_annotation)
        if answer is None and (returned.endswith("None") or returned == "Any"):
            return lambda: None
        if returned.startswith("Page[") and isinstance(answer, list):
            return lambda: Page(answer, limit=max(len(answer), 20), total=len(answer))
        if returned.startswith("Iterator[") and isinstance(answer, list | tuple):
            return lambda: iter(answer)
        kind = returned.removesuffix(" | None").partition("[")[0]
        if kind != "Any" and type(answer).__name__ not in {*kind.split(" | "), _PLAIN.get(kind, "dict")}:
            raise TypeError(f"exh.{self._name} returns {returned}, never {type(answer).__name__}")
        return lambda: answer


def _shown(signature: inspect.Signature) -> str:
    parameters = list(signature.parameters.values())[1:]
    return f"({', '.join(str(parameter) for parameter in parameters)})"
