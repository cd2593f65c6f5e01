"""A function that a dispatcher starts: it notes each event once, however often it is delivered."""

from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.task import Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    event = task.data["event"]
    try:
        exh.data.documents.create("notes", {"event": event["id"]})
    except ResourceAlreadyExistsError:
        return {"noted": False}
    return {"noted": True}
