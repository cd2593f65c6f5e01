"""A clinic's project that is served, and what tests in a browser do with it."""

import pytest
import requests
from chromium import serving
from clinic import expect
from folder_projects import SCHEMA, write

HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Timeout: 30, MemorySize: 512}}
Resources:
"""
FUNCTION = """\
  {logical}:
    Type: AWS::Serverless::Function
    Properties: {{Handler: handlers.{module}.handler, Description: {about}}}
    Metadata: {{ExtraHorizon: {{name: {module}, targets: [exh], {more}}}}}
"""
MAILS = "executionCredentials: {permissions: [SEND_MAILS, VIEW_DOCUMENTS]}"
RETRIED = "retryPolicy: {enabled: true}"
PUBLIC = "kind: api, executionPermission: public"
GREET = """\
from extrahorizon.log import logger
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    name = task.data["name"]
    logger.info("greeting", extra={"length": len(name)})
    exh.users.me()
    mail = exh.mails.send(recipients={"to": ["ada@example.com"]}, subject=f"Hello {name}", body="Welcome")
    return {"mail": mail["id"]}
"""
WRONG = GREET.replace('name = task.data["name"]', 'name = task.data["nmae"]')
ANALYZE = """\
import pathlib
import time


def handler(event, context):
    print("first", flush=True)
    while not pathlib.Path(event.get("until", "/")).exists():
        time.sleep(0.01)
    print("second")
"""
#: A page as an API function may answer it, which asks for what is the developer's alone.
PAGE = '''\
PAGE = """<title>waiting</title><script>
fetch("/_dev/api/credentials").then((answer) => answer.text(), (error) => `nothing: ${error}`).then((text) => {
  document.title = text;
});
</script>"""


def handler(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": PAGE}
'''
FILES = {
    "template.yaml": HEAD
    + FUNCTION.format(logical="Greet", module="greet", about="Greets by mail", more=MAILS)
    + FUNCTION.format(
        logical="Remind",
        module="remind",
        about="Has no right to send",
        more="executionCredentials: {permissions: [VIEW_DOCUMENTS]}",
    )
    + FUNCTION.format(logical="Analyze", module="analyze", about="Waits", more=RETRIED)
    + FUNCTION.format(logical="Page", module="page", about="A page", more=PUBLIC),
    "handlers/__init__.py": "",
    "handlers/greet.py": GREET,
    "handlers/remind.py": GREET,
    "handlers/analyze.py": ANALYZE,
    "handlers/page.py": PAGE,
    "events/greet.json": {"id": "6968c1b48ab34b7d6e654701", "data": {"name": "Ada"}},
    "events/remind.json": {"data": {"name": "Ada"}},
    "events/analyze.json": {"data": {}},
    "events/page.json": {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/", "headers": {}},
    "schemas/pulse.json": SCHEMA,
    "templates/invitation/template.json": {"description": "An invitation", "inputs": {"name": {"type": "string"}}},
    "templates/invitation/body.hbs": "<h1>Dear {{@inputs.name}}</h1>",
    "dispatchers.json": {
        "dispatchers": [
            {
                "eventType": "patient_admitted",
                "name": "analyze-who-comes",
                "actions": [{"type": "task", "name": "analyze", "functionName": "analyze"}],
            }
        ]
    },
}


#: Views of the same path and another query keep what they show, and say so at once.
GO = """hash => {
  if (location.hash === hash) return;
  document.querySelector("main").removeAttribute("data-shown");
  location.hash = hash;
}"""


@pytest.fixture
def folder(tmp_path):
    """A project of this test's own, for tests that change its files or want it empty."""
    return write(tmp_path / "clinic", {"handlers/greet.py": WRONG}, FILES)


@pytest.fixture
def url(folder):
    with serving(folder) as url:
        yield url


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """Where a project is that all tests of a module share."""
    folder = write(tmp_path_factory.mktemp("shared") / "clinic", {}, FILES)
    with serving(folder) as url:
        yield Clinic(folder, url)


class Clinic:
    """A served project, and calls of it."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        self.center = f"{url.replace('localhost', '127.0.0.1')}/_dev/"

    def get(self, path):
        return requests.get(f"{self.url}/_dev/api{path}", timeout=20).json()

    def post(self, path, body):
        answer = requests.post(f"{self.url}/_dev/api{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def platform(self, method, path, **options):
        """Call the platform as its first user."""
        answer = requests.request(method, f"{self.url}/_dev/api/platform{path}", timeout=20, **options)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def run(self, function, event):
        """A run, once it is over."""
        run = self.post(f"/functions/{function}/invoke", {"event": event})
        while (run := self.get(f"/runs/{run['id']}"))["status"] == "running":
            pass
        return run


@pytest.fixture
def served(folder, url):
    """A served project of this test's own."""
    return Clinic(folder, url)


@pytest.fixture(scope="session")
def rows():
    """Wait until a list has so many rows."""

    def rows(page, count):
        expect(page.locator("main tbody tr:not(.spacer)")).to_have_count(count)

    return rows


@pytest.fixture(scope="session")
def show():
    """Go to a view of a page that is open, and wait until it is there."""

    def show(page, view):
        page.evaluate(GO, f"#/{view}")
        page.locator(f'main[data-shown="#/{view}"]').wait_for(state="attached")

    return show
