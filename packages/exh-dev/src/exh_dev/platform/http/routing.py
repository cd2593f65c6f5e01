"""Routing by a tree of path segments, walked once for each request.

Starlette's own router tries its routes one after the other, each by a regular expression, and the platform has 400.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from starlette.types import Receive, Scope, Send


_MOST_DIGITS = 18  # of a number in a path: Python refuses to read 4,300


class Route:
    """An endpoint with its path and its methods.

    Attributes:
        path: each segment is literal, `{name}` for any value, or `{name:int}` for decimal digits; the last may be
            `{name:path}` for the rest. The values are in `request.path_params`.
        endpoint: an `async` function of a request, or an ASGI application.
        methods: upper case, with HEAD for GET; empty for any method.
    """

    __slots__ = ("endpoint", "methods", "path")

    def __init__(self, path: str, endpoint: Callable[..., Awaitable[Any]], *, methods: Iterable[str] = ()) -> None:
        self.path, self.endpoint, self.methods = path, endpoint, frozenset(methods)
        if "GET" in self.methods:
            self.methods |= {"HEAD"}

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that was found to be for this route."""
        if inspect.isroutine(self.endpoint):
            response = await self.endpoint(Request(scope, receive, send))
            await response(scope, receive, send)
        else:
            await self.endpoint(scope, receive, send)


class Routing:
    """ASGI application: a request is answered by the first route that takes its path and its method."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Serve these routes; of two that take the same request the earlier one answers."""
        self._routes = list(routes)
        self._root: _Segment | None = None

    def extend(self, routes: Iterable[Route]) -> None:
        """Serve these routes after the others."""
        self._routes += routes
        self._root = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            HTTPException: 404 where no route takes its path; 405 where those that do take other methods.
        """
        if self._root is None:
            self._root = _tree(tuple(route.path for route in self._routes))
        taken = sorted(self._root.taking(scope["path"].split("/"), 0, ()))
        for number, names, values in taken:
            route = self._routes[number]
            if not route.methods or scope["method"] in route.methods:
                scope["path_params"] = dict(zip(names, values, strict=True))
                await route.answer(scope, receive, send)
                return
        raise HTTPException(405 if taken else 404)


class _Segment:
    """A node of the tree: possible next segments, and the numbers and parameters of routes that end here."""

    __slots__ = ("digits", "ends", "literal", "rest", "text")

    def __init__(self) -> None:
        self.literal: dict[str, _Segment] = {}
        self.text: _Segment | None = None
        self.digits: _Segment | None = None
        self.ends: list[tuple[int, list[str]]] = []
        self.rest: list[tuple[int, list[str]]] = []

    def taking(
        self, segments: list[str], at: int, values: tuple[str | int, ...]
    ) -> Iterator[tuple[int, list[str], tuple[str | int, ...]]]:
        """Yield the routes that take the segments from `at` on, with the names and the values of their parameters."""
        if at == len(segments):
            yield from ((*each, values) for each in self.ends)
            return
        segment = segments[at]
        if following := self.literal.get(segment):
            yield from following.taking(segments, at + 1, values)
        if self.digits and segment.isascii() and segment.isdecimal() and len(segment) <= _MOST_DIGITS:
            yield from self.digits.taking(segments, at + 1, (*values, int(segment)))
        if self.text and segment:
            yield from self.text.taking(segments, at + 1, (*values, segment))
        if self.rest:
            left = "/".join(segments[at:])
            yield from ((*each, (*values, left)) for each in self.rest)


@lru_cache(maxsize=4)  # tests make many applications with the same paths
def _tree(paths: tuple[str, ...]) -> _Segment:
    root = _Segment()
    for number, path in enumerate(paths):
        here, names = root, list[str]()
        ends = here.ends
        for segment in path.split("/"):
            name, _, kind = segment.strip("{}").partition(":") if segment.startswith("{") else ("", "", "")
            if name:
                names.append(name)
            if kind == "path":
                ends = here.rest
                break
            if kind == "int":
                here.digits = here = here.digits or _Segment()
            elif name:
                here.text = here = here.text or _Segment()
            elif segment in here.literal:
                here = here.literal[segment]
            else:
                here.literal[segment] = here = _Segment()
            ends = here.ends
        ends.append((number, names))
    return root
