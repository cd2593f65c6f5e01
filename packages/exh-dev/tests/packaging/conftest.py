"""A small project, and packages that pip finds in a folder: no test here needs a network."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest
from wheelhouse import Wheelhouse

from exh_dev.cli.main import run_command

RUNTIME = f"python3.{sys.version_info.minor}"

TEMPLATE = """
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon:
        name: greet
        targets: [exh, aws]
    Properties:
      Handler: handlers.greet.handler
      Runtime: {runtime}
      Timeout: 30
"""


class SmallProject:
    """Files in a folder, and `exh-dev build` in it."""

    def __init__(self, root, capfd):
        self.root = root
        self._capfd = capfd

    def write(self, name, text=""):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def lock(self, *wheels, file="requirements.txt", fetched=True):
        """Pin packages; `fetched`, they lie where an earlier build would have put them, and pip is not asked."""
        for wheel in wheels if fetched else ():
            cached = self.write(f".exh-dev/wheels/{RUNTIME}-x86_64/{wheel.path.name}")
            cached.write_bytes(wheel.path.read_bytes())
        lines = [f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}" for wheel in wheels]
        return self.write(file, "\n".join(lines) + "\n")

    def build(self, *arguments):
        """Exit code, what was printed on stdout, and the last warning or error if there was one."""
        code = run_command(["build", *map(str, arguments)])
        out, err = self._capfd.readouterr()
        lines = [json.loads(line) for line in err.splitlines()]
        messages = [line["message"] for line in lines if line["level"] != "INFO"]
        return SimpleNamespace(
            code=code,
            bundles={each["function"]: each for each in json.loads(out)["bundles"]} if code == 0 else {},
            variables=json.loads(out)["variables"] if code == 0 else {},
            message=messages[-1] if messages else "",
            lines=lines,
        )


@pytest.fixture
def wheelhouse(tmp_path, monkeypatch):
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return Wheelhouse(folder)


@pytest.fixture
def small(tmp_path, monkeypatch, wheelhouse, capfd):
    """A project with one function, `greet`, that needs the package `polite`."""
    project = SmallProject(tmp_path / "project", capfd)
    project.write("template.yaml", TEMPLATE.format(runtime=RUNTIME))
    project.write("shared/__init__.py", '__version__ = "1.2.3"\n')
    project.write("shared/words.py", 'HELLO = "hello"\n')
    project.write("handlers/__init__.py")
    project.write(
        "handlers/greet.py",
        "import json\n\nimport polite\nfrom shared.words import HELLO\n\n\n"
        "def handler(event, context):\n    return json.loads(json.dumps([HELLO, polite.PLEASE]))\n",
    )
    project.lock(wheelhouse.add("polite", "1.0", {"polite/__init__.py": 'PLEASE = "please"\n'}))
    monkeypatch.chdir(project.root)
    return project
