"""Documents: create, find, update, transition, link and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.data import fields as data_fields
from exh_dev.platform.data import history
from exh_dev.platform.data.collections import WORK, comments_of, documents_of
from exh_dev.platform.data.definitions import indexes_of
from exh_dev.platform.data.group_sync import add_groups, follow_patients, remove_groups
from exh_dev.platform.data.schemas import shape_of
from exh_dev.platform.data.transitions import link
from exh_dev.platform.data.visibility import among, permitted, reached, require, visible
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import meets, page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.store import DuplicateError
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.data.schemas import Schemas
    from exh_dev.platform.data.transitions import Engine
    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock


class Documents:
    """The documents of a store."""

    def __init__(self, store: Store, schemas: Schemas, engine: Engine, *, clock: Clock) -> None:
        self._store = store
        self._schemas = schemas
        self._engine = engine
        self._clock = clock

    def routes(self, base: str) -> list[Route]:
        every = f"{base}/{{schema}}/documents"
        one = f"{every}/{{id}}"
        return [
            Route(every, self._create, methods=["POST"]),
            Route(every, self._find, methods=["GET"]),
            Route(one, self._update, methods=["PUT"]),
            Route(one, self._remove, methods=["DELETE"]),
            Route(f"{one}/deleteFields", self._remove_fields, methods=["POST"]),
            Route(f"{one}/transition", self._transition, methods=["POST"]),
            *(
                Route(f"{one}/{verb}{name}", self._linking(verb, member), methods=["POST"])
                for verb in ("link", "unlink")
                for name, member in (("Users", "userIds"), ("Groups", "groupIds"))
            ),
            Route(f"{one}/{{field}}", self._append_item, methods=["POST"]),
            Route(f"{one}/{{field}}/{{item}}", self._update_item, methods=["PUT"]),
            Route(f"{one}/{{field}}/{{item}}", self._remove_item, methods=["DELETE"]),
        ]

    def seen(self, request: Request, *permissions: tuple[str, ...]) -> tuple[Document, Document, Rights]:
        """Return the schema and the document of a path, and the caller's rights.

        Args:
            request: the request.
            permissions: any of these also gives access to documents hidden from the caller, each with further scopes
                besides the schema.

        Raises:
            ErrorAnswer: 104 without a user, 416 or 16 for the schema, 12 or 16 for a document that the caller cannot
                access.
        """
        rights = rights_of(request, self._store)
        rights.require_user()
        schema = self._schemas.of(request)
        document_id = checked_id(request.path_params["id"])
        collection = documents_of(schema)
        known = self._store.count(collection, visible(schema, rights) & Sql("id = ?", (document_id,)))
        document = self._store.get(collection, document_id)
        others = [(name, schema["name"], *narrowed) for name, *narrowed in permissions]
        if document is None or not (known or permitted(document, rights, *others)):
            answer = ErrorAnswer(16, "There is no such document, or it is not shown to this user")
            if self._store.text(collection, request.path_params["id"]) is not None:
                narrowed = f"VIEW_DOCUMENTS:{schema['name']}"
                answer.check = {
                    "permission": ["VIEW_DOCUMENTS", narrowed, *(name for name, *_ in permissions)], "mode": "readMode",
                    "relations": schema["readMode"], "held": rights.held(),
                }  # fmt: skip
            raise answer
        return schema, document, rights

    async def _create(self, request: Request) -> JsonAnswer:
        rights = rights_of(request, self._store)
        user_id = rights.require_user()
        schema = self._schemas.of(request)
        if schema["createMode"] == "permissionRequired":
            rights.require("CREATE_DOCUMENTS", schema["name"])
        data = (await read_json(request)).members
        _check_enabled(schema)
        transition = schema["creationTransition"]
        now = iso(self._clock())
        document: Document = {
            "id": object_id(),
            "creatorId": user_id,
            "userIds": [],
            "groupIds": [],
            "status": transition["toStatus"],
            "statusChangedTimestamp": now,
            "data": {},
            "creationTimestamp": now,
            "updateTimestamp": now,
        }
        if (unmet := self._engine.unmet(transition, None, data, rights)) is not None:
            raise ErrorAnswer(26, f"The conditions of the creation transition are not met: {unmet}")
        follow_patients(self._store, schema, document)
        self._stored(lambda: self._engine.enter(schema, document, transition, data, rights))
        answer = JsonAnswer(document)  # as it is now, before what follows by itself
        await self._engine.finish(document["id"])
        return answer

    async def _find(self, request: Request) -> Response:
        rights = rights_of(request, self._store)
        rights.require_user()
        schema = self._schemas.of(request)
        links = reached(schema, rights)
        return page(
            request,
            self._store,
            documents_of(schema),
            visible=among(links),
            reached=links,
            shape=shape_of(schema),
            default_limit=schema["defaultLimit"],
            maximum_limit=schema["maximumLimit"],
            indexes=indexes_of(schema),
        )

    async def _update(self, request: Request) -> JsonAnswer:
        schema, document, rights = self._changeable(request)
        changes = (await read_json(request)).members
        self._check_guard(request, schema, document)
        data_fields.assign(schema, document, changes)
        return await self._updated(schema, document, rights)

    async def _remove(self, request: Request) -> JsonAnswer:
        schema, document, rights = self.seen(request, ("DELETE_DOCUMENTS",))
        require(schema, document, rights, "deleteMode", "delete", ("DELETE_DOCUMENTS", schema["name"]))
        with self._store.transaction():
            self._store.delete(documents_of(schema), document["id"])
            self._store.delete(WORK, document["id"])
            history.forget(self._store, document["id"])
            for comment in self._store.matching(
                comments_of(schema), Sql(f"{member('documentId')} = ?", (document["id"],))
            ):
                self._store.delete(comments_of(schema), comment["id"])
        return JsonAnswer({"affectedRecords": 1})

    async def _remove_fields(self, request: Request) -> JsonAnswer:
        schema, document, rights = self._changeable(request)
        names = (await read_json(request)).optional_texts("fields")
        if names is None:
            raise ErrorAnswer(14, "The field fields is required")
        self._check_guard(request, schema, document)
        data_fields.unset(document, names)
        return await self._updated(schema, document, rights)

    async def _transition(self, request: Request) -> JsonAnswer:
        rights_of(request, self._store).require_user()
        fields = await read_json(request)
        schema = self._schemas.of(request)
        identity, name = fields.optional_text("id"), fields.optional_text("name")
        data = fields.optional_object("data") or {}
        if identity is None and name is None:
            raise ErrorAnswer(14, "A transition is given by its id or its name")
        candidates = [
            each for each in schema["transitions"] if (each["id"] == identity if identity else each["name"] == name)
        ]
        known = str(candidates[0]["name"]) if candidates else ""
        schema, document, rights = self.seen(request, ("TRANSITION_DOCUMENTS", known), ("UPDATE_DOCUMENTS",))
        if not candidates:
            raise ErrorAnswer(16, "The schema has no such transition")
        narrowed = schema["name"], known
        permissions = ("TRANSITION_DOCUMENTS", *narrowed), ("UPDATE_DOCUMENTS", schema["name"])
        require(schema, document, rights, "updateMode", "move", *permissions)
        check_open(schema, document)
        self._check_guard(request, schema, document)
        obstacles = [(each, self._obstacle(each, document, data, rights)) for each in candidates]
        transition = next((each for each, obstacle in obstacles if obstacle is None), None)
        if transition is None:
            reasons = "; ".join(str(obstacle) for _, obstacle in obstacles)
            raise ErrorAnswer(26, f"The transition {known} is not possible: {reasons}")
        self._stored(lambda: self._engine.enter(schema, document, transition, data, rights))
        await self._engine.finish(document["id"])
        return JsonAnswer({"affectedRecords": 1})

    def _linking(self, verb: str, member: str) -> Any:
        async def change(request: Request) -> JsonAnswer:
            rights = rights_of(request, self._store)
            rights.require_user()
            schema = self._schemas.of(request)
            rights.require("UPDATE_ACCESS_TO_DOCUMENT", schema["name"])
            document = self._store.get(documents_of(schema), checked_id(request.path_params["id"]))
            if document is None:
                raise ErrorAnswer(16, "There is no such document")
            _check_enabled(schema)
            ids = (await read_json(request)).optional_texts(member)
            if verb == "link":
                if ids is None:
                    raise ErrorAnswer(14, f"The field {member} is required")
                link(document, member, ids)
                if member == "userIds":
                    add_groups(self._store, schema, document, ids)
            else:
                gone = [each for each in document[member] if ids is None or each in ids]
                document[member] = [each for each in document[member] if each not in gone]
                if member == "userIds":
                    remove_groups(self._store, schema, document, gone)
            document["updateTimestamp"] = iso(self._clock())
            self._stored(lambda: self._store.put(documents_of(schema), document))
            return JsonAnswer({"affectedRecords": 1})

        return change

    async def _append_item(self, request: Request) -> JsonAnswer:
        schema, document, rights = self._changeable(request)
        path = request.path_params["field"]
        item = data_fields.fitted_item(schema, path, (await read_json(request)).members)
        data_fields.add_items(schema, document, path, [item])
        await self._updated(schema, document, rights)
        return JsonAnswer(item)

    async def _update_item(self, request: Request) -> JsonAnswer:
        schema, document, rights = self._changeable(request)
        path = request.path_params["field"]
        changes = (await read_json(request)).members
        items = data_fields.objects_at(document, path)
        position = _position(items, request)
        if not meets(request, self._store, items[position]):
            raise ErrorAnswer(16, "The item does not match the RQL")
        changed = {name: value for name, value in {**items[position], **changes}.items() if value is not None}
        items[position] = data_fields.fitted_item(schema, path, {**changed, "id": items[position]["id"]})
        return await self._updated(schema, document, rights)

    async def _remove_item(self, request: Request) -> JsonAnswer:
        schema, document, rights = self._changeable(request)
        items = data_fields.objects_at(document, request.path_params["field"])
        position = _position(items, request)
        if not meets(request, self._store, items[position]):
            raise ErrorAnswer(16, "The item does not match the RQL")
        del items[position]
        return await self._updated(schema, document, rights)

    def _changeable(self, request: Request) -> tuple[Document, Document, Rights]:
        """Return what `seen` returns, for a caller who may change the document.

        Raises:
            ErrorAnswer: 10 when not, 27 while the schema is disabled, 415 while the document is locked.
        """
        schema, document, rights = self.seen(request, ("UPDATE_DOCUMENTS",))
        require(schema, document, rights, "updateMode", "change", ("UPDATE_DOCUMENTS", schema["name"]))
        check_open(schema, document)
        return schema, document, rights

    def _check_guard(self, request: Request, schema: Document, document: Document) -> None:
        if not meets(request, self._store, document, shape=shape_of(schema)):
            raise ErrorAnswer(16, "The document does not match the RQL")

    async def _updated(self, schema: Document, document: Document, rights: Rights) -> JsonAnswer:
        self._stored(lambda: self._engine.touch(schema, document, rights))
        await self._engine.finish(document["id"])
        return JsonAnswer({"affectedRecords": 1})

    def _stored(self, change: Any) -> None:
        try:
            with self._store.transaction():
                change()
        except DuplicateError:
            raise ErrorAnswer(17, "Another document has the same values, and an index is unique") from None

    def _obstacle(self, transition: Document, document: Document, data: Document, rights: Rights) -> str | None:
        """Return why a transition of a document is not allowed; None if it is."""
        if transition["type"] != "manual":
            return "it is automatic"
        if document["status"] not in transition["fromStatuses"]:
            return f"it starts from {' or '.join(transition['fromStatuses'])}, the document is {document['status']}"
        return self._engine.unmet(transition, document, data, rights)


def _check_enabled(schema: Document) -> None:
    if schema.get("disabled"):
        raise ErrorAnswer(27, "The schema is disabled: its documents can be neither made nor changed")


def check_open(schema: Document, document: Document) -> None:
    """Check that the document can be changed now.

    Raises:
        ErrorAnswer: 27 while its schema is disabled, 415 while it is locked.
    """
    _check_enabled(schema)
    if "transitionLock" in document:
        raise ErrorAnswer(415, "The document is locked until its automatic transitions are done")


def _position(items: list[Document], request: Request) -> int:
    for position, item in enumerate(items):
        if item.get("id") == request.path_params["item"]:
            return position
    raise ErrorAnswer(16, "The list has no such item")
