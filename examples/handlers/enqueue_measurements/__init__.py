"""Send a task to the work queue for each document that a query finds: measurements that wait to be analyzed.

A run queues as many as it has time for, and its result has the data of the next run. The state machine EnqueueAll
runs it until all are queued.
"""

from __future__ import annotations

from typing import Any

from extrahorizon.errors import InvalidEventError
from extrahorizon.query import RQL, RQLSyntaxError, has_limit

from handlers.enqueue_measurements.pages import enqueue
from shared.session import ExtraHorizon, Task, task_handler

SCHEMA, WAITING = "blood-pressure-reading", "eq(status,created)"


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    schema, after, before = _text(task, "schema", SCHEMA), _text(task, "after", ""), _before(task)
    wanted = _query(_text(task, "rql", WAITING))
    queued, complete, after = enqueue(exh, schema, wanted, after)
    following = {"schema": schema, "rql": str(wanted), "after": after, "queued": before + queued}
    return {"queued": queued, "complete": complete, "next": following}


def _text(task: Task, name: str, default: str) -> str:
    return task.text(name) if name in task.data else default


def _query(text: str) -> RQL:
    try:
        wanted = RQL(text)
    except RQLSyntaxError as error:
        raise InvalidEventError(f"the task's rql cannot be used: {error}") from None
    # `enqueue` adds its own: the order and the size of its pages.
    if has_limit(text) or any(f"{word}(" in text for word in ("sort", "select")):
        raise InvalidEventError("the task's rql says which documents: it may not limit, sort or select")
    return wanted


def _before(task: Task) -> int:
    """Return how many documents the earlier runs have queued."""
    queued = task.data.get("queued", 0)
    if isinstance(queued, bool) or not isinstance(queued, int):
        raise InvalidEventError("the task's queued is not a whole number; leave it out for a first run")
    return queued
