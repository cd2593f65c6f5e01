"""`/_dev/api/runs`: the runs of functions; `/_dev/api/calls`: what an invocation called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from exh_dev.platform.http.bodies import parse_json, read_body
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.tasks.runs import MOST, is_run

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document

_FILTERS = ("function", "status", "kind", "trigger", "chain")
_USUAL = 50


def routes(base: str, context: Context) -> list[Route]:
    """List, look at, and repeat runs."""
    runs = context.runner.runs

    async def find(request: Request) -> JsonAnswer:
        asked = request.query_params
        wanted = {name: asked[name] for name in _FILTERS if asked.get(name)}
        found, total = runs.page(
            limit=_number(request, "limit", _USUAL, most=MOST),
            offset=_number(request, "offset", 0),
            after=asked.get("after"),
            search=asked.get("search", ""),
            **wanted,
        )
        return JsonAnswer({"total": total, "data": found})

    async def adopt(request: Request) -> JsonAnswer:
        """Take over a run of a fresh platform, as `GET /runs/{id}` gives it there, for people to look at."""
        run = parse_json(await read_body(request), whole=False)
        if not is_run(run):
            raise ErrorAnswer(22, "The body is a run that has ended, as GET /runs/{id} gives it")
        runs.adopt([run])
        return JsonAnswer({"id": run["id"]}, 201)

    async def show(request: Request) -> JsonAnswer:
        return JsonAnswer(_run(request, context))

    async def replay(request: Request) -> JsonAnswer:
        run = _run(request, context)
        body = await read_body(request)
        members = parse_json(body) if body.strip() else {}
        if not isinstance(members, dict):
            raise ErrorAnswer(22, 'The body is {"event": …}, or empty for the same event')
        again = context.begin(run["function"], members.get("event", run["event"]), again=run["id"])
        return JsonAnswer({"id": again.record["id"]}, 202)

    async def calls(request: Request) -> JsonAnswer:
        found = runs.calls_of(request.path_params["request_id"])
        return JsonAnswer({"total": len(found), "data": found})

    return [
        Route(f"{base}/runs", find, methods=["GET"]),
        Route(f"{base}/runs", adopt, methods=["POST"]),
        Route(f"{base}/runs/{{id}}", show, methods=["GET"]),
        Route(f"{base}/runs/{{id}}/replay", replay, methods=["POST"]),
        Route(f"{base}/calls/{{request_id}}", calls, methods=["GET"]),
    ]


def _run(request: Request, context: Context) -> Document:
    run = context.runner.runs.get(request.path_params["id"])
    if run is None:
        raise ErrorAnswer(16, f"There is no run {request.path_params['id']}; the latest {MOST:,} are kept")
    return run


def _number(request: Request, name: str, usual: int, *, most: int | None = None) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(2**53)):
        raise ErrorAnswer(15, f"{name} must be a whole number")
    return min(int(text), most) if most is not None else int(text)
