"""The memory of pages that stay open for an hour while a project is busy, as fast as it can be told.

A run each second, with calls and lines of log; beside them tasks and mails.
"""

import time

import pytest
import requests
from chromium import heap_of, nodes_of
from clinic import expect

pytestmark = [pytest.mark.rare, pytest.mark.slow, pytest.mark.timeout(600)]

QUARTER = 900  # runs
MOST_GROWTH = 1_000_000  # bytes from the first quarter to the last
MOST_NODES = 2_000  # more than after the first quarter; a list that was just replaced is not yet gone
WARM_UP = 360  # runs, in which pages fill their lists
LINE = '{"level": "INFO", "message": "working", "step": "%s"}' % ("x" * 200)
LATER = "2999-01-01T00:00:00.000Z"


class Hour:
    """What a busy hour brings."""

    def __init__(self, clinic):
        self.clinic = clinic
        self.template = clinic.run("greet", {"data": {"nmae": "Ada"}})  # as the wrong handler asks
        assert self.template["platform_calls"] == 2
        self.session = requests.Session()
        self.number = 0

    def pass_by(self, runs):
        for _ in range(runs):
            self.number += 1
            self.put_run()
            if self.number % 6 == 0:
                task = self.call("/tasks/v1", {"functionName": "analyze", "startTimestamp": LATER})
                self.call(f"/tasks/v1/{task['id']}/cancel", None)
            if self.number % 12 == 0:
                self.call(
                    "/mail/v1", {"recipients": {"to": ["ada@example.com"]}, "subject": "Hello", "body": "x" * 500}
                )

    def put_run(self):
        started = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        run = {
            **self.template,
            "id": f"{int(time.time()):08x}{self.number:016x}",
            "request_id": str(self.number),
            "chain": str(self.number),
            "trace": f"{self.number:024x}",
            "function": f"function-{self.number % 12}",
            "status": "FAILED" if self.number % 10 == 0 else "OK",
            "failure": f"number {self.number}",
            "started": started,
            "logs": [{"timestamp": started, "text": LINE}] * 10,
        }
        answer = self.session.post(f"{self.clinic.url}/_dev/api/runs", json=run, timeout=20)
        assert answer.status_code == 201, answer.text

    def call(self, path, body):
        answer = self.session.post(f"{self.clinic.url}/_dev/api/platform{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()


def test_memory_is_flat_over_an_hour(served, open_page):
    hour = Hour(served)
    gate = served.folder / "gate"
    running = served.post("/functions/analyze/invoke", {"event": {"until": str(gate)}})
    pages = {view: open_page(f"{served.center}#/{view}") for view in ("overview", "runs", f"runs/{running['id']}")}
    for page in pages.values():
        page.locator("#live").get_by_text("live", exact=True).wait_for()
    hour.pass_by(WARM_UP)
    marks = {view: [] for view in pages}
    for _ in range(4):
        hour.pass_by(QUARTER)
        expect(pages["runs"].get_by_text(f"number {hour.number}", exact=True)).to_be_visible()
        for view, page in pages.items():
            marks[view].append((heap_of(page), nodes_of(page)))
    gate.touch()
    for view, found in marks.items():
        heaps, nodes = zip(*found, strict=True)
        assert heaps[-1] - heaps[0] < MOST_GROWTH, (view, found)
        assert nodes[-1] - nodes[0] < MOST_NODES, (view, found)
