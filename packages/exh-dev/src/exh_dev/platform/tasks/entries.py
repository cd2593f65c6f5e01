"""The tasks themselves: creating, listing and canceling them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.tasks.lifecycle import change
from exh_dev.platform.tasks.limits import MOST_DATA
from exh_dev.platform.tasks.records import TASKS, create_task
from exh_dev.platform.tasks.settings import checked_priority

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("functionName", "status", "createdByApplicationId", "createdByUserId"), "string"),
    "retriedByTaskId": "string",
    "priority": "number",
    **dict.fromkeys(
        ("statusChangedTimestamp", "startTimestamp", "creationTimestamp", "updateTimestamp"),
        "date-time",
    ),
}


def routes(base: str, store: Store, *, clock: Clock) -> list[Route]:
    """Return the endpoints at the service's root."""

    async def create(request: Request) -> JsonAnswer:
        rights = rights_of(request, store)
        rights.require("CREATE_TASKS")
        fields = await read_json(request)
        data, priority = fields.optional_object("data"), fields.value("priority")
        check_data(data)
        task = create_task(
            store,
            function_name=fields.text("functionName"),
            data=data,
            now=clock(),
            created_by_user_id=rights.user_id,
            created_by_application_id=rights.application_id,
            priority=None if priority is None else checked_priority(priority),
            tags=fields.optional_texts("tags"),
            start=fields.optional_timestamp("startTimestamp"),
        )
        return JsonAnswer(task)

    async def find(request: Request) -> Response:
        rights_of(request, store).require("VIEW_TASKS")
        return page(request, store, TASKS, shape=lambda path: _KINDS.get(path, "any"))

    async def cancel(request: Request) -> JsonAnswer:
        rights_of(request, store).require("CANCEL_TASKS")
        task = store.get(TASKS, checked_id(request.path_params["id"]))
        if task is None:
            raise ErrorAnswer(16, "There is no such task")
        if task["status"] != "new":
            raise ErrorAnswer(27, f"Only a new task can be canceled; this one is {task['status']}")
        change(store, task, "canceled", now=clock())
        return JsonAnswer({"affectedRecords": 1})

    return [
        Route(base, create, methods=["POST"]),
        Route(base, find, methods=["GET"]),
        Route(f"{base}/{{id}}/cancel", cancel, methods=["POST"]),
    ]


def check_data(data: Document | None) -> None:
    """Judge what a task is to get.

    Raises:
        ErrorAnswer: 15 when it is too large.
    """
    if len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) > MOST_DATA:
        raise ErrorAnswer(15, f"The field data may have {MOST_DATA:,} bytes as JSON")
