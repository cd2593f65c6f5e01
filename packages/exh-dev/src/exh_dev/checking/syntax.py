"""Whether a file of JavaScript can be parsed at all. Of Python's files `exh_dev.packaging.imports` says so."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

JAVASCRIPT = (".js", ".mjs", ".cjs")
_PATIENCE = 5  # seconds for node to read a file
_ERROR = re.compile(r"^(SyntaxError.*)$", re.MULTILINE)


class SyntaxProblem(NamedTuple):
    """What is wrong, and in which line, if that is known."""

    line: int | None
    message: str


def find_problem(path: Path) -> SyntaxProblem | None:
    """Return what keeps a file of JavaScript from being parsed; None if nothing does, it is not there, or there is no
    Node.js to ask, where each run tells.
    """
    node = shutil.which("node")
    if node is None or path.suffix not in JAVASCRIPT or not path.is_file():
        return None
    try:
        done = subprocess.run(
            [node, "--check", path], capture_output=True, text=True, errors="replace", check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _ERROR.search(done.stderr)
    if done.returncode == 0 or found is None:
        return None
    line = re.match(rf"(?:file://)?{re.escape(str(path))}:(\d+)$", done.stderr.partition("\n")[0])
    return SyntaxProblem(int(line[1]) if line else None, found[1])
