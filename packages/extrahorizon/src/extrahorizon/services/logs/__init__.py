"""The log service, `/logs/v1`: camelCase members, ISO 8601 timestamps."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extrahorizon.resource import Resource

if TYPE_CHECKING:
    from extrahorizon.services.logs.access import Access

BASE = "/logs/v1"


class Logs(Resource):
    """`exh.logs`."""

    @cached_property
    def access(self) -> Access:
        """Log of calls."""
        from extrahorizon.services.logs.access import Access

        return Access(self._session)
