"""`/_dev/api/runs`: the runs of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.control_center import replays
from exh_dev.control_center.asked import integer_parameter
from exh_dev.control_center.wanted_runs import read_filters
from exh_dev.platform.http.bodies import parse_json, read_body
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.tasks.foreign_runs import is_run

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context

_USUAL, _MOST = 50, 1_000  # runs of a page


def routes(base: str, context: Context) -> list[Route]:
    """List, look at, and repeat runs."""
    runs = context.runner.runs

    async def find(request: Request) -> JsonAnswer:
        limit = integer_parameter(request, "limit", _USUAL, most=_MOST)
        offset = integer_parameter(request, "offset", 0)
        found = await runs.page(read_filters(request.query_params), limit=limit, offset=offset)
        since = {"searched_since": found.searched_since} if found.searched_since else {}
        return JsonAnswer({"total": found.total, "total_is_exact": found.is_exact, **since, "data": found.runs})

    async def adopt(request: Request) -> JsonAnswer:
        """Store a run of a fresh platform, in the format of `GET /runs/{id}` there, for display."""
        run = parse_json(await read_body(request), encodable=False)
        if not is_run(run):
            raise ErrorAnswer(22, "The body is a run that has ended, as GET /runs/{id} gives it")
        runs.adopt([run])
        return JsonAnswer({"id": run["id"]}, 201)

    async def show(request: Request) -> JsonAnswer:
        run_id = request.path_params["id"]
        in_full = request.query_params.get("full") != "false"
        if in_full:
            await runs.ready()
        found = runs.get(run_id) if in_full else runs.record(run_id)
        if found is None:
            raise missing(run_id)
        left_out = () if request.query_params.get("calls") != "false" else ("calls",)
        return JsonAnswer({name: value for name, value in found.items() if name not in left_out})

    async def replay(request: Request) -> JsonAnswer:
        run_id = request.path_params["id"]
        body = await read_body(request)
        members = parse_json(body) if body.strip() else {}
        if not isinstance(members, dict):
            raise ErrorAnswer(22, 'The body is {"event": …}, or empty for the same event')
        record = runs.record(run_id)
        if record is None:
            raise missing(run_id)
        event = members["event"] if "event" in members else replays.event_of(context, run_id)
        again = context.begin(record["function"], event, again=run_id)
        return JsonAnswer({"id": again.record["id"]}, 202)

    return [
        Route(f"{base}/runs", find, methods=["GET"]),
        Route(f"{base}/runs", adopt, methods=["POST"]),
        replays.route(base, context),
        Route(f"{base}/runs/{{id}}", show, methods=["GET"]),
        Route(f"{base}/runs/{{id}}/replay", replay, methods=["POST"]),
    ]


def missing(run_id: str) -> ErrorAnswer:
    """Return the error for an unknown run."""
    return ErrorAnswer(16, f"There is no run {run_id}; of many runs the latest are kept: exh-dev runs lists them")
