"""The log service: the latest requests of the platform, from all callers.

Requests are buffered in memory and stored when the log is read and when the platform stops, so a crash loses the latest
ones. A line has the request's URL and query, as on the platform; it is printed nowhere else. Requests to `/_dev` and
`/_sidefx`, and those answered by a fault rule, are not logged. Unknown values, such as the user of an anonymous
request, are `-`.
"""

from __future__ import annotations

import json
import time
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.platform.http.oauth1 import Caller
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/logs/v1"
COLLECTION = "access_logs"
MOST = 10_000  # requests that are kept
_LOCAL = ("/_dev/", "/_sidefx/")
_KEPT = ("method", "raw_path", "query_string", "http_version", "client")
_LONGEST = 8_192  # bytes of a path, of a query and of a header that are kept: ten thousand requests are in memory
_KEPT_HEADERS = frozenset({b"host", b"user-agent"})
_KINDS: dict[str, Kind] = {
    "timestamp": "date-time",
    **dict.fromkeys(("httpStatus", "duration", "responseBodySize"), "number"),
    **dict.fromkeys(("applicationId", "userId", "userAddress", "host", "request", "userAgent"), "string"),
}


class _Noted(NamedTuple):
    now: float
    duration: float
    status: int
    size: int
    scope: dict[str, Any]
    headers: dict[bytes, bytes]
    caller: Caller | None


class AccessLogService(Service):
    """The log of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: deque[_Noted] = deque(maxlen=MOST)

    def routes(self) -> list[Route]:
        """Return the endpoint of the service."""
        return [Route(f"{BASE}/access", self._find, methods=["GET"])]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Store at the end of the block what was noted in it."""
        yield
        self.flush()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that logs its requests."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith(_LOCAL):
                await app(scope, receive, send)
                return
            now, began, status, size = self._clock(), time.perf_counter(), 0, 0

            async def counted(message: Message) -> None:
                nonlocal status, size
                if message["type"] == "http.response.start":
                    status = message["status"]
                else:
                    size += len(message.get("body", b""))
                await send(message)

            try:
                await app(scope, receive, counted)
            finally:
                # Only this: the scope's state has the request's body, its headers have secrets.
                kept = {name: scope[name] for name in _KEPT if name in scope}
                kept |= {name: scope[name][:_LONGEST] for name in ("raw_path", "query_string") if name in scope}
                headers = {name: value[:_LONGEST] for name, value in scope["headers"] if name in _KEPT_HEADERS}
                caller = scope.get("state", {}).get("caller")
                duration = time.perf_counter() - began
                self._noted.append(_Noted(now, duration, status, size, kept, headers, caller))

        return noted

    def flush(self) -> None:
        """Store the buffered requests, and delete the oldest beyond the maximum."""
        with self._store.transaction():
            while self._noted:
                self._store.put(COLLECTION, _entry(self._noted.popleft()))
            excess = max(self._store.count(COLLECTION, EVERYTHING) - MOST, 0)
            for text in self._store.page(COLLECTION, EVERYTHING, (), excess, 0):
                self._store.delete(COLLECTION, json.loads(text)["id"])

    async def _find(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_ACCESS_LOGS")
        self.flush()
        return page(request, self._store, COLLECTION, shape=lambda path: _KINDS.get(path, "any"), show=_shown)


def _entry(noted: _Noted) -> Document:
    scope, caller = noted.scope, noted.caller
    headers = {name: value.decode("latin-1") for name, value in noted.headers.items()}
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    target = scope["raw_path"].decode("latin-1") + query
    return {
        "id": object_id(),
        "timestamp": iso(noted.now),
        "httpStatus": noted.status,
        "duration": round(noted.duration, 6),
        "applicationId": (caller and caller.application_id) or "-",
        "userId": (caller and caller.user_id) or "-",
        "userAddress": scope["client"][0] if scope.get("client") else "-",
        "host": headers.get(b"host", "-"),
        "request": f"{scope['method']} {target} HTTP/{scope['http_version']}",
        "responseBodySize": noted.size,
        "userAgent": headers.get(b"user-agent", "-"),
    }


def _shown(entry: Document) -> Document:
    return {name: value for name, value in entry.items() if name != "id"}
