"""Documents: records of a schema, moved from status to status by transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from extrahorizon import paging
from extrahorizon.errors import DeadlineExceededError, LockedDocumentError, ResourceUnknownError
from extrahorizon.query import query
from extrahorizon.resource import Resource, own_data, segment, where
from extrahorizon.retries import pause
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.data.types import ArrayItem, Document, Fields, Groups, TransitionRequest, Users

FIRST_LOOK, LAST_LOOK = 0.2, 2.0  # seconds between two looks at a locked document, doubling


def _documents(schema: str) -> str:
    return f"{BASE}/{segment(schema)}/documents"


def _document(schema: str, document_id: str) -> str:
    return f"{_documents(schema)}/{segment(document_id)}"


class Documents(Resource):
    """`exh.data.documents`. A `schema` is its id or its name.

    Read methods return what the caller may see by the schema's modes, `VIEW_DOCUMENTS` or
    `VIEW_DOCUMENTS:{SCHEMA_NAME}`.
    """

    def create(self, schema: str, data: Mapping[str, Any], *, gzip: bool = False) -> Document:
        """Create a document. Needs `CREATE_DOCUMENTS[:{SCHEMA_NAME}]` if the schema's `createMode` requires it.

        Args:
            schema: id or name.
            data: the document's data.
            gzip: compress the request, for large data.

        Returns:
            The new document, with a `transitionLock` if automatic transitions are pending.

        Raises:
            IllegalArgumentError: the data does not match the schema or the creation transition's conditions (26).
        """
        if not isinstance(gzip, bool):
            raise TypeError(f"gzip is a boolean, not a value of type {type(gzip).__name__}")
        return cast("Document", self._object("POST", _documents(schema), json=own_data(data), gzip=gzip))

    def find(self, schema: str, rql: Condition | None = None) -> Page[Document]:
        """Return a page of the documents that match."""
        return paging.find(self._session, _documents(schema), rql)

    def find_all(self, schema: str, rql: Condition | None = None) -> Iterator[Document]:
        """Yield every document that matches; see `extrahorizon.paging.find_all`."""
        return paging.find_all(self._session, _documents(schema), rql)

    def find_first(self, schema: str, rql: Condition | None = None) -> Document | None:
        """Return the first document that matches, or None."""
        return paging.find_first(self._session, _documents(schema), rql)

    def find_by_id(self, schema: str, document_id: str, rql: Condition | None = None) -> Document | None:
        """Return the document with this id if it matches `rql`; None if there is none that the caller may see."""
        return paging.find_first(self._session, _documents(schema), where("id", document_id, rql))

    def update(self, schema: str, document_id: str, data: Mapping[str, Any], *, rql: Condition | None = None) -> int:
        """Change some of a document's data. Needs `UPDATE_DOCUMENTS[:{SCHEMA_NAME}]` or the `updateMode`.

        Args:
            schema: id or name.
            document_id: the document.
            data: the properties to change; None clears one.
            rql: condition for the change.

        Returns:
            1, or 0 if nothing was changed.

        Raises:
            LockedDocumentError: automatic transitions are pending (415): `wait_until_unlocked` first.
            IllegalArgumentError: the data does not match the schema (26).
            ResourceUnknownError: the document does not exist, or it does not match `rql` (16).
        """
        return self._affected("PUT", _document(schema, document_id) + query(rql), json=own_data(data))

    def remove(self, schema: str, document_id: str) -> int:
        """Delete a document. Needs `DELETE_DOCUMENTS[:{SCHEMA_NAME}]` or the `deleteMode`."""
        return self._affected("DELETE", _document(schema, document_id))

    def remove_fields(
        self, schema: str, document_id: str, *, rql: Condition | None = None, **body: Unpack[Fields]
    ) -> int:
        """Remove properties, given as dot paths, if the document matches.

        Needs `UPDATE_DOCUMENTS[:{SCHEMA_NAME}]` or the `updateMode`.

        Raises:
            LockedDocumentError: automatic transitions are pending (415): `wait_until_unlocked` first.
            IllegalArgumentError: the data does not match the schema (26).
            ResourceUnknownError: the document does not exist, or it does not match `rql` (16).
        """
        path = f"{_document(schema, document_id)}/deleteFields"
        return self._affected("POST", path + query(rql), json=self._body("Fields", body))

    def append_object_to_array(
        self, schema: str, document_id: str, array_field: str, item: Mapping[str, Any]
    ) -> ArrayItem:
        """Add an object to a list of objects. Needs `UPDATE_DOCUMENTS[:{SCHEMA_NAME}]` or the `updateMode`.

        Returns:
            The object with the id it got.

        Raises:
            LockedDocumentError: automatic transitions are pending (415): `wait_until_unlocked` first.
            IllegalArgumentError: the data does not match the schema (26).
            ResourceUnknownError: the document does not exist, or it does not match `rql` (16).
        """
        path = f"{_document(schema, document_id)}/{segment(array_field)}/"
        return cast("ArrayItem", self._object("POST", path, json=own_data(item)))

    def update_object_in_array(
        self, schema: str, document_id: str, array_field: str, object_id: str, item: Mapping[str, Any]
    ) -> int:
        """Change some members of an object in a list. Needs `UPDATE_DOCUMENTS[:{SCHEMA_NAME}]` or the `updateMode`.

        Raises:
            LockedDocumentError: automatic transitions are pending (415): `wait_until_unlocked` first.
            IllegalArgumentError: the data does not match the schema (26).
            ResourceUnknownError: the document does not exist, or it does not match `rql` (16).
        """
        path = f"{_document(schema, document_id)}/{segment(array_field)}/{segment(object_id)}"
        return self._affected("PUT", path, json=own_data(item))

    def remove_object_from_array(self, schema: str, document_id: str, array_field: str, object_id: str) -> int:
        """Remove an object from a list. Needs `UPDATE_DOCUMENTS[:{SCHEMA_NAME}]` or the `updateMode`.

        Raises:
            LockedDocumentError: automatic transitions are pending (415): `wait_until_unlocked` first.
            IllegalArgumentError: the data does not match the schema (26).
            ResourceUnknownError: the document does not exist, or it does not match `rql` (16).
        """
        path = f"{_document(schema, document_id)}/{segment(array_field)}/{segment(object_id)}"
        return self._affected("DELETE", path)

    def transition(
        self, schema: str, document_id: str, *, rql: Condition | None = None, **body: Unpack[TransitionRequest]
    ) -> int:
        """Apply a transition to a document. Needs the `updateMode`, or `UPDATE_DOCUMENTS` or `TRANSITION_DOCUMENTS`.

        Both permissions may be limited to a schema, and `TRANSITION_DOCUMENTS:{SCHEMA_NAME}:{TRANSITION_NAME}` to a
        transition.

        Args:
            schema: id or name.
            document_id: the document.
            rql: condition for the change.
            body: `id` or `name` of the transition; `data`, merged into the document's.

        Raises:
            IllegalArgumentError: the document's status, or the data, does not allow it (26).
            ResourceUnknownError: the document or transition does not exist (16).
            LockedDocumentError: automatic transitions are pending (415).
        """
        return self._affected(
            "POST",
            f"{_document(schema, document_id)}/transition{query(rql)}",
            json=self._body("TransitionRequest", body),
        )

    def link_groups(self, schema: str, document_id: str, **body: Unpack[Groups]) -> int:
        """Show a document to groups. Needs `UPDATE_ACCESS_TO_DOCUMENT[:{SCHEMA_NAME}]`."""
        return self._affected("POST", f"{_document(schema, document_id)}/linkGroups", json=self._body("Groups", body))

    def unlink_groups(self, schema: str, document_id: str, **body: Unpack[Groups]) -> int:
        """Unlink a document from these groups; from none for an empty list.

        Needs `UPDATE_ACCESS_TO_DOCUMENT[:{SCHEMA_NAME}]`.
        """
        path = f"{_document(schema, document_id)}/unlinkGroups"
        return self._affected("POST", path, json=self._body("Groups", body))

    def unlink_all_groups(self, schema: str, document_id: str) -> int:
        """Unlink a document from all groups. Needs `UPDATE_ACCESS_TO_DOCUMENT[:{SCHEMA_NAME}]`."""
        return self._affected("POST", f"{_document(schema, document_id)}/unlinkGroups", json={})

    def link_users(self, schema: str, document_id: str, **body: Unpack[Users]) -> int:
        """Show a document to users. Needs `UPDATE_ACCESS_TO_DOCUMENT[:{SCHEMA_NAME}]`."""
        return self._affected("POST", f"{_document(schema, document_id)}/linkUsers", json=self._body("Users", body))

    def unlink_users(self, schema: str, document_id: str, **body: Unpack[Users]) -> int:
        """Unlink a document from these users; from none for an empty list.

        Needs `UPDATE_ACCESS_TO_DOCUMENT[:{SCHEMA_NAME}]`.
        """
        return self._affected("POST", f"{_document(schema, document_id)}/unlinkUsers", json=self._body("Users", body))

    def unlink_all_users(self, schema: str, document_id: str) -> int:
        """Unlink a document from all users. Needs `UPDATE_ACCESS_TO_DOCUMENT[:{SCHEMA_NAME}]`."""
        return self._affected("POST", f"{_document(schema, document_id)}/unlinkUsers", json={})

    def wait_until_unlocked(self, schema: str, document_id: str, *, timeout: float = 30.0) -> Document:
        """Wait until all automatic transitions of a document are complete.

        A task that a transition starts may run earlier, and its changes are refused until then (415).

        Args:
            schema: id or name.
            document_id: the document.
            timeout: maximum seconds to wait, within the function's deadline.

        Returns:
            The document, unlocked.

        Raises:
            ResourceUnknownError: the document does not exist (16).
            LockedDocumentError: it is still locked after the timeout (415).
            DeadlineExceededError: it is still locked at the function's deadline.
        """
        path = _document(schema, document_id)
        if isinstance(timeout, bool) or not isinstance(timeout, int | float):
            raise TypeError(f"timeout is a number of seconds, not a value of type {type(timeout).__name__}")
        left, wait = timeout, FIRST_LOOK
        while True:
            document = self.find_by_id(schema, document_id)
            if document is None:
                raise ResourceUnknownError(status=404, code=16, name="RESOURCE_UNKNOWN_EXCEPTION", url=path)
            if "transitionLock" not in document:
                return document
            if left <= 0:
                raise LockedDocumentError(status=400, code=415, name="LOCKED_DOCUMENT_EXCEPTION", url=path)
            wait = min(wait, left)
            if wait >= self._session.deadline.remaining():
                raise DeadlineExceededError("the document was still locked when the function's time was up")
            pause(wait)
            left, wait = left - wait, min(2 * wait, LAST_LOOK)
