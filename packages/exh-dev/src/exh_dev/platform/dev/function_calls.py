"""The calls of the platform that invocations of functions made, in the order of their answers.

Noted as the function meets them: what a fault rule does to a call is seen here, though the platform itself never heard
of it. Kept in memory, for the latest invocations.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev.origin import answering, root_of
from exh_dev.platform.storage.timestamps import iso
from exh_dev.runtime import trace_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.platform.storage.timestamps import Clock

_TOKEN = re.compile(rb'oauth_token="([^"]+)"')
MOST_INVOCATIONS = 2_000
MOST_CALLS = 10_000  # of one invocation


class Calls:
    """Calls by the invocation that made them."""

    def __init__(self, *, clock: Clock) -> None:
        """There are none yet."""
        self._clock = clock
        self._in_progress: dict[str, list[str]] = {}
        self._by_root: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()

    def around(self, app: ASGIApp) -> ASGIApp:
        """An application whose requests are noted, if an invocation makes them. Of their queries nothing is kept."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            root = root_of(scope) or self._only_user_of_token(scope) if scope["type"] == "http" else None
            if root is None:
                await app(scope, receive, send)
                return
            answering.set(root)
            now, began, status = self._clock(), time.perf_counter(), 0

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            call = {"timestamp": iso(now), "method": scope["method"], "path": scope["path"].rstrip("/") or "/"}
            try:
                await app(scope, receive, watched)
            except BaseException:
                status = 0  # the connection was cut
                raise
            finally:
                spent = round((time.perf_counter() - began) * 1000, 1)
                self._note(root, {**call, "status": status, "duration_ms": spent})

        return noted

    @contextmanager
    def made_with(self, token: str | None, request_id: str) -> Iterator[None]:
        """Note the calls that are signed with an OAuth1 token as those of an invocation, while the block lasts.

        That is for functions whose client sends no trace id, such as the JavaScript SDK and requests' OAuth1Session.
        While two invocations have one token, as two of one function at once, such calls belong to neither.
        """
        if token is None:
            yield
            return
        sharing = self._in_progress.setdefault(token, [])
        sharing.append(trace_root(request_id))
        try:
            yield
        finally:
            sharing.remove(trace_root(request_id))
            if not sharing:
                self._in_progress.pop(token, None)

    def _only_user_of_token(self, scope: Scope) -> str | None:
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        found = _TOKEN.search(header) if self._in_progress else None
        roots = self._in_progress.get(found[1].decode("latin-1"), []) if found else []
        return roots[0] if len(roots) == 1 else None

    def of(self, request_id: str) -> list[dict[str, Any]]:
        """The calls of an invocation, each with its `timestamp`, `method`, `path`, `status` (0: no whole answer),
        `duration_ms`, which `attempt` it is at the same call, and how long was waited before that one, `waited_ms`.
        """
        return _with_attempts(self._by_root.get(trace_root(request_id), []))

    def _note(self, root: str, call: dict[str, Any]) -> None:
        calls = self._by_root.setdefault(root, [])
        if len(calls) < MOST_CALLS:
            calls.append({**call, "ended": self._clock()})
        while len(self._by_root) > MOST_INVOCATIONS:
            self._by_root.popitem(last=False)


def _with_attempts(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    failed: dict[tuple[str, str], dict[str, Any]] = {}
    found = []
    for call in calls:
        key = call["method"], call["path"]
        before = failed.pop(key, None)
        waited = None
        if before is not None:
            began = call["ended"] - call["duration_ms"] / 1000
            waited = max(0, round((began - before["ended"]) * 1000))
        shown = {name: value for name, value in call.items() if name != "ended"}
        found.append({**shown, "attempt": before["attempt"] + 1 if before else 1, "waited_ms": waited})
        if call["status"] == 0 or call["status"] >= HTTPStatus.BAD_REQUEST:
            failed[key] = {"ended": call["ended"], "attempt": found[-1]["attempt"]}
    return found
