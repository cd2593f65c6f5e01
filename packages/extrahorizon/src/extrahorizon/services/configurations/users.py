"""Configurations of users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from extrahorizon.query import query
from extrahorizon.resource import Resource, own_data, segment
from extrahorizon.services.configurations import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from extrahorizon.query import Condition
    from extrahorizon.services.configurations.types import Fields, UserConfiguration


def _user(user_id: str) -> str:
    return f"{BASE}/users/{segment(user_id)}"


class Users(Resource):
    """`exh.configurations.users`. One's own configuration needs no permission."""

    def get(self, user_id: str) -> UserConfiguration:
        """Return the configuration of a user, and those in the groups the user is in. Needs `VIEW_CONFIGURATIONS`.

        To staff of a group, `VIEW_CONFIGURATIONS`, `VIEW_STAFF_CONFIGURATIONS` and `VIEW_PATIENT_CONFIGURATIONS` show
        those in the group.
        """
        return cast("UserConfiguration", self._object("GET", _user(user_id)))

    def update(self, user_id: str, sections: Mapping[str, Any], *, rql: Condition | None = None) -> int:
        """Change the `data` of a user's configuration, if it matches. Needs `UPDATE_CONFIGURATIONS`.

        Args:
            user_id: which user.
            sections: `data`, with the caller's own in it.
            rql: do it only if the configuration matches.
        """
        return self._affected("PUT", _user(user_id) + query(rql), json=own_data(sections))

    def remove_fields(self, user_id: str, *, rql: Condition | None = None, **body: Unpack[Fields]) -> int:
        """Remove fields of `data`, if the configuration matches. Needs `UPDATE_CONFIGURATIONS`."""
        return self._affected("POST", f"{_user(user_id)}/deleteFields{query(rql)}", json=self._body("Fields", body))
