"""Task records, for every service that starts work: the queue runs what stands here."""

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
#: What was uploaded, and what the project that is served brings along; both by name.
FUNCTIONS, OWN_FUNCTIONS = "functions", "own_functions"


def when_created(store: Store, call: Callable[[], None]) -> None:
    """Call `call` whenever a task comes into `store`, perhaps inside a transaction."""
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
    """Return a new task; the queue runs it from `start` on, or at once. Whether the function exists shows when it runs.

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
    """Keep a task, and tell the queue."""
    store.put(TASKS, task)
    origin.note(store, task["id"])
    poke(store)


def poke(store: Store) -> None:
    """Tell the queue that something may be due."""
    if call := store.listeners.get("task"):
        call()


def find_function(store: Store, name: str) -> Document | None:
    """Return a function by its name: as it was uploaded, else as the served project or the platform
    itself brings it.
    """
    found = store.get(FUNCTIONS, name) or store.get(OWN_FUNCTIONS, name)
    return found or deepcopy(built_in.RECORDS.get(name))


def _default_priority(store: Store, function_name: str) -> int:
    function = find_function(store, function_name) or {}
    priority: int = function.get("executionOptions", {}).get("defaultPriority", 0)
    return priority
