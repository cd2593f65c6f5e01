"""A function that calls the platform: it creates a document from its event's data, and finds it."""

from typing import Any

from extrahorizon import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    made = exh.data.documents.create("notes", {"text": str(task.data.get("text"))})
    found = exh.data.documents.find_by_id("notes", made["id"])
    return {"found": found is not None}
