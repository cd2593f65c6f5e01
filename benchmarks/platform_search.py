"""Lists of the local platform over HTTP: pages with their totals out of a million documents, and calls beside them.

A page that an index serves is compared with the same page of a thousand documents: it must not depend on their number.
The 99th percentile of `/users/v1/me` during a list without an index is compared with the time of that list, which must
not block other calls. `EXH_BENCH_DOCUMENTS` replaces the number of a million.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.collections import documents_of
from exh_dev.platform.storage.store import Store
from exh_dev.platform.storage.timestamps import iso
from exh_dev.serve.datadir import DataDir
from extrahorizon.oauth1 import OAuth1Signer

from benchmarks.load import Clients, request
from benchmarks.servers import platform
from benchmarks.timing import comparison, interleaved, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.load import Answers

DOCUMENTS = int(os.environ.get("EXH_BENCH_DOCUMENTS", "1000000"))
FEW = 1_000  # documents of the schema that the other one is held against
ROUNDS, PAGES = 12, 20
SLOW_ROUNDS, CALLS = 5, 400  # calls of `/users/v1/me` in a round
MATCHING = 20  # documents of each patient, and of each user
PATIENT, USER = "p00007", f"{7:024x}"
INDEXED = {
    "newest first": "sort(-creationTimestamp)",
    "by an indexed property": "sort(-data.pulse)",
    "of a patient, newest first": f"eq(data.patient,{PATIENT})&sort(-creationTimestamp)",
    "of a status": "eq(status,new)&sort(-updateTimestamp)",
    "of a user": f"eq(userIds,{USER})&sort(-creationTimestamp)",
}
SLOW = "eq(data.note,nothing)"


def measure() -> dict[str, Any]:
    """Seconds per page, and per call beside a slow page."""
    with tempfile.TemporaryDirectory() as folder:
        with platform(Path(folder)) as details:
            caller = _Caller(details)
            large, small = caller.make_schema("large"), caller.make_schema("small")
            caller.close()
        _fill(Path(folder), {large: DOCUMENTS, small: FEW})
        with ExitStack() as stack:
            caller = _Caller(stack.enter_context(platform(Path(folder))))
            stack.callback(caller.close)
            pages = {
                f"{what}, {documents:,}": partial(caller.seconds, schema, query)
                for (what, query), (schema, documents) in itertools.product(
                    INDEXED.items(), ((large, DOCUMENTS), (small, FEW))
                )
            }
            times = interleaved(pages, rounds=ROUNDS)
            slow = [caller.seconds(large, SLOW, 1) for _ in range(SLOW_ROUNDS)]
            alone, beside = [], []
            for _ in range(SLOW_ROUNDS):
                alone.append(caller.me().slowest(99))
                with _asking(caller, large):
                    beside.append(caller.me().slowest(99))
    series = [{"label": f"{label} documents", "unit": "ms", **spread(each)} for label, each in times.items()]
    series += [
        {"label": f"no index, {DOCUMENTS:,} documents", "unit": "ms", **spread(slow)},
        {"label": "users/me, 99th percentile", "unit": "ms", **spread(alone)},
        {"label": "users/me beside the list without an index", "unit": "ms", **spread(beside)},
    ]
    held = {
        what.replace(" ", "_").replace(",", ""): {
            **comparison(times[f"{what}, {DOCUMENTS:,}"], times[f"{what}, {FEW:,}"], target=5.0),
            "what": f"A page {what}, with its total: out of {DOCUMENTS:,} documents, and out of {FEW:,}.",
        }
        for what in ("newest first", "of a patient, newest first")
    }
    held["beside"] = {
        **comparison(beside, slow, target=0.05),
        "what": "users/me beside a list without an index, at the 99th percentile, and what that list takes.",
        "series": series,
    }
    return held


@contextmanager
def _asking(caller: _Caller, schema: str) -> Iterator[None]:
    """Request the slow list repeatedly during the block."""
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            caller.seconds(schema, SLOW, 1)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        done.set()
        asking.join()


class _Caller:
    def __init__(self, details: dict[str, str]) -> None:
        names = ("consumer_key", "consumer_secret", "token", "token_secret")
        self._signer = OAuth1Signer(*(details[name] for name in names))
        self._url = details["host"]
        self._clients, self._others = Clients(self._url, 1), Clients(self._url, 1)

    def make_schema(self, name: str) -> str:
        schema = self._made("/data/v1", {"name": name, "description": "Measured"})["id"]
        for member, kind in (("patient", "string"), ("pulse", "number"), ("note", "string")):
            self._made(f"/data/v1/{schema}/properties", {"name": member, "configuration": {"type": kind}})
        for member in ("patient", "pulse"):
            self._made(f"/data/v1/{schema}/indexes", {"fields": [{"name": member, "type": "asc"}]})
        return str(schema)

    def seconds(self, schema: str, query: str, pages: int = PAGES) -> float:
        """Of a page."""
        path = f"/data/v1/{schema}/documents?{query}"
        return self._clients.answers([self._request("GET", path) for _ in range(pages)]).per_request

    def me(self) -> Answers:
        return self._others.answers([self._request("GET", "/users/v1/me") for _ in range(CALLS)])

    def close(self) -> None:
        self._clients.close()
        self._others.close()

    def _made(self, path: str, body: object) -> Any:
        (answer,) = self._clients.answers([self._request("POST", path, body)]).bodies
        return json.loads(answer)

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        signed = self._signer.authorization(method, self._url + path)
        return request(self._url, method, path, {"Authorization": signed, "Content-Type": "application/json"}, body)


def _fill(folder: Path, sizes: dict[str, int]) -> None:
    """Store documents as the platform stores them, while none runs: a call for each would take an hour."""
    store = Store(DataDir(folder).database)
    for schema, size in sizes.items():
        with store.transaction():
            for number in range(size):
                store.put(documents_of({"id": schema}), _document(number))
    store.close()


def _document(number: int) -> dict[str, Any]:
    timestamp = iso(1_767_225_600 + number)
    return {
        "id": f"{number:024x}",
        "creatorId": f"{number // 1000:024x}",
        "userIds": [f"{number // MATCHING:024x}"],
        "groupIds": [],
        "status": "new" if number % 100 else "seen",
        "statusChangedTimestamp": timestamp,
        "data": {"patient": f"p{number // MATCHING:05}", "pulse": number % 200, "note": "x" * 200},
        "creationTimestamp": timestamp,
        "updateTimestamp": timestamp,
    }
