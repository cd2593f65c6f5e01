"""Task records, for every service that creates tasks; the queue runs them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev import origin
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks import built_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exh_dev.platform.storage.store import Document, Store

TASKS = "tasks"
#: Uploaded functions, and functions of the served project, by name.
FUNCTIONS, OWN_FUNCTIONS = "functions", "own_functions"


def when_created(store: Store, call: Callable[[], None]) -> None:
    """Call `call` for each new task in `store`, possibly inside a transaction."""
    store.listeners["task"] = call


def create_task(
    store: Store,
    *,
    function_name: str,
    data: Mapping[str, Any] | None,
    now: float,
    created_by_user_id: str | None,
    created_by_application_id: str | None,
    priority: int | None = None,
    tags: Sequence[str] | None = None,
    start: float | None = None,
) -> Document:
    """Return a new task, which the queue runs at `start`, or immediately.

    The function's existence is checked when the task runs.

    `now` and `start` are in epoch seconds. Without a priority the task gets the function's default one, else 0.
    """
    created = iso(now)
    task: Document = {
        "id": object_id(),
        "functionName": function_name,
        "status": "new",
        "statusChangedTimestamp": created,
    }
    if data is not None:
        task["data"] = dict(data)
    if tags is not None:
        task["tags"] = list(tags)
    task["startTimestamp"] = created if start is None else iso(start)
    task["priority"] = _default_priority(store, function_name) if priority is None else priority
    if created_by_application_id is not None:
        task["createdByApplicationId"] = created_by_application_id
    if created_by_user_id is not None:
        task["createdByUserId"] = created_by_user_id
    task |= {"creationTimestamp": created, "updateTimestamp": created}
    store_task(store, task)
    return task


def store_task(store: Store, task: Document) -> None:
    """Store a task, and notify the queue."""
    store.put(TASKS, task)
    origin.note(store, task["id"])
    poke(store)


def poke(store: Store) -> None:
    """Notify the queue that a task may be due."""
    if call := store.listeners.get("task"):
        call()


def find_function(store: Store, name: str) -> Document | None:
    """Return a function by name: an uploaded one, else the served project's or a built-in one."""
    found = store.get(FUNCTIONS, name) or store.get(OWN_FUNCTIONS, name)
    return found or deepcopy(built_in.RECORDS.get(name))


def _default_priority(store: Store, function_name: str) -> int:
    function = find_function(store, function_name) or {}
    priority: int = function.get("executionOptions", {}).get("defaultPriority", 0)
    return priority
