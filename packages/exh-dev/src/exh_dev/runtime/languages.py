"""Commands that start a worker, for each language of functions.

Python    AWS's own runtime client, `awslambdaric`, under the Python that runs exh-dev
Node.js   `bootstrap.mjs`, under the `node` that is found on the PATH
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from exh_dev.runtime.function import Function

BOOTSTRAP = Path(__file__).parent / "bootstrap.mjs"
LAUNCH = Path(__file__).parent / "launch.py"
_PYTHON = re.compile(r"python3\.\d+")
_NODE = re.compile(r"nodejs(\d+)\.x")
_HEAP_OPTION = re.compile(r"max[-_](old|semi)[-_]space[-_]size")
_PATIENCE = 10  # seconds for `node --version`


def is_node(runtime: str) -> bool:
    """Return whether a runtime as Lambda calls it is one of Node.js: `nodejs22.x`."""
    return bool(_NODE.fullmatch(runtime))


def runs_here(runtime: str) -> bool:
    """Return whether functions of this runtime can run on this machine, once its language is installed."""
    return is_node(runtime) or bool(_PYTHON.fullmatch(runtime))


def command_of(function: Function, pipe: int) -> list[str]:
    """Return the command that starts a function's worker.

    Args:
        function: the function.
        pipe: file descriptor of a pipe to which the worker writes the time, in nanoseconds of the monotonic clock, when
            it begins to import the function's module. Not written under a debugger.

    Raises:
        DevkitError: the function needs Node.js, which is not installed.
    """
    if is_node(function.runtime):
        options = [*_inspector(function), *_heap(function), "--expose-gc", "--max-http-header-size=81920"]
        return [_node_for(function), *options, str(BOOTSTRAP), str(pipe)]
    if function.debug_port is not None:
        return [sys.executable, *_debugpy(function), "-m", "awslambdaric", function.handler]
    return [sys.executable, "-c", _launch(), function.handler, str(pipe)]


@cache
def _launch() -> str:
    return LAUNCH.read_text(encoding="utf-8")


def node_version() -> int | None:
    """Return the major version of Node.js; None if it is not installed or does not run."""
    node = shutil.which("node")
    if node is None:
        return None
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v(\d+)", done.stdout)
    return int(found[1]) if found else None


def _node_for(function: Function) -> str:
    if node := shutil.which("node"):
        return node
    version = _NODE.fullmatch(function.runtime)
    raise DevkitError(
        f"{function.name} has the runtime {function.runtime}, and there is no `node` on the PATH: install Node.js "
        f"{version[1] if version else ''} from https://nodejs.org or by your package manager"
    )


def _inspector(function: Function) -> list[str]:
    return [] if function.debug_port is None else [f"--inspect-brk=127.0.0.1:{function.debug_port}"]


def _heap(function: Function) -> list[str]:
    """Return V8's heap options as Lambda's start script sets them, unless the function sets its own."""
    if _HEAP_OPTION.search(function.environment.get("NODE_OPTIONS", "")):
        return []
    young = function.memory // 10  # MB, of two semi-spaces
    return [f"--max-semi-space-size={young // 2}", f"--max-old-space-size={function.memory - young}"]


def _debugpy(function: Function) -> list[str]:
    # Its warning about frozen modules would be the function's first log line.
    options = ["-Xfrozen_modules=off", "-m", "debugpy"]
    return [*options, "--listen", f"127.0.0.1:{function.debug_port}", "--wait-for-client"]
