"""`/schedules`: recurring tasks.

Assumed: the first task starts at `startTimestamp`, or immediately. One task replaces all occurrences missed while the
platform was stopped. A task belongs to the schedule's creator.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from exh_dev.platform.dev import origin
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_seconds, iso
from exh_dev.platform.tasks.records import create_task, poke
from exh_dev.platform.tasks.settings import checked_priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

SCHEDULES = "schedules"
_HIDDEN = ("createdByUserId", "createdByApplicationId")
_LONGEST_INTERVAL = 100 * 366 * 24 * 60 * 60  # seconds
_SHORTEST_INTERVAL = 0.001  # timestamps have milliseconds
_KINDS: dict[str, Kind] = {
    "interval": "number",
    "functionName": "string",
    "priority": "number",
    **dict.fromkeys(("startTimestamp", "nextTimestamp", "creationTimestamp", "updateTimestamp"), "date-time"),
}


def routes(base: str, store: Store, *, check_data: Callable[[Document | None], None], clock: Clock) -> list[Route]:
    """Return the endpoints under `/schedules`; `check_data` judges what the tasks are to get."""

    async def create(request: Request) -> JsonAnswer:
        rights = rights_of(request, store)
        rights.require("CREATE_TASK_SCHEDULE")
        fields = await read_json(request)
        interval, function_name = fields.value("interval"), fields.text("functionName")
        if interval is None:
            raise ErrorAnswer(14, "The field interval is required")
        if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0 < interval <= _LONGEST_INTERVAL:
            raise ErrorAnswer(15, "The field interval must be a number of seconds, more than 0")
        data, priority = fields.optional_object("data"), fields.value("priority")
        check_data(data)
        now, start = clock(), fields.optional_timestamp("startTimestamp")
        schedule = {
            "id": object_id(),
            "interval": interval,
            "functionName": function_name,
            "data": data,
            "priority": None if priority is None else checked_priority(priority),
            "startTimestamp": iso(now if start is None else start),
            "nextTimestamp": iso(now if start is None else start),
            "creationTimestamp": iso(now),
            "updateTimestamp": iso(now),
            "createdByUserId": rights.user_id,
            "createdByApplicationId": rights.application_id,
        }
        schedule = {name: value for name, value in schedule.items() if value is not None}
        store.put(SCHEDULES, schedule)
        poke(store)
        return JsonAnswer(_shown(schedule))

    async def find(request: Request) -> Response:
        rights_of(request, store).require("VIEW_TASK_SCHEDULES")
        return page(
            request,
            store,
            SCHEDULES,
            shape=lambda path: _KINDS.get(path, "any"),
            show=_shown,
            is_hidden=_HIDDEN.__contains__,
        )

    async def remove(request: Request) -> JsonAnswer:
        rights_of(request, store).require("DELETE_TASK_SCHEDULE")
        schedule_id = checked_id(request.path_params["id"])
        if store.get(SCHEDULES, schedule_id) is None:
            raise ErrorAnswer(16, "There is no such schedule")
        store.delete(SCHEDULES, schedule_id)
        return JsonAnswer({"affectedRecords": 1})

    return [
        Route(f"{base}/schedules", create, methods=["POST"]),
        Route(f"{base}/schedules", find, methods=["GET"]),
        Route(f"{base}/schedules/{{id}}", remove, methods=["DELETE"]),
    ]


def create_due_tasks(store: Store, *, now: float) -> None:
    """Create a task for each schedule that is due, and say when it is due again."""
    for schedule in store.matching(SCHEDULES, Sql(f"{member('nextTimestamp')} <= ?", (iso(now),))):
        due, interval = epoch_seconds(schedule["nextTimestamp"]), max(schedule["interval"], _SHORTEST_INTERVAL)
        passed = math.floor((now - due) / interval)
        with store.transaction():
            create_scheduled_task(store, schedule, now=now, start=due + passed * interval)
            following = max(due + (passed + 1) * interval, now + _SHORTEST_INTERVAL)
            store.put(SCHEDULES, {**schedule, "nextTimestamp": iso(following)})


def create_scheduled_task(store: Store, schedule: Document, *, now: float, start: float) -> Document:
    """Create a task of a schedule, whether it is due or not.

    Args:
        store: where the schedule is.
        schedule: it.
        now: the time, in epoch seconds.
        start: when the task is to start, in epoch seconds.

    Returns:
        The task.
    """
    task = create_task(
        store,
        function_name=schedule["functionName"],
        data=schedule.get("data"),
        now=now,
        created_by_user_id=schedule.get("createdByUserId"),
        created_by_application_id=schedule.get("createdByApplicationId"),
        priority=schedule.get("priority"),
        start=start,
    )
    origin.note_scheduled(store, task["id"])
    return task


def _shown(schedule: Document) -> Document:
    return {name: value for name, value in schedule.items() if name not in _HIDDEN}
