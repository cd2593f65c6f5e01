"""Lists of documents as SQL; those that take their time are asked for beside everybody else.

The platform answers on one thread, and most lists take less than a thousandth of a second. One that takes long is asked
for anew by another thread, through a connection of its own, while others are served. SQLite does not hold Python's lock
meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.platform.storage.time_limit import ASIDE, STEPS, TimeLimit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exh_dev.platform.storage.sql import Sql

#: For all platforms of this process: two lists at once leave a core to everybody else.
_threads = ThreadPoolExecutor(2, thread_name_prefix="lists")


class Found(NamedTuple):
    """The documents of a page, as JSON text, and how many there are on all pages; None where that was not asked."""

    texts: list[str]
    total: int | None


class Asked(NamedTuple):
    """Which documents of a collection are wanted; the members are what `Store.page` takes."""

    collection: str
    condition: Sql
    order: Sequence[str]
    limit: int
    offset: int
    by_index: str | None
    counted: bool

    def in_(self, connection: sqlite3.Connection) -> Found:
        """Ask for them."""
        texts = page_in(connection, *self[:-1])
        total = count_in(connection, self.collection, self.condition, self.by_index) if self.counted else None
        return Found(texts, total)


async def found_aside(path: Path, asked: Asked) -> Found:
    """What a list has, while others are served.

    Raises:
        TooSlowError: it takes too long all the same.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, _found_in, path, asked)


def _found_in(path: Path, asked: Asked) -> Found:
    limit = TimeLimit()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        add_functions(connection)
        connection.set_progress_handler(limit.is_over, STEPS)
        with limit.kept(ASIDE):
            connection.execute("BEGIN")  # what is counted is what the page is of
            return asked.in_(connection)


def page_in(  # noqa: PLR0917 - what a SELECT is made of
    connection: sqlite3.Connection,
    collection: str,
    condition: Sql,
    order: Sequence[str],
    limit: int,
    offset: int,
    index: str | None,
) -> list[str]:
    """See `Store.page`."""
    rows = connection.execute(
        f"SELECT body FROM documents{by(index)} WHERE {is_in(collection)} AND ({condition.text})"  # noqa: S608
        f" ORDER BY {', '.join([*order, 'id'])} LIMIT ? OFFSET ?",
        (*condition.values, limit, offset),
    )
    return [row[0] for row in rows]


def count_in(connection: sqlite3.Connection, collection: str, condition: Sql, index: str | None) -> int:
    """See `Store.count`."""
    (number,) = connection.execute(
        f"SELECT count(*) FROM documents{by(index)} WHERE {is_in(collection)} AND ({condition.text})",  # noqa: S608
        condition.values,
    ).fetchone()
    return int(number)


def add_functions(connection: sqlite3.Connection) -> None:
    """Make known to a connection what conditions call."""
    connection.create_function("casefold", 1, _casefold, deterministic=True)


def _casefold(text: object) -> str | None:
    """For searches whatever the case: SQLite's own `lower` knows ASCII alone."""
    return None if text is None else str(text).casefold()


def is_in(collection: str) -> str:
    """In the text, not in a parameter, or SQLite would not use the collection's indexes."""
    return f"collection = '{collection.replace(chr(39), chr(39) * 2)}'"


def by(index: str | None) -> str:
    """Read by an index, where there is one to read by."""
    return "" if index is None else f" INDEXED BY {quoted(index)}"


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
