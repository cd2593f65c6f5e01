"""Run slow list queries on other threads.

The platform answers on one thread, and most lists take less than a thousandth of a second. A query that exceeds
`AT_ONCE` is run again on another thread with its own connection, while other requests are served; SQLite releases the
GIL. The caller's own writes are visible: they were committed before they were answered, and the other connection reads
all that is committed when it begins.

One that exceeds `SOON` there is run once more, on threads of the slowest alone: a list of 20 ms never waits for those
of ten seconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from exh_dev.platform.storage.time_limit import ASIDE, SOON, STEPS, TimeLimit, TooSlowError

if TYPE_CHECKING:
    from pathlib import Path

    from exh_dev.platform.storage.ways import Asked, Found

#: Shared by all platforms of the process: few, so that there is a core for everything else.
_slow = ThreadPoolExecutor(1, thread_name_prefix="slow lists")
_slowest = ThreadPoolExecutor(2, thread_name_prefix="slowest lists")


async def found_aside(path: Path, asked: Asked) -> Found:
    """Run a list query on another thread, while other requests are served.

    Raises:
        TooSlowError: the query exceeds its time limit there, too.
    """
    with suppress(TooSlowError):
        return await _found_on(_slow, path, asked, SOON)
    return await _found_on(_slowest, path, asked, ASIDE)


async def _found_on(threads: ThreadPoolExecutor, path: Path, asked: Asked, seconds: float) -> Found:
    limit = TimeLimit()
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, _found_in, path, asked, seconds, limit)
    except asyncio.CancelledError:
        limit.end()  # the platform stops, and the end of the process would wait for the thread
        raise


def _found_in(path: Path, asked: Asked, seconds: float, limit: TimeLimit) -> Found:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        add_functions(connection)
        connection.set_progress_handler(limit.is_over, STEPS)
        with limit.kept(seconds):
            connection.execute("BEGIN")  # what is counted is what the page is of
            return asked.in_(connection)


def add_functions(connection: sqlite3.Connection) -> None:
    """Register the SQL functions that conditions use."""
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    connection.create_function("contains", 2, _contains, deterministic=True)


def _casefold(text: object) -> str | None:
    """Return a string for case-insensitive searches: SQLite's own `lower` handles only ASCII."""
    return None if text is None else str(text).casefold()


def _contains(value: object, text: str) -> bool:
    return isinstance(value, str) and text in value
