"""The task service, `/tasks/v1`: functions, the tasks that run them, schedules, and API functions.

camelCase members, ISO 8601 timestamps; `data` and `result` are the functions' own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.tasks.api import Api
    from extrahorizon.services.tasks.api_requests import ApiRequests
    from extrahorizon.services.tasks.functions import Functions
    from extrahorizon.services.tasks.logs import Logs
    from extrahorizon.services.tasks.schedules import Schedules
    from extrahorizon.services.tasks.types import Task, TaskCreation

BASE = "/tasks/v1"
EXECUTION_TIMEOUT = 60.0  # seconds; a function has 30 of its own, after up to 10 in which Lambda loads it


class Tasks(WithId["Task"]):
    """`exh.tasks`. Finding tasks needs `VIEW_TASKS`."""

    _path = f"{BASE}/"

    def create(self, **body: Unpack[TaskCreation]) -> Task:
        """Queue a task. Needs `CREATE_TASKS`.

        Its `data` is at most 250 KB. Sent twice, it runs twice: a call that broke off is reported, not repeated.

        Raises:
            FieldFormatError: the data is too large (15).
        """
        return cast("Task", self._object("POST", f"{BASE}/", json=self._body("TaskCreation", body)))

    def cancel(self, task_id: str) -> int:
        """Cancel a task that has not started. Needs `CANCEL_TASKS`.

        Raises:
            IllegalStateError: it has started or ended (27).
            ResourceUnknownError: the task does not exist (16).
        """
        return self._affected("POST", f"{BASE}/{segment(task_id)}/cancel", json={})

    @cached_property
    def api(self) -> Api:
        """Calls of API functions."""
        from extrahorizon.services.tasks.api import Api

        return Api(self._session)

    @cached_property
    def api_requests(self) -> ApiRequests:
        """Requests to API functions, and their answers."""
        from extrahorizon.services.tasks.api_requests import ApiRequests

        return ApiRequests(self._session)

    @cached_property
    def functions(self) -> Functions:
        """The code that tasks run."""
        from extrahorizon.services.tasks.functions import Functions

        return Functions(self._session)

    @cached_property
    def logs(self) -> Logs:
        """Logs of tasks."""
        from extrahorizon.services.tasks.logs import Logs

        return Logs(self._session)

    @cached_property
    def schedules(self) -> Schedules:
        """Tasks that run again and again."""
        from extrahorizon.services.tasks.schedules import Schedules

        return Schedules(self._session)
