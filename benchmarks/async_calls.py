"""600 reads that each take 20 ms, 30 at once: from asyncio by threads, against an asynchronous HTTP client.

It is what says whether an asynchronous client of the platform would be worth having: the asynchronous side does the
least that one would have to, signing each request and reading its JSON, by httpx.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.oauth1 import OAuth1Signer

from benchmarks.loopback import loopback_server
from benchmarks.timing import compare

CALLS = 600
AT_ONCE = 30
LATENCY = 0.02  # seconds
PATH = "/users/v1/me"


def measure() -> dict[str, Any]:
    """Time for all of them."""
    with loopback_server(LATENCY) as host:
        exh = ExtraHorizon(Credentials(host, "k", "cs", "t", "ts"))
        signer = OAuth1Signer("k", "cs", "t", "ts")

        async def by_threads() -> None:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(AT_ONCE))
            await asyncio.gather(*(asyncio.to_thread(exh.users.me) for _ in range(CALLS)))

        async def asynchronously() -> None:
            places = asyncio.Semaphore(AT_ONCE)
            limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
            async with httpx.AsyncClient(base_url=host, limits=limits) as client:

                async def one() -> None:
                    async with places:
                        headers = {"Authorization": signer.authorization("GET", host + PATH)}
                        (await client.get(PATH, headers=headers)).json()

                await asyncio.gather(*(one() for _ in range(CALLS)))

        def timed(run: Any) -> float:
            started = time.perf_counter()
            asyncio.run(run())
            return time.perf_counter() - started

        return compare(lambda: timed(by_threads), lambda: timed(asynchronously), rounds=5, target=None)
