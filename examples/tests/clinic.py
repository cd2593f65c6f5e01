"""A small project that is served with its control center, for tests in a real browser."""

from pathlib import Path

import pytest
import requests
from chromium import serving
from folder_projects import SCHEMA, write

AXE = next((Path(__file__).parent / "browser" / "vendor").glob("axe-core-*.min.js"))
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
GROUP = "6968c1b48ab34b7d6e6547aa"
VIEWS = (
    "overview", "runs", "queue", "functions", "documents", "users", "users?tab=roles", "users?tab=refused",
    "permissions", "files", "mail", "events", "events?tab=send", "events?tab=dispatchers", "templates",
    "localizations", "faults", "connect", "design",
)  # fmt: skip


class Clinic:
    """The project on its platform: what is done to it by HTTP, and its pages."""

    def __init__(self, folder, url, open_page):
        self.folder, self.url, self._open_page = folder, url, open_page
        self.there = url.replace("localhost", "127.0.0.1")  # where browsers find the control center

    def post(self, path, body=None):
        answer = requests.post(f"{self.url}/_dev/api{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path):
        return requests.get(f"{self.url}/_dev/api{path}", timeout=20).json()

    def call(self, method, path, **options):
        """Call the platform as its first user."""
        answer = requests.request(method, f"{self.url}/_dev/api/platform{path}", timeout=20, **options)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def ended(self, run_id):
        while (run := self.get(f"/runs/{run_id}"))["status"] == "running":
            pass
        return run

    def invoke(self, name, event, **more):
        return self.ended(self.post(f"/functions/{name}/invoke", {"event": event, **more})["id"])

    def open(self, view, width=1280, scheme="light"):
        """A page that shows a view."""
        page = self._open_page(f"{self.there}/_dev/#/{view}", width, scheme)
        loaded(page, view)
        return page

    def show(self, page, view):
        page.goto(f"{self.there}/_dev/#/{view}")
        loaded(page, view)


def expect(actual):
    """Playwright's own, imported when a browser is there."""
    from playwright.sync_api import expect as of_playwright

    return of_playwright(actual)


def loaded(page, view):
    page.locator(f'main[data-shown="#/{view}"]').wait_for(state="attached")


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "clinic", {}, FILES)


@pytest.fixture
def clinic(folder, open_page):
    with serving(folder) as url:
        yield Clinic(folder, url, open_page)


@pytest.fixture
def full(clinic):
    """Something of everything, all of it full of markup; the views that show it."""
    call = clinic.call
    transition = {"type": "manual", "name": "mark", "fromStatuses": ["new"], "toStatus": "marked"}
    schema = call("POST", "/data/v1", json={"name": "marked", "description": MARKUP})
    call("POST", f"/data/v1/{schema['id']}/statuses", json={"name": "marked", "data": {"label": MARKUP}})
    call("POST", f"/data/v1/{schema['id']}/properties", json={"name": "text", "configuration": {"type": "string"}})
    call("POST", f"/data/v1/{schema['id']}/transitions", json=transition)
    document = call("POST", f"/data/v1/{schema['id']}/documents", json={"text": MARKUP})
    call("POST", f"/data/v1/{schema['id']}/documents/{document['id']}/transition", json={"name": "mark"})
    mail = call("POST", "/mail/v1", json={"recipients": {"to": ["a@example.com"]}, "subject": MARKUP, "body": MARKUP})
    stored = call("POST", "/files/v1", files={"file": (f"{MARKUP}.html", MARKUP, "text/html")})
    call("POST", "/events/v1", json={"type": MARKUP, "content": {MARKUP: MARKUP}})
    call("POST", "/dispatchers/v1", json={"eventType": MARKUP, "name": MARKUP,
         "actions": [{"type": "task", "functionName": "analyze"}]})  # fmt: skip
    user = call("POST", "/users/v1/register", json={"email": "x@example.com", "first_name": MARKUP,
                "last_name": MARKUP, "password": "Secret-1234", "phone_number": "1", "language": "EN"})  # fmt: skip
    call("POST", f"/users/v1/groups/{GROUP}/roles", json={"name": MARKUP, "description": MARKUP})
    call("POST", f"/users/v1/add_to_staff?eq(id,{user['id']})", json={"groups": [GROUP]})
    call("POST", f"/users/v1/{user['id']}/patient_enlistments", json={"group_id": GROUP})
    call("POST", "/users/v1/roles", json={"name": MARKUP, "description": MARKUP})
    template = call("POST", "/templates/v2", json={"name": "marked", "description": MARKUP,
                    "inputs": {"name": {"type": "string"}}, "outputs": {"body": MARKUP}})  # fmt: skip
    call("POST", "/localizations/v1", json={"localizations": [{"key": "greeting", "text": {"EN": MARKUP}}]})
    later = call("POST", "/tasks/v1", json={"functionName": "analyze", "startTimestamp": "2999-01-01T00:00:00.000Z",
                 "data": {MARKUP: MARKUP}})  # fmt: skip
    failed = clinic.invoke("greet", {"data": {MARKUP: MARKUP}})
    done = clinic.invoke("greet", {"id": MARKUP, "data": {"name": MARKUP, "nmae": MARKUP}})
    requests.get(f"{clinic.url}/users/v1/{MARKUP}", timeout=5)
    requests.post(f"{clinic.url}/_dev/faults", json={"rule": f"GET /{MARKUP.replace(':', '')}*:503"}, timeout=5)
    moved = f"documents/marked/{document['id']}"
    return [
        "documents/marked", "documents/marked?tab=states", "documents/marked?tab=schema", moved, f"{moved}?tab=history",
        f"{moved}?tab=related", f"mail/{mail['id']}", f"files/{stored['tokens'][0]['token'].split('-')[0]}",
        f"runs/{failed['id']}", f"runs/{done['id']}", f"runs/{done['id']}?call={done['id']}/1",
        f"runs/compare/{failed['id']}/{done['id']}", f"queue/{later['id']}", f"users/{user['id']}",
        "permissions?name=VIEW_USER", f"templates/{template['id']}", "functions/greet", "functions/greet?tab=about",
    ]  # fmt: skip
