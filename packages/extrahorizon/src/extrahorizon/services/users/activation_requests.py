"""Activations that were begun and not completed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.resource import WithId, segment
from extrahorizon.services.users import BASE

if TYPE_CHECKING:
    from extrahorizon.query import Condition
    from extrahorizon.services.users.types import VerificationRequest


class ActivationRequests(WithId["VerificationRequest"]):
    """`exh.users.activation_requests`. Finding them needs `VIEW_ACTIVATION_REQUESTS`."""

    _path = f"{BASE}/activation_requests/"

    def find_by_user_id(self, user_id: str, rql: Condition | None = None) -> VerificationRequest | None:
        """Return the request of this user that matches `rql` too, or None.

        Raises:
            InvalidRqlError: the query is invalid (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return self._find_where("user_id", user_id, rql)

    def remove(self, request_id: str) -> int:
        """Delete a request, and with it the count that limits the user. Needs `DELETE_ACTIVATION_REQUEST`."""
        return self._affected("DELETE", f"{self._path}{segment(request_id)}")
