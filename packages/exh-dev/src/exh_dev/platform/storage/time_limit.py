"""An end to queries that take too long, or ask SQLite for too much: everybody else waits for them."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_LIMIT = 3.0
"""Seconds that a query may take."""
STEPS = 20_000  # of SQLite's machine between two looks at the clock: less than a thousandth of a second

#: What SQLite's errors say when a statement is over one of its limits.
_LIMITS = ("too large", "too big", "too many", "at most", "stack overflow")


class TimeLimit:
    """How long a query of somebody's may take: everybody else waits for it."""

    def __init__(self) -> None:
        self._until = math.inf

    def is_over(self) -> bool:
        """Return whether SQLite is to end the statement."""
        return time.monotonic() > self._until

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Answer with an error what takes longer, or is over one of SQLite's limits: length, depth and tables.

        Raises:
            ErrorAnswer: it does, or is.
        """
        self._until = time.monotonic() + TIME_LIMIT
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.DataError) as error:
            if "interrupted" in str(error):
                reason = f"The RQL takes longer than {TIME_LIMIT:g} s here: ask for less, or by members with an index"
                raise ErrorAnswer(19, reason) from None
            if not any(limit in str(error) for limit in _LIMITS):
                raise
            raise ErrorAnswer(19, "The RQL asks for too much at once") from None
        finally:
            self._until = math.inf
