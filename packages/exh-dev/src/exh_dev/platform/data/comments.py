"""Remarks on documents; deprecated by the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.data.collections import comments_of, documents_of
from exh_dev.platform.data.documents import check_open
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.data.documents import Documents
    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock


class Comments:
    """The comments of a store."""

    def __init__(self, store: Store, documents: Documents, *, clock: Clock) -> None:
        self._store = store
        self._documents = documents
        self._clock = clock

    def routes(self, base: str) -> list[Route]:
        every = f"{base}/{{schema}}/documents/{{id}}/comments"
        return [
            Route(every, self._create, methods=["POST"]),
            Route(every, self._find, methods=["GET"]),
            Route(f"{every}/{{comment}}", self._update, methods=["PUT"]),
            Route(f"{every}/{{comment}}", self._remove, methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> JsonAnswer:
        schema, document, rights = self._documents.seen(request, ("CREATE_DOCUMENT_COMMENTS",))
        _require(schema, document, rights, "CREATE_DOCUMENT_COMMENTS")
        text = (await read_json(request)).text("text")
        check_open(schema, document)
        now = iso(self._clock())
        comment = {
            "id": object_id(),
            "creatorId": rights.user_id,
            "schemaId": schema["id"],
            "documentId": document["id"],
            "text": text,
            "commentedTimestamp": now,
            "creationTimestamp": now,
            "updateTimestamp": now,
        }
        with self._store.transaction():
            self._store.put(comments_of(schema), comment)
            self._count(schema, document)
        return JsonAnswer(comment)

    async def _find(self, request: Request) -> Response:
        schema, document, rights = self._documents.seen(request, ("VIEW_DOCUMENT_COMMENTS",))
        _require(schema, document, rights, "VIEW_DOCUMENT_COMMENTS")
        return page(request, self._store, comments_of(schema), visible=_of(document))

    async def _update(self, request: Request) -> JsonAnswer:
        schema, comment, _ = self._own(request)
        text = (await read_json(request)).text("text")
        self._store.put(comments_of(schema), {**comment, "text": text, "updateTimestamp": iso(self._clock())})
        return JsonAnswer({"affectedRecords": 1})

    async def _remove(self, request: Request) -> JsonAnswer:
        schema, comment, document = self._own(request)
        with self._store.transaction():
            self._store.delete(comments_of(schema), comment["id"])
            self._count(schema, document)
        return JsonAnswer({"affectedRecords": 1})

    def _own(self, request: Request) -> tuple[Document, Document, Document]:
        """Return the schema, a comment that the caller may change, and its document."""
        schema, document, rights = self._documents.seen(request, ("UPDATE_DOCUMENT_COMMENTS",))
        comment = self._store.get(comments_of(schema), checked_id(request.path_params["comment"]))
        if comment is None or comment["documentId"] != document["id"]:
            raise ErrorAnswer(16, "There is no such comment")
        if comment["creatorId"] != rights.user_id:
            rights.require("UPDATE_DOCUMENT_COMMENTS", schema["name"])
        check_open(schema, document)
        return schema, comment, document

    def _count(self, schema: Document, document: Document) -> None:
        document["commentCount"] = self._store.count(comments_of(schema), _of(document))
        self._store.put(documents_of(schema), document)


def _of(document: Document) -> Sql:
    return Sql(f"{member('documentId')} = ?", (document["id"],))


def _require(schema: Document, document: Document, rights: Rights, permission: str) -> None:
    """Require the permission, globally or in a group of the document; a user's own documents need none."""
    own = rights.user_id == document["creatorId"] or rights.user_id in document["userIds"]
    groups = rights.groups_with(permission, schema["name"])
    if not own and groups.isdisjoint(document["groupIds"]):
        rights.require(permission, schema["name"])
