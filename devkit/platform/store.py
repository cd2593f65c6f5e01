"""Where the local platform keeps everything: JSON documents in one SQLite file, or in memory."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Document = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS consumers ON documents (json_extract(body, '$.consumerKey'))
    WHERE collection = 'application_versions';
CREATE INDEX IF NOT EXISTS tokens ON documents (json_extract(body, '$.token')) WHERE collection = 'oauth1_tokens';
"""


class Store:
    """Documents by collection and id. A write is on disk when it returns; the file survives a crash."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or create the file at `path`; in memory without one."""
        if path:
            path.touch(mode=0o600)  # SQLite gives its side files the same mode
        # One thread opens the store and another serves from it, never both at a time.
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _TABLES)

    def put(self, collection: str, document: Document) -> None:
        """Store `document` under its `id`, in place of an earlier one."""
        self._connection.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
            (collection, document["id"], json.dumps(document, ensure_ascii=False)),
        )

    def get(self, collection: str, document_id: str) -> Document | None:
        """The document with this id."""
        return self._one("SELECT body FROM documents WHERE collection = ? AND id = ?", (collection, document_id))

    def version_by_consumer_key(self, consumer_key: str) -> Document | None:
        """The OAuth1 application version that owns a consumer key."""
        return self._one(
            "SELECT body FROM documents WHERE collection = 'application_versions'"
            " AND json_extract(body, '$.consumerKey') = ?",
            (consumer_key,),
        )

    def oauth1_token(self, token: str) -> Document | None:
        """The OAuth1 token of this value."""
        return self._one(
            "SELECT body FROM documents WHERE collection = 'oauth1_tokens' AND json_extract(body, '$.token') = ?",
            (token,),
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _one(self, query: str, values: tuple[str, ...]) -> Document | None:
        row = self._connection.execute(query, values).fetchone()
        if row is None:
            return None
        document: Document = json.loads(row[0])
        return document
