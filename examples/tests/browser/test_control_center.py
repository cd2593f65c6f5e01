"""The control center in a real browser, from its page alone."""

import json
from pathlib import Path

import pytest
import requests
from chromium import serving
from folder_projects import SCHEMA, write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("browser")]

AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*.min.js"))
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Timeout: 30, MemorySize: 512}}
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties: {Handler: handlers.greet.handler, Description: Greets by mail}
    Metadata:
      ExtraHorizon:
        name: greet
        targets: [exh]
        executionCredentials: {permissions: [SEND_MAILS, VIEW_DOCUMENTS]}
  Analyze:
    Type: AWS::Serverless::Function
    Properties: {Handler: handlers.analyze.handler}
    Metadata: {ExtraHorizon: {name: analyze, targets: [exh], retryPolicy: {enabled: true}}}
"""
GREET = """\
from extrahorizon.log import logger
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    name = task.data["name"]
    logger.info("greeting", extra={"length": len(name)})
    mail = exh.mails.send(recipients={"to": ["ada@example.com"]}, subject=f"Hello {name}", body="Welcome")
    return {"mail": mail["id"]}
"""
WRONG = GREET.replace('name = task.data["name"]', 'name = task.data["nmae"]')
FILES = {
    "template.yaml": TEMPLATE,
    "handlers/__init__.py": "",
    "handlers/greet.py": WRONG,
    "handlers/analyze.py": 'import pathlib, time\n\n\ndef handler(event, context):\n    print("first", flush=True)\n'
    '    while not pathlib.Path(event.get("until", "/")).exists():\n        time.sleep(0.01)\n    print("second")\n',
    "events/greet.json": {"id": "6968c1b48ab34b7d6e654701", "data": {"name": "Ada"}},
    "events/analyze.json": {"data": {}},
    "schemas/pulse.json": SCHEMA,
}
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
VIEWS = ("functions", "runs", "documents", "mail", "files", "users", "events", "faults", "connect")


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "clinic", {}, FILES)


@pytest.fixture
def url(folder):
    with serving(folder) as url:
        yield url


def post(url, path, body):
    answer = requests.post(f"{url}/_dev/api{path}", json=body, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def show(page, url, view):
    """Go to a view, and wait until it is there."""
    page.goto(f"{url}/_dev/#/{view}")
    page.locator(f'#view[data-shown="#/{view}"]').wait_for(state="attached")


def rows(page, count):
    """Wait until a table has so many rows."""
    from playwright.sync_api import expect

    expect(page.locator("tbody tr")).to_have_count(count)


def ended(url, run_id):
    while (run := requests.get(f"{url}/_dev/api/runs/{run_id}", timeout=20).json())["status"] == "running":
        pass
    return run


def test_from_an_error_to_a_mail(folder, url, open_page):
    """Invoke, watch it go, see the error, fix the file, see it reload, run again, open the mail."""
    page = open_page(f"{url}/")
    page.get_by_role("heading", name="Functions").wait_for()
    assert page.title() == "LOCAL · functions"
    assert page.locator(".tag").inner_text() == "LOCAL"
    page.get_by_role("link", name="greet").click()
    page.get_by_role("button", name="Invoke").click()
    page.wait_for_url("**/#/runs/*")
    error = page.get_by_role("region", name="Error")
    error.wait_for()
    assert error.get_by_role("heading").inner_text() == "KeyError"
    frame = error.locator("li").first
    assert frame.locator("code").inner_text() == "handlers/greet.py:7"
    assert 'task.data["nmae"]' in frame.inner_text()

    (folder / "handlers/greet.py").write_text(GREET.replace("def handler(", "def handler(("))
    notice = page.locator("#problems .notice")
    notice.wait_for()
    assert "handlers/greet.py" in notice.inner_text()
    assert "SyntaxError" in notice.inner_text()
    page.get_by_role("button", name="Run again").click()
    page.get_by_role("heading", name="Runtime.UserCodeSyntaxError").wait_for()

    (folder / "handlers/greet.py").write_text(GREET)
    notice.wait_for(state="detached")
    page.get_by_role("button", name="Run again").click()
    page.locator("h1 .status.good").wait_for()
    assert "greeting" in page.get_by_role("log").inner_text()
    assert "POST /mail/v1" in page.get_by_role("region", name="Calls of the platform").inner_text()

    page.get_by_role("link", name="Mail", exact=True).click()
    page.get_by_role("link", name="Hello Ada").click()
    assert page.frame_locator("iframe.mail").locator("body").inner_text() == "Welcome"


def test_a_run_is_watched_while_it_goes_on(folder, url, open_page):
    gate = folder / "gate"
    page = open_page(f"{url}/_dev/#/functions/analyze")
    page.get_by_label("Event", exact=True).fill(json.dumps({"until": str(gate)}))
    page.get_by_role("button", name="Invoke").click()
    log = page.get_by_role("log")
    log.get_by_text("first").wait_for()
    assert page.locator("h1 .status").inner_text() == "running"
    assert log.get_by_text("second").count() == 0
    gate.touch()
    page.locator("h1 .status.good").wait_for()
    assert log.locator(".message").all_inner_texts() == ["first", "second"]
    page.get_by_role("button", name="Edit and run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Event").fill('{"edited": true}')
    before = page.url
    dialog.get_by_role("button", name="Run").click()
    page.wait_for_url(lambda now: now != before)
    page.get_by_text("edited").first.wait_for()


def test_lines_that_come_fast_are_all_there_and_in_order(folder, url, open_page):
    (folder / "handlers/analyze.py").write_text(
        "import time\n\n\ndef handler(event, context):\n    for number in range(400):\n"
        "        print(number, flush=True)\n        time.sleep(0.002)\n"
    )
    page = open_page(f"{url}/_dev/#/functions/analyze")
    page.wait_for_timeout(1000)  # the file is served
    page.get_by_role("button", name="Invoke").click()
    page.locator("h1 .status.good").wait_for()
    assert page.locator(".log .message").all_inner_texts() == [str(number) for number in range(400)]


def test_a_view_that_could_not_be_opened_is_when_the_platform_is_back(folder, open_page):
    with serving(folder) as url:
        page = open_page(f"{url}/_dev/#/runs")
        page.get_by_text("Nothing has run yet").wait_for()
    page.get_by_role("link", name="Mail").click()
    page.get_by_text("The platform does not answer").wait_for()
    with serving(folder, port=url.rpartition(":")[2]):
        page.get_by_role("heading", name="Mail").wait_for()


def test_runs_are_filtered_searched_and_appear_by_themselves(url, open_page):
    page = open_page(f"{url}/_dev/#/runs")
    page.get_by_text("Nothing has run yet").wait_for()
    run = ended(url, post(url, "/functions/greet/invoke", {"event": {"data": {"name": "Ada"}}})["id"])
    page.locator("tbody tr").wait_for()
    post(url, "/functions/analyze/invoke", {"event": {}})
    rows(page, 2)
    page.get_by_label("Status").select_option("FAILED")
    rows(page, 1)
    assert run["status"] == "FAILED"
    page.get_by_label("Status").select_option("")
    page.get_by_label("Search").fill("nmae")
    rows(page, 1)
    assert page.get_by_label("Search").input_value() == "nmae"
    page.get_by_label("Search").fill("no such text")
    page.get_by_text("No run is like this").wait_for()


def test_a_document_is_moved_and_its_history_grows(url, open_page):
    page = open_page(f"{url}/_dev/#/documents/pulse")
    page.locator("svg .spot").first.wait_for()
    assert page.locator("svg .spot > title").all_text_contents() == ["new", "done"]
    assert page.locator("svg .edge-name title").all_text_contents() == ["finish"]
    created = requests.post(f"{url}/_dev/api/platform/data/v1/pulse/documents", json={"pulse": 60}, timeout=5).json()
    page.get_by_role("link", name=created["id"]).click()
    page.get_by_role("button", name="finish").click()
    page.get_by_label("Data", exact=True).fill('{"category": "low"}')
    page.get_by_role("button", name="Make the transition").click()
    page.get_by_role("cell", name="done").wait_for()
    assert page.locator("svg .node.current").count() == 1
    rows = page.get_by_role("region", name="History").locator("tbody tr")
    assert [row.split("\t")[1] for row in rows.all_inner_texts()] == ["finish", "creation"]
    page.get_by_role("link", name="pulse").click()
    page.get_by_label("RQL").fill("eq(status,new)")
    page.get_by_role("button", name="Find").click()
    page.get_by_text("No document is like this").wait_for()
    page.get_by_label("RQL").fill("nonsense((")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("alert").filter(has_text="RQL").wait_for()


def test_a_refused_call_says_why_and_faults_are_switched(url, open_page):
    page = open_page(f"{url}/_dev/#/users")
    page.get_by_text("No call was refused").wait_for()
    requests.get(f"{url}/users/v1/me", timeout=5)
    page.locator(".refusal summary").click()
    assert "nobody: no valid credentials" in page.locator(".refusal").inner_text()
    page.get_by_role("link", name="Faults").click()
    page.get_by_label("Rule").fill("nonsense")
    page.get_by_role("button", name="Add rule").click()
    page.get_by_role("alert").filter(has_text="cannot be used").wait_for()
    page.get_by_label("Rule").fill("* /users/*:503")
    page.get_by_role("button", name="Add rule").click()
    switch = page.get_by_role("checkbox")
    switch.wait_for()
    assert requests.get(f"{url}/users/v1/me", timeout=5).status_code == 503
    switch.uncheck()
    page.get_by_role("button", name="Drop").wait_for()
    assert requests.get(f"{url}/users/v1/me", timeout=5).status_code == 401
    page.get_by_role("button", name="Drop").click()
    page.get_by_text("Nothing goes wrong on purpose").wait_for()


def test_many_tabs_are_live_and_the_last_one_too(url, open_page):
    first = open_page(f"{url}/_dev/#/runs")
    others = [first.context.new_page() for _ in range(8)]
    for page in others:
        page.goto(f"{url}/_dev/#/runs")
        page.locator("#live").get_by_text("live", exact=True).wait_for()
    post(url, "/functions/analyze/invoke", {"event": {}})
    for page in (first, *others):
        rows(page, 1)
    first.close()
    others[0].wait_for_timeout(200)
    post(url, "/functions/analyze/invoke", {"event": {}})
    for page in others:
        rows(page, 2)


def test_secrets_are_shown_after_a_click(url, open_page):
    page = open_page(f"{url}/_dev/#/connect")
    page.get_by_text("consumer key").wait_for()
    secret = requests.get(f"{url}/_dev/api/credentials", timeout=5).json()["consumer_secret"]
    assert secret not in page.content()
    page.get_by_role("button", name="Show the secrets too").click()
    page.get_by_text(secret).wait_for()


def test_keys(url, open_page):
    page = open_page(f"{url}/_dev/#/functions")
    page.locator(".row-link").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "analyze"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/functions/greet")
    page.get_by_role("button", name="Invoke").wait_for()
    page.keyboard.press("2")
    page.get_by_label("Search").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("3?")
    assert page.get_by_label("Search").input_value() == "3?"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("next, previous row").wait_for()


def test_the_theme_is_chosen_and_kept(url, open_page):
    page = open_page(f"{url}/_dev/", scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Theme: auto").click()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark, light) == ("rgb(28, 25, 23)", "rgb(255, 255, 255)")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


@pytest.fixture
def full(url):
    """Something of everything, all of it full of markup."""
    platform = f"{url}/_dev/api/platform"

    def call(method, path, **options):
        answer = requests.request(method, platform + path, timeout=20, **options)
        assert answer.ok, (path, answer.text)
        return answer.json()

    transition = {"type": "manual", "name": "mark", "fromStatuses": ["new"], "toStatus": "marked"}
    schema = call("POST", "/data/v1", json={"name": "marked", "description": MARKUP})
    call("POST", f"/data/v1/{schema['id']}/statuses", json={"name": "marked", "data": {"label": MARKUP}})
    call("POST", f"/data/v1/{schema['id']}/properties", json={"name": "text", "configuration": {"type": "string"}})
    call("POST", f"/data/v1/{schema['id']}/transitions", json=transition)
    document = call("POST", f"/data/v1/{schema['id']}/documents", json={"text": MARKUP})
    call("POST", f"/data/v1/{schema['id']}/documents/{document['id']}/transition", json={"name": "mark"})
    mail = call("POST", "/mail/v1", json={"recipients": {"to": ["a@example.com"]}, "subject": MARKUP, "body": MARKUP})
    call("POST", "/files/v1", files={"file": (f"{MARKUP}.html", MARKUP, "text/html")})
    call("POST", "/events/v1", json={"type": MARKUP, "content": {MARKUP: MARKUP}})
    call("POST", "/dispatchers/v1", json={"eventType": MARKUP, "name": MARKUP,
         "actions": [{"type": "task", "functionName": "analyze"}]})  # fmt: skip
    call("POST", "/users/v1/register", json={"email": "x@example.com", "first_name": MARKUP, "last_name": MARKUP,
         "password": "Secret-1234", "phone_number": "1", "language": "EN"})  # fmt: skip
    event = {"id": MARKUP, "data": {"name": MARKUP, "nmae": MARKUP}}
    failed = ended(url, post(url, "/functions/greet/invoke", {"event": {"data": {MARKUP: MARKUP}}})["id"])
    done = ended(url, post(url, "/functions/greet/invoke", {"event": event})["id"])
    requests.get(f"{url}/users/v1/{MARKUP}", timeout=5)
    requests.post(f"{url}/_dev/faults", json={"rule": f"GET /{MARKUP.replace(':', '')}*:503"}, timeout=5)
    return [
        "documents/marked", f"documents/marked/{document['id']}", f"mail/{mail['id']}",
        f"runs/{failed['id']}", f"runs/{done['id']}", "functions/greet",
    ]  # fmt: skip


def test_markup_stays_text_everywhere(url, full, open_page):
    page = open_page(f"{url}/_dev/")
    for view in (*VIEWS, *full):
        show(page, url, view)
        assert page.locator("#view script, #view img, #problems script").count() == 0, view
        for details in page.locator("main details").all():
            details.evaluate("each => { each.open = true; }")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_no_rule_of_accessibility_is_broken_and_nothing_is_cut_off(url, full, open_page, width, scheme):
    page = open_page(f"{url}/_dev/", width, scheme)
    for view in (*VIEWS, *full):
        show(page, url, view)
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {iframes: false})")
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
