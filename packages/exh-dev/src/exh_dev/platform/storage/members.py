"""Indexes, links and counts for the members that every document has, maintained by SQLite.

- `creationTimestamp`, `updateTimestamp`, `creatorId` and `status` have an index each, for the documents of all schemas.
- `document_links` has a row for each id in `userIds` and `groupIds`: an index on JSON cannot cover list items.
- `document_tallies` counts the documents of a collection, and those with each `creatorId` and each `status`: every page
  of a list has the total.

Links and tallies are kept by triggers, in the same transaction as the document, so that an older `exh-dev` maintains
them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exh_dev.platform.storage.sql import Sql, is_in, member

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

#: Prefix of the collections of documents, and the first string after all of them.
OF_DOCUMENTS, _AFTER_DOCUMENTS = "documents:", "documents;"
LINKED = ("userIds", "groupIds")
TALLIED = ("creatorId", "status")
#: The indexes that documents of all schemas have, by the member that each is on.
INDEXES = {
    name: f"documents_{name}" for name in ("creationTimestamp", "updateTimestamp", "creatorId", "status")
}  # fmt: skip


class Link(NamedTuple):
    """Documents that have one of some ids in a member: one of `LINKED`, or `creatorId`."""

    member: str
    ids: tuple[str, ...]


def _is_document(row: str) -> str:
    return f"{row}collection >= '{OF_DOCUMENTS}' AND {row}collection < '{_AFTER_DOCUMENTS}'"


def _of(row: str, name: str) -> str:
    return f"json_extract({row}.body, '$.{name}')"


def _add(name: str, value: str) -> str:
    return (
        f"INSERT INTO document_tallies VALUES (NEW.collection, '{name}', {value}, 1)"
        " ON CONFLICT (collection, member, value) DO UPDATE SET number = number + 1;\n"
    )


def _subtract(name: str, value: str) -> str:
    of = f"collection = OLD.collection AND member = '{name}' AND value = {value}"
    return f"UPDATE document_tallies SET number = number - 1 WHERE {of};\n"


def _link(name: str) -> str:
    each = f"json_each(NEW.body, '$.{name}')"
    return f"INSERT OR IGNORE INTO document_links SELECT NEW.collection, '{name}', value, NEW.id FROM {each};\n"


def _unlink(name: str) -> str:
    each = f"SELECT value FROM json_each(OLD.body, '$.{name}')"
    of = f"collection = OLD.collection AND member = '{name}' AND value IN ({each}) AND id = OLD.id"
    return f"DELETE FROM document_links WHERE {of};\n"


def _trigger(name: str, when: str, of: str, does: Sequence[str]) -> str:
    return f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {when} ON documents WHEN {of} BEGIN\n{''.join(does)}END;\n"


def _changes() -> Iterator[str]:
    for name in (*LINKED, *TALLIED):
        values = _of("OLD", name), _of("NEW", name)
        change = (
            (_unlink(name), _link(name))
            if name in LINKED
            else (_subtract(name, f"ifnull({values[0]}, '')"), _add(name, f"ifnull({values[1]}, '')"))
        )
        of = f"{_is_document('NEW.')} AND {values[0]} IS NOT {values[1]}"
        yield _trigger(f"document_{name}", "UPDATE OF body", of, change)


_ADDED = _trigger(
    "document_added",
    "INSERT",
    _is_document("NEW."),
    [
        _add("", "''"),
        *(_add(name, f"ifnull({_of('NEW', name)}, '')") for name in TALLIED),
        *(_link(name) for name in LINKED),
    ],
)
_DELETED = _trigger(
    "document_deleted",
    "DELETE",
    _is_document("OLD."),
    [
        _subtract("", "''"),
        *(_subtract(name, f"ifnull({_of('OLD', name)}, '')") for name in TALLIED),
        *(_unlink(name) for name in LINKED),
    ],
)
_INDEXES = "".join(
    f"CREATE INDEX IF NOT EXISTS {index} ON documents (collection, {member(name)}) WHERE {_is_document('')};\n"
    for name, index in INDEXES.items()
)
_TABLES = """
CREATE TABLE IF NOT EXISTS document_links (
    collection TEXT NOT NULL, member TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (collection, member, value, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document_tallies (
    collection TEXT NOT NULL, member TEXT NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (collection, member, value)
) WITHOUT ROWID;
"""
#: Makes all of it, where it is not there.
MAKE = f"{_TABLES}{_INDEXES}{_ADDED}{_DELETED}{''.join(_changes())}"
#: Add links and counts for documents stored by an earlier version.
FILL = "".join(
    f"INSERT OR IGNORE INTO document_links SELECT collection, '{name}', value, documents.id"
    f" FROM documents, json_each(body, '$.{name}') WHERE {_is_document('')} ORDER BY 1, 3, 4;\n"
    for name in LINKED
) + "".join(
    f"INSERT OR REPLACE INTO document_tallies SELECT collection, '{name}', {value}, count(*)"
    f" FROM documents WHERE {_is_document('')} GROUP BY 1, 3;\n"
    for name, value in (("", "''"), *((name, f"ifnull({_of('documents', name)}, '')") for name in TALLIED))
)


def tally(connection: sqlite3.Connection, collection: str, name: str = "", value: str = "") -> int:
    """Return the number of documents in a collection, or of those with this value in a member of `TALLIED`."""
    row = connection.execute(
        "SELECT number FROM document_tallies WHERE collection = ? AND member = ? AND value = ?",
        (collection, name, value),
    ).fetchone()
    return 0 if row is None else int(row[0])


def linked_ids(connection: sqlite3.Connection, collection: str, links: Sequence[Link], most: int) -> list[str]:
    """Return the ids of the documents that have one of the links; of more than `most`, so many of them."""
    if not links:
        return []
    reached = _reached(collection, links)
    rows = connection.execute(f"SELECT id FROM ({reached.text}) LIMIT ?", (*reached.values, most))
    return [row[0] for row in rows]


def linked_number(connection: sqlite3.Connection, collection: str, links: Sequence[Link]) -> int:
    """Return the number of documents with one of the links."""
    reached = _reached(collection, links)
    (number,) = connection.execute(f"SELECT count(*) FROM ({reached.text})", reached.values).fetchone()
    return int(number)


def drop_documents(connection: sqlite3.Connection, collection: str) -> None:
    """Delete all documents of a collection with their links and counts in bulk, not one by one."""
    connection.execute("SAVEPOINT dropping")
    try:
        connection.execute("DROP TRIGGER document_deleted")
        for table in ("documents", "document_links", "document_tallies"):
            connection.execute(f"DELETE FROM {table} WHERE collection = ?", (collection,))
        connection.execute(_DELETED)
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it already
            connection.execute("ROLLBACK TO dropping")
            connection.execute("RELEASE dropping")
        raise
    connection.execute("RELEASE dropping")


def _reached(collection: str, links: Sequence[Link]) -> Sql:
    """Return a SELECT of ids, each once."""
    selects, values = [], list[object]()
    for link in links:
        marks = ", ".join("?" * len(link.ids))
        if link.member in LINKED:
            selects.append(f"SELECT id FROM document_links WHERE collection = ? AND member = ? AND value IN ({marks})")
            values += [collection, link.member, *link.ids]
        else:
            by = f"documents INDEXED BY {INDEXES[link.member]}"
            of = f"{is_in(collection)} AND {member(link.member)} IN ({marks})"
            selects.append(f"SELECT id FROM {by} WHERE {of}")
            values += link.ids
    return Sql(" UNION ".join(selects), tuple(values))
