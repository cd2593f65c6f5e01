"""The calls of the platform that invocations of functions made, in the order of their answers.

Noted as the function meets them: what a fault rule does to a call is seen here, though the platform itself never heard
of it. Kept in memory, for the latest invocations.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev.origin import answering, root_of
from exh_dev.platform.storage.timestamps import iso
from exh_dev.runtime import trace_root

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.platform.storage.timestamps import Clock

MOST_INVOCATIONS = 2_000
MOST_CALLS = 10_000  # of one invocation


class Calls:
    """Calls by the invocation that made them."""

    def __init__(self, *, clock: Clock) -> None:
        """Know of none."""
        self._clock = clock
        self._by_root: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()

    def around(self, app: ASGIApp) -> ASGIApp:
        """An application whose requests are noted, if an invocation makes them. Of their queries nothing is kept."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            root = root_of(scope) if scope["type"] == "http" else None
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
