"""Commands in messages, written so that they can be pasted where the message is read."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path

_COMMANDS = (
    "init check new rename remove types build upgrade editor invoke run serve credentials call runs replay mails "
    "tasks logs schedules"
)
#: `exh-dev` as a command: before one of its own, or an option. A path, a package and a name of a file are none.
_COMMAND = re.compile(rf"(?<![\w/.\-])exh-dev(?= (?:{'|'.join(_COMMANDS.split())}|--\w+)\b)")

_UNDER_UV = "UV_RUN_RECURSION_DEPTH"  # https://docs.astral.sh/uv/reference/environment/#uv_run_recursion_depth
#: Other tools of the same environment.
_TOOL = re.compile(r"(?<![\w/.\-])(pytest(?= tests/)|pip(?= install 'exh-dev))")


def pasteable(message: str) -> str:
    """Return a message whose `exh-dev ...` commands can be pasted into a shell.

    If this `exh-dev` is not the one on the PATH, write its path, `.venv/bin/exh-dev`, or how it was started: `python -m
    exh_dev`, `uv run exh-dev`. `pytest` and `pip` are written with the same folder.
    """
    message = _COMMAND.sub(lambda _: command(), message)
    return _TOOL.sub(lambda found: _beside(found[0]), message)


@cache
def command() -> str:
    """Return what to type for `exh-dev`."""
    if _UNDER_UV in os.environ:  # only below it is the environment on the PATH
        return "uv run exh-dev"
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{_near(Path(sys.executable))} -m exh_dev"
    found = shutil.which("exh-dev")
    if started.name != "exh-dev" or (found and Path(found).resolve() == started.resolve()):
        return "exh-dev"
    return _near(started)


def _beside(tool: str) -> str:
    """Return what to type for another tool of the same environment."""
    start, _, quote = command().rpartition("exh-dev") if "exh-dev" in command() else command().rpartition("exh_dev")
    return f"{start}{tool}{quote}"


def _near(path: Path) -> str:
    """Return a path from the working directory where it is in it, else from the root."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links stay: an environment's python is one
    return shlex.quote(str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute))
