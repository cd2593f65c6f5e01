"""Actions of a dispatcher: a task to start, or a mail to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource, segment
from extrahorizon.services.dispatchers import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.dispatchers.types import Action, ActionCreation, ActionUpdate


class Actions(Resource):
    """`exh.dispatchers.actions`. Needs `UPDATE_DISPATCHERS`."""

    def create(self, dispatcher_id: str, **body: Unpack[ActionCreation]) -> Action:
        """Add an action to a dispatcher.

        Args:
            dispatcher_id: which one.
            body: `type` is `task`, with a `functionName` and `data` to which the platform adds the `event`; or `mail`,
                with `recipients` and a `templateId`.
        """
        return cast(
            "Action",
            self._object("POST", f"{BASE}/{segment(dispatcher_id)}/actions", json=self._body("ActionCreation", body)),
        )

    def update(self, dispatcher_id: str, action_id: str, **body: Unpack[ActionUpdate]) -> int:
        """Change an action."""
        path = f"{BASE}/{segment(dispatcher_id)}/actions/{segment(action_id)}"
        return self._affected("PUT", path, json=self._body("ActionUpdate", body))

    def remove(self, dispatcher_id: str, action_id: str) -> int:
        """Remove an action from its dispatcher."""
        return self._affected("DELETE", f"{BASE}/{segment(dispatcher_id)}/actions/{segment(action_id)}")
