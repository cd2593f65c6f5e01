"""Classify a blood pressure, make a PDF report of it, and mail the report to the patient.

A document of `blood-pressure-reading` or `clinic-blood-pressure-reading` starts it when it is created; behind an SQS
queue the same handler gets a batch of such tasks. `progress.py` takes the document from one status to the next,
`category.py` has the guideline, `report.py` makes the PDF and sends the mail.
"""

from __future__ import annotations

from typing import Any

from extrahorizon.errors import ResourceUnknownError

from handlers.assess_blood_pressure.category import ImplausibleMeasurementError
from handlers.assess_blood_pressure.progress import NotAPatientError, analyze
from shared.session import ExtraHorizon, Task, task_handler


# Another attempt cannot mend these, so a queue moves their messages to its dead-letter queue at once.
@task_handler(poison=(ImplausibleMeasurementError, NotAPatientError, ResourceUnknownError))
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    return analyze(exh, task.text("schemaId"), task.text("documentId"), task.first_id or "")
