"""The list of runs, from opening it in a browser to its first row, with 100,000 runs in the store"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.store import Store
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks.run_list import DETAILS, RUNS

from benchmarks.timing import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 100_000  # runs, as many as are kept
ROUNDS = 7
MOST_SECONDS = 0.3
MOST_MEMORY = 200  # MB
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def measure() -> dict[str, Any]:
    """What share of the second, and of the server's memory, that it may take the larger of both is.

    Raises:
        Skipped: there is no browser.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Skipped("Playwright is not installed: `make .venv/.browser` does that") from error
    browser = shutil.which("chromium")
    if browser is None:
        raise Skipped("There is no Chromium.")
    with _serving() as (url, memory), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=_FLAGS)
        times = [_seconds(chromium, url) for _ in range(ROUNDS + 1)][1:]
        used = memory()
        chromium.close()
    median = statistics.median(times)
    return {
        "ratio": round(max(median / MOST_SECONDS, used / MOST_MEMORY), 3),
        "target": 1.0,
        "ours_text": f"{median:.2f} s ({min(times):.2f} to {max(times):.2f}), {used:.0f} MB of memory",
        "theirs_text": f"{MOST_SECONDS} s, {MOST_MEMORY} MB of memory",
        "runs": MOST,
        "seconds": [round(each, 3) for each in times],
        "server_memory_mb": round(used, 1),
    }


def _seconds(chromium: Any, url: str) -> float:
    """In a fresh profile, as with the first visit."""
    context = chromium.new_context()
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{url.replace('localhost', '127.0.0.1')}/_dev/#/runs", wait_until="commit")
    page.locator("tbody tr").first.wait_for()
    seconds = time.perf_counter() - began
    context.close()
    return seconds


@contextmanager
def _serving() -> Iterator[tuple[str, Any]]:
    """A platform with that many runs, and what tells its memory in MB."""
    root = Path(__file__).parent.parent
    with tempfile.TemporaryDirectory() as folder:
        with closing(Store(Path(folder) / "platform.db")) as store:
            _fill(store)
        command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--data-dir", folder]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            yield url, lambda: psutil.Process(process.pid).memory_info().rss / 1e6
            process.terminate()


def _fill(store: Store) -> None:
    """Runs as functions leave them: an event, a result, ten lines of log and five calls each."""
    now = time.time()
    line = {"timestamp": iso(now), "text": json.dumps({"level": "INFO", "message": "working", "step": "x" * 200})}
    call = {"timestamp": iso(now), "method": "GET", "path": "/users/v1/me", "status": 200, "duration_ms": 1.2}
    with store.transaction():
        for number in range(MOST):
            run_id = object_id()
            store.put(
                RUNS,
                {
                    "id": run_id,
                    "function": f"function-{number % 12}",
                    "kind": "task",
                    "trigger": "task",
                    "status": "FAILED" if number % 10 == 0 else "OK",
                    "failure": "LookupError: x" if number % 10 == 0 else "",
                    "request_id": run_id,
                    "chain": run_id,
                    "trace": run_id,
                    "attempt": 1,
                    "started": iso(now - MOST + number),
                    "duration_ms": 12.3,
                    "init_ms": None,
                    "memory_mb": 40,
                    "platform_calls": 5,
                },
            )
            details = {"event": {"data": "y" * 500}, "result": {"z": number}, "error": None}
            store.put(DETAILS, {"id": run_id, **details, "logs": [line] * 10, "calls": [{**call, "attempt": 1}] * 5})
