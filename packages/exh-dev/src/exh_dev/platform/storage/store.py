"""Storage of the local platform: JSON documents in one SQLite file, or in memory."""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import closing, contextmanager
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

from exh_dev.errors import DevkitError
from exh_dev.json_text import json_text
from exh_dev.platform.storage import members
from exh_dev.platform.storage.lists import add_functions
from exh_dev.platform.storage.remembered import Remembered
from exh_dev.platform.storage.sql import is_in, quoted
from exh_dev.platform.storage.time_limit import STEPS, TimeLimit
from exh_dev.platform.storage.ways import count_in, count_up_to, rows_in
from extrahorizon import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
    from pathlib import Path

    from exh_dev.platform.storage.sql import Sql
    from exh_dev.platform.storage.ways import Asked, Found

Document = dict[str, Any]
T = TypeVar("T")

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
    ("schemas", "name"),
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
-- Counts read this one, and not every body.
CREATE INDEX IF NOT EXISTS documents_ids ON documents (collection, id);
""" + "".join(
    f"CREATE INDEX IF NOT EXISTS {collection}_{member} ON documents (json_extract(body, '$.{member}'))"
    f" WHERE collection = '{collection}';\n"
    for collection, member in _LOOKUPS
)
# The collection is literal SQL, not a parameter, or SQLite would not use the index.
_LOOKUP_QUERIES = {
    (collection, member): "SELECT body FROM documents"  # noqa: S608 - made of the constants above
    f" WHERE collection = '{collection}' AND json_extract(body, '$.{member}') = ?"
    for collection, member in _LOOKUPS
}


#: What a file is written as. It grows with each change that an earlier `exh-dev`, or a later one, cannot read.
FORMAT = 1
#: The format is set before the tables are created, so that a file left incomplete by a crash is recognized. NORMAL: a
#: commit is in the file before it is acknowledged, and survives the end of the process. A power failure may lose the
#: last commits, because waiting for the disk would take longer than all else in a request. The log is checkpointed at 8
#: MB, which does wait for the disk.
_SETTINGS = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 2000;
PRAGMA user_version = {FORMAT};
"""
_ABOUT = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"


class DataFormatError(DevkitError):
    """A file was written by an `exh-dev` whose files this one does not read."""


class DuplicateError(Exception):
    """A unique index does not let a document in."""


class Store:
    """Documents by collection and id. A write is on disk when it returns; the file survives a crash."""

    def __init__(self, path: Path | None = None, *, image: bytes | None = None) -> None:
        """Open or create the file at `path`; in memory without one, beginning with what `image` holds.

        Raises:
            DataFormatError: another `exh-dev` wrote the file, as something that this one does not read.
            DevkitError: the file cannot be used.
        """
        self._path = path
        self._on_change: Callable[[str, str | None], None] = _nobody
        self._remembered = Remembered()
        #: Callbacks of services, by kind of record. They are an attribute of the store, because a module-level table
        #: would keep every platform of the process in memory.
        self.listeners: dict[str, Callable[..., None]] = {}
        with self._unusable_file_as_devkit_error():
            if path:
                path.touch(mode=0o600)  # SQLite gives its side files the same mode
            # One thread opens the store and another serves from it, never both at a time.
            self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        add_functions(self._connection)
        self._limit = TimeLimit()
        self._connection.set_progress_handler(self._limit.is_over, STEPS)
        try:
            with self._unusable_file_as_devkit_error():
                if image is not None:
                    self._connection.deserialize(image)
                self._check_format()
                self._connection.executescript(_SETTINGS)
                self._make_tables()
                self._connection.execute("INSERT OR REPLACE INTO about VALUES ('version', ?)", (__version__,))
        except DevkitError:
            self._connection.close()
            raise

    @property
    def path(self) -> Path | None:
        """The file, which others may read too; None in memory."""
        return self._path

    def watch(self, call: Callable[[str, str | None], None]) -> None:
        """Call `call` on every change, possibly inside a transaction.

        It gets the collection and the id, or None if the entire collection was deleted.
        """
        self._on_change = call

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Run the block in a transaction while the platform starts. A damaged file raises a `DevkitError`."""
        with self._unusable_file_as_devkit_error(), self.transaction():
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
        """Store a document that is JSON text already, as `json_text` makes it, with this id. Otherwise like `put`."""
        with _integrity_error_as_duplicate():
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
        """Return the document with this id."""
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
        row = self._connection.execute(_LOOKUP_QUERIES[collection, member], (value,)).fetchone()
        return None if row is None else _document(row[0])

    def every(self, collection: str, member: str, value: str) -> list[Document]:
        """Return all documents whose `member` has this value, oldest id first; the pair must be in `_LOOKUPS`."""
        rows = self._connection.execute(f"{_LOOKUP_QUERIES[collection, member]} ORDER BY id", (value,))
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
            rows = rows_in(self._connection, collection, condition, order, limit, offset, index)
        return [text for _, text in rows]

    def found(self, asked: Asked, seconds: float) -> Found:
        """Return the documents of a list, which may take so many seconds.

        Raises:
            TooSlowError: it takes longer.
        """
        with self._limit.kept(seconds):
            return asked.in_(self._connection)

    def walk(
        self, collection: str, condition: Sql, start: str | None, *, descending: bool
    ) -> Generator[tuple[str, str | None]]:
        """Yield the id of each document after `start`, with the document as JSON text where it meets a condition.
        To stop early, close the iterator before using the store again.
        """
        after = "" if start is None else f" AND id {'<' if descending else '>'} ?"
        rows = self._connection.execute(
            f"SELECT id, CASE WHEN {condition.text} THEN body END FROM documents WHERE {is_in(collection)}{after}"  # noqa: S608
            f" ORDER BY id{' DESC' if descending else ''}",
            (*condition.values, *(() if start is None else (start,))),
        )
        with closing(rows):
            yield from rows

    def count(self, collection: str, condition: Sql, index: str | None = None) -> int:
        """Return the number of documents that meet a condition; `index` as for `page`."""
        with self._limit.kept():
            return count_in(self._connection, collection, condition, index)

    def holds(self, document: Document, condition: Sql) -> bool:
        """Return whether a document, stored or not, meets a condition."""
        with self._limit.kept():
            row = self._connection.execute(
                f"SELECT 1 FROM (SELECT ? AS body, ? AS id) WHERE {condition.text}",  # noqa: S608 - see `search.py`
                (json.dumps(document), document.get("id"), *condition.values),
            ).fetchone()
        return row is not None

    def matching(self, collection: str, condition: Sql) -> list[Document]:
        """Return every document that meets a condition, oldest first."""
        return [_document(text) for text in self.page(collection, condition, (), -1, 0)]

    def groups(self, collection: str, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the values that expressions have together, each with how many documents of a collection have them."""
        query = f"SELECT {', '.join(expressions)}, count(*) FROM documents WHERE {is_in(collection)}"  # noqa: S608
        numbers = ", ".join(str(number) for number in range(1, len(expressions) + 1))
        return self._connection.execute(f"{query} GROUP BY {numbers}").fetchall()

    def count_up_to(self, most: int, collection: str, condition: Sql, index: str | None = None) -> int:
        """Return the number of documents that meet a condition, at most `most`; `index` as for `page`."""
        with self._limit.kept():
            return count_up_to(self._connection, most, collection, condition, index)

    def oldest(self, collection: str, limit: int) -> list[str]:
        """Return the ids of the oldest documents of a collection."""
        query = f"SELECT id FROM documents WHERE {is_in(collection)} ORDER BY id LIMIT ?"  # noqa: S608
        return [row[0] for row in self._connection.execute(query, (limit,))]

    def ids(self, collection: str, prefix: str) -> list[str]:
        """Return the sorted ids of a collection that begin with a prefix of letters and digits."""
        query = f"SELECT id FROM documents WHERE {is_in(collection)} AND id >= ? AND id < ? ORDER BY id"  # noqa: S608
        return [row[0] for row in self._connection.execute(query, (prefix, f"{prefix}/"))]

    def bytes_of(self, collection: str, document_id: str | None = None) -> int:
        """Return the bytes of a document, or of all documents of a collection; 0 if missing."""
        query = f"SELECT ifnull(sum(length(CAST(body AS BLOB))), 0) FROM documents WHERE {is_in(collection)}"  # noqa: S608
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
        with _integrity_error_as_duplicate():
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
        """Close the file."""
        self._connection.close()

    def _make_tables(self) -> None:
        """Create missing tables and migrate existing ones to this version, in one transaction."""
        made = dict(self._connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        fill = members.FILL if "documents" in made and "document_links" not in made else ""
        # Indexes of schemas began with the member once: sorted by it, they had documents of one value in no order.
        earlier = {name: sql for name, sql in made.items() if ":" in name and " ON documents (json_extract(" in sql}
        anew = "".join(
            f"DROP INDEX {quoted(name)};\n{sql.replace(' ON documents (', ' ON documents (collection, ', 1)};\n"
            for name, sql in earlier.items()
        )
        try:
            self._connection.executescript(f"BEGIN IMMEDIATE;\n{_TABLES}{_ABOUT}{members.MAKE}{fill}{anew}COMMIT;")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _check_format(self) -> None:
        """Accept only an empty file or one of this format, so that no other file is modified."""
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if found == FORMAT or (not found and not tables):
            return
        query = "SELECT value FROM about WHERE name = 'version'"
        row = self._connection.execute(query).fetchone() if "about" in tables else None
        writer = f"exh-dev {row[0]}" if row else "an exh-dev that noted no version"
        folder = self._path.parent if self._path else "the image"
        move = f"mv {quote(str(folder))} {quote(f'{folder}.old')}"
        newer = f"use {writer} or a later one, " if found > FORMAT else ""
        raise DataFormatError(
            f"{folder} was written by {writer}, in format {found}; this is exh-dev {__version__}, which reads format "
            f"{FORMAT}: {newer}use another --data-dir, or move the folder away ({move}) to start with "
            "an empty one"
        )

    @contextmanager
    def _unusable_file_as_devkit_error(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, json.JSONDecodeError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DevkitError(
                f"{self._path} cannot be used as the platform's database ({reason}); {_way_out(error)}, or use another "
                "--data-dir"
            ) from error


def _way_out(error: Exception) -> str:
    """Return what to do about a database that cannot be used: only a damaged one has to go."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(error):
        return "make room on its disk"
    if "locked" in str(error):
        return "end the process that uses it"
    if isinstance(error, OSError) or "readonly" in str(error) or "unable to open" in str(error):
        return "look at the permissions of the file and its folder"
    return "move it away to start with an empty one"


def _nobody(_: str, __: str | None) -> None:
    pass


def _document(text: str) -> Document:
    document: Document = json.loads(text)
    return document


@contextmanager
def _integrity_error_as_duplicate() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise DuplicateError from None
