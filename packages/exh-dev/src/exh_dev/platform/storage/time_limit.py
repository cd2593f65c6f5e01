"""An end to queries that take too long, or ask SQLite for too much: everybody else waits for them."""

from __future__ import annotations

import math
import sqlite3
import time
from typing import Self

from exh_dev.platform.http.error_answers import ErrorAnswer

TIME_LIMIT = 1.0
"""Seconds that a query may take while everybody else waits for it."""
ON_ONE = 0.25
"""Seconds that a condition on one document may take, which guards a change of it."""
AT_ONCE = 0.005
"""Seconds for a list query on the event loop; after that it is run again on another thread."""
SOON = 0.25
"""Seconds for a list query on the thread of slow lists; after that it is run again on one of the slowest."""
ASIDE = 10.0
"""Seconds for a list query on another thread."""
WITHOUT_FILE = 3.0
"""Seconds for a list query of an in-memory store, which blocks all other requests."""
MOST_MEMORY = 256 * 1024 * 1024
"""Bytes by which one query may grow this process: SQLite materializes each list that a condition scans."""
STEPS = 50  # of SQLite's machine between two looks at the clock: seven documents, which may have megabytes
_LOOKS = 300  # at the clock between two at the memory, which take longer

#: What SQLite's errors say when a statement is over one of its limits.
_LIMITS = ("too large", "too big", "too many", "at most", "stack overflow")


class TooSlowError(ErrorAnswer):
    """A query was ended because it took too long."""


class TimeLimit:
    """Time and memory limits of a query: `with limit.kept(seconds):` enforces them in the block.

    SQLite's own limits (length, depth, tables) are converted to error answers too. `__enter__` and `__exit__`, since an
    exception that `contextlib.contextmanager` converts becomes part of a reference cycle, with all frames above it: the
    request and its body would stay until Python looks for cycles.
    """

    def __init__(self) -> None:
        self._seconds = TIME_LIMIT
        self._until = math.inf
        self._looks = 0
        self._first = 0
        self._is_too_large = False
        self._is_ended = False

    def end(self) -> None:
        """End the query of this limit, now or as soon as it begins; from any thread."""
        self._is_ended = True

    def is_over(self) -> bool:
        """Return whether SQLite is to end the statement."""
        if self._until == math.inf:
            return False
        self._looks += 1
        if not self._looks % _LOOKS:
            import psutil  # which few queries take long enough for

            memory = psutil.Process().memory_info().rss
            self._first = self._first or memory
            self._is_too_large = memory - self._first > MOST_MEMORY
        return self._is_ended or self._is_too_large or time.monotonic() > self._until

    def kept(self, seconds: float | None = None) -> Self:
        """Return this for a block that may take `seconds`, by default `TIME_LIMIT`.

        The block raises:
            TooSlowError: it takes longer.
            ErrorAnswer: it exceeds a limit or uses too much memory.
        """
        self._seconds = TIME_LIMIT if seconds is None else seconds
        return self

    def __enter__(self) -> None:
        self._until, self._looks = time.monotonic() + self._seconds, 0
        self._first, self._is_too_large = 0, False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._until = math.inf
        if not isinstance(error, sqlite3.OperationalError | sqlite3.DataError):
            return
        if "interrupted" in str(error) and not self._is_too_large:
            reason = f"The RQL takes longer than {self._seconds:g} s here: ask for less, or by members with an index"
            raise TooSlowError(19, reason) from None
        if self._is_too_large or any(limit in str(error) for limit in _LIMITS):
            raise ErrorAnswer(19, "The RQL query is too large") from None
