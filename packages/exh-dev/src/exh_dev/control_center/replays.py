"""`/_dev/api/runs/replay`: replay many runs, such as all that failed, each with its own event.

Of the attempts at one task, only the last is replayed, and none if a later one succeeded. A run and its replays count
as attempts too. The last of them represents those that match a filter, even if it does not match itself: a replay has
another kind than the task that it repeats.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from exh_dev.control_center.wanted_runs import FILTERS, read_filters
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document

_USUAL, MOST = 100, 1_000  # simultaneous runs
_AT_ONCE = 5  # that go on at the same time, as many as the queue runs
_ASKED = (*FILTERS, "from", "to", "search", "limit")
_ENDED = ("OK", "FAILED")
_SAME_WORK = 200  # attempts, or replays, that are looked at


def route(base: str, context: Context) -> Route:
    async def replay(request: Request) -> JsonAnswer:
        asked = (await read_json(request)).members
        if unknown := sorted(set(asked) - set(_ASKED)):
            raise ErrorAnswer(15, f"{unknown[0]} is not a filter; use one of {', '.join(_ASKED)}")
        limit = _limit(asked.get("limit"))
        wanted = read_filters({"status": "FAILED", **asked, "sort": "started"})
        if wanted.members["status"] not in _ENDED:
            raise ErrorAnswer(15, f"status must be one of {', '.join(_ENDED)}: what is running cannot be run again")
        found, total, is_exact, since = await context.runner.runs.page(wanted, limit=limit)
        if since is not None:
            raise ErrorAnswer(
                27, f"Too many runs to search; narrow the time range: the runs since {since} were searched"
            )
        if total > limit:
            number = f"{total:,}" if is_exact else f"at least {total:,}"
            remedy = f'send "limit": {total}, or' if total <= MOST else f"{MOST:,} can be run again at once;"
            raise ErrorAnswer(
                27, f"{number} runs match, which is more than the limit of {limit}: {remedy} narrow it down"
            )
        return JsonAnswer(await _replayed(context, found), 202)

    return Route(f"{base}/runs/replay", replay, methods=["POST"])


def event_of(context: Context, run_id: str) -> Any:
    """Return the event of a run.

    Raises:
        ErrorAnswer: 27 when the run is no longer stored.
    """
    try:
        return context.runner.runs.event(run_id)[0]
    except KeyError:
        raise ErrorAnswer(27, f"The event of the run {run_id} is not kept any more; send one") from None


async def _replayed(context: Context, found: list[Document]) -> dict[str, Any]:
    replayed, skipped = [], []
    turns = asyncio.Semaphore(_AT_ONCE)
    in_turn = {record["id"] for record in found}
    for record in found:
        try:
            last, reason = _latest(context, record)
            if reason and (last["id"] in in_turn or last["status"] != "FAILED"):
                skipped.append({"of": record["id"], "reason": reason})
                continue
            in_turn.add(last["id"])
            event = event_of(context, last["id"])
            run = context.begin(last["function"], event, again=last["id"], turns=turns)
        except ErrorAnswer as answer:
            skipped.append({"of": record["id"], "reason": str(answer)})
            continue
        replayed.append({"of": last["id"], "id": run.record["id"]})
        await asyncio.sleep(0)  # others are answered meanwhile
    return {"replayed": replayed, "skipped": skipped}


def _latest(context: Context, record: Document) -> tuple[Document, str | None]:
    """Return the run that did the same work last, and why it is that one; None where it is this run itself."""
    runs, last, reason = context.runner.runs.list, record, None
    while True:
        attempts = runs.having("chain", last["chain"], _SAME_WORK)
        if again := runs.having("again", last["id"], 1):
            last = again[-1]
            reason = f"it was run again already, as {last['id']}"
        elif attempts[-1]["attempt"] > last["attempt"]:
            last = attempts[-1]
            reason = f"{last['id']} is a later attempt at the same task"
        else:
            return last, reason


def _limit(value: Any) -> int:
    if value is None:
        return _USUAL
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise ErrorAnswer(15, f"limit must be an integer from 1 to {MOST}")
    return value
