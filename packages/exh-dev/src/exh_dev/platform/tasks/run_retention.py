"""Retention of runs: a maximum number of runs, and of bytes of their details.

The details (event, result, log and calls) of the oldest runs are deleted first; records are deleted when there are too
many. SQLite reuses the freed space, so its file does not grow further.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.json_text import json_text
from exh_dev.platform.pacing import SLICE
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.tasks.run_list import DETAILS, RUNS

if TYPE_CHECKING:
    from collections.abc import Collection

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.run_list import RunList

MOST_RUNS = 100_000
MOST_BYTES = 512 * 1024 * 1024
BODIES = "run_bodies"  # in one document or several; see `run_bodies.py`
#: Where a trace began outside of all functions, and what dispatchers did in it: gone with the runs of that time.
STARTS, DISPATCHED = "trace_starts", "trace_dispatched"
_TOTALS, _ALL = "run_totals", "all"
_AT_ONCE = 200  # excess runs before the oldest are deleted in one batch


@dataclass(frozen=True)
class Limits:
    """Retention limits.

    Attributes:
        runs: number of runs.
        bytes: total size of their details as JSON.
    """

    runs: int = MOST_RUNS
    bytes: int = MOST_BYTES


class Retention:
    """Keeps a store's runs within limits. All methods must run on the event loop's thread."""

    def __init__(self, store: Store, runs: RunList, limits: Limits) -> None:
        """Adopt existing runs; those of a file from an earlier version are measured once."""
        self._store = store
        self._runs = runs
        self.limits = limits
        known = store.get(_TOTALS, _ALL)
        self._bytes: int = known["bytes"] if known else store.bytes_of(DETAILS) + store.bytes_of(BODIES)

    def keep(self, details: Document, bodies: Document | None) -> None:
        """Store the details of a run, in the place of those before; and its bodies. Call it in a transaction."""
        self.keep_text(DETAILS, details["id"], json_text(details))
        if bodies is not None:
            self.keep_text(BODIES, bodies["id"], json_text(bodies))

    def keep_text(self, collection: str, name: str, text: str) -> None:
        """Store the details of a run, or a part of its bodies, as JSON text. Call it inside a transaction."""
        self._bytes -= self._store.bytes_of(collection, name)
        self._bytes += self._store.put_text(collection, name, text)
        self._note()

    def trim(self, live: Collection[str]) -> bool:
        """Delete the excess, except `live` runs and the newest one. Call it inside a transaction.

        Returns:
            Whether work remains; call it again after yielding.
        """
        began = time.perf_counter()
        excess = self._runs.count - self.limits.runs
        if excess >= max(1, min(_AT_ONCE, self.limits.runs // 50)):
            for text in self._store.page(RUNS, EVERYTHING, ("id",), excess, 0):
                record = json.loads(text)
                self._forget_details(record["id"])
                self._runs.delete(record)
            oldest = self._store.oldest(RUNS, 1)
            for collection in (STARTS, DISPATCHED):
                self._store.delete_before(collection, oldest[0] if oldest else "~")
        is_over = True
        while self._bytes > self.limits.bytes:
            oldest = [each for each in self._store.oldest(DETAILS, 2 + len(live)) if each not in live]
            if len(oldest) <= 1:
                break
            self._forget_details(oldest[0])
            if time.perf_counter() - began > SLICE:
                is_over = False
                break
        self._note()
        return not is_over

    def state(self) -> dict[str, Any]:
        """Return usage and limits for display."""
        oldest, oldest_details = self._store.oldest(RUNS, 1), self._store.oldest(DETAILS, 1)
        return {
            "runs": self._runs.count,
            "most_runs": self.limits.runs,
            "bytes": self._bytes,
            "most_bytes": self.limits.bytes,
            "oldest": self._started(oldest),
            "oldest_in_full": self._started(oldest_details),
        }

    def _started(self, found: list[str]) -> str | None:
        record = self._store.get(RUNS, found[0]) if found else None
        return record["started"] if record else None

    def _forget_details(self, run_id: str) -> None:
        for collection in (DETAILS, BODIES):
            for name in self._store.ids(collection, run_id):
                self._bytes -= self._store.bytes_of(collection, name)
                self._store.delete(collection, name)

    def _note(self) -> None:
        self._store.put(_TOTALS, {"id": _ALL, "bytes": self._bytes})
