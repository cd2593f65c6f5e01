"""The control center with 100,000 runs, documents, users and tasks in the store."""

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
from exh_dev.platform.storage.store import Store

from benchmarks.control_center_data import SCHEMA, fill
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
#: Each view: where one is before, the link that leads to it, and what is there once its first row is.
VIEWS = {
    "overview": ("design", "Overview", "main ul.plain-list a[href^='#/functions/']"),
    "runs": ("design", "Runs", "tbody tr .row-link[href^='#/runs/']"),
    "documents": ("documents", SCHEMA, f"tbody tr .row-link[href^='#/documents/{SCHEMA}/']"),
    "users": ("design", "Users", "tbody tr .row-link[href^='#/users/']"),
    "queue": ("design", "Queue", "table[aria-label='Tasks that ended'] tbody tr .row-link[href^='#/queue/']"),
}
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def measure() -> dict[str, Any]:
    """How long the slowest view takes to its first row; and what share of what it may take the largest is of the
    others: memory of the server, rows and growth of the page.

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
        times = {view: [_seconds(chromium, url, *how) for _ in range(ROUNDS + 1)][1:] for view, how in VIEWS.items()}
        used = memory()
        rows = _most_rows(chromium, url)
        growth = _growth(chromium, url)
        chromium.close()
    shares = (used / MOST_MEMORY, rows / MOST_ROWS, growth / MOST_HEAP)
    return {
        "first_rows": _first_rows(times),
        "sizes": {
            "what": "What the control center takes with 100,000 of everything in the store",
            "ratio": round(max(shares), 3),
            "target": 1.0,
            "ours_text": f"{used:.0f} MB of the server's memory, {rows} rows in the page, {growth / 1e6:.2f} MB more "
            f"after {LIVE_RUNS:,} runs",
            "theirs_text": f"{MOST_MEMORY} MB, {MOST_ROWS} rows, {MOST_HEAP / 1e6:.0f} MB",
            "server_memory_mb": round(used, 1),
            "rows": rows,
            "heap_growth_bytes": growth,
        },
    }


def _first_rows(times: dict[str, list[float]]) -> dict[str, Any]:
    medians = {view: statistics.median(each) for view, each in times.items()}
    return {
        "what": "A view of the control center, from choosing it to its first row, with 100,000 of everything in the "
        "store",
        "ratio": round(max(medians.values()) / MOST_SECONDS, 3),
        "target": 1.0,
        "ours_text": ", ".join(f"{view} {each:.2f} s" for view, each in medians.items()),
        "theirs_text": f"{MOST_SECONDS} s for each",
        "series": [
            {
                "label": view,
                "unit": "ms",
                "median": round(medians[view] * 1000),
                "least": round(min(each) * 1000),
                "most": round(max(each) * 1000),
            }
            for view, each in times.items()
        ],
        "seconds": {view: [round(one, 3) for one in each] for view, each in times.items()},
    }


def _seconds(chromium: Any, url: str, before: str, name: str, row: str) -> float:
    """In a fresh profile, from another view."""
    with _page(chromium, url, before) as page:
        link = page.get_by_role("link", name=name, exact=True)
        link.wait_for()
        began = time.perf_counter()
        link.click()
        page.locator(row).first.wait_for()
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
    """Serve a platform with that much in it; yield it, and what returns its memory in MB."""
    root = Path(__file__).parent.parent
    with tempfile.TemporaryDirectory() as folder:
        with closing(Store(Path(folder) / "platform.db")) as store:
            fill(store)
        command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--data-dir", folder]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            yield url, lambda: psutil.Process(process.pid).memory_info().rss / 1e6
            process.terminate()
