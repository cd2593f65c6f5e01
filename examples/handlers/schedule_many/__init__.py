"""Queue many tasks from one: the reports of the last days for each clinic, and a daily schedule for those to come.

A task starts it. `scheduling.py` finds out which tasks and schedules are missing, and creates them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from extrahorizon.errors import InvalidEventError
from extrahorizon.timestamps import parse

from handlers.schedule_many.scheduling import MOST_DAYS, schedule, zone_of
from shared.session import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    clinics, days = task.data.get("clinics"), task.data.get("days", 0)
    if not isinstance(clinics, list) or not all(
        isinstance(each, dict) and isinstance(each.get("clinic"), str) and isinstance(each.get("timeZone"), str)
        for each in clinics
    ):
        raise InvalidEventError("the task's data needs clinics, each with the group's id as clinic, and its timeZone")
    for each in clinics:
        zone_of(each)  # all are checked before the first task is created
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        raise InvalidEventError(f"the task's days are how many past days to report, 0 to {MOST_DAYS}")
    start = task.raw.get("startTimestamp")
    return schedule(exh, clinics, days, parse(start) if start else datetime.now(UTC))
