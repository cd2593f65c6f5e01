"""Compile bytecode with the target's Python version.

The bytecode is `unchecked-hash`, which ignores file times: a bundle's files have no real ones, so timestamp-based
bytecode would be stale and compiled again at every cold start.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.errors import DevkitError
from exh_dev.packaging.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exh_dev.packaging.kept import Kept

TASK_ROOT = "/var/task"
_PATIENCE = 300  # seconds
_DONE, _REFUSED = b"+", b"-"

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


class Compiled(NamedTuple):
    """Bytecode by its path in the bundle; of the modules that cannot be compiled the line, and why."""

    files: dict[str, Content]
    refused: dict[str, tuple[int | None, str]]


def compile_files(
    python: Path, version: tuple[int, int], files: Mapping[str, Content], kept: Kept, scratch: Path
) -> Compiled:
    """Return the bytecode of modules, in each folder's `__pycache__`, with source paths in Lambda's task root.

    Args:
        python: the target's interpreter.
        version: its version.
        files: files of a bundle by path; only modules are compiled.
        kept: cache of earlier builds.
        scratch: temporary folder.

    Raises:
        DevkitError: the interpreter failed.
    """
    by = (_identity(python), repr(version).encode())
    compiled = Compiled({}, {})
    unknown: dict[str, Content] = {}
    for name, content in files.items():
        if name.endswith(".py"):
            found = kept.get("bytecode", *by, name.encode(), content.digest)
            if found is None:
                unknown[name] = content
            else:
                _take(compiled, name, version, found)
    if unknown:
        with TemporaryDirectory(dir=scratch) as folder:
            for name, found in _compiled(python, version, unknown, Path(folder)):
                kept.put(found, "bytecode", *by, name.encode(), unknown[name].digest)
                _take(compiled, name, version, found)
    return compiled


def _take(compiled: Compiled, name: str, version: tuple[int, int], found: bytes) -> None:
    if found[:1] == _REFUSED:
        line, reason = json.loads(found[1:])
        compiled.refused[name] = line, reason
    else:
        compiled.files[_place(name, version)] = Content.of(found[1:])


def _place(name: str, version: tuple[int, int]) -> str:
    path = PurePosixPath(name)
    return str(path.parent / "__pycache__" / f"{path.stem}.cpython-{version[0]}{version[1]}.pyc")


def _compiled(
    python: Path, version: tuple[int, int], files: Mapping[str, Content], root: Path
) -> Iterable[tuple[str, bytes]]:
    """Yield for each module its bytecode, or the compile error, in the cache's format."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.data)
    try:
        done = subprocess.run(
            [python, "-s", "-S", "-P", "-W", "ignore", "-c", _COMPILE, root, TASK_ROOT],
            input=json.dumps(sorted(files)), capture_output=True, text=True, check=False, timeout=_PATIENCE,
            env={"PYTHONHASHSEED": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DevkitError(f"{python} could not compile: {error}") from error
    if done.returncode != 0:
        raise DevkitError(f"{python} could not compile: {done.stderr.strip()}")
    refused = json.loads(done.stdout)
    for name in files:
        if name in refused:
            yield name, _REFUSED + json.dumps(refused[name]).encode()
        else:
            yield name, _DONE + (root / _place(name, version)).read_bytes()


@cache
def _identity(python: Path) -> bytes:
    """Return a fingerprint that differs between interpreters installed at the same path."""
    about = python.resolve().stat()
    return f"{python} {about.st_size} {about.st_mtime_ns}".encode()
