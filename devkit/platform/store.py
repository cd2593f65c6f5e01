"""Where the local platform keeps everything: JSON documents in one SQLite file, or in memory."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from devkit.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Document = dict[str, Any]

#: The members that documents are looked up by, besides their id: (collection, member). Each has an index.
_LOOKUPS = (
    ("application_versions", "clientId"),
    ("application_versions", "consumerKey"),
    ("mfa_tokens", "token"),
    ("oauth1_tokens", "token"),
    ("oauth1_tokens", "userId"),
    ("oauth2_access_tokens", "accessToken"),
    ("oauth2_authorizations", "authorizationCode"),
    ("oauth2_refresh_tokens", "refreshToken"),
    ("sso_tokens", "ssoToken"),
    ("users", "email"),
)

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
""" + "".join(
    f"CREATE INDEX IF NOT EXISTS {collection}_{member} ON documents (json_extract(body, '$.{member}'))"
    f" WHERE collection = '{collection}';\n"
    for collection, member in _LOOKUPS
)
# The collection stands in the text, not in a parameter, or SQLite would not use the index.
_LOOKUP_QUERIES = {
    (collection, member): "SELECT body FROM documents"  # noqa: S608 - made of the constants above
    f" WHERE collection = '{collection}' AND json_extract(body, '$.{member}') = ?"
    for collection, member in _LOOKUPS
}


class Store:
    """Documents by collection and id. A write is on disk when it returns; the file survives a crash."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or create the file at `path`; in memory without one.

        Raises:
            DevkitError: the file cannot be used.
        """
        self._path = path
        with self._told_as_unusable():
            if path:
                path.touch(mode=0o600)  # SQLite gives its side files the same mode
            # One thread opens the store and another serves from it, never both at a time.
            self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        try:
            with self._told_as_unusable():
                self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _TABLES)
        except DevkitError:
            self._connection.close()
            raise

    @contextmanager
    def opening(self) -> Iterator[None]:
        """All writes of this block or none, while the platform starts: a file that turns out to be damaged is told
        as a `DevkitError`.
        """
        with self._told_as_unusable(), self.transaction():
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes of this block or none. Blocks do not nest, and nothing is awaited in one."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def put(self, collection: str, document: Document) -> None:
        """Store `document` under its `id`, in place of an earlier one."""
        self._connection.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
            (collection, document["id"], json.dumps(document, ensure_ascii=False, separators=(",", ":"))),
        )

    def delete(self, collection: str, document_id: str) -> None:
        """Forget the document with this id, if there is one."""
        self._connection.execute("DELETE FROM documents WHERE collection = ? AND id = ?", (collection, document_id))

    def get(self, collection: str, document_id: str) -> Document | None:
        """The document with this id."""
        text = self.text(collection, document_id)
        return None if text is None else _document(text)

    def text(self, collection: str, document_id: str) -> str | None:
        """The document with this id as JSON text, for answers that contain it as it is."""
        row = self._connection.execute(
            "SELECT body FROM documents WHERE collection = ? AND id = ?", (collection, document_id)
        ).fetchone()
        return None if row is None else str(row[0])

    def one(self, collection: str, member: str, value: str) -> Document | None:
        """The document whose `member` has this value; the pair must be in `_LOOKUPS`."""
        row = self._connection.execute(_LOOKUP_QUERIES[collection, member], (value,)).fetchone()
        return None if row is None else _document(row[0])

    def every(self, collection: str, member: str, value: str) -> list[Document]:
        """All documents whose `member` has this value, oldest id first; the pair must be in `_LOOKUPS`."""
        rows = self._connection.execute(f"{_LOOKUP_QUERIES[collection, member]} ORDER BY id", (value,))
        return [_document(row[0]) for row in rows]

    def version_by_consumer_key(self, consumer_key: str) -> Document | None:
        """The OAuth1 application version that owns a consumer key."""
        return self.one("application_versions", "consumerKey", consumer_key)

    def oauth1_token(self, token: str) -> Document | None:
        """The OAuth1 token of this value."""
        return self.one("oauth1_tokens", "token", token)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _told_as_unusable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, json.JSONDecodeError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DevkitError(
                f"{self._path} cannot be used as the platform's database ({reason}); move it away to start with an "
                "empty one, or use another --data-dir"
            ) from error


def _document(text: str) -> Document:
    document: Document = json.loads(text)
    return document
