"""`users.me()` over a kept-alive connection, against the same call of the official JavaScript SDK.

Both call the same server. Needs Node and npm.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials

from benchmarks.loopback import KEY, loopback_server
from benchmarks.signed_call import CALLS, timed
from benchmarks.timing import Skipped, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).with_name("javascript")
ROUNDS = 20
WARM_UP = 5  # rounds of the SDK's alone: V8 compiles what runs often


def measure() -> dict[str, Any]:
    """Time per call.

    Raises:
        Skipped: there is no Node, or npm could not install the SDK.
    """
    _install()
    with loopback_server() as host, _javascript(host) as theirs:
        for _ in range(WARM_UP):
            theirs()
        exh = ExtraHorizon(Credentials(host, KEY, KEY, KEY, KEY))
        return compare(timed(exh.users.me), theirs, rounds=ROUNDS, target=0.6)


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Skipped("Node and npm are not on this machine.")
    command = [npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skipped("npm could not install the SDK; `npm ci` in benchmarks/javascript says why.")


@contextmanager
def _javascript(host: str) -> Iterator[Callable[[], float]]:
    with subprocess.Popen(
        ["node", "me.mjs", host, KEY], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        requests, answers = process.stdin, process.stdout

        def once() -> float:
            requests.write(f"{CALLS}\n")
            requests.flush()
            return float(answers.readline()) / CALLS

        try:
            yield once
        finally:
            requests.close()
