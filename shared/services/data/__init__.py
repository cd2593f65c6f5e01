"""The data service, `/data/v1`: documents with state machines, and the schemas that define them.

camelCase members, ISO 8601 timestamps; what is inside `data` is the schema's own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.resource import Service

if TYPE_CHECKING:
    from shared.services.data.comments import Comments
    from shared.services.data.documents import Documents
    from shared.services.data.indexes import Indexes
    from shared.services.data.properties import Properties
    from shared.services.data.schemas import Schemas
    from shared.services.data.statuses import Statuses
    from shared.services.data.transitions import Transitions

BASE = "/data/v1"


class Data(Service):
    """`exh.data`."""

    _base = BASE

    @cached_property
    def comments(self) -> Comments:
        """Remarks on documents; deprecated by the platform."""
        from shared.services.data.comments import Comments

        return Comments(self._session)

    @cached_property
    def documents(self) -> Documents:
        """The records themselves."""
        from shared.services.data.documents import Documents

        return Documents(self._session)

    @cached_property
    def indexes(self) -> Indexes:
        """What makes queries fast, or values unique."""
        from shared.services.data.indexes import Indexes

        return Indexes(self._session)

    @cached_property
    def properties(self) -> Properties:
        """What a schema's documents may hold."""
        from shared.services.data.properties import Properties

        return Properties(self._session)

    @cached_property
    def schemas(self) -> Schemas:
        """Definitions of documents."""
        from shared.services.data.schemas import Schemas

        return Schemas(self._session)

    @cached_property
    def statuses(self) -> Statuses:
        """The states of a schema's documents."""
        from shared.services.data.statuses import Statuses

        return Statuses(self._session)

    @cached_property
    def transitions(self) -> Transitions:
        """The ways from state to state."""
        from shared.services.data.transitions import Transitions

        return Transitions(self._session)
