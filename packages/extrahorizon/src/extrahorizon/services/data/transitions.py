"""Transitions of a schema: the ways its documents go from status to status."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource, segment
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.data.types import CreationTransition, Transition, TransitionBody


class Transitions(Resource):
    """`exh.data.transitions`. Needs `UPDATE_SCHEMAS`. To make a transition happen: `exh.data.documents.transition`."""

    def update_creation(self, schema: str, **body: Unpack[CreationTransition]) -> int:
        """Replace the creation transition of a schema, given by id or name.

        Raises:
            IllegalArgumentError: a status, condition or action is not valid (26).
        """
        return self._affected(
            "PUT", f"{BASE}/{segment(schema)}/creationTransition", json=self._body("CreationTransition", body)
        )

    def create(self, schema: str, **body: Unpack[TransitionBody]) -> Transition:
        """Add a transition.

        Raises:
            IllegalArgumentError: a status, condition or action is not valid (26).
        """
        return cast(
            "Transition",
            self._object("POST", f"{BASE}/{segment(schema)}/transitions", json=self._body("TransitionBody", body)),
        )

    def update(self, schema: str, transition_id: str, **body: Unpack[TransitionBody]) -> int:
        """Replace a transition.

        Raises:
            IllegalArgumentError: a status, condition or action is not valid (26).
            ResourceUnknownError: the transition does not exist (16).
        """
        path = f"{BASE}/{segment(schema)}/transitions/{segment(transition_id)}"
        return self._affected("PUT", path, json=self._body("TransitionBody", body))

    def remove(self, schema: str, transition_id: str) -> int:
        """Remove a transition.

        Raises:
            ResourceUnknownError: the transition does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/{segment(schema)}/transitions/{segment(transition_id)}")
