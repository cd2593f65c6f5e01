"""Requests to API functions, and their answers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extrahorizon.query import query
from extrahorizon.resource import Collection, Resource, segment
from extrahorizon.services.tasks import BASE

if TYPE_CHECKING:
    from extrahorizon.query import Condition
    from extrahorizon.services.tasks.types import ApiRequest, LogLine

API_REQUESTS = f"{BASE}/apiRequests"


class ApiRequestLogs(Resource):
    """`exh.tasks.api_requests.logs`. Needs `VIEW_API_FUNCTION_REQUEST_LOGS`."""

    def find(self, api_request_id: str, rql: Condition | None = None) -> list[LogLine]:
        """Return lines that a function logged during a request; RQL as for `exh.tasks.logs`.

        Raises:
            NoApiRequestLogsFoundError: there are no lines yet (1413).
        """
        return self._data(f"{API_REQUESTS}/{segment(api_request_id)}/logs{query(rql)}")

    def find_first(self, api_request_id: str, rql: Condition | None = None) -> LogLine | None:
        """Return the first line of `find`, or None.

        Raises:
            NoApiRequestLogsFoundError: there are no lines yet (1413).
        """
        return next(iter(self.find(api_request_id, rql)), None)


class ApiRequests(Collection["ApiRequest"]):
    """`exh.tasks.api_requests`. Needs `VIEW_API_FUNCTION_REQUESTS`. A request can be missing: saving is best effort."""

    _path = API_REQUESTS

    @cached_property
    def logs(self) -> ApiRequestLogs:
        """Logs of requests to API functions."""
        return ApiRequestLogs(self._session)
