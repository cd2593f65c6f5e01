"""Running functions from the page, and what is seen of it while it goes on."""

import json

import pytest
from chromium import serving
from clinic import GREET, expect, loaded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def rows(page, count):
    """Wait until the list has so many rows."""
    expect(page.locator("table.list tbody tr")).to_have_count(count)


def test_from_an_error_to_a_mail(clinic, open_page):
    """Invoke, watch it go, see the error, fix the file, see it reload, run again, open the mail."""
    page = open_page(f"{clinic.url}/")
    page.get_by_role("heading", name="Overview").wait_for()
    assert page.url.startswith(f"{clinic.there}/_dev/")
    assert page.title() == "LOCAL · Overview"
    assert page.locator(".tag").inner_text() == "LOCAL"
    page.get_by_role("link", name="Functions", exact=True).click()
    page.get_by_role("link", name="greet").click()
    page.get_by_role("button", name="Invoke").click()
    page.wait_for_url("**/#/runs/*")
    error = page.get_by_role("region", name="Error")
    assert error.get_by_role("heading").inner_text() == "KeyError"
    frame = error.locator("li").first
    assert frame.locator("code").inner_text() == "handlers/greet.py:7"
    assert 'task.data["nmae"]' in frame.inner_text()

    (clinic.folder / "handlers/greet.py").write_text(GREET.replace("def handler(", "def handler(("))
    notice = page.locator("#problems")
    notice.wait_for()
    assert "handlers/greet.py" in notice.inner_text()
    assert "SyntaxError" in notice.inner_text()
    page.get_by_role("button", name="Run again").click()
    page.get_by_role("heading", name="Runtime.UserCodeSyntaxError").wait_for()

    (clinic.folder / "handlers/greet.py").write_text(GREET)
    notice.wait_for(state="detached")
    page.get_by_role("button", name="Run again").click()
    page.locator(".page-head .status.good").wait_for()
    assert "greeting" in page.get_by_role("log").inner_text()
    page.get_by_role("group", name="Steps").get_by_text("/mail/v1").first.wait_for()

    page.get_by_role("link", name="Mail", exact=True).click()
    page.get_by_role("link", name="Hello Ada").click()
    assert page.frame_locator("iframe.mail").locator("body").inner_text() == "Welcome"


def test_a_run_is_watched_while_it_goes_on(clinic):
    gate = clinic.folder / "gate"
    page = clinic.open("functions/analyze")
    page.get_by_label("Event", exact=True).fill(json.dumps({"until": str(gate)}))
    page.get_by_role("button", name="Invoke").click()
    log = page.get_by_role("log")
    log.get_by_text("first").wait_for()
    assert page.locator(".page-head .status").inner_text() == "running"
    assert log.get_by_text("second").count() == 0
    gate.touch()
    page.locator(".page-head .status.good").wait_for()
    assert log.locator(".message").all_inner_texts() == ["first", "second"]
    page.get_by_role("button", name="Edit and run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Event", exact=True).fill('{"edited": true}')
    before = page.url
    dialog.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(lambda now: now != before)
    page.get_by_text("edited").first.wait_for()


def test_lines_that_come_fast_are_all_there_and_in_order(clinic):
    (clinic.folder / "handlers/analyze.py").write_text(
        "import time\n\n\ndef handler(event, context):\n    for number in range(400):\n"
        "        print(number, flush=True)\n        time.sleep(0.002)\n"
    )
    page = clinic.open("functions/analyze")
    page.wait_for_timeout(1000)  # the file is served
    page.get_by_role("button", name="Invoke").click()
    page.locator(".page-head .status.good").wait_for()
    expect(page.locator(".log .message")).to_have_text([str(number) for number in range(400)])


def test_a_view_that_could_not_be_loaded_is_when_the_platform_is_back(folder, open_page):
    with serving(folder) as url:
        there = url.replace("localhost", "127.0.0.1")
        page = open_page(f"{there}/_dev/#/runs")
        page.get_by_text("Nothing has run yet").wait_for()
    page.get_by_role("link", name="Mail").click()
    page.get_by_text("The platform does not answer").first.wait_for()
    with serving(folder, port=url.rpartition(":")[2]):
        page.get_by_text("No mail was sent yet").wait_for()
        expect(page.get_by_text("The platform does not answer")).to_have_count(0)


def test_runs_are_filtered_searched_and_appear_by_themselves(clinic):
    page = clinic.open("runs")
    page.get_by_text("Nothing has run yet").wait_for()
    run = clinic.invoke("greet", {"data": {"name": "Ada"}})
    rows(page, 1)
    clinic.post("/functions/analyze/invoke", {"event": {}})
    rows(page, 2)
    page.get_by_label("Status").select_option("FAILED")
    rows(page, 1)
    assert run["status"] == "FAILED"
    page.get_by_label("Status").select_option("")
    page.get_by_label("Search", exact=True).fill("nmae")
    rows(page, 1)
    page.wait_for_url("**search=nmae")
    page.reload()
    assert page.get_by_label("Search", exact=True).input_value() == "nmae"
    page.get_by_label("Search", exact=True).fill("no such text")
    page.get_by_text("No run is like this").wait_for()


def test_a_search_says_how_far_it_came(clinic):
    clinic.invoke("analyze", {})
    page = clinic.open("runs")
    rows(page, 1)

    def cut(route):
        found = {**route.fetch().json(), "total_is_exact": False, "searched_since": "2026-01-15T10:30:00.000Z"}
        route.fulfill(json=found)

    page.route("**/_dev/api/runs?*search=*", cut)
    page.get_by_label("Search", exact=True).fill("analyze")
    expect(page.get_by_role("status").filter(has_text="1 runs or more")).to_contain_text("no time to search older ones")
    page.get_by_label("Search", exact=True).fill("no such text")
    expect(page.locator(".empty")).to_contain_text("no time to search older ones")


def test_many_tabs_are_live_and_the_last_one_too(clinic):
    first = clinic.open("runs")
    others = [first.context.new_page() for _ in range(8)]
    for page in others:
        clinic.show(page, "runs")
        page.locator("#live").get_by_text("live", exact=True).wait_for()
    clinic.post("/functions/analyze/invoke", {"event": {}})
    for page in (first, *others):
        rows(page, 1)
    first.close()
    others[0].wait_for_timeout(200)
    clinic.post("/functions/analyze/invoke", {"event": {}})
    for page in others:
        rows(page, 2)


def test_a_long_list_is_loaded_as_one_scrolls_and_few_rows_are_in_the_page(clinic):
    runs = [
        {"id": f"6968c1b48ab34b7d{number:08x}", "function": "greet", "kind": "invoke", "trigger": "task",
         "status": "OK", "failure": "", "request_id": str(number), "chain": str(number), "attempt": 1,
         "started": "2026-01-15T10:30:00.000Z", "duration_ms": 1.0}
        for number in range(450)
    ]  # fmt: skip
    for run in runs:
        clinic.post("/runs", run)
    page = clinic.open("runs")
    page.get_by_text("450 runs").wait_for()
    for _ in range(12):
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(100)
    oldest = page.locator(f'a[href="#/runs/{runs[0]["id"]}"]')
    oldest.wait_for()
    assert page.locator("table.list tbody tr").count() < 120
    oldest.click()
    page.wait_for_url(f"**/#/runs/{runs[0]['id']}")
    page.go_back()
    loaded(page, "runs")


def test_of_ten_thousand_calls_those_in_sight_are_in_the_page(clinic):
    first_id, other_id = f"7{0:023x}", f"7{1:023x}"
    run = {**clinic.invoke("analyze", {}), "id": first_id, "trace": first_id, "request_id": "1", "chain": "1"}
    run["logs"] = [{"timestamp": run["started"], "text": f"line {number}"} for number in range(6000)]
    call = {"method": "GET", "status": 200, "duration_ms": 1.0, "attempt": 1}
    run["started"] = "2026-01-15T10:30:00.000Z"
    run["calls"] = [
        {**call, "number": each, "path": f"/users/v1/{each}",
         "timestamp": f"2026-01-15T10:30:{each // 1000:02d}.{each % 1000:03d}Z"}
        for each in range(1, 10_001)
    ]  # fmt: skip
    other = {**run, "id": other_id, "trace": other_id, "request_id": "2", "chain": "2", "calls": run["calls"][::-1]}
    clinic.post("/runs", run)
    clinic.post("/runs", other)
    page = clinic.open(f"runs/{run['id']}?call={run['id']}/9000")
    steps = page.get_by_role("group", name="Steps")
    chosen = steps.get_by_role("button", name="GET /users/v1/9000", exact=True)
    expect(chosen).to_be_in_viewport()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    chosen.focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    expect(steps.get_by_role("button", name="GET /users/v1/9040", exact=True)).to_be_focused()
    expect(steps.locator(".lane:focus")).to_be_in_viewport()
    steps.evaluate("each => { each.scrollTop = each.scrollHeight; }")
    expect(steps.get_by_role("button", name="GET /users/v1/10000", exact=True)).to_be_visible()
    steps.evaluate("each => { each.scrollTop = 0; }")
    first = steps.get_by_role("button", name="run analyze")
    first.focus()
    page.keyboard.press("ArrowLeft")
    expect(steps.locator(".lane")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(steps.get_by_role("button", name="GET /users/v1/1", exact=True)).to_be_visible()
    assert first.locator(".log-dot").count() <= 400
    log = page.get_by_role("log")
    assert log.locator(".message").first.inner_text() == "line 5500"
    page.get_by_role("button", name="Show 2,000 of 5,500 earlier lines").click()
    expect(log.locator(".message").first).to_have_text("line 3500")
    page.reload()
    expect(chosen).to_be_in_viewport()
    assert page.evaluate("document.querySelectorAll('*').length") < 7_000  # 5,000 of them of 500 lines of log

    clinic.show(page, f"runs/compare/{run['id']}/{other['id']}")
    expect(page.get_by_role("table", name="Calls").locator("tbody tr")).to_have_count(500)
    page.get_by_role("button", name="Show 500 of 9,500 more calls").click()
    expect(page.get_by_role("table", name="Calls").locator("tbody tr")).to_have_count(1000)


def test_runs_far_down_the_list_are_shown_as_they_are_now(clinic):
    gates = [clinic.folder / name for name in ("first", "second")]
    first, second = (clinic.post("/functions/analyze/invoke", {"event": {"until": str(each)}}) for each in gates)
    later = clinic.invoke("greet", {})
    for number in range(250):
        clinic.post("/runs", {**later, "id": f"7{number:023x}", "request_id": str(number), "chain": str(number)})
    page = clinic.open("runs")

    def status(run):
        return page.locator("tbody tr", has=page.locator(f'a[href="#/runs/{run["id"]}"]')).locator(".status")

    for _ in range(12):
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(50)
    expect(status(first)).to_have_text("running")
    gates[0].touch()
    expect(status(first)).to_have_text("OK")
    expect(status(second)).to_have_text("running")
    page.evaluate("scrollTo(0, 0)")
    expect(status(second)).to_have_count(0)
    gates[1].touch()
    clinic.ended(second["id"])
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(status(second)).to_have_text("OK")
