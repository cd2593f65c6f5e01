"""The list of runs when there are many of them, and more come while one looks on.

`benchmarks/control_center.py` measures the same with as many runs as the platform keeps.
"""

import pytest
import requests
from chromium import heap_of
from clinic import expect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

MOST_ROWS = 200
#: Scroll until a row is there; the most rows that were in the page on the way.
TO_THE_END = """async (last) => {
  const rows = () => [...document.querySelectorAll("main tbody tr:not(.spacer)")];
  let most = 0;
  const until = performance.now() + 20000;
  while (!rows().some((each) => each.cells[3].innerText === last)) {
    if (performance.now() > until) throw new Error(`${last} did not come`);
    scrollTo(0, document.documentElement.scrollHeight);
    await new Promise((done) => setTimeout(done, 20));
    most = Math.max(most, rows().length);
  }
  return most;
}"""
MOST_GROWTH = 1_000_000  # bytes: the 2,000 runs that come are larger by themselves


@pytest.fixture(scope="module")
def put(clinic):
    """Let runs have been; `put(1, 3)` those with the numbers 1 and 2."""
    template = clinic.run("analyze", {})
    with requests.Session() as session:

        def put(first, last):
            for number in range(first, last):
                run = {**template, "id": f"7{number:023x}", "request_id": str(number), "failure": f"number {number}"}
                answer = session.post(f"{clinic.url}/_dev/api/runs", json=run, timeout=20)
                assert answer.status_code == 201, answer.text

        put(0, 600)
        yield put


def test_only_rows_that_can_be_seen_are_in_the_page_however_far_one_scrolls(clinic, put, open_page):
    page = open_page(f"{clinic.url}/_dev/#/runs")
    rows = page.locator("main tbody tr:not(.spacer)")
    expect(rows.first).to_contain_text("number 599")
    most = page.evaluate(TO_THE_END, "number 0")
    assert 0 < most < MOST_ROWS
    page.evaluate("scrollTo(0, 0)")
    expect(rows.first).to_contain_text("number 599")


def test_rows_far_below_those_in_view_are_dropped_while_runs_come_and_loaded_again(clinic, put, open_page):
    page = open_page(f"{clinic.url}/_dev/#/runs")
    table = page.get_by_role("table", name="Runs")
    first = page.locator("main tbody tr:not(.spacer)").first
    expect(first).to_contain_text("number 599")
    page.evaluate(TO_THE_END, "number 0")
    page.evaluate("scrollTo(0, 0)")
    put(600, 625)
    expect(first).to_contain_text("number 624")
    assert int(table.get_attribute("aria-rowcount")) < 400
    page.evaluate(TO_THE_END, "number 0")
    assert int(table.get_attribute("aria-rowcount")) > 600


@pytest.mark.rare
def test_memory_does_not_grow_while_runs_come(clinic, put, open_page):
    page = open_page(f"{clinic.url}/_dev/#/runs")
    first = page.locator("main tbody tr:not(.spacer)").first

    def come(begin, end):
        """Fewer than a page at once: rows of one time stay beside those of the next."""
        for number in range(begin, end, 25):
            put(number, number + 25)
            expect(first).to_contain_text(f"number {number + 24}")

    come(700, 800)
    before = heap_of(page)
    come(800, 2800)
    assert heap_of(page) - before < MOST_GROWTH
    assert page.locator("main tbody tr").count() < MOST_ROWS
