"""Choose the index of a list query by counting matches, because SQLite has no statistics here.

If few documents match a condition on an indexed member, that index is used. If many match, or no condition is indexed,
the index of the sort order is better: its first entries are the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.platform.storage.members import LINKED, OF_DOCUMENTS, TALLIED, Link, linked_ids, linked_number, tally
from exh_dev.platform.storage.sql import EVERYTHING, Sql, is_in, quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from exh_dev.platform.storage.search import Narrowing

FEW = 1_000
"""Documents that are read by what narrows a list, at most, rather than by what it is sorted by."""
_FIRST = 1_000  # documents of an index that a page is looked for among, at least
_PART = 12  # of a collection may meet a condition, for them to be counted by its index: each takes four times as long
#: The order of the documents' ids, as SQLite calls it.
_BY_ID = "sqlite_autoindex_documents_1"


class Found(NamedTuple):
    """The documents of a page as JSON text, and the total, or None if not requested."""

    texts: list[str]
    total: int | None


class _Way(NamedTuple):
    """A query plan.

    Attributes:
        read_by: the index to read by.
        counted_by: the index to count by.
        among: the candidate ids.
        is_ordered: whether the index yields the requested order.
        within: the part of the condition that the index also serves.
    """

    read_by: str | None = None
    counted_by: str | None = None
    among: Sql = EVERYTHING
    is_ordered: bool = False
    within: Sql = EVERYTHING


@dataclass(frozen=True)
class Asked:
    """A list query.

    Attributes:
        collection: the collection.
        condition: the condition.
        order: the sort order as SQL.
        limit: page size.
        offset: number of documents to skip.
        counted: whether the total is wanted.
        narrowed: parts of the condition that an index may serve.
        sorted_by: the first sort member; None for creation order.
        indexes: names of the indexes by their first member.
        reached: the links of which a document must have one; None if not part of the condition.
        is_all: whether the condition has no other part.
    """

    collection: str
    condition: Sql
    order: Sequence[str]
    limit: int
    offset: int
    counted: bool
    narrowed: Sequence[Narrowing] = ()
    sorted_by: str | None = None
    indexes: Mapping[str, str] = field(default_factory=dict)
    reached: Sequence[Link] | None = None
    is_all: bool = False

    def in_(self, connection: sqlite3.Connection) -> Found:
        way = self._way(connection)
        condition = way.among & self.condition
        rows = self._first(connection, way) if way.is_ordered else None
        if rows is None:
            by_index = _BY_ID if way.is_ordered and condition != EVERYTHING else way.read_by
            rows = rows_in(connection, self.collection, condition, self.order, self.limit, self.offset, by_index)
        texts = [text for _, text in rows]
        if not self.counted:
            return Found(texts, None)
        if len(rows) < self.limit and (rows or not self.offset):
            return Found(texts, self.offset + len(rows))
        if (known := self._known_total(connection)) is not None:
            return Found(texts, known)
        if rows and not self.order and way.among == EVERYTHING:
            # What the page has gone through is not gone through again.
            rest = Sql("id > ?", (rows[-1][0],)) & condition
            return Found(texts, self.offset + len(rows) + self._number(connection, rest, way.counted_by))
        return Found(texts, self._number(connection, condition, way.counted_by))

    def _way(self, connection: sqlite3.Connection) -> _Way:
        if any(each.path == "id" for each in self.narrowed if each.is_exact and each.is_plain):
            return _Way()
        for links in self._links():
            ids = linked_ids(connection, self.collection, links, FEW + 1)
            if len(ids) <= FEW:
                return _Way(_BY_ID, _BY_ID, Sql(f"id IN ({', '.join('?' * len(ids))})", tuple(ids)))
        by_sort = self.indexes.get(self.sorted_by or "")
        plain = [each for each in self.narrowed if each.is_plain and each.path in self.indexes]
        served = sorted(plain, key=lambda narrowing: not narrowing.is_exact)
        for each in served:
            index = self.indexes[each.path]
            other = by_sort or (None if each.is_exact else _BY_ID)
            if other == index:
                return _Way(index, index, is_ordered=True, within=each.condition)
            if other is None or self._is_met_by_few(connection, each, index):
                return _Way(index, index)
        counting = self.indexes[served[0].path] if served else None
        return _Way(by_sort or (_BY_ID if served else None), counting, is_ordered=by_sort is not None)

    def _first(self, connection: sqlite3.Connection, way: _Way) -> list[tuple[str, str]] | None:
        """Return the page if it is among the first entries of an index; None if reading and sorting all is faster."""
        number = tally(connection, self.collection)
        first = max(_FIRST, number // _PART)
        if self.condition in {EVERYTHING, way.within} or number <= first:
            return rows_in(
                connection, self.collection, self.condition, self.order, self.limit, self.offset, way.read_by
            )
        order = ", ".join([*self.order, "id"])
        rows = connection.execute(
            f"SELECT id, body FROM (SELECT id, body FROM documents{by(way.read_by)}"
            f" WHERE {is_in(self.collection)} AND ({way.within.text}) ORDER BY {order} LIMIT ?)"
            f" WHERE {self.condition.text} LIMIT ? OFFSET ?",
            (*way.within.values, first, *self.condition.values, self.limit, self.offset),
        ).fetchall()
        if len(rows) == self.limit:
            return rows
        if way.within == EVERYTHING:
            return None
        within = count_up_to(connection, first, self.collection, way.within, way.read_by)
        return rows if within < first else None

    def _links(self) -> Iterator[Sequence[Link]]:
        """Yield what links a document has to have, each time one of several."""
        if not self.collection.startswith(OF_DOCUMENTS):
            return
        if self.reached is not None:
            yield self.reached
        for each in self.narrowed:
            if each.path in LINKED and each.is_exact and each.ids is not None:
                yield (Link(each.path, each.ids),)

    def _is_met_by_few(self, connection: sqlite3.Connection, narrowing: Narrowing, index: str) -> bool:
        number = tally(connection, self.collection)
        if self.order and self.indexes.get(self.sorted_by or "") is None:
            few = number // _PART  # the others are gone through and sorted
        else:  # the others are gone through until the page is full
            few = min(FEW, math.isqrt(self.limit * number))
        if self._is_tallied(narrowing):
            return tally(connection, self.collection, narrowing.path, str(narrowing.condition.values[0])) <= few
        return count_up_to(connection, few + 1, self.collection, narrowing.condition, index) <= few

    def _is_tallied(self, narrowing: Narrowing) -> bool:
        """Return whether documents that meet a condition are counted as they are stored."""
        return (
            narrowing.path in TALLIED
            and narrowing.is_exact
            and self.collection.startswith(OF_DOCUMENTS)
            and narrowing.condition.text.endswith(" = ?")
            and len(narrowing.condition.values) == 1
            and bool(narrowing.condition.values[0])  # which documents without the member are counted by
        )

    def _number(self, connection: sqlite3.Connection, condition: Sql, index: str | None) -> int:
        """Count documents by an index, unless so many match that a full scan is faster."""
        if index in {None, _BY_ID}:
            return count_in(connection, self.collection, condition, index)
        most = tally(connection, self.collection) // _PART
        number = count_up_to(connection, most + 1, self.collection, condition, index)
        return number if number <= most else count_in(connection, self.collection, condition, _BY_ID)

    def _known_total(self, connection: sqlite3.Connection) -> int | None:
        """Return the total, if a stored count has it."""
        if not self.collection.startswith(OF_DOCUMENTS):
            return None
        if self.condition == EVERYTHING:
            return tally(connection, self.collection)
        if self.is_all and self.reached:
            return linked_number(connection, self.collection, self.reached)
        for each in self.narrowed:
            if each.condition == self.condition and self._is_tallied(each):
                return tally(connection, self.collection, each.path, str(each.condition.values[0]))
        return None


def rows_in(  # noqa: PLR0917 - what a SELECT is made of
    connection: sqlite3.Connection,
    collection: str,
    condition: Sql,
    order: Sequence[str],
    limit: int,
    offset: int,
    index: str | None,
) -> list[tuple[str, str]]:
    """Return the ids of documents, with the documents as JSON text; see `Store.page`."""
    return connection.execute(
        f"SELECT id, body FROM documents{by(index)} WHERE {is_in(collection)} AND ({condition.text})"
        f" ORDER BY {', '.join([*order, 'id'])} LIMIT ? OFFSET ?",
        (*condition.values, limit, offset),
    ).fetchall()


def count_in(connection: sqlite3.Connection, collection: str, condition: Sql, index: str | None) -> int:
    (number,) = connection.execute(
        f"SELECT count(*) FROM documents{by(index)} WHERE {is_in(collection)} AND ({condition.text})",
        condition.values,
    ).fetchone()
    return int(number)


def count_up_to(
    connection: sqlite3.Connection, most: int, collection: str, condition: Sql, index: str | None = None
) -> int:
    (number,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM documents{by(index)}"
        f" WHERE {is_in(collection)} AND ({condition.text}) LIMIT ?)",
        (*condition.values, most),
    ).fetchone()
    return int(number)


def by(index: str | None) -> str:
    """Return the SQL clause for an index, or an empty string."""
    return "" if index is None else f" INDEXED BY {quoted(index)}"
