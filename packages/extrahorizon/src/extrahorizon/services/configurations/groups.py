"""Configurations of groups: their own data, and the defaults of their staff and patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from extrahorizon.query import query
from extrahorizon.resource import Resource, own_data, segment
from extrahorizon.services.configurations import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from extrahorizon.query import Condition
    from extrahorizon.services.configurations.types import Fields, GroupConfiguration


def _group(group_id: str) -> str:
    return f"{BASE}/groups/{segment(group_id)}"


class Groups(Resource):
    """`exh.configurations.groups`. Permissions are global, or those of staff in the group."""

    def get(self, group_id: str) -> GroupConfiguration:
        """Return the configuration of a group. Needs `VIEW_CONFIGURATIONS`.

        In the group, `VIEW_STAFF_CONFIGURATIONS` and `VIEW_PATIENT_CONFIGURATIONS` show a section each.
        """
        return cast("GroupConfiguration", self._object("GET", _group(group_id)))

    def update(self, group_id: str, sections: Mapping[str, Any], *, rql: Condition | None = None) -> int:
        """Change sections of a group's configuration, if it matches. Needs `UPDATE_CONFIGURATIONS`.

        In the group, `UPDATE_STAFF_CONFIGURATIONS` and `UPDATE_PATIENT_CONFIGURATIONS` do for a section each.

        Args:
            group_id: which group.
            sections: the ones to change, with the caller's own data in them: `data`, `staffConfiguration`,
                `patientConfiguration`.
            rql: do it only if the configuration matches.
        """
        return self._affected("PUT", _group(group_id) + query(rql), json=own_data(sections))

    def remove_fields(self, group_id: str, *, rql: Condition | None = None, **body: Unpack[Fields]) -> int:
        """Remove fields, if the configuration matches. Needs `UPDATE_CONFIGURATIONS`."""
        return self._affected("POST", f"{_group(group_id)}/deleteFields{query(rql)}", json=self._body("Fields", body))
