"""Lists that take their time are asked for beside everybody else.

The platform answers on one thread, and most lists take less than a thousandth of a second. One that takes longer than
`AT_ONCE` is asked for anew by another thread, through a connection of its own, while others are served. SQLite does not
hold Python's lock meanwhile. What a caller stored before is there: its answer was sent after it was committed, and the
other connection reads what is committed when it begins.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from exh_dev.platform.storage.time_limit import ASIDE, STEPS, TimeLimit

if TYPE_CHECKING:
    from pathlib import Path

    from exh_dev.platform.storage.ways import Asked, Found

#: For all platforms of this process: two lists at once leave a core to everybody else.
_threads = ThreadPoolExecutor(2, thread_name_prefix="lists")


async def found_aside(path: Path, asked: Asked) -> Found:
    """Return what a list has, while others are served.

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


def add_functions(connection: sqlite3.Connection) -> None:
    """Make known to a connection what conditions call."""
    connection.create_function("casefold", 1, _casefold, deterministic=True)


def _casefold(text: object) -> str | None:
    """For searches whatever the case: SQLite's own `lower` knows ASCII alone."""
    return None if text is None else str(text).casefold()
