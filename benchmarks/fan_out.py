"""Posts by eight threads to a server that answers at once: `fan_out`, against `OAuth1Session` in a pool of threads.

Where a platform takes its time both are done in an eighth of it. What differs is what each call costs the processor,
which all threads of a function share.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth1Session

from benchmarks.loopback import loopback_server
from benchmarks.signed_call import KEYS
from benchmarks.timing import compare

POSTS = 1_000
WORKERS = 8
ROUNDS = 7
PATH = "/tasks/v1/"


def measure() -> dict[str, Any]:
    """Time for all of them."""
    with loopback_server() as host:
        exh = ExtraHorizon(Credentials(host, *KEYS))
        plain = OAuth1Session(*KEYS)
        plain.mount(host, HTTPAdapter(pool_maxsize=WORKERS))

        def ours() -> float:
            started = time.perf_counter()
            exh.fan_out(
                lambda number: exh.session.call("POST", PATH, json=_body(number)), range(POSTS), workers=WORKERS
            )
            return time.perf_counter() - started

        def theirs() -> float:
            started = time.perf_counter()
            with ThreadPoolExecutor(WORKERS) as pool:
                list(pool.map(lambda number: plain.post(host + PATH, json=_body(number)).json(), range(POSTS)))
            return time.perf_counter() - started

        return compare(ours, theirs, rounds=ROUNDS, target=0.5)


def _body(number: int) -> dict[str, Any]:
    return {"functionName": "whoami", "data": {"n": number}}
