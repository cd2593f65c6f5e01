"""Puts a task for each document that a query finds into the work queue: measurements that wait to be analyzed.

A run queues what it has time for, and its result says what the next one is to be given. The state machine EnqueueAll
runs it until all of them are queued.

A task says which document, and nothing of what is in it. Its id follows from the document, its status and since when it
has that: to queue it again is harmless, for the worker does a task only once.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import InvalidEventError
from extrahorizon.query import RQL, RQLSyntaxError, has_limit, rql
from extrahorizon.queue import send_tasks

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from extrahorizon.services.data.types import Document

SCHEMA, WAITING = "blood-pressure-reading", "eq(status,created)"
PAGE_SIZE = 50
RESERVE = 75.0  # seconds that are left when a run ends: a page with all retries fits, and so does an alarm at 80 %


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    schema, after, before = _text(task, "schema", SCHEMA), _text(task, "after", ""), _before(task)
    try:
        wanted = RQL(_text(task, "rql", WAITING))
    except RQLSyntaxError as error:
        raise InvalidEventError(f"the task's rql cannot be used: {error}") from None
    if has_limit(str(wanted)) or any(f"{word}(" in str(wanted) for word in ("sort", "select")):
        raise InvalidEventError("the task's rql says which documents: it may not limit, sort or select")
    queued, complete, after = enqueue(exh, schema, wanted, after)
    following = {"schema": schema, "rql": str(wanted), "after": after, "queued": before + queued}
    return {"queued": queued, "complete": complete, "next": following}


def _text(task: Task, name: str, default: str) -> str:
    return task.text(name) if name in task.data else default


def _before(task: Task) -> int:
    """Return how many documents the runs before this one have queued."""
    queued = task.data.get("queued", 0)
    if isinstance(queued, bool) or not isinstance(queued, int):
        raise InvalidEventError("the task's queued is not a whole number; leave it out for a first run")
    return queued


def enqueue(exh: ExtraHorizon, schema: str, wanted: RQL, after: str = "") -> tuple[int, bool, str]:
    """Queue the documents that match, in the order of their ids.

    Documents leave the list while this goes on, as the worker gets at them. So each page is asked for by the id that
    the one before ended with, and not by an offset.

    Args:
        exh: the client.
        schema: id or name.
        wanted: which of its documents.
        after: leave out those up to this id: where an earlier run has ended.

    Returns:
        How many were queued, whether that is all of them, and the id that it ended after. When the function's time is
        nearly up it is not all of them: begin again after that id. One page is queued in any case.

    Raises:
        UnsentTasksError: SQS did not take some. To begin anew does no harm.
    """
    queued = 0
    while True:
        following = rql.gt("id", after) if after else rql
        page = exh.data.documents.find(
            schema,
            (wanted & following).select(["id", "status", "statusChangedTimestamp"]).sort("id").limit(PAGE_SIZE),
        )
        documents = list(page)
        queued += send_tasks((_task(schema, document) for document in documents), deadline=exh.deadline)
        after = documents[-1]["id"] if documents else after
        if len(documents) < page.limit:
            logger.info("queued", extra={"queued": queued})
            return queued, True, after
        if exh.deadline.remaining() < RESERVE:
            logger.info("queued as many as there was time for", extra={"queued": queued, "after": after})
            return queued, False, after


def _task(schema: str, document: Document) -> dict[str, Any]:
    """Return a task for a document; of 24 hexadecimal digits, as all ids of tasks."""
    state = f"{schema}/{document['id']}/{document['status']}/{document['statusChangedTimestamp']}"
    data = {"schemaId": schema, "documentId": document["id"]}
    return {"id": sha256(state.encode()).hexdigest()[:24], "data": data}
