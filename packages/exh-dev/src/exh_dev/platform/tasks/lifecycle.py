"""The life cycle of a task: changes of its status and their effects.

new -> inProgress -> complete, failed or retried;  new -> canceled

Assumed: only a failure of the function is retried, not a failure to invoke it; an error without a name is retried if
the policy lists no errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.json_text import encodable_text
from exh_dev.platform.events import events
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks import logs
from exh_dev.platform.tasks.records import TASKS, find_function, store_task
from exh_dev.platform.tasks.runner import NotInvocableError

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.runner import Runner
    from exh_dev.runtime import Invocation

#: Seconds from the end of a failed attempt to the start of the next.
RETRY_DELAYS = (2, 5, 10)
_ZOMBIE = {
    "type": "invocation",
    "name": "zombieTaskCleaned",
    "message": "The outcome of the task could not be determined",
}


def change(store: Store, task: Document, status: str, *, now: float, **more: Any) -> None:
    """Put a task into a status."""
    task.update(more, status=status, statusChangedTimestamp=iso(now), updateTimestamp=iso(now))
    store.put(TASKS, task)


async def attempt(store: Store, runner: Runner, task: Document, kind: str) -> Invocation:
    """Run a task in progress, and store its log lines. Its status is the caller's to change.

    `kind` is that of the run: `task`, or `direct`.

    Raises:
        NotInvocableError: its function cannot run.
    """
    function = find_function(store, task["functionName"])
    if function is None:
        raise NotInvocableError(f"There is no function {task['functionName']}")
    if not function["enabled"]:
        raise NotInvocableError(f"The function {task['functionName']} is disabled")
    invocation = await runner.invoke(function, task, kind)
    logs.keep(store, logs.TASK_LOGS, task["id"], function, invocation)
    return invocation


def error_of(invocation: Invocation) -> Document:
    """Return what a task's `error` says of a function that failed."""
    error = invocation.error or {}
    named = {"name": encodable_text(error["errorType"])} if error.get("errorType") else {}
    return {"type": "runtime", **named, "message": encodable_text(error.get("errorMessage", ""))}


def fail(store: Store, task: Document, error: Document, *, now: float) -> None:
    """End a task as failed, and publish that."""
    content = {"id": task["id"], "functionName": task["functionName"], "error": error}
    with store.transaction():
        change(store, task, "failed", now=now, error=error)
        events.publish(store, "task_failed", content, now=now)


def fail_or_retry(store: Store, task: Document, error: Document, *, now: float) -> None:
    """End a task that its function failed: as retried by a new one, when its function's policy wants that."""
    earlier = task.get("retryForTaskIds", [])
    if not _is_retried(store, task, error) or len(earlier) >= len(RETRY_DELAYS):
        fail(store, task, error, now=now)
        return
    made, due = iso(now), iso(now + RETRY_DELAYS[len(earlier)])
    retry = {
        **{name: value for name, value in task.items() if name != "error"},
        "id": object_id(),
        "status": "new",
        "statusChangedTimestamp": made,
        "startTimestamp": due,
        "creationTimestamp": made,
        "updateTimestamp": made,
        "retryForTaskIds": [*earlier, task["id"]],
    }
    with store.transaction():
        change(store, task, "retried", now=now, retriedByTaskId=retry["id"], error=error)
        store_task(store, retry)


def clean_zombies(store: Store, *, now: float) -> None:
    """End the tasks that were in progress when the platform stopped."""
    for task in store.matching(TASKS, Sql(f"{member('status')} = 'inProgress'")):
        fail(store, task, dict(_ZOMBIE), now=now)


def _is_retried(store: Store, task: Document, error: Document) -> bool:
    policy = (find_function(store, task["functionName"]) or {}).get("retryPolicy", {})
    wanted = policy.get("errorsToRetry")
    return bool(policy.get("enabled")) and (not wanted or error.get("name") in wanted)
