"""Roles of a group's staff, whose permissions apply in the group, and staff enlistments."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.query import query
from extrahorizon.resource import Resource, required, segment, where
from extrahorizon.services.users import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.users.types import (
        GroupRole,
        Groups,
        Permission,
        Permissions,
        RoleCreation,
        Roles,
        RoleUpdate,
    )


def _roles(group_id: str) -> str:
    return f"{BASE}/groups/{segment(group_id)}/roles"


def _staff(group_id: str) -> str:
    return f"{BASE}/groups/{segment(group_id)}/staff"


class GroupRoles(Resource):
    """`exh.users.group_roles`. Permissions are global, or those of staff in the group.

    Where RQL is a positional argument of a change, it is never empty. Elsewhere, no RQL picks everything.
    """

    def get_permissions(self) -> Page[Permission]:
        """Return a page of the permissions that a group's role can have. Needs no permission."""
        return paging.find(self._session, f"{BASE}/groups/permissions")

    def find(self, group_id: str, rql: Condition | None = None) -> Page[GroupRole]:
        """Return a page of a group's roles that match. Needs `VIEW_GROUP` where one is not staff of the group."""
        return paging.find(self._session, _roles(group_id), rql)

    def find_all(self, group_id: str, rql: Condition | None = None) -> Iterator[GroupRole]:
        """Yield every role that matches; see `extrahorizon.paging.find_all`.

        Needs `VIEW_GROUP` unless the caller is staff of the group.
        """
        return paging.find_all(self._session, _roles(group_id), rql)

    def find_first(self, group_id: str, rql: Condition | None = None) -> GroupRole | None:
        """Return the first role that matches, or None. Needs `VIEW_GROUP` where one is not staff of the group."""
        return paging.find_first(self._session, _roles(group_id), rql)

    def find_by_id(self, group_id: str, role_id: str, rql: Condition | None = None) -> GroupRole | None:
        """Return the role with this id that matches `rql` too, or None.

        Needs `VIEW_GROUP` where one is not staff of the group.
        """
        return paging.find_first(self._session, _roles(group_id), where("id", role_id, rql))

    def find_by_name(self, group_id: str, role_name: str, rql: Condition | None = None) -> GroupRole | None:
        """Return the role with this name that matches `rql` too, or None.

        Needs `VIEW_GROUP` where one is not staff of the group.
        """
        return paging.find_first(self._session, _roles(group_id), where("name", role_name, rql))

    def add(self, group_id: str, **body: Unpack[RoleCreation]) -> GroupRole:
        """Create a role of a group without permissions. Needs `CREATE_GROUP_ROLE`."""
        return cast("GroupRole", self._object("POST", _roles(group_id), json=self._body("RoleCreation", body)))

    def update(self, group_id: str, role_id: str, **body: Unpack[RoleUpdate]) -> GroupRole:
        """Change the role itself. Needs `UPDATE_GROUP_ROLE`.

        Raises:
            ResourceUnknownError: unknown role in the group (16).
        """
        return cast(
            "GroupRole",
            self._object("PUT", f"{_roles(group_id)}/{segment(role_id)}", json=self._body("RoleUpdate", body)),
        )

    def remove(self, group_id: str, rql: Condition) -> int:
        """Delete the roles of a group that match. Needs `DELETE_GROUP_ROLE`.

        Raises:
            ResourceUnknownError: none matches (16).
        """
        return self._affected("DELETE", _roles(group_id) + required(rql))

    def add_permissions(self, group_id: str, *, rql: Condition | None = None, **body: Unpack[Permissions]) -> int:
        """Add permissions to the roles of a group that match. Needs `ADD_GROUP_ROLE_PERMISSION`.

        Args:
            group_id: which group.
            rql: which of its roles; **all of them** without.
            body: `permissions`, names.

        Raises:
            ResourceUnknownError: no role matches (16).
        """
        return self._affected(
            "POST", f"{_roles(group_id)}/add_permissions{query(rql)}", json=self._body("Permissions", body)
        )

    def remove_permissions(self, group_id: str, rql: Condition, **body: Unpack[Permissions]) -> int:
        """Remove permissions from the roles of a group that match. Needs `REMOVE_GROUP_ROLE_PERMISSION`.

        Raises:
            ResourceUnknownError: no role matches (16).
        """
        return self._affected(
            "POST", f"{_roles(group_id)}/remove_permissions{required(rql)}", json=self._body("Permissions", body)
        )

    def assign_to_staff(self, group_id: str, *, rql: Condition | None = None, **body: Unpack[Roles]) -> int:
        """Assign roles, by id, to the staff of a group that matches. Needs `ADD_GROUP_ROLE_TO_STAFF`.

        Args:
            group_id: the group.
            rql: selects staff members; **all of them** if missing.
            body: `roles`, ids of roles of the group.

        Raises:
            ResourceUnknownError: no staff member matches (16).
        """
        return self._affected("POST", f"{_staff(group_id)}/add_roles{query(rql)}", json=self._body("Roles", body))

    def remove_from_staff(self, group_id: str, rql: Condition, **body: Unpack[Roles]) -> int:
        """Remove roles, by id, from the staff of a group that matches. Needs `REMOVE_GROUP_ROLE_FROM_STAFF`.

        Raises:
            ResourceUnknownError: no staff member matches (16).
        """
        return self._affected("POST", f"{_staff(group_id)}/remove_roles{required(rql)}", json=self._body("Roles", body))

    def add_users_to_staff(self, *, rql: Condition | None = None, **body: Unpack[Groups]) -> int:
        """Make the users that match staff of groups. Needs `ADD_STAFF`.

        Args:
            rql: selects users; **all of them** if missing.
            body: `groups`, ids.

        Raises:
            ResourceUnknownError: no user matches (16).
        """
        return self._affected("POST", f"{BASE}/add_to_staff{query(rql)}", json=self._body("Groups", body))

    def remove_users_from_staff(self, rql: Condition, **body: Unpack[Groups]) -> int:
        """Remove the users that match from the staff of groups, by id. Needs `REMOVE_STAFF`.

        Raises:
            ResourceUnknownError: no user matches (16).
        """
        return self._affected("POST", f"{BASE}/remove_from_staff{required(rql)}", json=self._body("Groups", body))
