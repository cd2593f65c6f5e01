"""Global roles: what their permissions allow holds everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import WithId, WithName, required, segment
from extrahorizon.services.users import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.users.types import Permission, Permissions, Role, RoleCreation, Roles, RoleUpdate


class GlobalRoles(WithId["Role"], WithName["Role"]):
    """`exh.users.global_roles`. Finding them needs `VIEW_ROLE`. RQL that picks what to change is never empty."""

    _path = f"{BASE}/roles"

    def get_permissions(self) -> Page[Permission]:
        """Return a page of the permissions that the platform knows. Needs no permission."""
        return paging.find(self._session, f"{BASE}/permissions")

    def create(self, **body: Unpack[RoleCreation]) -> Role:
        """Create a role without permissions. Needs `CREATE_ROLE`."""
        return cast("Role", self._object("POST", self._path, json=self._body("RoleCreation", body)))

    def remove(self, rql: Condition) -> int:
        """Delete the roles that match. Needs `DELETE_ROLE`.

        Raises:
            ResourceUnknownError: none matches (16).
        """
        return self._affected("DELETE", self._path + required(rql))

    def update(self, role_id: str, **body: Unpack[RoleUpdate]) -> Role:
        """Change the role itself; omitted members are kept. Needs `UPDATE_ROLE`."""
        return cast(
            "Role", self._object("PUT", f"{self._path}/{segment(role_id)}", json=self._body("RoleUpdate", body))
        )

    def add_permissions(self, rql: Condition, **body: Unpack[Permissions]) -> int:
        """Add permissions to the roles that match. Needs `ADD_ROLE_PERMISSION`.

        Args:
            rql: which roles.
            body: `permissions`, names; any but the empty one is taken.

        Raises:
            FieldFormatError: the list is empty (15).
            ResourceUnknownError: no role matches (16).
        """
        return self._affected(
            "POST", f"{self._path}/add_permissions{required(rql)}", json=self._body("Permissions", body)
        )

    def remove_permissions(self, rql: Condition, **body: Unpack[Permissions]) -> int:
        """Remove permissions from the roles that match. Needs `REMOVE_ROLE_PERMISSION`.

        Raises:
            FieldFormatError: the list is empty (15).
            ResourceUnknownError: no role matches (16).
        """
        return self._affected(
            "POST", f"{self._path}/remove_permissions{required(rql)}", json=self._body("Permissions", body)
        )

    def add_to_users(self, rql: Condition, **body: Unpack[Roles]) -> int:
        """Add roles, by id, to the users that match. Needs `ADD_ROLE_TO_USER`. Unknown roles are ignored."""
        return self._affected("POST", f"{BASE}/add_roles{required(rql)}", json=self._body("Roles", body))

    def remove_from_user(self, rql: Condition, **body: Unpack[Roles]) -> int:
        """Remove roles, by id, from the users that match. Needs `REMOVE_ROLE_FROM_USER`."""
        return self._affected("POST", f"{BASE}/remove_roles{required(rql)}", json=self._body("Roles", body))
