"""480 posts that each take 50 ms, by eight workers, against one after another."""

from __future__ import annotations

import time
from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials

from benchmarks.loopback import loopback_server
from benchmarks.timing import compare

POSTS = 480
WORKERS = 8
LATENCY = 0.05  # seconds


def measure() -> dict[str, Any]:
    """Time for all of them."""
    with loopback_server(LATENCY) as host:
        exh = ExtraHorizon(Credentials(host, "k", "cs", "t", "ts"))

        def post(number: int) -> object:
            return exh.session.call("POST", "/tasks/v1/", json={"functionName": "whoami", "data": {"n": number}})

        def fanned_out() -> float:
            started = time.perf_counter()
            exh.fan_out(post, range(POSTS), workers=WORKERS)
            return time.perf_counter() - started

        def one_by_one() -> float:
            started = time.perf_counter()
            for number in range(POSTS):
                post(number)
            return time.perf_counter() - started

        return compare(fanned_out, one_by_one, rounds=1, target=1 / 6, warm_up=False)
