"""Logs of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.query import query
from extrahorizon.resource import Resource, segment
from extrahorizon.services.tasks import BASE

if TYPE_CHECKING:
    from extrahorizon.query import Condition
    from extrahorizon.services.tasks.types import LogLine


class Logs(Resource):
    """`exh.tasks.logs`. Needs `VIEW_TASK_LOGS`. Lines can take minutes to appear."""

    def find(self, task_id: str, rql: Condition | None = None) -> list[LogLine]:
        """Return at most 100 lines of a task.

        Args:
            task_id: the task.
            rql: only `ge("timestamp", ...)` is supported. To page, continue from the last line's timestamp; that line
                is repeated.

        Raises:
            IllegalStateError: the task has not run yet (27).
            NoTaskLogsFoundError: there are no lines yet (1408).
        """
        return self._data(f"{BASE}/{segment(task_id)}/logs{query(rql)}")

    def find_first(self, task_id: str, rql: Condition | None = None) -> LogLine | None:
        """Return the first line of `find`, or None.

        Raises:
            IllegalStateError: the task has not run yet (27).
            NoTaskLogsFoundError: there are no lines yet (1408).
        """
        return next(iter(self.find(task_id, rql)), None)
