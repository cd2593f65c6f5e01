"""A small project with one mistake in it, a command, and all that is beside the project before and after."""

import io
import shlex
import signal
import sys
from types import SimpleNamespace

import psutil
import pytest
from folder_projects import write

from exh_dev.cli.main import run_command
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform

RUNTIME = f"python3.{sys.version_info.minor}"
FUNCTION = """\
  {logical}:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon: {{name: {name}, targets: [exh], kind: {kind}{more}}}
    Properties: {{Handler: handlers.{name}.handler, CodeUri: ., Timeout: 10}}
"""
TEMPLATE = f"""\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {{Function: {{Runtime: {RUNTIME}, MemorySize: 256}}}}
Resources:
""" + "".join(
    FUNCTION.format(logical=name.title(), name=name, kind=kind, more=more)
    for name, kind, more in (
        ("greet", "task", ", executionCredentials: {permissions: [VIEW_USER]}"),
        ("answer", "api", ""),
        ("sweep", "schedule", ", schedule: {interval: 3600}"),
    )
)
PLAIN = "def handler(event, context):\n    return {}\n"
FILES = {
    "template.yaml": TEMPLATE,
    "pyproject.toml": '[project]\nname = "clinic"\nversion = "1"\n',
    "requirements.txt": "",
    "handlers/__init__.py": "",
    "handlers/greet.py": "from extrahorizon import task_handler\n\n\n@task_handler\n"
    "def handler(task, exh):\n    return {'mails': exh.mails.find().total}\n",
    "handlers/answer.py": PLAIN,
    "handlers/sweep.py": PLAIN,
    "events/greet.json": {"functionName": "greet"},
    "events/answer.json": {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/", "headers": {}},
    "events/sweep.json": {"functionName": "sweep"},
    "schemas/pulse.json": {
        "name": "pulse",
        "description": "Heart rate",
        "statuses": {"new": {}},
        "creationTransition": {"type": "manual", "toStatus": "new"},
        "properties": {"beats": {"type": "number"}},
    },
}


def is_running(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Clinic:
    """The project, in the working directory, alone in a folder where nothing else is written."""

    def __init__(self, root, capfd, monkeypatch):
        self.root, self._capfd, self._monkeypatch = root, capfd, monkeypatch

    def put(self, files):
        """Write files: text, bytes, a function of what is there, a folder for `{}`, nothing for None."""
        for name, content in files.items():
            path = self.root / name
            wanted = content(path.read_text()) if callable(content) else content
            if path.is_file():
                path.unlink()
            path.parent.mkdir(parents=True, exist_ok=True)
            if wanted == {}:
                path.mkdir()
            elif wanted is not None:
                path.write_bytes(wanted if isinstance(wanted, bytes) else wanted.encode())

    def snapshot(self):
        """All that lies in the folder and beside it, but for what is the tools' own."""
        beside = self.root.parent
        paths = (each.relative_to(beside) for each in beside.rglob("*"))
        own = [each for each in paths if not {".exh-dev", "__pycache__"} & set(each.parts)]
        return {str(each): (beside / each).read_bytes() if (beside / each).is_file() else None for each in own}

    def run(self, command, stdin=b""):
        """A command's exit code, its stdout, and its stderr."""
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        arguments = shlex.split(command) if isinstance(command, str) else command
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        code = run_command(arguments)
        for number, handler in handlers.items():  # serve takes them for as long as its process lives
            signal.signal(number, handler)
        out, err = self._capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)


@pytest.fixture
def clinic(tmp_path, monkeypatch, capfd):
    before = set(psutil.Process().children(recursive=True))
    root = write(tmp_path / "beside" / "clinic", files=FILES)
    monkeypatch.chdir(root)
    yield Clinic(root, capfd, monkeypatch)
    left = set(psutil.Process().children(recursive=True)) - before
    assert [each for each in left if is_running(each)] == []


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The same project, on a platform that runs; nobody changes it."""
    root = write(tmp_path_factory.mktemp("served") / "clinic", files=FILES)
    from exh_dev.project.project import Project

    with LocalPlatform(data_dir=root / ".exh-dev", ephemeral=True, pace=60) as platform:
        deploy.start(platform, Project(root), pytest.fail)
        yield SimpleNamespace(root=root, url=platform.url)


@pytest.fixture
def on_served(served, monkeypatch, capfd):
    monkeypatch.chdir(served.root)
    return Clinic(served.root, capfd, monkeypatch)
