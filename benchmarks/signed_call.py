"""A signed call over a kept-alive connection, against the plain way: `OAuth1Session.get().json()`.

Ours retries, maps errors, logs, and keeps a deadline; the plain one does none of that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from requests_oauthlib import OAuth1Session

from benchmarks.loopback import KEY, loopback_server
from benchmarks.timing import compare

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 100
KEYS = (KEY,) * 4
MORE = (
    "A third of a call is the socket and a fifth the signature; runs of one day differed by as much as this missed by."
)


def measure() -> dict[str, Any]:
    """Time per call."""
    with loopback_server() as host:
        exh = ExtraHorizon(Credentials(host, *KEYS))
        plain = OAuth1Session(*KEYS)
        return compare(
            timed(exh.users.me),
            timed(lambda: plain.get(f"{host}/users/v1/me").json()),
            rounds=20,
            target=0.3,
            if_missed=MORE,
        )


def timed(call: Callable[[], object]) -> Callable[[], float]:
    """Make `CALLS` calls one after another, and return the seconds that each took."""

    def measure() -> float:
        started = time.perf_counter()
        for _ in range(CALLS):
            call()
        return (time.perf_counter() - started) / CALLS

    return measure
