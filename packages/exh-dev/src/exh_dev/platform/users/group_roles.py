"""Roles of a group's staff: what their permissions allow holds in the group. A group is an id that is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id
from exh_dev.platform.storage.listing import matching, page, single_page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.users import views
from exh_dev.platform.users.roles import new_role, required_texts, role_kind, updated_role
from extrahorizon.permissions import GROUP_PERMISSIONS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

COLLECTION = "group_roles"


@dataclass
class GroupRoles:
    """The group roles of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of group roles."""
        roles = f"{base}/groups/{{group}}/roles"
        return [
            Route(f"{base}/groups/permissions", self._permissions, methods=["GET"]),
            Route(roles, self._find, methods=["GET"]),
            Route(roles, self._create, methods=["POST"]),
            Route(roles, self._remove, methods=["DELETE"]),
            Route(f"{roles}/add_permissions", self._add_permissions, methods=["POST"]),
            Route(f"{roles}/remove_permissions", self._remove_permissions, methods=["POST"]),
            Route(f"{roles}/{{id}}", self._update, methods=["PUT"]),
            Route(f"{roles}/{{id}}", self._remove_one, methods=["DELETE"]),
            Route(f"{base}/groups/{{group}}/staff/add_roles", self._give, methods=["POST"]),
            Route(f"{base}/groups/{{group}}/staff/remove_roles", self._take, methods=["POST"]),
        ]

    async def _permissions(self, _: Request) -> JSONResponse:
        return JSONResponse(single_page([{"name": name, "description": ""} for name in GROUP_PERMISSIONS]))

    async def _find(self, request: Request) -> Response:
        group = checked_id(request.path_params["group"])
        rights = rights_of(request, self.store)
        if group not in rights.staff_groups:
            rights.require("VIEW_GROUP")
        return page(request, self.store, COLLECTION, visible=_of(group), shape=role_kind)

    async def _create(self, request: Request) -> JSONResponse:
        group = self._allowed(request, "CREATE_GROUP_ROLE")
        role = new_role(await read_json(request), self.clock, group_id=group)
        self.store.put(COLLECTION, role)
        return JSONResponse(role)

    async def _update(self, request: Request) -> JSONResponse:
        group = self._allowed(request, "UPDATE_GROUP_ROLE")
        fields = await read_json(request)
        role = updated_role(self._existing(request, group), fields, self.clock)
        self.store.put(COLLECTION, role)
        return JSONResponse(role)

    async def _remove(self, request: Request) -> JSONResponse:
        group = self._allowed(request, "DELETE_GROUP_ROLE")
        return self._delete(group, self._chosen(request, group))

    async def _remove_one(self, request: Request) -> JSONResponse:
        group = self._allowed(request, "DELETE_GROUP_ROLE")
        return self._delete(group, [self._existing(request, group)])

    async def _add_permissions(self, request: Request) -> JSONResponse:
        group = self._allowed(request, "ADD_GROUP_ROLE_PERMISSION")
        added = required_texts(await read_json(request), "permissions")
        return self._put(
            self._chosen(request, group), lambda held: [*held, *(each for each in added if each not in held)]
        )

    async def _remove_permissions(self, request: Request) -> JSONResponse:
        group = self._allowed(request, "REMOVE_GROUP_ROLE_PERMISSION")
        removed = required_texts(await read_json(request), "permissions")
        return self._put(self._chosen(request, group), lambda held: [each for each in held if each not in removed])

    async def _give(self, request: Request) -> JSONResponse:
        permission = "ADD_GROUP_ROLE_TO_STAFF"
        group = self._allowed(request, permission)
        known = self._known(required_texts(await read_json(request), "roles"), group)
        members = self._members(request, group, permission)
        return self._put_roles(members, group, lambda held: [*held, *(each for each in known if each not in held)])

    async def _take(self, request: Request) -> JSONResponse:
        permission = "REMOVE_GROUP_ROLE_FROM_STAFF"
        group = self._allowed(request, permission)
        removed = self._known(required_texts(await read_json(request), "roles"), group)
        members = self._members(request, group, permission)
        return self._put_roles(members, group, lambda held: [each for each in held if each not in removed])

    def _allowed(self, request: Request, permission: str) -> str:
        """Return the group in the path, for callers with the permission there or globally."""
        group = checked_id(request.path_params["group"])
        rights_of(request, self.store).require(permission, group=group)
        return group

    def _existing(self, request: Request, group: str) -> Document:
        role = self.store.get(COLLECTION, checked_id(request.path_params["id"]))
        if role is None or role["group_id"] != group:
            raise ErrorAnswer(16, "The group has no such role")
        return role

    def _chosen(self, request: Request, group: str) -> list[Document]:
        roles = matching(request, self.store, COLLECTION, visible=_of(group))
        if not roles:
            raise ErrorAnswer(16, "No role of the group matches")
        return roles

    def _put(self, roles: list[Document], permissions: views.Change) -> JSONResponse:
        with self.store.transaction():
            for role in roles:
                changed = {"permissions": permissions(role["permissions"]), "update_timestamp": epoch_ms(self.clock())}
                self.store.put(COLLECTION, role | changed)
        return JSONResponse({"records_affected": len(roles)})

    def _members(self, request: Request, group: str, permission: str) -> list[Document]:
        """Return the staff that the RQL picks; with the permission in the group alone, by what the caller
        sees of them.
        """
        view = views.FULL if rights_of(request, self.store).has(permission) else views.MEMBER
        staff = views.enlisted("staff_enlistments", frozenset({group}))
        members = views.chosen(request, self.store, visible=staff, view=view)
        if not members:
            raise ErrorAnswer(16, "No staff member of the group matches")
        return members

    def _known(self, asked: list[str], group: str) -> list[str]:
        """Return the requested roles that belong to the group; others are ignored, as with global roles.

        Raises:
            ErrorAnswer: 16 when none belongs to the group, because nothing would change.
        """
        of_group = {role["id"] for role in self.store.matching(COLLECTION, _of(group))}
        known = [each for each in asked if each in of_group]
        if not known:
            raise ErrorAnswer(16, f"The group {group} has none of these roles: {', '.join(asked)}")
        return known

    def _put_roles(self, members: list[Document], group: str, role_ids: views.Change) -> JSONResponse:
        with self.store.transaction():
            for user in members:
                self._change(user, group, role_ids)
        return JSONResponse({"records_affected": len(members)})

    def _delete(self, group: str, roles: list[Document]) -> JSONResponse:
        gone = {role["id"] for role in roles}
        with self.store.transaction():
            for role in roles:
                self.store.delete(COLLECTION, role["id"])
            staff = views.enlisted("staff_enlistments", frozenset({group}))
            for user in self.store.matching(views.COLLECTION, staff):
                self._change(user, group, lambda held: [each for each in held if each not in gone])
        return JSONResponse({"records_affected": len(roles)})

    def _change(self, user: Document, group: str, role_ids: views.Change) -> None:
        now = epoch_ms(self.clock())
        for enlistment in user["staff_enlistments"]:
            if enlistment["group_id"] == group:
                enlistment |= {"role_ids": role_ids(enlistment["role_ids"]), "update_timestamp": now}
        self.store.put(views.COLLECTION, {**user, "update_timestamp": now})


def _of(group: str) -> Sql:
    return Sql(f"{member('group_id')} = ?", (group,))
