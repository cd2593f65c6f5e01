"""Access logs: calls with their caller and result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon import paging
from extrahorizon.query import query
from extrahorizon.resource import Resource
from extrahorizon.services.logs import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extrahorizon.query import Condition
    from extrahorizon.services.logs.types import AccessLog


class Access(Resource):
    """`exh.logs.access`. Needs `VIEW_ACCESS_LOGS`."""

    _path = f"{BASE}/access"

    def find(self, rql: Condition | None = None) -> list[AccessLog]:
        """Return a page of calls that match; `find_all` yields all.

        Raises:
            InvalidRqlError: the query is invalid (19).
        """
        return self._data(self._path + query(rql))

    def find_all(self, rql: Condition | None = None) -> Iterator[AccessLog]:
        """Yield every call that matches; see `extrahorizon.paging.find_all`.

        Raises:
            InvalidRqlError: the query is invalid (19).
        """
        return paging.find_all(self._session, self._path, rql)

    def find_first(self, rql: Condition | None = None) -> AccessLog | None:
        """Return the first call that matches, or None.

        Raises:
            InvalidRqlError: the query is invalid (19).
        """
        return paging.find_first(self._session, self._path, rql)
