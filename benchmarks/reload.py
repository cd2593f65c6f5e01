"""The developer's loop under `exh-dev serve`: from saving to the new code, and from starting to the first answer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exh_dev.remote.dev_api import BASE, DevApi

from benchmarks.timing import comparison, interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
HANDLER = "def handler(event, context):\n    return {number}\n"
SAVED, STARTED = 0.15, 0.3  # seconds that a developer does not notice
ROUNDS = 15
FOLDERS = 2_000  # of an environment beside the code, which nothing is served from


def measure() -> dict[str, dict[str, Any]]:
    """Each against a fixed goal in seconds; the ratio is to that, and the spread is that of the rounds."""
    with _project() as folder:
        with _serving(folder) as (api, _):
            numbers = iter(range(1, 1_000_000))
            saved = interleaved({"ours": lambda: _save_and_run(folder, api, next(numbers))}, rounds=ROUNDS)["ours"]
        started = interleaved(
            {"first": lambda: _first_answer(folder), "slowest": lambda: _slowest_answer(folder)}, rounds=ROUNDS
        )
    return {
        "save": {
            "what": "From saving a handler to the first answer of the new code, against 0.15 s",
            **comparison(saved, [SAVED] * len(saved), target=1.0),
        },
        "start": {
            "what": "From `exh-dev serve` to its first answer, against 0.3 s",
            **comparison(started["first"], [STARTED] * ROUNDS, target=1.0),
        },
        "stall": {
            "what": "The slowest of the answers in the first second of `exh-dev serve`, beside an environment of 2,000 "
            "folders, against 0.1 s",
            **comparison(started["slowest"], [0.1] * ROUNDS, target=1.0),
        },
    }


def _save_and_run(folder: Path, api: DevApi, number: int) -> float:
    """Seconds until a run gives what was saved."""
    began = time.perf_counter()
    (folder / "handlers/whoami.py").write_text(HANDLER.format(number=number))
    while _run(api) != number:
        pass
    return time.perf_counter() - began


def _run(api: DevApi) -> Any:
    started = api.post(f"{BASE}/functions/whoami/invoke", {"event": {}})["id"]
    while (run := api.run(started))["status"] == "running":
        pass
    return run["result"]


def _first_answer(folder: Path) -> float:
    began = time.perf_counter()
    with _serving(folder) as (_, url):
        _ask(url)
        return time.perf_counter() - began


def _slowest_answer(folder: Path) -> float:
    """Return the longest that one of many requests took, in seconds."""
    with _serving(folder) as (_, url):
        began, slowest = time.perf_counter(), 0.0
        while (now := time.perf_counter()) < began + 1:
            _ask(url)
            slowest = max(slowest, time.perf_counter() - now)
        return slowest


def _ask(url: str) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", "/_dev/pending")
    if connection.getresponse().status != 200:
        raise RuntimeError("the platform did not answer")
    connection.close()


@contextmanager
def _project() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("handlers", "events", "template.yaml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder) / name)
        for number in range(FOLDERS):
            (Path(folder) / ".venv" / f"package{number}").mkdir(parents=True)
        (Path(folder) / "handlers/whoami.py").write_text(HANDLER.format(number=0))
        yield Path(folder)


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[DevApi, str]]:
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--ephemeral"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        try:
            with DevApi(url) as api:
                yield api, url
        finally:
            process.terminate()
