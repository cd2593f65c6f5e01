"""`/_dev/calls/{requestId}`: the calls that an invocation of a function made, in the order of their answers.

The client sends the trace id of its invocation, as everything on AWS does that wants to be followed; the local runtime
makes that id from the request id. Kept in memory, for the latest invocations.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from devkit.platform.timestamps import iso
from devkit.runtime import trace_root

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

MOST_INVOCATIONS = 2_000
MOST_CALLS = 10_000  # of one invocation
_ROOT = re.compile(rb"Root=([0-9a-f-]+)")


class Calls:
    """Calls by the invocation that made them."""

    def __init__(self) -> None:
        """Know of none."""
        self._by_root: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()

    def note(self, scope: Scope, *, now: float, duration: float, status: int) -> None:
        """Keep a request that has been answered, if an invocation made it. Of its query nothing is kept."""
        trace = next((value for name, value in scope["headers"] if name == b"x-amzn-trace-id"), b"")
        found = _ROOT.search(trace)
        if found is None:
            return
        calls = self._by_root.setdefault(found[1].decode(), [])
        if len(calls) < MOST_CALLS:
            call = {"timestamp": iso(now), "method": scope["method"], "path": scope["path"], "status": status}
            calls.append({**call, "duration_ms": round(duration * 1000, 1)})
        while len(self._by_root) > MOST_INVOCATIONS:
            self._by_root.popitem(last=False)

    def routes(self) -> list[Route]:
        """The endpoint."""

        async def find(request: Request) -> JSONResponse:
            found = self._by_root.get(trace_root(request.path_params["id"]), [])
            return JSONResponse({"total": len(found), "data": found})

        return [Route("/_dev/calls/{id}", find, methods=["GET"])]
