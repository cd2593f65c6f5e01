"""Indexes of a schema, for fast queries and unique values."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource, segment
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.data.types import Index, IndexCreation


class Indexes(Resource):
    """`exh.data.indexes`. Needs `UPDATE_SCHEMAS`."""

    def create(self, schema: str, **body: Unpack[IndexCreation]) -> Index:
        """Index one or more properties of a schema, given by id or name.

        Raises:
            ResourceAlreadyExistsError: an equal one exists (17).
            IllegalArgumentError: a property is unknown or cannot be indexed this way (26).
            IllegalStateError: existing documents prevent it (27).
        """
        return cast(
            "Index", self._object("POST", f"{BASE}/{segment(schema)}/indexes", json=self._body("IndexCreation", body))
        )

    def remove(self, schema: str, index_id: str) -> int:
        """Delete an index.

        Raises:
            NoPermissionError: it is one of the system's own (10).
            ResourceUnknownError: the index does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/{segment(schema)}/indexes/{segment(index_id)}")
