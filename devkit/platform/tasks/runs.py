"""`/_dev/runs`: the latest runs of functions, whoever asked for them: the queue, a caller, an API request.

Kept in memory, and only what says how a run went: no event, no result, no log line.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from devkit.runtime.triggers import trigger_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from devkit.platform.store import Document
    from devkit.runtime import Invocation

MOST = 2_000


class Runs:
    """The latest runs, oldest first; each has a number, one higher than that of the run before."""

    def __init__(self) -> None:
        """Know of none."""
        self._runs: deque[dict[str, Any]] = deque(maxlen=MOST)
        self._last = 0

    def note(self, event: Document, invocation: Invocation, *, provided: bool = False) -> None:
        """Keep a run that has ended; a function that the platform provides is only ever executed directly."""
        self._last += 1
        self._runs.append({
            "number": self._last,
            "function": invocation.function,
            "trigger": "direct" if provided else trigger_of(event),
            "chain": [*event.get("retryForTaskIds", []), event.get("id") or invocation.request_id][0],
            **invocation.summary(),
        })  # fmt: skip

    def routes(self) -> list[Route]:
        """The endpoint: `?after=NUMBER` leaves out the runs up to that one."""

        async def find(request: Request) -> JSONResponse:
            after = request.query_params.get("after", "")
            start = int(after) if after.isdecimal() else 0
            found = [run for run in self._runs if run["number"] > start]
            return JSONResponse({"last": self._last, "data": found})

        return [Route("/_dev/runs", find, methods=["GET"])]
