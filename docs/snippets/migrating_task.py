"""Archives a patient's reviewed notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.errors import IllegalArgumentError, ResourceUnknownError
from extrahorizon.log import logger
from extrahorizon.query import rql
from extrahorizon.task import Task, task_handler

if TYPE_CHECKING:
    from extrahorizon.client import ExtraHorizon

REVIEWED = rql.eq("status", "reviewed")


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    return {"archived": archive(exh, task.text("patientId"))}


def archive(exh: ExtraHorizon, patient_id: str) -> int:
    """Archive what is reviewed, and say how many notes that were."""
    mine = REVIEWED.eq("data.patient", patient_id).select("id")
    archived = 0
    for note in list(exh.data.documents.find_all("note", mine)):
        try:
            archived += exh.data.documents.transition("note", note["id"], name="archive")
        except (IllegalArgumentError, ResourceUnknownError):
            logger.info("archived by another user", extra={"document_id": note["id"]})
    return archived
