"""Documents that match a query, page by page, each as a task in the work queue.

A task has the document's id and nothing of its data. The task's id is a hash of schema, document, status and the time
of that status, so that queueing a document twice is harmless: the worker does each task once.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from extrahorizon.query import RQL, rql
from extrahorizon.queue import send_tasks

from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from extrahorizon.services.data.types import Document

PAGE_SIZE = 50
RESERVE = 75.0  # seconds left when a run ends: enough for a page with all retries, and below the alarm at 80 %


def enqueue(exh: ExtraHorizon, schema: str, wanted: RQL, after: str = "") -> tuple[int, bool, str]:
    """Queue the documents that match, in the order of their ids.

    The worker analyzes documents meanwhile, and they leave the list. So each page is requested by the last id of the
    page before it, and not by an offset, which would skip documents.

    Args:
        exh: the client.
        schema: id or name.
        wanted: which of its documents.
        after: leave out documents up to this id, the last one of an earlier run.

    Returns:
        How many were queued, whether these are all, and the id of the last one. When the function's time is nearly up
        they are not all: call it again with that id as `after`. One page is queued in any case.

    Raises:
        UnsentTasksError: SQS did not accept some tasks. It is safe to call this again.
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
    """Return the task for a document. Its id has 24 hexadecimal digits, as every id of a task."""
    state = f"{schema}/{document['id']}/{document['status']}/{document['statusChangedTimestamp']}"
    data = {"schemaId": schema, "documentId": document["id"]}
    return {"id": sha256(state.encode()).hexdigest()[:24], "data": data}
