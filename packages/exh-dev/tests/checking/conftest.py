"""A whole project in a folder, with a function of each kind, and `exh-dev check` in it."""

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from exh_dev.cli.main import run_command

RUNTIME = f"python3.{sys.version_info.minor}"
FUNCTION = """\
  {logical}:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon:
        name: {name}
        targets: [{targets}]
        kind: {kind}
{metadata}
    Properties:
      Handler: handlers.{module}.handler
      CodeUri: build/{name}.zip
      Timeout: {timeout}
{properties}
"""
PERMISSIONS = """\
        executionCredentials:
          permissions:
            - VIEW_USER
            - VIEW_DOCUMENTS:pulse
            - TRANSITION_DOCUMENTS:pulse:finish
        retryPolicy: {enabled: true, errorsToRetry: [PlatformUnreachableError]}"""
TONE = "      Environment: {Variables: {TONE: warm}}"
QUEUE = """\
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt WorkQueue.Arn, BatchSize: 5}"""
TEMPLATE = f"""\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {{Runtime: {RUNTIME}, MemorySize: 256}}
Resources:
""" + "".join(
    FUNCTION.format(
        logical=logical, name=name, module=name.replace("-", "_"), targets=targets, kind=kind, timeout=timeout,
        metadata=metadata, properties=properties,
    )
    for logical, name, targets, kind, timeout, metadata, properties in (
        ("GreetPatient", "greet-patient", "exh", "task", 30, PERMISSIONS, TONE),
        ("Answer", "answer", "exh", "api", 10, "        executionPermission: public", ""),
        ("Sweep", "sweep", "exh", "schedule", 30, "        schedule: {interval: 3600}", ""),
        ("Work", "work", "aws", "task", 60, "", QUEUE),
    )
) + """\
  WorkQueue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 360
"""  # fmt: skip
GREET = """\
import requests
from shared.words import HELLO

from extrahorizon import ExtraHorizon, Task, task_handler


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict:
    return {"greeting": f"{HELLO} {task.data.get('name')}", "with": requests.__version__}
"""
PLAIN = "def handler(event, context):\n    return {}\n"
PULSE = {
    "name": "pulse",
    "description": "Heart rate",
    "statuses": {"new": {}, "done": {}},
    "creationTransition": {"type": "manual", "toStatus": "new"},
    "properties": {"beats": {"type": "number", "maximum": 300}, "note": {"type": "string"}},
    "transitions": [
        {
            "type": "manual",
            "name": "finish",
            "fromStatuses": ["new"],
            "toStatus": "done",
            "afterActions": [{"type": "task", "functionName": "greet-patient"}],
        }
    ],
}
SEED = {
    "users": [{"id": "68498c63b1b0b8de8a6228f6", "first_name": "Ada", "permissions": ["VIEW_USER"]}],
    "documents": {
        "pulse": [
            {"id": "6968c223f7f029ecb98abe97", "creatorId": "68498c63b1b0b8de8a6228f6", "data": {"beats": 131}},
        ]
    },
    "files": [{"token": "6968c223f7f029ecb98abe99-3f0e8d52-7a1c-4b6e-9d21-5e8a4c7b1f30", "path": "files/night.edf"}],
}
DISPATCHERS = {
    "dispatchers": [
        {
            "eventType": "user_created",
            "name": "welcome",
            "actions": [
                {"type": "mail", "name": "mail", "recipients": {"to": ["a@example.com"]}, "templateName": "greeting"},
                {"type": "task", "name": "task", "functionName": "greet-patient"},
            ],
        }
    ]
}
FILES = {
    "template.yaml": TEMPLATE,
    "pyproject.toml": '[project]\nname = "clinic"\nversion = "1"\ndependencies = ["extrahorizon", "requests"]\n',
    "requirements.txt": f"requests==2.0 --hash=sha256:{'0' * 64}\n",
    "shared/__init__.py": "",
    "shared/words.py": 'HELLO = "Hello"\n',
    "handlers/__init__.py": "",
    "tests/people.py": "",
    "handlers/greet_patient.py": GREET,
    "handlers/answer.py": PLAIN,
    "handlers/sweep.py": PLAIN,
    "handlers/work.py": PLAIN,
    "events/greet-patient.json": {"functionName": "greet-patient", "data": {"name": "Ada"}},
    "events/greet-patient.seed.json": SEED,
    "events/files/night.edf": "0       ",
    "events/answer.json": {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/", "headers": {}},
    "events/sweep.json": {"functionName": "sweep"},
    "events/work.json": {"functionName": "work"},
    "schemas/pulse.json": PULSE,
    "templates/greeting.json": {"inputs": {"name": {"type": "string"}}, "outputs": {"body": "Hi {{@inputs.name}}"}},
    "localizations/EN.json": {"closing": "Regards"},
    "dispatchers.json": DISPATCHERS,
    "service-settings.json": {"users": {"passwordPolicy": {"minimumLength": 8}}},
    ".env": "TONE=warm\n",
}  # fmt: skip


def text_of(content):
    return content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"


class CheckedProject:
    """Files in a folder, and what `exh-dev check` says of them."""

    def __init__(self, root, capfd):
        self.root, self._capfd = root, capfd

    def read(self, name):
        return (self.root / name).read_text()

    def write(self, name, text):
        """Write text or bytes; None removes the file."""
        path = self.root / name
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def line_of(self, name, words):
        """The number of the first line with these words."""
        return next(number for number, line in enumerate(self.read(name).splitlines(), 1) if words in line)

    def run(self, *arguments, traces=False):
        """A command's exit code, its stdout and its stderr, in which only logs of functions may have a traceback."""
        code = run_command(list(arguments))
        out, err = self._capfd.readouterr()
        assert traces or "Traceback" not in err
        assert "a defect in exh-dev" not in err, err
        return SimpleNamespace(code=code, out=out, err=err)

    def check(self):
        """The exit code, and the problems."""
        done = self.run("check", "--json")
        answer = json.loads(done.out)
        assert answer["ok"] is (done.code == 0)
        return done.code, answer["problems"]


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The project's folder, of which the scan for secrets knows already that it has none."""
    from exh_dev.checking.secrets import SecretScan
    from exh_dev.project.project import Project

    root = tmp_path_factory.mktemp("whole")
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(content))
    with SecretScan(Project(root)) as scan:
        assert list(scan.findings()) == []
    return root


@pytest.fixture
def project(whole, tmp_path, monkeypatch, capfd):
    """A copy of it, in which commands run."""
    root = Path(shutil.copytree(whole, tmp_path / "project"))
    monkeypatch.chdir(root)
    return CheckedProject(root, capfd)
