"""The project's own files that a function needs: all of `shared/`, its handler, and the modules that this imports."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError, ManifestError, SourceError
from exh_dev.packaging.imports import read_module
from exh_dev.packaging.lock_files import INPUTS, LOCK
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.project.function_spec import FunctionSpec

SHARED = "shared"
HANDLERS = "handlers"
_LEFT_OUT = frozenset(
    {"__pycache__", "tests", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".DS_Store", INPUTS, LOCK}
)
_STAYS = frozenset({"tests", "benchmarks"})


def shared_files(root: Path) -> list[Path]:
    return list(_files(root / SHARED, root))


def handler_module(root: Path, spec: FunctionSpec) -> Path:
    """Return the file that the handler is in.

    Raises:
        ManifestError: the file does not exist.
    """
    name = spec.handler.rpartition(".")[0]
    module = _module(root, name)
    if module is None:
        path = PurePosixPath(*name.split(".")).with_suffix(".py")
        beside = (root / path).parent
        others = sorted(each.stem for each in beside.glob("*") if each.suffix == ".py" or _is_package(each))
        raise ManifestError(
            spec.path,
            spec.line,
            f"{spec.logical_id}: Handler is {spec.handler}, but there is no {path}{did_you_mean(path.stem, others)}",
        )
    return module


def handler_files(
    root: Path,
    spec: FunctionSpec,
    version: tuple[int, int] = sys.version_info[:2],
    problems: list[DevkitError] | None = None,
) -> list[Path]:
    """Return the handler's module, or its package with everything in it, and what they import of the project beside
    `shared`.

    Args:
        root: the project's folder.
        spec: the function.
        version: the Python that the files are for.
        problems: collects the errors of single files, and the search continues. Without it the first error is raised.

    Raises:
        ManifestError: the handler that the manifest names does not exist.
        DevkitError: a module cannot be read, or imports what never leaves this machine.
    """
    module = handler_module(root, spec)
    _check_function(root, spec, module, version)
    found: dict[Path, None] = {}
    waiting = [*_with_parents(root, spec.handler.rpartition(".")[0])]
    if module.name == "__init__.py":
        waiting += _files(module.parent, root)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        if path.suffix == ".py":
            try:
                for imported in _own_imports(root, path, version):
                    waiting += _with_parents(root, imported)
            except DevkitError as error:
                if problems is None:
                    raise
                problems.append(error)
    return list(found)


def _check_function(root: Path, spec: FunctionSpec, module: Path, version: tuple[int, int]) -> None:
    function = spec.handler.rpartition(".")[2]
    try:
        names = set(read_module(module, module.relative_to(root).parent.parts, version).names)
    except DevkitError:
        return  # this file's error is reported when the file itself is checked
    if not {function, "*", "__getattr__"} & names:
        raise ManifestError(
            spec.path,
            spec.line,
            f"{spec.logical_id}: Handler is {spec.handler}, but {module.relative_to(root)} has no {function}"
            f"{did_you_mean(function, names)}",
        )


def own_folder(spec: FunctionSpec) -> str:
    """Return the folder, relative to the project, that lists the packages which only this function needs."""
    first, second, *_ = spec.handler.split(".")
    return f"{first}/{second}" if first == HANDLERS else first


def own_lock(root: Path, spec: FunctionSpec) -> Path | None:
    """Return the lock of the packages that only this function needs; None if it has none.

    Raises:
        DevkitError: the lock is missing.
    """
    folder = root / own_folder(spec)
    if (folder / LOCK).is_file():
        return folder / LOCK
    if (folder / INPUTS).is_file():
        raise DevkitError(f"{folder / INPUTS} has no lock; create it with `make lock`")
    return None


def _own_imports(root: Path, path: Path, version: tuple[int, int]) -> Iterator[str]:
    package = list(path.relative_to(root).parent.parts)
    for name, line, is_needed in read_module(path, package, version).imports:
        top = name.partition(".")[0]
        if top in _STAYS and _exists(root, top):
            if is_needed:
                raise SourceError(path.relative_to(root), line, f"imports {name}, and {top} is never deployed")
        elif top != SHARED and _exists(root, top):
            yield name


def _exists(root: Path, top: str) -> bool:
    return (root / top).is_dir() or (root / f"{top}.py").is_file()


def _with_parents(root: Path, name: str) -> Iterator[Path]:
    """Yield the files that importing a module takes: the `__init__.py` on the way, and its own or all
    of its package.
    """
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        folder = root.joinpath(*parts[:depth])
        init = folder / "__init__.py"
        if depth > 1 and init.is_file():  # a function's package; `handlers` itself holds all of them
            yield from _files(folder, root)
            return
        if init.is_file():
            yield init
        elif folder.with_suffix(".py").is_file():
            yield folder.with_suffix(".py")
            return


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _module(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _files(folder: Path, root: Path) -> Iterator[Path]:
    """Yield all files in a folder except caches, tests and locks, in a fixed order."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name in _LEFT_OUT or path.suffix in (".pyc", ".pyo"):
            continue
        if problem := problem_with(path, root):
            raise DevkitError(f"{ascii(str(path.relative_to(root)))[1:-1]} {problem}")
        if path.is_dir():
            yield from _files(path, root)
        else:
            yield path


def problem_with(path: Path, root: Path) -> str | None:
    """Return why a file or folder cannot be in a bundle, or None."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(root)):
        return f"is a link to {real}, outside of the project; copy it"
    if path.is_dir() and Path(os.path.realpath(path.parent)).is_relative_to(real):
        return "is a link to a folder that contains it; remove it"
    if not path.is_dir() and not path.is_file():
        return "is a broken link or not a regular file; remove it"
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8, as names in a zip are; rename it"
    return None
