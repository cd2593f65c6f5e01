"""Schemas: find, create, update, disable and delete; and look up the one in a path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.collections import SCHEMAS, comments_of, documents_of
from exh_dev.platform.data.configuration import kind_at
from exh_dev.platform.data.group_sync import apply_to_all
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import is_one_of, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.search import Shape
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_ID = re.compile("[0-9a-f]{24}")
_PATH_NAME = re.compile("[A-Za-z0-9_-]+")
_NAME_LENGTH, _DESCRIPTION_LENGTH = range(3, 51), range(101)
_RELATIONS = frozenset({"creator", "linkedUsers", "linkedGroupStaff", "linkedGroupPatients"})
#: String values of modes, besides lists of relations; some are deprecated but accepted.
_MODES = {
    "createMode": {"default", "allUsers", "permissionRequired"},
    "readMode": {"default", "allUsers", "permissionRequired", "enlistedInLinkedGroups"},
    "updateMode": {"default", "permissionRequired", "creatorOnly", "disabled", "linkedGroupsStaffOnly"},
    "deleteMode": {"permissionRequired", "linkedUsersOnly"},
}
_GROUP_SYNC = {"disabled", "creatorPatientEnlistments", "linkedUsersPatientEnlistments"}
_DEFAULTS: dict[str, Any] = {
    "createMode": "allUsers",
    "readMode": ["linkedUsers", "linkedGroupStaff"],
    "updateMode": ["linkedUsers", "linkedGroupStaff"],
    "deleteMode": "permissionRequired",
    "groupSyncMode": "disabled",
    "defaultLimit": 20,
    "maximumLimit": 100,
}
_DOCUMENT_KINDS: dict[str, Kind] = {
    "id": "string",
    "creatorId": "string",
    "data": "object",
    "status": "string",
    "statusChangedTimestamp": "date-time",
    "commentCount": "number",
    "creationTimestamp": "date-time",
    "updateTimestamp": "date-time",
}


def shape_of(schema: Document) -> Shape:
    """Return what the members of a schema's documents are, to a query."""

    def kind(path: str) -> Kind:
        if path.startswith("data."):
            return kind_at(schema["properties"], path.removeprefix("data."))
        return _DOCUMENT_KINDS.get(path, "any")

    return kind


class Schemas:
    """The schemas of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints of schemas themselves."""
        one = f"{base}/{{schema}}"
        return [
            Route(base, self._find, methods=["GET"]),
            Route(base, self._create, methods=["POST"]),
            Route(one, self._update, methods=["PUT"]),
            Route(one, self._remove, methods=["DELETE"]),
            Route(f"{one}/disable", self._disable, methods=["POST"]),
            Route(f"{one}/enable", self._enable, methods=["POST"]),
        ]

    def of(self, request: Request) -> Document:
        """Return the schema in a path, by id or name. It is shared and must not be modified.

        Raises:
            ErrorAnswer: 416 when it is neither, 16 when it does not exist.
        """
        return self.named(request.path_params["schema"])

    def named(self, name: str) -> Document:
        """Return the schema with this id or this name. For reading, and with the errors, of `of`."""
        schema = self._store.remembered(("schema", name), lambda: self._found(name), SCHEMAS)
        if schema is None:
            raise ErrorAnswer(16, f"There is no schema {name}")
        return schema

    def _found(self, name: str) -> Document | None:
        if not _PATH_NAME.fullmatch(name):
            raise ErrorAnswer(416, "A schema is given by its id, or by a name of letters, digits, _ and -")
        schema = self._store.get(SCHEMAS, name) if _ID.fullmatch(name) else None
        return schema or self._store.one(SCHEMAS, "name", name)

    def save(self, schema: Document) -> None:
        """Store a schema that has changed."""
        self._store.put(SCHEMAS, {**schema, "updateTimestamp": iso(self._clock())})

    def change(self, request: Request, permission: str = "UPDATE_SCHEMAS") -> Document:
        """Return a copy of the schema in a path, for a caller who may change it.

        Raises:
            ErrorAnswer: 104, 10, 416 or 16.
        """
        rights_of(request, self._store).require(permission)
        schema = self._store.get(SCHEMAS, self.of(request)["id"])
        assert schema is not None  # as it was just found
        return schema

    async def _find(self, request: Request) -> Response:
        rights = rights_of(request, self._store)
        rights.require_user()
        visible = EVERYTHING if rights.has("DISABLE_SCHEMAS") else Sql(f"{member('disabled')} IS NULL")
        return page(request, self._store, SCHEMAS, visible=visible, shape=_schema_kind)

    async def _create(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require("CREATE_SCHEMAS")
        fields = await read_json(request)
        name = fields.text("name")
        now = iso(self._clock())
        schema = {
            "id": object_id(),
            "name": name,
            "description": fields.optional_text("description") or "",
            "properties": {},
            "statuses": {"new": {}},
            "creationTransition": {"type": "manual", "toStatus": "new"},
            "transitions": [],
            "indexes": [],
            **_DEFAULTS,
            **_settings(fields),
            "creationTimestamp": now,
            "updateTimestamp": now,
        }
        self._check_name(name)
        self._store.put(SCHEMAS, schema)
        return JsonAnswer(schema)

    async def _update(self, request: Request) -> JsonAnswer:
        schema = self.change(request)
        fields = await read_json(request)
        changes = _settings(fields)
        name, description = fields.optional_text("name"), fields.optional_text("description")
        if name is not None and name != schema["name"]:
            self._check_name(name)
            changes["name"] = name
        if description is not None:
            changes["description"] = description
        with self._store.transaction():
            self.save({**schema, **changes})
            if "groupSyncMode" in changes:
                apply_to_all(self._store, {**schema, **changes})
        return JsonAnswer({"affectedRecords": 1})

    async def _remove(self, request: Request) -> JsonAnswer:
        schema = self.change(request, "DELETE_SCHEMAS")
        if not schema.get("disabled"):
            raise ErrorAnswer(27, "Only a disabled schema can be deleted")
        with self._store.transaction():
            self._store.drop(documents_of(schema))
            self._store.drop(comments_of(schema))
            for index in schema["indexes"]:
                self._store.drop_index(f"{schema['id']}:{index['id']}")
            self._store.delete(SCHEMAS, schema["id"])
        return JsonAnswer({"affectedRecords": 1})

    async def _disable(self, request: Request) -> JsonAnswer:
        schema = self.change(request, "DISABLE_SCHEMAS")
        self.save({**schema, "disabled": True})
        return JsonAnswer({"affectedRecords": 1})

    async def _enable(self, request: Request) -> JsonAnswer:
        schema = self.change(request, "DISABLE_SCHEMAS")
        schema.pop("disabled", None)
        self.save(schema)
        return JsonAnswer({"affectedRecords": 1})

    def _check_name(self, name: str) -> None:
        if len(name) not in _NAME_LENGTH:
            raise ErrorAnswer(15, "The name of a schema has 3 to 50 characters")
        if self._store.count(SCHEMAS, _has_name(name)):
            raise ErrorAnswer(17, "There is a schema with this name")


def _has_name(name: str) -> Sql:
    return Sql(f"{member('name')} = ?", (name,))


def _schema_kind(path: str) -> Kind:
    return "string" if path in {"id", "name", "description"} else _DOCUMENT_KINDS.get(path, "any")


def _settings(fields: Fields) -> Document:
    """Return the modes and limits of a body unchanged, because the official CLI compares them."""
    found: Document = {}
    for mode, texts in _MODES.items():
        value = fields.value(mode)
        if value is None:
            continue
        listed = value if isinstance(value, list) and mode != "createMode" else [None]
        if not is_one_of(value, texts) and not all(is_one_of(each, _RELATIONS) for each in listed):
            raise ErrorAnswer(15, f"The field {mode} is none of its values")
        found[mode] = value
    sync = fields.optional_text("groupSyncMode")
    if sync is not None:
        if sync not in _GROUP_SYNC:
            raise ErrorAnswer(15, "The field groupSyncMode is none of its values")
        found["groupSyncMode"] = sync
    for name in ("defaultLimit", "maximumLimit"):
        number = fields.optional_integer(name)
        if number is not None:
            if number < 1:
                raise ErrorAnswer(15, f"The field {name} must be 1 or more")
            found[name] = number
    description = fields.optional_text("description")
    if description is not None and len(description) not in _DESCRIPTION_LENGTH:
        raise ErrorAnswer(15, "The description of a schema has at most 100 characters")
    return found
