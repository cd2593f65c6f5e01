"""Definitions of documents: properties, statuses, transitions, indexes and access modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, WithName, segment
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.data.types import Schema, SchemaCreation, SchemaUpdate


class Schemas(WithId["Schema"], WithName["Schema"]):
    """`exh.data.schemas`. Anybody may find schemas; disabled ones are shown to holders of `DISABLE_SCHEMAS`."""

    _path = f"{BASE}/"

    def create(self, **body: Unpack[SchemaCreation]) -> Schema:
        """Create a schema with a status `new` and a creation transition to it. Needs `CREATE_SCHEMAS`.

        Raises:
            FieldFormatError: a name of fewer than 3 or more than 50 characters (15).
            ResourceAlreadyExistsError: a schema with this name exists (17).
        """
        return cast("Schema", self._object("POST", f"{BASE}/", json=self._body("SchemaCreation", body)))

    def update(self, schema: str, **body: Unpack[SchemaUpdate]) -> int:
        """Change the schema itself: name, modes, limits; omitted members are kept. Needs `UPDATE_SCHEMAS`.

        Args:
            schema: its id or name.
            body: the members to change.

        Returns:
            1.

        Raises:
            ResourceUnknownError: the schema does not exist (16).
        """
        return self._affected("PUT", f"{BASE}/{segment(schema)}", json=self._body("SchemaUpdate", body))

    def remove(self, schema: str) -> int:
        """Delete a disabled schema **and all of its documents**. Needs `DELETE_SCHEMAS`.

        Raises:
            IllegalStateError: the schema is not disabled (27).
        """
        return self._affected("DELETE", f"{BASE}/{segment(schema)}")

    def disable(self, schema: str) -> int:
        """Disallow creating and changing documents. Needs `DISABLE_SCHEMAS`."""
        return self._affected("POST", f"{BASE}/{segment(schema)}/disable")

    def enable(self, schema: str) -> int:
        """Allow creating and changing documents again. Needs `DISABLE_SCHEMAS`."""
        return self._affected("POST", f"{BASE}/{segment(schema)}/enable")
