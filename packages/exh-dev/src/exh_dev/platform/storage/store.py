"""Storage of the local platform: JSON documents in one SQLite file, or in memory."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from exh_dev.errors import DevkitError
from exh_dev.json_text import json_text
from exh_dev.platform.storage import members
from exh_dev.platform.storage.database import LOOKUP_QUERIES, opened, prepare, unusable_as_devkit_error
from exh_dev.platform.storage.remembered import Remembered
from exh_dev.platform.storage.sql import LONG, is_in, quoted
from exh_dev.platform.storage.time_limit import ON_ONE, TimeLimit
from exh_dev.platform.storage.ways import count_in, count_up_to, rows_in

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
    from pathlib import Path

    from exh_dev.platform.storage.sql import Sql
    from exh_dev.platform.storage.ways import Asked, Found

Document = dict[str, Any]
T = TypeVar("T")

_FEW_STATEMENTS = 16  # that a store in memory keeps, each with what was bound to it


class DuplicateError(Exception):
    """A document violates a unique index."""


class Store:
    """Documents by collection and id. A write is on disk when it returns; the file survives a crash."""

    def __init__(self, path: Path | None = None, *, image: bytes | None = None) -> None:
        """Open or create the file at `path`; in memory without one, beginning with what `image` holds.

        Raises:
            DataFormatError: another version of `exh-dev` wrote the file, in a format that this one does not read.
            DevkitError: the file cannot be used.
        """
        self._path = path
        self._on_change: Callable[[str, str | None], None] = _nobody
        self._remembered = Remembered()
        #: Callbacks of services, by kind of record. They are an attribute of the store, because a module-level table
        #: would keep every platform of the process in memory.
        self.listeners: dict[str, Callable[..., None]] = {}
        self._limit = TimeLimit()
        with unusable_as_devkit_error(path):
            if path:
                path.touch(mode=0o600)  # SQLite gives its side files the same mode
            # In memory, long conditions cannot go through a connection of their own.
            self._connection = opened(path, self._limit, cached_statements=128 if path else _FEW_STATEMENTS)
        # Python keeps the last statements of a connection, with what is bound to them: megabytes of each long RQL.
        self._guards = opened(None, self._limit, cached_statements=0)
        self._long_reads: sqlite3.Connection | None = None
        try:
            with unusable_as_devkit_error(path):
                if image is not None:
                    self._connection.deserialize(image)
                prepare(self._connection, path)
        except DevkitError:
            self.close()
            raise

    def _reader(self, condition: Sql) -> sqlite3.Connection:
        """Return the connection for a condition: for a long one, a connection that caches no statements."""
        if self._path is None or len(condition.text) < LONG or self._connection.in_transaction:
            return self._connection
        if self._long_reads is None:
            self._long_reads = opened(self._path, self._limit, cached_statements=0)
        return self._long_reads

    @property
    def path(self) -> Path | None:
        """The database file, which other connections may read; None in memory."""
        return self._path

    def watch(self, call: Callable[[str, str | None], None]) -> None:
        """Call `call` on every change, possibly inside a transaction.

        It gets the collection and the id, or None if the entire collection was deleted.
        """
        self._on_change = call

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Run the block in a transaction while the platform starts. A damaged file raises a `DevkitError`."""
        with unusable_as_devkit_error(self._path), self.transaction():
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in a transaction. Blocks do not nest, and must not await anything."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk may have ended it already
                self._connection.execute("ROLLBACK")
            self._remembered.forget_all()  # something may have been read in the block that was never stored
            raise

    def remembered(self, key: Hashable, make: Callable[[], T], *collections: str) -> T:
        """Return the cached result of `make`, computed again when one of these collections changes.

        It is shared and must not be modified.
        """
        return self._remembered.get(key, make, collections)

    def _changed(self, collection: str, document_id: str | None) -> None:
        self._remembered.changed(collection)
        self._on_change(collection, document_id)

    def put(self, collection: str, document: Document) -> int:
        """Store `document` under its `id`, in place of an earlier one.

        Returns:
            How many bytes it takes as JSON.

        Raises:
            DuplicateError: a unique index has another document with the same values.
        """
        return self.put_text(collection, document["id"], json_text(document))

    def put_text(self, collection: str, document_id: str, text: str) -> int:
        """Store a document that is serialized already, by `json_text`. Otherwise like `put`."""
        with _IntegrityErrorAsDuplicate():
            self._connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?)"
                " ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body",
                (collection, document_id, text),
            )
        self._changed(collection, document_id)
        return len(text) if text.isascii() else len(text.encode())

    def delete(self, collection: str, document_id: str) -> None:
        """Delete the document with this id, if it exists."""
        self._connection.execute("DELETE FROM documents WHERE collection = ? AND id = ?", (collection, document_id))
        self._changed(collection, document_id)

    def get(self, collection: str, document_id: str) -> Document | None:
        """Return the document with this id; None if there is none."""
        text = self.text(collection, document_id)
        return None if text is None else _document(text)

    def text(self, collection: str, document_id: str) -> str | None:
        """Return the document with this id as JSON text, for answers that contain it unchanged."""
        row = self._connection.execute(
            "SELECT body FROM documents WHERE collection = ? AND id = ?", (collection, document_id)
        ).fetchone()
        return None if row is None else str(row[0])

    def one(self, collection: str, member: str, value: str) -> Document | None:
        """Return the document whose `member` has this value; the pair must be in `_LOOKUPS`."""
        row = self._connection.execute(LOOKUP_QUERIES[collection, member], (value,)).fetchone()
        return None if row is None else _document(row[0])

    def every(self, collection: str, member: str, value: str) -> list[Document]:
        """Return all documents whose `member` has this value, oldest id first; the pair must be in `_LOOKUPS`."""
        rows = self._connection.execute(f"{LOOKUP_QUERIES[collection, member]} ORDER BY id", (value,))
        return [_document(row[0]) for row in rows]

    def page(  # noqa: PLR0917 - what a SELECT is made of
        self,
        collection: str,
        condition: Sql,
        order: Sequence[str],
        limit: int,
        offset: int,
        index: str | None = None,
    ) -> list[str]:
        """Return documents that meet a condition, as JSON text; by creation if `order` is empty.

        `index` is one that serves the condition: by itself SQLite would scan everything in id order.
        """
        with self._limit.kept():
            rows = rows_in(self._reader(condition), collection, condition, order, limit, offset, index)
        return [text for _, text in rows]

    def found(self, asked: Asked, seconds: float) -> Found:
        """Return the documents of a list, which may take so many seconds.

        Raises:
            TooSlowError: it takes longer.
        """
        with self._limit.kept(seconds):
            return asked.in_(self._reader(asked.condition))

    def walk(
        self, collection: str, condition: Sql, start: str | None, *, descending: bool
    ) -> Generator[tuple[str, str | None]]:
        """Yield the id of each document after `start`, with the document as JSON text where it meets a condition.
        To stop early, close the iterator before using the store again.
        """
        after = "" if start is None else f" AND id {'<' if descending else '>'} ?"
        rows = self._connection.execute(
            f"SELECT id, CASE WHEN {condition.text} THEN body END FROM documents WHERE {is_in(collection)}{after}"
            f" ORDER BY id{' DESC' if descending else ''}",
            (*condition.values, *(() if start is None else (start,))),
        )
        with closing(rows):
            yield from rows

    def count(self, collection: str, condition: Sql, index: str | None = None) -> int:
        """Return the number of documents that meet a condition; `index` as for `page`."""
        with self._limit.kept():
            return count_in(self._reader(condition), collection, condition, index)

    def holds(self, document: Document, condition: Sql) -> bool:
        """Return whether a document, stored or not, meets a condition."""
        with self._limit.kept(ON_ONE):
            row = self._guards.execute(
                f"SELECT 1 FROM (SELECT ? AS body, ? AS id) WHERE {condition.text}",
                (json.dumps(document), document.get("id"), *condition.values),
            ).fetchone()
        return row is not None

    def matching(self, collection: str, condition: Sql) -> list[Document]:
        """Return every document that meets a condition, oldest first."""
        return [_document(text) for text in self.page(collection, condition, (), -1, 0)]

    def groups(self, collection: str, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return each combination of values of the SQL expressions, with its number of documents in the collection."""
        query = f"SELECT {', '.join(expressions)}, count(*) FROM documents WHERE {is_in(collection)}"
        numbers = ", ".join(str(number) for number in range(1, len(expressions) + 1))
        return self._connection.execute(f"{query} GROUP BY {numbers}").fetchall()

    def count_up_to(self, most: int, collection: str, condition: Sql, index: str | None = None) -> int:
        """Return the number of documents that meet a condition, at most `most`; `index` as for `page`."""
        with self._limit.kept():
            return count_up_to(self._reader(condition), most, collection, condition, index)

    def oldest(self, collection: str, limit: int) -> list[str]:
        """Return the ids of the oldest documents of a collection."""
        query = f"SELECT id FROM documents WHERE {is_in(collection)} ORDER BY id LIMIT ?"
        return [row[0] for row in self._connection.execute(query, (limit,))]

    def ids(self, collection: str, prefix: str) -> list[str]:
        """Return the sorted ids of a collection that begin with a prefix of letters and digits."""
        query = f"SELECT id FROM documents WHERE {is_in(collection)} AND id >= ? AND id < ? ORDER BY id"
        return [row[0] for row in self._connection.execute(query, (prefix, f"{prefix}/"))]

    def bytes_of(self, collection: str, document_id: str | None = None) -> int:
        """Return the bytes of a document, or of all documents of a collection; 0 if missing."""
        query = f"SELECT ifnull(sum(length(CAST(body AS BLOB))), 0) FROM documents WHERE {is_in(collection)}"
        one = "" if document_id is None else " AND id = ?"
        (found,) = self._connection.execute(f"{query}{one}", () if document_id is None else (document_id,)).fetchone()
        return int(found)

    def part(self, collection: str, document_id: str, path: str) -> Any:
        """Return a parsed member of a document without parsing the rest; None if missing."""
        query = "SELECT json_extract(body, ?) FROM documents WHERE collection = ? AND id = ?"
        row = self._connection.execute(query, (f"$.{path}", collection, document_id)).fetchone()
        return json.loads(row[0]) if row and row[0] is not None else None

    def delete_before(self, collection: str, document_id: str) -> None:
        """Forget the documents of a collection whose ids are less than this one."""
        self._connection.execute("DELETE FROM documents WHERE collection = ? AND id < ?", (collection, document_id))
        self._changed(collection, None)

    def drop(self, collection: str) -> None:
        """Forget every document of a collection."""
        if collection.startswith(members.OF_DOCUMENTS):
            members.drop_documents(self._connection, collection)
        else:
            self._connection.execute("DELETE FROM documents WHERE collection = ?", (collection,))
        self._changed(collection, None)

    def index(self, name: str, collection: str, expressions: Sequence[str], *, unique: bool = False) -> None:
        """Create an index of a collection, if missing.

        Raises:
            DuplicateError: `unique` is set, and documents have duplicate values.
        """
        kind = "UNIQUE INDEX" if unique else "INDEX"
        # With the collection before them, documents of one value are in the order of their ids.
        before = ["collection"] if collection.startswith(members.OF_DOCUMENTS) else []
        with _IntegrityErrorAsDuplicate():
            self._connection.execute(
                f"CREATE {kind} IF NOT EXISTS {quoted(name)} ON documents ({', '.join([*before, *expressions])})"
                f" WHERE collection = '{collection}'"
            )

    def drop_index(self, name: str) -> None:
        """Remove an index, if it exists."""
        self._connection.execute(f"DROP INDEX IF EXISTS {quoted(name)}")

    def image(self) -> bytes:
        """Return the complete database, to initialize another store."""
        return self._connection.serialize()

    def close(self) -> None:
        for connection in (self._connection, self._guards, self._long_reads):
            if connection is not None:
                connection.close()


def _nobody(_: str, __: str | None) -> None:
    pass


def _document(text: str) -> Document:
    document: Document = json.loads(text)
    return document


class _IntegrityErrorAsDuplicate:
    """Raises a `DuplicateError` in place of an `IntegrityError` of the block; a class for the reason of `TimeLimit`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise DuplicateError from None
