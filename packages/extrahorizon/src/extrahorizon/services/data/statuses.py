"""Statuses of a schema: the states its documents can be in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.resource import Resource, segment
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.data.types import StatusBody, StatusUpdate


class Statuses(Resource):
    """`exh.data.statuses`. Needs `UPDATE_SCHEMAS`."""

    def create(self, schema: str, **body: Unpack[StatusBody]) -> int:
        """Add a status to a schema, given by id or name, with labels of your own.

        Raises:
            ResourceAlreadyExistsError: the status exists (17).
        """
        return self._affected("POST", f"{BASE}/{segment(schema)}/statuses", json=self._body("StatusBody", body))

    def update(self, schema: str, status: str, **body: Unpack[StatusUpdate]) -> int:
        """Change labels of a status; a label that is None is removed.

        Raises:
            ResourceUnknownError: the status does not exist (16).
        """
        path = f"{BASE}/{segment(schema)}/statuses/{segment(status)}"
        return self._affected("PUT", path, json=self._body("StatusUpdate", body))

    def remove(self, schema: str, status: str) -> int:
        """Remove a status.

        Raises:
            StatusInUseError: a transition uses it (414).
            ResourceUnknownError: the status does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/{segment(schema)}/statuses/{segment(status)}")
