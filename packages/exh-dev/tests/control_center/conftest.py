"""A project that is served with its control center."""

from contextlib import ExitStack, closing

import pytest
from folder_projects import SCHEMA, write
from waiting import wait_for

from exh_dev.project.project import Project
from exh_dev.remote.client import client_of
from exh_dev.remote.dev_api import BASE, DevApi
from exh_dev.serve import deploy as served
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.serve.project import ServedProject
from exh_dev.serve.reload import Reloader

HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\nTransform: AWS::Serverless-2016-10-31\nResources:\n'
FUNCTION = """\
  {logical}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: ., Handler: handlers.{module}.handler, Runtime: python3.13, Timeout: 30, MemorySize: 512}}
    Metadata:
      ExtraHorizon:
        name: {name}
        targets: [{target}]
        kind: {kind}
        {about}
"""
RETRIED = "executionCredentials: {permissions: [CREATE_TASKS]}\n        retryPolicy: {enabled: true}"
ANALYZE = """\
from handlers.helping import word

from extrahorizon.log import logger
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    logger.info("working", extra={"step": task.data.get("step", 1)})
    me = exh.users.me()
    if task.data.get("then"):
        exh.tasks.create(functionName="analyze", data=task.data["then"])
    if task.data.get("fail"):
        raise LookupError(task.data["fail"])
    return {"email": me["email"], "word": word()}
"""
ANSWER = """\
import os

from requests_oauthlib import OAuth1Session

NAMES = ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET")


def handler(event, context):
    if event.get("asks"):
        session = OAuth1Session(*(os.environ[f"API_OAUTH_{name}"] for name in NAMES))
        session.get(f"{os.environ['API_HOST']}/users/v1/me").raise_for_status()
    return {"statusCode": 200, "body": "hello"}
"""
FILES = {
    "template.yaml": HEAD
    + FUNCTION.format(logical="Analyze", module="analyze", name="analyze", target="exh", kind="task", about=RETRIED)
    + FUNCTION.format(logical="Other", module="other", name="other", target="exh", kind="task", about="")
    + FUNCTION.format(
        logical="Answer", module="answer", name="answer", target="exh", kind="api",
        about="executionCredentials: {permissions: [VIEW_USER]}"),
    "handlers/__init__.py": "",
    "handlers/analyze.py": ANALYZE,
    "handlers/helping.py": 'def word():\n    return "first"\n',
    "handlers/other.py": 'def handler(event, context):\n    return "other"\n',
    "handlers/answer.py": ANSWER,
    "events/analyze.json": {"id": "6968c1b48ab34b7d6e654701", "functionName": "analyze", "data": {"step": 7}},
    "events/analyze.failing.json": {"id": "6968c1b48ab34b7d6e654702", "data": {"fail": "no"}},
    "events/other.json": {},
    "events/answer.json": {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/"},
    "schemas/pulse.json": SCHEMA,
}  # fmt: skip


class Served:
    """A platform with a project on it, as `exh-dev serve` has it."""

    def __init__(self, folder, platform, project, told, api):
        self.folder, self.platform, self.project, self.told, self.api = folder, platform, project, told, api
        self.url = platform.url
        self.exh = client_of(platform.environment())

    def get(self, path, **query):
        return self.api.get(f"{BASE}{path}", **query)

    def post(self, path, body=None):
        return self.api.post(f"{BASE}{path}", body)

    def invoke(self, name, event, **options):
        """The run, once it is over."""
        return self.api.ended(self.post(f"/functions/{name}/invoke", {"event": event, **options})["id"])

    def ended(self, count, **wanted):
        """Wait until so many runs are over; the newest first."""

        def over():
            runs = self.get("/runs", **wanted)["data"]
            return runs if len(runs) >= count and all(each["status"] != "running" for each in runs) else None

        return wait_for(over)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def waiting_for(self, words):
        """Wait until the terminal is told something."""
        return wait_for(lambda: [each for each in self.told if words in each])


@pytest.fixture
def folder(tmp_path):
    """A project that nobody serves."""
    return write(tmp_path / "project", {}, FILES)


@pytest.fixture
def serve(tmp_path):
    """Serve a project made of files; with `reload` it is watched."""
    with ExitStack() as stack:

        def serve(files=None, *, reload=False, **options):
            folder = write(tmp_path / "project", files or {}, FILES)
            platform = stack.enter_context(LocalPlatform(**{"pace": 60, **options}))
            project, told = Project(folder), []
            shown = stack.enter_context(closing(ServedProject(platform, project)))
            shown.loaded(served.start(platform, project, told.append, shown))
            if reload:
                stack.enter_context(Reloader(platform, shown, told.append))
            return Served(folder, platform, shown, told, stack.enter_context(DevApi(platform.url)))

        yield serve


@pytest.fixture
def center(serve):
    return serve()
