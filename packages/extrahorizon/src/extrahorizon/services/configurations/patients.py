"""Configurations of users as a patient of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.resource import Resource, own_data, segment
from extrahorizon.services.configurations import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from extrahorizon.services.configurations.types import Fields


def _enlistment(user_id: str, group_id: str) -> str:
    return f"{BASE}/users/{segment(user_id)}/patientConfigurations/{segment(group_id)}"


class Patients(Resource):
    """`exh.configurations.patients`. Needs `UPDATE_CONFIGURATIONS`, globally or as staff of the group.

    As staff, `UPDATE_PATIENT_CONFIGURATIONS` does too. `exh.configurations.users.get` reads them.
    """

    def update(self, user_id: str, group_id: str, sections: Mapping[str, Any]) -> int:
        """Change the `data` of a user's configuration as a patient of a group: `sections` has no other members."""
        return self._affected("PUT", _enlistment(user_id, group_id), json=own_data(sections))

    def remove_fields(self, user_id: str, group_id: str, **body: Unpack[Fields]) -> int:
        """Remove fields of `data`."""
        return self._affected("POST", f"{_enlistment(user_id, group_id)}/deleteFields", json=self._body("Fields", body))
