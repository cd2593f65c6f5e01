"""Schedules: tasks that run again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Collection, segment
from extrahorizon.services.tasks import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.tasks.types import Schedule, ScheduleCreation


class Schedules(Collection["Schedule"]):
    """`exh.tasks.schedules`. Finding schedules needs `VIEW_TASK_SCHEDULES`."""

    _path = f"{BASE}/schedules"

    def create(self, **body: Unpack[ScheduleCreation]) -> Schedule:
        """Run a function every `interval` seconds, from `startTimestamp` or now on. Needs `CREATE_TASK_SCHEDULE`."""
        return cast("Schedule", self._object("POST", f"{BASE}/schedules", json=self._body("ScheduleCreation", body)))

    def remove(self, schedule_id: str) -> int:
        """Delete a schedule. Needs `DELETE_TASK_SCHEDULE`.

        Raises:
            ResourceUnknownError: the schedule does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/schedules/{segment(schedule_id)}")
