"""The function of the benchmark `queue`: one call of the platform, which does a thing once however often it is made."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from extrahorizon.errors import ResourceAlreadyExistsError
from extrahorizon.task import Task, task_handler

if TYPE_CHECKING:
    from extrahorizon.client import ExtraHorizon

SCHEMA = "queued"


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> None:
    with suppress(ResourceAlreadyExistsError):  # a worker that was killed has made it
        exh.data.documents.create(SCHEMA, {"number": task.text("number")})
