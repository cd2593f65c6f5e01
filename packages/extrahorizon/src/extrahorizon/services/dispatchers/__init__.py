"""The dispatcher service, `/dispatchers/v1`: what is done when an event happens.

camelCase members, timestamps in epoch milliseconds; what is inside an action's `data` is the function's own. An action
may be carried out more than once for one event.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.dispatchers.actions import Actions
    from extrahorizon.services.dispatchers.types import Dispatcher, DispatcherCreation, DispatcherUpdate

BASE = "/dispatchers/v1"


class Dispatchers(WithId["Dispatcher"]):
    """`exh.dispatchers`. Finding needs `VIEW_DISPATCHERS`."""

    _path = f"{BASE}/"

    @cached_property
    def actions(self) -> Actions:
        """The tasks and mails of a dispatcher."""
        from extrahorizon.services.dispatchers.actions import Actions

        return Actions(self._session)

    def create(self, **body: Unpack[DispatcherCreation]) -> Dispatcher:
        """Create a dispatcher with its actions. Needs `CREATE_DISPATCHERS`.

        Names of dispatchers are unique, as are those of actions within one.
        """
        return cast("Dispatcher", self._object("POST", f"{BASE}/", json=self._body("DispatcherCreation", body)))

    def update(self, dispatcher_id: str, **body: Unpack[DispatcherUpdate]) -> int:
        """Change a dispatcher; its actions have methods of their own. Needs `UPDATE_DISPATCHERS`."""
        return self._affected("PUT", f"{BASE}/{segment(dispatcher_id)}", json=self._body("DispatcherUpdate", body))

    def remove(self, dispatcher_id: str) -> int:
        """Delete a dispatcher with its actions. Needs `DELETE_DISPATCHERS`."""
        return self._affected("DELETE", f"{BASE}/{segment(dispatcher_id)}")
