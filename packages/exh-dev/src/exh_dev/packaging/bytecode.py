"""Bytecode for a target, written by its own Python.

`unchecked-hash` bytecode is used as it is: whoever unpacks a bundle may date its files as he likes. Bytecode that goes
by dates would be stale, and compiled again at every cold start, since a bundle's files carry no real ones.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TASK_ROOT = "/var/task"
_PATIENCE = 300  # seconds

# Runs in the target's Python. One process, a fixed order and no random hashing: the same bytes every time.
_COMPILE = """
import json, py_compile, sys
root, prefix = sys.argv[1:]
refused = {}
for name in json.load(sys.stdin):
    try:
        py_compile.compile(
            f"{root}/{name}", dfile=f"{prefix}/{name}", doraise=True, optimize=0, quiet=2,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except (py_compile.PyCompileError, UnicodeDecodeError, ValueError) as error:
        cause = getattr(error, "exc_value", error)
        refused[name] = [getattr(cause, "lineno", None), getattr(cause, "msg", None) or str(cause)]
json.dump(refused, sys.stdout)
"""


def compile_files(python: Path, root: Path, paths: Iterable[Path]) -> dict[str, tuple[int | None, str]]:
    """Write the bytecode of modules beside them, into `__pycache__`, as if they lay in Lambda's task root.

    Args:
        python: the target's interpreter.
        root: the bundle.
        paths: files in it; those that are no modules are left alone.

    Returns:
        Of those that cannot be compiled (by their path in the bundle) the line, and why.

    Raises:
        DevkitError: the interpreter failed.
    """
    names = sorted(path.relative_to(root).as_posix() for path in paths if path.suffix == ".py")
    try:
        done = subprocess.run(
            [python, "-s", "-S", "-P", "-W", "ignore", "-c", _COMPILE, root, TASK_ROOT],
            input=json.dumps(names), capture_output=True, text=True, check=False, timeout=_PATIENCE,
            env={"PYTHONHASHSEED": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DevkitError(f"{python} could not compile: {error}") from error
    if done.returncode != 0:
        raise DevkitError(f"{python} could not compile: {done.stderr.strip()}")
    return {name: (line, reason) for name, (line, reason) in json.loads(done.stdout).items()}
