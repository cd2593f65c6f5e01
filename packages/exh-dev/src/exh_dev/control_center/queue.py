"""`/_dev/api/queue`: tasks that run, wait, are scheduled or are tried again, and schedules; and starting one now."""

from __future__ import annotations

import heapq
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from exh_dev.control_center.asked import integer_parameter
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks.records import TASKS, poke
from exh_dev.platform.tasks.runner import MOST_TASKS
from exh_dev.platform.tasks.schedules import SCHEDULES, create_scheduled_task

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_MOST = 200  # tasks of each state that are listed
_MOST_ENDED = 50  # that ended last
_MOST_COUNTED = 10_000  # of each state; as many may be more
_INDEX, _ORDERED, _BY_END = "tasks_status", "tasks_order", "tasks_updated"
_STATUS = member("status")
_START = member("startTimestamp")
_RETRY = member("retryForTaskIds")
_UPDATED = member("updateTimestamp")
_NEW = f"{_STATUS} = 'new'"
_ENDED = ("complete", "failed", "retried", "canceled")


def routes(base: str, context: Context, *, clock: Clock) -> list[Route]:
    """Return the routes that show the queue and start waiting tasks early.

    Tasks are canceled by the platform's own endpoint.
    """
    store = context.store
    store.index(_BY_END, TASKS, [_STATUS, _UPDATED])

    async def show(request: Request) -> JsonAnswer:
        now = clock()
        states = _states(now)
        limit = integer_parameter(request, "limit", _MOST, most=_MOST)
        counts = {
            name: store.count_up_to(_MOST_COUNTED, TASKS, condition, _INDEX) for name, condition in states.items()
        }
        return JsonAnswer({
            "timestamp": iso(now),
            "most_at_once": MOST_TASKS,
            "counts": counts,
            "tasks": [
                each for name, condition in states.items() for each in _listed(store, name, condition, limit, counts)
            ],
            "ended": _ended(store, min(limit, _MOST_ENDED)),
            "schedules": store.matching(SCHEDULES, EVERYTHING),
        })  # fmt: skip

    async def start(request: Request) -> JsonAnswer:
        task = _known(store, TASKS, request.path_params["id"], "task")
        if task["status"] != "new":
            raise ErrorAnswer(27, f"The task is {task['status']}; only one that is new waits for its start")
        now = iso(clock())
        store.put(TASKS, {**task, "startTimestamp": min(task["startTimestamp"], now), "updateTimestamp": now})
        poke(store)
        return JsonAnswer({"id": task["id"]}, 202)

    async def run(request: Request) -> JsonAnswer:
        """Create the task that the schedule would create next; when it is due next stays as it is."""
        schedule = _known(store, SCHEDULES, request.path_params["id"], "schedule")
        now = clock()
        return JsonAnswer({"id": create_scheduled_task(store, schedule, now=now, start=now)["id"]}, 202)

    return [
        Route(f"{base}/queue", show, methods=["GET"]),
        Route(f"{base}/queue/tasks/{{id}}/start", start, methods=["POST"]),
        Route(f"{base}/queue/schedules/{{id}}/run", run, methods=["POST"]),
    ]


def _states(now: float) -> dict[str, Sql]:
    """Return the condition of each state that a task in the queue can be in, the most urgent first."""
    due, later = Sql(f"{_NEW} AND {_START} <= ?", (iso(now),)), Sql(f"{_NEW} AND {_START} > ?", (iso(now),))
    return {
        "running": Sql(f"{_STATUS} = 'inProgress'"),
        "waiting": due,
        "retrying": later & Sql(f"{_RETRY} IS NOT NULL"),
        "scheduled": later & Sql(f"{_RETRY} IS NULL"),
    }


def _listed(store: Store, state: str, condition: Sql, limit: int, counts: dict[str, int]) -> list[dict[str, Any]]:
    order = (f"{member('priority')} DESC", _START) if state == "waiting" else (_START,)
    # Few are found by when they start and sorted; many are in their order in the other index.
    index = _ORDERED if state == "waiting" and counts[state] == _MOST_COUNTED else _INDEX
    found = (json.loads(text) for text in store.page(TASKS, condition, order, limit, 0, index))
    return [{**each, "state": state, "attempt": len(each.get("retryForTaskIds", ())) + 1} for each in found]


def _ended(store: Store, limit: int) -> list[Document]:
    """Return the tasks that ended last, the latest first: the first of each status, which an index
    has in this order.
    """
    pages = [
        store.page(TASKS, Sql(f"{_STATUS} = ?", (each,)), (f"{_UPDATED} DESC",), limit, 0, _BY_END) for each in _ENDED
    ]
    parsed = ((json.loads(text) for text in texts) for texts in pages)
    return list(islice(heapq.merge(*parsed, key=lambda task: str(task["updateTimestamp"]), reverse=True), limit))


def _known(store: Store, collection: str, wanted: str, what: str) -> Document:
    found = store.get(collection, wanted)
    if found is None:
        raise ErrorAnswer(16, f"There is no {what} {wanted}")
    return found
