"""100,000 documents in pages of 50 through `find_all()`, against a loop over pages with a plain `OAuth1Session`.

The server takes no time, and neither does using the records, so that all of it is the client's.
"""

from __future__ import annotations

import time
from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from requests_oauthlib import OAuth1Session

from benchmarks.loopback import DOCUMENTS, KEY, PAGE, loopback_server
from benchmarks.timing import compare

ROUNDS = 5


def measure() -> dict[str, Any]:
    """Time for all of them."""
    with loopback_server(answer="pages") as host:
        exh = ExtraHorizon(Credentials(host, KEY, KEY, KEY, KEY))
        session = OAuth1Session(KEY, KEY, KEY, KEY)

        def ours() -> float:
            started = time.perf_counter()
            _check(sum(1 for _ in exh.data.documents.find_all("blood-pressure")))
            return time.perf_counter() - started

        def plain() -> float:
            started = time.perf_counter()
            count, total = 0, 1
            while count < total:
                answer = session.get(f"{host}/data/v1/blood-pressure/documents?limit({PAGE},{count})").json()
                count, total = count + len(answer["data"]), answer["page"]["total"]
            _check(count)
            return time.perf_counter() - started

        return compare(ours, plain, rounds=ROUNDS, target=0.6)


def _check(count: int) -> None:
    if count != DOCUMENTS:
        raise RuntimeError(f"{count} documents came, of {DOCUMENTS}")
