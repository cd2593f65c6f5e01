"""What modules import, without importing them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.errors import DevkitError
from exh_dev.packaging import syntax
from exh_dev.packaging.interpreter import find_python
from exh_dev.packaging.syntax import Import

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

#: What Lambda's Python runtime has beside the standard library.
_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "dateutil", "jmespath", "six", "urllib3", "awslambdaric"})
_HERE = sys.version_info[:2]
_PATIENCE = 20  # seconds for another Python to read a file


class Facts(NamedTuple):
    """What a file imports, and the names it defines."""

    imports: Sequence[Import]
    names: Collection[str]


def read_module(path: Path, package: Sequence[str], version: tuple[int, int] = _HERE) -> Facts:
    """Return what a file imports and defines.

    Args:
        path: the file.
        package: the names of the package it is in, which relative imports begin with.
        version: the Python whose grammar counts: that of the function's runtime.

    Raises:
        DevkitError: it is not Python of this version; with the line.
    """
    try:
        tree = ast.parse(path.read_bytes(), path.name, feature_version=min(version, _HERE))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SyntaxError) and version > _HERE:
            return _read_elsewhere(path, package, version)
        message = getattr(error, "msg", str(error) or type(error).__name__)
        raise _not_python(path, version, getattr(error, "lineno", None), message) from None
    return Facts(syntax.imported_modules(tree, package), syntax.defined_names(tree))


def _read_elsewhere(path: Path, package: Sequence[str], version: tuple[int, int]) -> Facts:
    """Read a file by a later Python than this one, which may have grammar that this one does not know."""
    try:
        python = find_python(version)
    except DevkitError:
        found, wanted = (".".join(map(str, each)) for each in (_HERE, version))
        raise DevkitError(
            f"{path}: this is not Python {found}, by which exh-dev runs, and there is no Python {wanted} here to read "
            f"it, which the function is for: install Python {wanted}"
        ) from None
    command: list[str | Path] = [python, "-I", syntax.__file__, path, *package]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode != 0:
        raise DevkitError(f"{path} cannot be read by {python}: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    if "imports" not in answer:
        raise _not_python(path, version, answer["line"], answer["message"])
    return Facts([Import(*each) for each in answer["imports"]], set(answer["names"]))


def _not_python(path: Path, version: tuple[int, int], line: int | None, message: str) -> DevkitError:
    where = f"{path}:{line}" if line else str(path)
    return DevkitError(f"{where}: this is not Python {'.'.join(map(str, version))}: {message}")


def check_imports(
    paths: Iterable[Path],
    root: Path,
    provided: Collection[str],
    inputs: str,
    version: tuple[int, int],
) -> None:
    """See to it that everything that files import is in the bundle, in Python or in Lambda's runtime.

    Args:
        paths: the project's own files.
        root: the project's folder.
        provided: names of the modules and packages at the bundle's root and in the target's standard library.
        inputs: the file that lists the packages of the function alone.
        version: the target's Python.

    Raises:
        DevkitError: something is not; in Lambda that would be `Runtime.ImportModuleError`.
    """
    known = {*provided, *_RUNTIME, "__main__"}
    for path in paths:
        if path.suffix != ".py":
            continue
        relative = path.relative_to(root)
        for name, line, is_needed in read_module(path, relative.parent.parts, version).imports:
            if is_needed and name.partition(".")[0] not in known:
                raise DevkitError(
                    f"{relative}:{line} imports {name}, which is neither in the bundle nor in the runtime. A package "
                    f"that all functions need goes into `dependencies` in pyproject.toml, one that only this function "
                    f"needs into {inputs}; then `make lock` pins it"
                )
