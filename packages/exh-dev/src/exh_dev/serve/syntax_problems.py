"""Whether a file that was saved can be parsed at all: what is wrong with it is told before anything runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = ".py"
JAVASCRIPT = (".js", ".mjs", ".cjs")
_PATIENCE = 5  # seconds for node to read a file
_ERROR = re.compile(r"^(SyntaxError.*)$", re.MULTILINE)


class SyntaxProblem(NamedTuple):
    """What is wrong, and in which line, if that is known."""

    line: int | None
    message: str


def find_problem(path: Path) -> SyntaxProblem | None:
    """Return what keeps a file of Python or JavaScript from being parsed; None if nothing does, or it is not there."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:  # a folder of this name
        return SyntaxProblem(None, f"it cannot be read: {(error.strerror or '').lower()}")
    return _in_python(path, text) if path.suffix == PYTHON else _in_javascript(path)


def _in_python(path: Path, text: bytes) -> SyntaxProblem | None:
    try:
        compile(text, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        return SyntaxProblem(error.lineno, f"{type(error).__name__}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, nesting too deep
        return SyntaxProblem(None, f"it is no Python: {str(error) or type(error).__name__}")
    return None


def _in_javascript(path: Path) -> SyntaxProblem | None:
    """Ask Node.js; where it is missing, or takes too long, each run tells."""
    node = shutil.which("node")
    if node is None:
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
