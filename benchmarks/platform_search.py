"""A page of 20 with its total over 100,000 documents: with an index against without one.

What the one without costs, and how it grows, stands beside it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks.timing import compare
from devkit.platform.data.configuration import kind_at
from devkit.platform.search import member, search
from devkit.platform.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkit.platform.search import Kind

SMALL, LARGE = 10_000, 100_000
PROPERTIES = {"patient": {"type": "string"}, "pulse": {"type": "number"}, "tags": {"type": "array", "items": {}}}
BY_PATIENT = "eq(data.patient,p77)&sort(-data.pulse)"
SLOWEST = "eq(data.tags,b)&sort(-data.pulse)"


def measure() -> dict[str, Any]:
    """Time per page."""
    store = Store()
    for size in (SMALL, LARGE):
        with store.transaction():
            for number in range(size):
                store.put(f"documents:{size}", _document(number))
            if size == LARGE:
                for number in range(size):
                    store.put("documents:indexed", _document(number))
    store.index("patient", "documents:indexed", [member("data.patient")])
    indexed, unindexed = _timed(store, "documents:indexed", BY_PATIENT), _timed(store, f"documents:{LARGE}", BY_PATIENT)
    measured = compare(indexed, unindexed, rounds=10, target=0.1)
    scan, small_scan = (min(_timed(store, f"documents:{size}", SLOWEST)() for _ in range(3)) for size in (LARGE, SMALL))
    store.close()
    return {
        **measured,
        "slowest_scan_ms": round(scan * 1000, 1),
        "growth_for_10_times_as_many": round(scan / small_scan, 1),
    }


def _document(number: int) -> dict[str, Any]:
    moment = "2026-01-15T10:30:12.104Z"
    return {
        "id": f"{number:024x}",
        "creatorId": "67c6b7b0d033e22ae348aeb5",
        "userIds": ["67c6b7b0d033e22ae348aeb5"],
        "groupIds": [],
        "status": "new",
        "data": {"patient": f"p{number % 5000}", "pulse": number % 200, "tags": ["a", "b"], "note": "x" * 200},
        "creationTimestamp": moment,
        "updateTimestamp": moment,
    }


def _kind(path: str) -> Kind:
    return "object" if path == "data" else kind_at(PROPERTIES, path.removeprefix("data."))


def _timed(store: Store, collection: str, query: str) -> Callable[[], float]:
    wanted = search(query, _kind)

    def once() -> float:
        started = time.perf_counter()
        store.page(collection, wanted.condition, wanted.order, 20, 0)
        store.count(collection, wanted.condition)
        return time.perf_counter() - started

    return once
