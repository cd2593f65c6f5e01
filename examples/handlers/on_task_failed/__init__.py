"""Mail the operators about failed tasks: one mail per function, error and hour, and ten mails per hour at most.

A dispatcher starts it for each event `task_failed`, with the operators' addresses in the data of its action.
"""

from __future__ import annotations

from typing import Any

from extrahorizon.errors import InvalidEventError

from handlers.on_task_failed.failures import report_failure
from shared.session import ExtraHorizon, Task, logger, task_handler

OWN_NAME = "on-task-failed"


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    event, recipients = task.data.get("event"), task.data.get("recipients")
    content = event.get("content") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(content, dict) or not isinstance(content.get("functionName"), str):
        raise InvalidEventError("the task's data needs event, as a dispatcher of task_failed adds it")
    if content["functionName"] == OWN_NAME:
        # Checked before anything can fail: a failure here would start this function again, without an end.
        logger.warning("its own failure is not mailed", extra={"event_id": event.get("id")})
        return {"mailed": False, "reason": "its own failure"}
    if not isinstance(event.get("id"), str) or not isinstance(content.get("id"), str):
        raise InvalidEventError("the event of the task's data needs an id, and so does the task in its content")
    if not isinstance(recipients, list) or not recipients:
        raise InvalidEventError("the task's data needs recipients, the operators' addresses: see dispatchers.json")
    return report_failure(exh, event, recipients)
