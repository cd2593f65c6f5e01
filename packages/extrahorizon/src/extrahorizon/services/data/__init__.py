"""The data service, `/data/v1`: documents with state machines, and the schemas that define them.

camelCase members, ISO 8601 timestamps; what is inside `data` is the schema's own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extrahorizon.resource import Service

if TYPE_CHECKING:
    from extrahorizon.services.data.comments import Comments
    from extrahorizon.services.data.documents import Documents
    from extrahorizon.services.data.indexes import Indexes
    from extrahorizon.services.data.properties import Properties
    from extrahorizon.services.data.schemas import Schemas
    from extrahorizon.services.data.statuses import Statuses
    from extrahorizon.services.data.transitions import Transitions

BASE = "/data/v1"


class Data(Service):
    """`exh.data`."""

    _base = BASE

    @cached_property
    def comments(self) -> Comments:
        """Remarks on documents; deprecated by the platform."""
        from extrahorizon.services.data.comments import Comments

        return Comments(self._session)

    @cached_property
    def documents(self) -> Documents:
        """The records themselves."""
        from extrahorizon.services.data.documents import Documents

        return Documents(self._session)

    @cached_property
    def indexes(self) -> Indexes:
        """Indexes, for fast queries and unique values."""
        from extrahorizon.services.data.indexes import Indexes

        return Indexes(self._session)

    @cached_property
    def properties(self) -> Properties:
        """Properties of a schema's documents."""
        from extrahorizon.services.data.properties import Properties

        return Properties(self._session)

    @cached_property
    def schemas(self) -> Schemas:
        """Definitions of documents."""
        from extrahorizon.services.data.schemas import Schemas

        return Schemas(self._session)

    @cached_property
    def statuses(self) -> Statuses:
        """The states of a schema's documents."""
        from extrahorizon.services.data.statuses import Statuses

        return Statuses(self._session)

    @cached_property
    def transitions(self) -> Transitions:
        """The ways from state to state."""
        from extrahorizon.services.data.transitions import Transitions

        return Transitions(self._session)
