"""The list of runs, from choosing it in the control center to its first row, with 100,000 runs in the store"""

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
from exh_dev.platform.tasks.run_retention import MOST_RUNS

from benchmarks.timing import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 7
MOST_SECONDS = 0.3
MOST_ROWS = 200  # in the page at once, however far one scrolls
MOST_HEAP = 1_000_000  # bytes by which the page may grow while runs come
LIVE_RUNS, WARM_UP = 2000, 200
SCROLLS = 40
MOST_MEMORY = 200  # MB
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def measure() -> dict[str, Any]:
    """What share of what it may take the largest is: time, memory of the server, rows and growth of the page.

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
        rows = _most_rows(chromium, url)
        growth = _growth(chromium, url)
        chromium.close()
    median = statistics.median(times)
    shares = (median / MOST_SECONDS, used / MOST_MEMORY, rows / MOST_ROWS, growth / MOST_HEAP)
    return {
        "ratio": round(max(shares), 3),
        "target": 1.0,
        "ours_text": f"{median:.2f} s ({min(times):.2f} to {max(times):.2f}), {used:.0f} MB of the server's memory, "
        f"{rows} rows in the page, {growth / 1e6:.2f} MB more after {LIVE_RUNS:,} runs",
        "theirs_text": f"{MOST_SECONDS} s, {MOST_MEMORY} MB, {MOST_ROWS} rows, {MOST_HEAP / 1e6:.0f} MB",
        "runs": MOST_RUNS,
        "seconds": [round(each, 3) for each in times],
        "server_memory_mb": round(used, 1),
        "rows": rows,
        "heap_growth_bytes": growth,
    }


def _seconds(chromium: Any, url: str) -> float:
    """In a fresh profile, from another view."""
    with _page(chromium, url, "design") as page:
        link = page.get_by_role("link", name="Runs", exact=True)
        link.wait_for()
        began = time.perf_counter()
        link.click()
        page.locator("tbody tr .row-link[href^='#/runs/']").first.wait_for()
        return time.perf_counter() - began


def _most_rows(chromium: Any, url: str) -> int:
    """How many rows are in the page at most while one scrolls through those of many pages."""
    most = 0
    with _page(chromium, url, "runs") as page:
        page.locator("tbody tr").first.wait_for()
        for _ in range(SCROLLS):
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))")
            most = max(most, page.locator("tbody tr").count())
    return most


def _growth(chromium: Any, url: str) -> int:
    """By how many bytes the page's heap grows while runs come that it shows."""
    import requests

    with _page(chromium, url, "runs") as page, requests.Session() as session:
        page.locator("tbody tr").first.wait_for()
        newest = session.get(f"{url}/_dev/api/runs?limit=1").json()["data"][0]
        run = session.get(f"{url}/_dev/api/runs/{newest['id']}").json()
        before = 0
        for number in range(WARM_UP + LIVE_RUNS):
            if number == WARM_UP:
                page.get_by_text(f"number {number - 1}", exact=True).wait_for()
                before = _heap(page)
            session.post(f"{url}/_dev/api/runs", json={**run, "id": f"f{number:023x}", "failure": f"number {number}"})
        page.get_by_text(f"number {WARM_UP + LIVE_RUNS - 1}", exact=True).wait_for()
        return max(0, _heap(page) - before)


def _heap(page: Any) -> int:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return int(session.send("Runtime.getHeapUsage")["usedSize"])


@contextmanager
def _page(chromium: Any, url: str, view: str) -> Iterator[Any]:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{url.replace('localhost', '127.0.0.1')}/_dev/#/{view}")
    yield page
    context.close()


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
        for number in range(MOST_RUNS):
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
                    "started": iso(now - MOST_RUNS + number),
                    "duration_ms": 12.3,
                    "init_ms": None,
                    "memory_mb": 40,
                    "platform_calls": 5,
                },
            )
            details = {"event": {"data": "y" * 500}, "result": {"z": number}, "error": None}
            store.put(DETAILS, {"id": run_id, **details, "logs": [line] * 10, "calls": [{**call, "attempt": 1}] * 5})
