"""A page of 20 with its total over 100,000 documents: with an index against without one.

How both grow from 1,000 documents on stands beside it, and so does the slowest search there is.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.configuration import kind_at
from exh_dev.platform.storage.search import search
from exh_dev.platform.storage.sql import member
from exh_dev.platform.storage.store import Store

from benchmarks.timing import comparison, interleaved, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from exh_dev.platform.storage.search import Kind

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 10
PROPERTIES = {"patient": {"type": "string"}, "pulse": {"type": "number"}, "tags": {"type": "array", "items": {}}}
BY_PATIENT = "eq(data.patient,p77)&sort(-data.pulse)"
SLOWEST = "eq(data.tags,b)&sort(-data.pulse)"


def measure() -> dict[str, Any]:
    """Time per page."""
    store = Store()
    searches = {}
    for size in SIZES:
        plain, indexed = f"documents:{size}", f"documents:{size}:indexed"
        store.index(f"patient-{size}", indexed, [member("data.patient")])
        with store.transaction():
            for number in range(size):
                store.put(plain, _document(number))
                store.put(indexed, _document(number))
        searches[f"{size:,} documents, indexed"] = _timed(store, indexed, BY_PATIENT)
        searches[f"{size:,} documents, no index"] = _timed(store, plain, BY_PATIENT)
        searches[f"{size:,} documents, in a list"] = _timed(store, plain, SLOWEST)
    times = interleaved(searches, rounds=ROUNDS)
    store.close()
    most = f"{SIZES[-1]:,} documents"
    return {
        **comparison(times[f"{most}, indexed"], times[f"{most}, no index"], target=0.1),
        "series": [{"label": label, "unit": "ms", **spread(each)} for label, each in times.items()],
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
