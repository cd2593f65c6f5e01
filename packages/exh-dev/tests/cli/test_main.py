"""The command line as a whole: what it says of troubles that are not its own, and how it is interrupted."""

import errno
import json
import os
import sqlite3
import subprocess
import sys

import pytest

from exh_dev.cli import main
from exh_dev.cli.main import run_command


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (sqlite3.OperationalError("database or disk is full"), "the disk is full: free some space"),
        (sqlite3.OperationalError("database is locked"), "in use by another process"),
        (sqlite3.DatabaseError("database disk image is malformed"), "is damaged: move it away"),
        (OSError(errno.ENOSPC, "No space left on device", "/p/build/whoami.zip"), "full, at /p/build/whoami.zip"),
        (PermissionError(errno.EACCES, "Permission denied", "/p/build"), "/p/build cannot be used: permission denied"),
    ],
)
def test_a_failure_of_the_machine_is_not_reported_as_a_defect(monkeypatch, capsys, error, told):
    def fail(**_):
        raise error

    monkeypatch.setattr(main, "app", fail)
    assert run_command(["check"]) == 1
    assert told in json.loads(capsys.readouterr().err)["message"]


def test_an_unexpected_exception_is_reported_as_a_defect(monkeypatch, capsys):
    def fail(**_):
        raise sqlite3.OperationalError("no such table: documents")

    monkeypatch.setattr(main, "app", fail)
    assert run_command(["check"]) == 1
    assert "a defect in exh-dev: OperationalError" in json.loads(capsys.readouterr().err)["message"]


def test_an_interrupt_while_the_command_is_loaded_is_no_traceback():
    program = "import exh_dev.__main__ as main, os, signal, sys\nclass Slow:\n    def find_spec(self, *_):\n"
    program += "        os.kill(os.getpid(), signal.SIGINT)\nsys.meta_path.insert(0, Slow())\nmain.main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.slow
def test_completion_is_offered():
    asked = {"_EXH_DEV_COMPLETE": "complete_bash", "COMP_WORDS": "exh-dev ser", "COMP_CWORD": "1"}
    program = "import sys; sys.argv[0] = 'exh-dev'; from exh_dev.cli.main import app; app(prog_name='exh-dev')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **asked})
    assert done.stdout.split() == ["serve"]


def test_schedules_alone_lists_them(exh_dev, project_root, monkeypatch):
    monkeypatch.chdir(project_root)
    _, _, (alone,) = exh_dev("schedules")
    _, _, (listed,) = exh_dev("schedules", "list")
    assert alone["message"] == listed["message"]
    assert "no platform runs" in alone["message"]
