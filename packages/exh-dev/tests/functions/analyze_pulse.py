"""A function that a transition starts: it looks at its document, and moves it on. Told so, it fails instead."""

from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import ExtraHorizonError
from extrahorizon.task import Task, task_handler


class NotReadyError(ExtraHorizonError):
    """The induced failure."""


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    schema_id, document_id = task.data["schemaId"], task.data["documentId"]
    document = exh.data.documents.wait_until_unlocked(schema_id, document_id)
    failures = document["data"].get("failures", 0)
    if len(task.retry_for_task_ids) < failures:
        raise NotReadyError(f"attempt {len(task.retry_for_task_ids) + 1} fails")
    category = "high" if document["data"]["pulse"] > 120 else "normal"
    exh.data.documents.transition(schema_id, document_id, name="mark-as-analyzed", data={"category": category})
    return {"category": category}
