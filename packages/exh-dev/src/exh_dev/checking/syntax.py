"""Check JavaScript files for syntax errors. `exh_dev.packaging.imports` checks Python files."""

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
    """A syntax error, and its line if known."""

    line: int | None
    message: str


def find_problem(path: Path) -> SyntaxProblem | None:
    """Return the syntax error of a JavaScript file, if any.

    Return None if the file or Node.js is missing; the run reports that.
    """
    node = shutil.which("node")
    if node is None or path.suffix not in JAVASCRIPT or not path.is_file():
        return None
    try:
        done = subprocess.run(
            [node, "--check", path], capture_output=True, text=True, errors="replace", check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):  # the function itself reports it when it runs
        return None
    found = _ERROR.search(done.stderr)
    if done.returncode == 0 or found is None:
        return None
    line = re.match(rf"(?:file://)?{re.escape(str(path))}:(\d+)$", done.stderr.partition("\n")[0])
    return SyntaxProblem(int(line[1]) if line else None, found[1])
