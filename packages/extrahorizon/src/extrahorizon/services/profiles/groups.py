"""The groups that a profile is in; deprecated by the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Resource, segment
from extrahorizon.services.profiles import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.profiles.types import Fields, Group, GroupCreation, GroupUpdate


def _groups(profile_id: str) -> str:
    return f"{BASE}/{segment(profile_id)}/groups"


def _group(profile_id: str, group_id: str) -> str:
    return f"{_groups(profile_id)}/{segment(group_id)}"


class Groups(Resource):
    """`exh.profiles.groups`. Deprecated by the platform. A profile's id is that of its user."""

    def create(self, profile_id: str, **body: Unpack[GroupCreation]) -> Group:
        """Enlist a profile in a group. Needs `ADD_PATIENT` as staff of the group, except for one's own.

        Raises:
            ResourceUnknownError: the profile or group does not exist (16).
            ResourceAlreadyExistsError: the profile is in the group (17).
        """
        return cast("Group", self._object("POST", _groups(profile_id), json=self._body("GroupCreation", body)))

    def update(self, profile_id: str, group_id: str, **body: Unpack[GroupUpdate]) -> Group:
        """Change an enlistment. Needs `UPDATE_PROFILES`, globally or as staff of the group.

        Raises:
            ResourceUnknownError: the profile does not exist, or it is not in the group (16).
        """
        return cast("Group", self._object("PUT", _group(profile_id, group_id), json=self._body("GroupUpdate", body)))

    def remove(self, profile_id: str, group_id: str) -> int:
        """Remove a profile from a group.

        Needs `UPDATE_PROFILES`, globally or as staff of the group; not needed for one's own.

        Raises:
            ResourceUnknownError: the profile does not exist, or it is not in the group (16).
        """
        return self._affected("DELETE", _group(profile_id, group_id))

    def remove_fields(self, profile_id: str, group_id: str, **body: Unpack[Fields]) -> Group:
        """Remove fields from an enlistment. Needs `UPDATE_PROFILES`, globally or as staff of the group.

        Raises:
            ResourceUnknownError: the profile does not exist, or it is not in the group (16).
        """
        return cast(
            "Group",
            self._object("POST", f"{_group(profile_id, group_id)}/remove_fields", json=self._body("Fields", body)),
        )
