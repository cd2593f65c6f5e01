"""Global roles, whose permissions apply everywhere. Names need not be unique: no published rule requires it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import matching, page, single_page
from exh_dev.platform.storage.timestamps import epoch_ms
from exh_dev.platform.users import views
from extrahorizon.permissions import GLOBAL_PERMISSIONS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

COLLECTION = "roles"


def required_texts(fields: Fields, name: str) -> list[str]:
    """Return a list of non-empty strings.

    Raises:
        ErrorAnswer: 14 when it is missing, 15 when it is empty or not such a list.
    """
    texts = fields.optional_texts(name)
    if texts is None:
        raise ErrorAnswer(14, f"The field {name} is required")
    if not all(texts) or not texts:
        raise ErrorAnswer(15, f"The field {name} must contain non-empty strings")
    return list(dict.fromkeys(texts))


def role_kind(path: str) -> Kind:
    """Return the shape of roles, global or of a group."""
    return "string" if path in {"id", "group_id", "name", "description"} else "any"


def new_role(fields: Fields, clock: Clock, **own: str) -> Document:
    """Return a role without permissions from a request's name and description; `own` are further members.

    Raises:
        ErrorAnswer: 14 or 15 when the name or the description is missing or not a string.
    """
    now = epoch_ms(clock())
    return {
        "id": object_id(),
        **own,
        "name": fields.text("name"),
        "description": fields.text("description"),
        "permissions": [],
        "creation_timestamp": now,
        "update_timestamp": now,
    }


def updated_role(role: Document, fields: Fields, clock: Clock) -> Document:
    """Return `role` with the name and description of a request, if given.

    Raises:
        ErrorAnswer: 15 when one of them is not a string.
    """
    changes = {name: fields.optional_text(name) for name in ("name", "description")}
    given = {name: value for name, value in changes.items() if value is not None}
    return {**role, **given, "update_timestamp": epoch_ms(clock())}


@dataclass
class Roles:
    """The global roles of a store."""

    store: Store
    clock: Clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of global roles."""
        return [
            Route(f"{base}/permissions", self._permissions, methods=["GET"]),
            Route(f"{base}/roles", self._find, methods=["GET"]),
            Route(f"{base}/roles", self._create, methods=["POST"]),
            Route(f"{base}/roles", self._remove, methods=["DELETE"]),
            Route(f"{base}/roles/add_permissions", self._add_permissions, methods=["POST"]),
            Route(f"{base}/roles/remove_permissions", self._remove_permissions, methods=["POST"]),
            Route(f"{base}/roles/{{id}}", self._update, methods=["PUT"]),
            Route(f"{base}/add_roles", self._give, methods=["POST"]),
            Route(f"{base}/remove_roles", self._take, methods=["POST"]),
        ]

    async def _permissions(self, _: Request) -> JSONResponse:
        return JSONResponse(single_page([{"name": name, "description": ""} for name in GLOBAL_PERMISSIONS]))

    async def _find(self, request: Request) -> Response:
        rights_of(request, self.store).require("VIEW_ROLE")
        return page(request, self.store, COLLECTION, shape=role_kind)

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("CREATE_ROLE")
        role = new_role(await read_json(request), self.clock)
        self.store.put(COLLECTION, role)
        return JSONResponse(role)

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("UPDATE_ROLE")
        fields = await read_json(request)
        role = self.store.get(COLLECTION, checked_id(request.path_params["id"]))
        if role is None:
            raise ErrorAnswer(16, "The role does not exist")
        role = updated_role(role, fields, self.clock)
        self.store.put(COLLECTION, role)
        return JSONResponse(role)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("DELETE_ROLE")
        roles = chosen_roles(request, self.store)
        gone = {role["id"] for role in roles}
        with self.store.transaction():
            for role in roles:
                self.store.delete(COLLECTION, role["id"])
            for user in self.store.matching(views.COLLECTION, views.with_role(gone)):
                self.store.put(
                    views.COLLECTION, {**user, "role_ids": [each for each in user["role_ids"] if each not in gone]}
                )
        return JSONResponse({"records_affected": len(roles)})

    async def _add_permissions(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("ADD_ROLE_PERMISSION")
        names = required_texts(await read_json(request), "permissions")
        added = [{"name": name, "description": ""} for name in names]
        return self._put(
            chosen_roles(request, self.store),
            lambda held: [*held, *(each for each in added if each["name"] not in {one["name"] for one in held})],
        )

    async def _remove_permissions(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("REMOVE_ROLE_PERMISSION")
        names = required_texts(await read_json(request), "permissions")
        return self._put(
            chosen_roles(request, self.store), lambda held: [each for each in held if each["name"] not in names]
        )

    def _put(self, roles: list[Document], permissions: views.Change) -> JSONResponse:
        with self.store.transaction():
            for role in roles:
                changed = {"permissions": permissions(role["permissions"]), "update_timestamp": epoch_ms(self.clock())}
                self.store.put(COLLECTION, role | changed)
        return JSONResponse({"records_affected": len(roles)})

    async def _give(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("ADD_ROLE_TO_USER")
        roles = required_texts(await read_json(request), "roles")
        known = [role_id for role_id in roles if self.store.get(COLLECTION, role_id)]
        return self._put_roles(request, lambda held: [*held, *(each for each in known if each not in held)])

    async def _take(self, request: Request) -> JSONResponse:
        rights_of(request, self.store).require("REMOVE_ROLE_FROM_USER")
        roles = required_texts(await read_json(request), "roles")
        return self._put_roles(request, lambda held: [each for each in held if each not in roles])

    def _put_roles(self, request: Request, role_ids: views.Change) -> JSONResponse:
        users = views.chosen(request, self.store)
        with self.store.transaction():
            for user in users:
                changed = {"role_ids": role_ids(user["role_ids"]), "update_timestamp": epoch_ms(self.clock())}
                self.store.put(views.COLLECTION, user | changed)
        return JSONResponse({"records_affected": len(users)})


def chosen_roles(request: Request, store: Store) -> list[Document]:
    """Return the global roles that the request's RQL picks.

    Raises:
        ErrorAnswer: 20 without RQL, 16 when it picks none.
    """
    roles = matching(request, store, COLLECTION)
    if not roles:
        raise ErrorAnswer(16, "No role matches")
    return roles
