"""A signed call over a kept-alive connection, against the plain way: `OAuth1Session.get().json()`.

Both call the same local platform, which runs in a process of its own. Ours retries, maps errors and keeps a deadline.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requests_oauthlib import OAuth1Session

from benchmarks.timing import compare
from shared.client import ExtraHorizon
from shared.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLS = 100
EXH_DEV = str(Path(sys.executable).parent / "exh-dev")


@contextmanager
def served_platform() -> Iterator[dict[str, str]]:
    """The connection details of a local platform in another process."""
    with tempfile.TemporaryDirectory() as folder:
        serve = [EXH_DEV, "serve", "--port", "0", "--ephemeral", "--data-dir", folder]
        process = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout
        try:
            process.stdout.readline()
            details = subprocess.run([EXH_DEV, "credentials", "--data-dir", folder], capture_output=True, check=True)
            yield json.loads(details.stdout)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


def measure() -> dict[str, Any]:
    """Time per call."""
    with served_platform() as known:
        secrets = (known["consumer_key"], known["consumer_secret"], known["token"], known["token_secret"])
        exh = ExtraHorizon(Credentials(known["host"], *secrets))
        plain = OAuth1Session(secrets[0], secrets[1], secrets[2], secrets[3])
        url = f"{known['host']}/users/v1/me"
        return compare(_timed(exh.users.me), _timed(lambda: plain.get(url).json()), rounds=20, target=0.6)


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        started = time.perf_counter()
        for _ in range(CALLS):
            call()
        return (time.perf_counter() - started) / CALLS

    return measure
