"""Find the modules that Python files import, without importing them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.errors import DevkitError, MissingImportError, SourceError
from exh_dev.packaging import syntax
from exh_dev.packaging.interpreter import find_python
from exh_dev.packaging.syntax import Import

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

#: Packages in Lambda's Python runtime besides the standard library.
_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "dateutil", "jmespath", "six", "urllib3", "awslambdaric"})
_HERE = sys.version_info[:2]
_PATIENCE = 20  # seconds for another Python to read a file
_TOOLKIT = "exh_dev"


class Facts(NamedTuple):
    """The imports and defined names of a file, and its tree unless another Python version parsed it."""

    imports: Sequence[Import]
    names: Collection[str]
    tree: ast.Module | None = None


def read_module(path: Path, package: Sequence[str], version: tuple[int, int] = _HERE) -> Facts:
    """Return a file's imports and defined names.

    Args:
        path: the file.
        package: the names of the package it is in, which relative imports begin with.
        version: the Python version of the function's runtime, whose grammar applies.

    Raises:
        SourceError: it has a syntax error in this version; with the line.
        DevkitError: it needs a later Python that is not installed.
    """
    try:
        return _facts(path.read_bytes(), path.name, tuple(package), min(version, _HERE))
    except OSError as error:  # a folder of this name
        raise SourceError(path, None, f"it cannot be read: {(error.strerror or '').lower()}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SyntaxError) and version > _HERE:
            return _read_elsewhere(path, package, version)
        kind = type(error).__name__
        message = f"{kind}: {getattr(error, 'msg', None) or str(error) or 'nested too deep'}"
        raise _not_python(path, version, getattr(error, "lineno", None), message) from None


@lru_cache(maxsize=256)
def _facts(text: bytes, name: str, package: tuple[str, ...], version: tuple[int, int]) -> Facts:
    """Return the imports and defined names of a source. Cached, because functions share modules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as invalid escape sequences, which the linter reports
        tree = ast.parse(text, name, feature_version=version)
        compile(tree, name, "exec", dont_inherit=True)  # finds a `return` outside of a function, and the like
    return Facts(syntax.imported_modules(tree, package), syntax.defined_names(tree), tree)


def _read_elsewhere(path: Path, package: Sequence[str], version: tuple[int, int]) -> Facts:
    """Read a file by a later Python than this one, which may have grammar that this one does not know."""
    try:
        python = find_python(version)
    except DevkitError:
        found, wanted = (".".join(map(str, each)) for each in (_HERE, version))
        raise SourceError(
            path,
            None,
            f"this is not Python {found}, by which exh-dev runs, and there is no Python {wanted} here to read it, "
            f"which the function is for: install Python {wanted}",
        ) from None
    command: list[str | Path] = [python, "-I", syntax.__file__, path, *package]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode != 0:
        raise SourceError(path, None, f"it cannot be read by {python}: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    if "imports" not in answer:
        raise _not_python(path, version, answer["line"], answer["message"])
    return Facts([Import(*each) for each in answer["imports"]], set(answer["names"]))


def _not_python(path: Path, version: tuple[int, int], line: int | None, message: str) -> SourceError:
    return SourceError(path, line, f"{message}; it is read as Python {'.'.join(map(str, version))}")


def check_imports(
    paths: Iterable[Path],
    root: Path,
    provided: Collection[str],
    inputs: str,
    version: tuple[int, int],
) -> None:
    """Check that every import is in the bundle, the standard library or Lambda's runtime.

    Args:
        paths: the project's own files.
        root: the project's folder.
        provided: names of the modules and packages at the bundle's root and in the target's standard library.
        inputs: the file that lists the packages of the function alone.
        version: the target's Python.

    Raises:
        MissingImportError: an import is missing; Lambda would raise `Runtime.ImportModuleError`.
        DevkitError: a file cannot be read.
    """
    for missing in missing_imports(paths, root, {*provided}.__contains__, inputs, version):
        raise missing


def missing_imports(
    paths: Iterable[Path],
    root: Path,
    is_provided: Callable[[str], bool],
    inputs: str,
    version: tuple[int, int],
) -> Iterator[MissingImportError]:
    """Yield an error for each import of something that is neither in the bundle nor in Lambda's runtime.

    Args:
        paths: the project's own files.
        root: the project's folder.
        is_provided: whether a module or package of this name is in the bundle or in the standard library.
        inputs: the file that lists the packages of the function alone.
        version: the target's Python.

    Raises:
        DevkitError: a file cannot be read.
    """
    for path in paths:
        if path.suffix != ".py":
            continue
        relative = path.relative_to(root)
        reported = set()
        for name, line, is_needed in read_module(path, relative.parent.parts, version).imports:
            top = name.partition(".")[0]
            if not is_needed or top in reported or top in _RUNTIME or top == "__main__":
                continue
            if top == _TOOLKIT:
                reported.add(top)
                yield MissingImportError(relative, line, name, "and exh-dev is never deployed; leave it to tests")
            elif not is_provided(top):
                reported.add(top)
                alone = "" if inputs.partition("/")[0] != relative.parts[0] else f" (for this function alone: {inputs})"
                yield MissingImportError(
                    relative,
                    line,
                    name,
                    "which is neither in the bundle nor in the runtime; add the package to `dependencies` in "
                    f"pyproject.toml{alone} and run `make lock`, which pins it",
                )
