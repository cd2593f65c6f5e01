"""`/_dev/api/runs/{id}/calls/{number}` and `/_dev/api/calls`: what functions called; `/_dev/api/traces`: what one thing
set off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.control_center.runs import missing
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.tasks.traces import Traces

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context


def routes(base: str, context: Context) -> list[Route]:
    """Return the routes for calls and traces."""
    runs = context.runner.runs
    traces = Traces(context.store, runs)

    async def call(request: Request) -> JsonAnswer:
        run_id, number = request.path_params["id"], request.path_params["number"]
        record = runs.record(run_id)
        if record is None:
            raise missing(run_id)
        await runs.ready()
        found = await runs.call(run_id, number)
        if found is None:
            raise ErrorAnswer(16, f"The run {run_id} has no call {number}, or its calls are not kept any more")
        return JsonAnswer({"run": run_id, **found})

    async def calls(request: Request) -> JsonAnswer:
        await runs.ready()
        found = runs.calls_of(request.path_params["request_id"])
        return JsonAnswer({"total": len(found), "data": found})

    async def trace(request: Request) -> JsonAnswer:
        thing = request.path_params["id"]
        found = await traces.of(thing)
        if found is None:
            raise ErrorAnswer(16, f"No run, task, event or request {thing} is known that has set something off")
        return JsonAnswer(found)

    return [
        Route(f"{base}/runs/{{id}}/calls/{{number:int}}", call, methods=["GET"]),
        Route(f"{base}/calls/{{request_id}}", calls, methods=["GET"]),
        Route(f"{base}/traces/{{id}}", trace, methods=["GET"]),
    ]
