"""Remarks on documents; deprecated by the platform in favour of a schema of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon import paging
from extrahorizon.resource import Resource, segment, where
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.data.types import Comment, CommentBody


def _comments(schema: str, document_id: str) -> str:
    return f"{BASE}/{segment(schema)}/documents/{segment(document_id)}/comments"


class Comments(Resource):
    """`exh.data.comments`. One's own documents and comments need no permission."""

    def create(self, schema: str, document_id: str, **body: Unpack[CommentBody]) -> Comment:
        """Remark on a document. Needs `CREATE_DOCUMENT_COMMENTS`.

        Raises:
            LockedDocumentError: the platform still works on the document (415).
        """
        return cast(
            "Comment", self._object("POST", _comments(schema, document_id), json=self._body("CommentBody", body))
        )

    def find(self, schema: str, document_id: str, rql: Condition | None = None) -> Page[Comment]:
        """Return a page of a document's comments that match. Needs `VIEW_DOCUMENT_COMMENTS`."""
        return paging.find(self._session, _comments(schema, document_id), rql)

    def find_first(self, schema: str, document_id: str, rql: Condition | None = None) -> Comment | None:
        """Return the first comment that matches, or None. Needs `VIEW_DOCUMENT_COMMENTS`."""
        return paging.find_first(self._session, _comments(schema, document_id), rql)

    def find_by_id(
        self, schema: str, document_id: str, comment_id: str, rql: Condition | None = None
    ) -> Comment | None:
        """Return the comment with this id that matches `rql` too, or None. Needs `VIEW_DOCUMENT_COMMENTS`."""
        return paging.find_first(self._session, _comments(schema, document_id), where("id", comment_id, rql))

    def update(self, schema: str, document_id: str, comment_id: str, **body: Unpack[CommentBody]) -> int:
        """Change a comment. Needs `UPDATE_DOCUMENT_COMMENTS`, globally for other users'."""
        path = f"{_comments(schema, document_id)}/{segment(comment_id)}"
        return self._affected("PUT", path, json=self._body("CommentBody", body))

    def remove(self, schema: str, document_id: str, comment_id: str) -> int:
        """Delete a comment. Needs `UPDATE_DOCUMENT_COMMENTS`, globally for other users'."""
        return self._affected("DELETE", f"{_comments(schema, document_id)}/{segment(comment_id)}")
