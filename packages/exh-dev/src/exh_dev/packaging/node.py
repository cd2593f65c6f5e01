"""The bundle of a function for Node.js: the folder that `CodeUri` names, as it is, with `node_modules` if it is there.

Nothing is installed, compiled or left out of packages: npm and bundlers do that, before `exh-dev build`.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.errors import DevkitError, ManifestError
from exh_dev.packaging.contents import problem_with
from exh_dev.packaging.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from exh_dev.project.function_spec import FunctionSpec

PACKAGES = "node_modules"
_EXTENSIONS = ("", ".js", ".mjs", ".cjs")  # in the order in which Lambda looks
_SOURCES = (".ts", ".mts", ".cts")
_DEPENDENCIES = ("dependencies", "optionalDependencies", "peerDependencies")
_LEFT_OUT = frozenset({".DS_Store"})
_PROGRAMS = ".bin"  # links to the programs of packages, which npm makes for its scripts
_MACHINES = {"x86_64": ("x86_64", "amd64"), "arm64": ("arm64", "aarch64")}


class Package(NamedTuple):
    """A package in `node_modules`, and the licence and the author that it says it has."""

    name: str
    version: str
    licence: str
    author: str

    @property
    def key(self) -> str:
        """A key that is unique for each package and version."""
        return f"{self.name}@{self.version}"


def code_folder(root: Path, spec: FunctionSpec) -> Path:
    """Return the folder of a function's code."""
    return root / (spec.code or "")


def own_files(root: Path, spec: FunctionSpec) -> list[Path]:
    """Return the function's files without its packages.

    Raises:
        ManifestError: the folder or the handler's module does not exist.
        DevkitError: a file cannot be in a bundle.
    """
    folder = code_folder(root, spec)
    if not folder.is_dir():
        raise ManifestError(
            spec.path, spec.line, f"{spec.logical_id}: CodeUri is {spec.code}, and there is no such folder"
        )
    _check_handler(folder, spec)
    return list(_files(folder, root, packages=False))


def package_files(root: Path, spec: FunctionSpec) -> list[Path]:
    """Return the files of the packages in the function's `node_modules`.

    Raises:
        DevkitError: a file cannot be in a bundle.
    """
    return list(_files(code_folder(root, spec) / PACKAGES, root, packages=True))


def parts_of(folder: Path, files: Sequence[Path]) -> Parts[Package]:
    """Return the packages that files below `node_modules` belong to, each version once, with their dependencies.

    Args:
        folder: the function's folder.
        files: the files of its packages.
    """
    there: dict[Path, Package] = {}
    for path in files:
        if path.name == "package.json" and _is_of_package(path) and (package := _package(_described(path))):
            there[path.parent] = package
    needs: dict[str, set[str]] = {}
    for place, package in there.items():
        needs.setdefault(package.key, set()).update(_needed(place, folder, there))
    return Parts({each.key: each for each in sorted(there.values())}, needs, _needed(folder, folder, there))


def _package(about: dict[str, object]) -> Package | None:
    name, version, licence = (about.get(key) for key in ("name", "version", "license"))
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    author = about.get("author")
    author = author.get("name") if isinstance(author, dict) else author
    known = re.split(r"[<(]", author)[0].strip() if isinstance(author, str) else ""
    return Package(name, version, licence if isinstance(licence, str) else "", known)


def _needed(place: Path, folder: Path, there: Mapping[Path, Package]) -> set[str]:
    """Return what the `package.json` of a folder asks for, found as Node.js does: in the nearest `node_modules`."""
    about = _described(place / "package.json")
    names = {name for key in _DEPENDENCIES for name in _names(about.get(key))}
    above = [each for each in (place, *place.parents) if each == folder or folder in each.parents]
    found = (
        next((each / PACKAGES / name for each in above if each / PACKAGES / name in there), None) for name in names
    )
    return {there[each].key for each in found if each is not None}


def _names(dependencies: object) -> Iterable[str]:
    return dependencies if isinstance(dependencies, dict) else ()


def warning(root: Path, spec: FunctionSpec, files: Sequence[Path]) -> str:
    """Return a warning about missing packages of a function; empty if there is none."""
    return "; ".join(filter(None, (_missing(code_folder(root, spec), spec), _foreign(spec, files))))


def _missing(folder: Path, spec: FunctionSpec) -> str:
    """Return packages that are listed but not installed.

    A bundler may have inlined them into the function's own files, which cannot be detected.
    """
    listed = _described(folder / "package.json").get("dependencies")
    missing = [name for name in listed if not (folder / PACKAGES / name).is_dir()] if isinstance(listed, dict) else []
    if not missing:
        return ""
    return (
        f"{spec.code}/package.json needs {', '.join(missing)}, which {spec.code}/{PACKAGES} has not: run "
        f"`npm ci --omit=dev` in {spec.code}, unless a bundler has put it into {spec.name}"
    )


def _foreign(spec: FunctionSpec, files: Sequence[Path]) -> str:
    """Return a warning about native modules, which were compiled for this machine, not for Lambda's."""
    native = sorted({path.name for path in files if path.suffix == ".node"})
    if not native or (sys.platform == "linux" and platform.machine().lower() in _MACHINES[spec.architecture]):
        return ""
    return (
        f"{spec.name} is built for Linux on {spec.architecture}, and these were installed on {sys.platform} on "
        f"{platform.machine()}, so that they may not load there: {', '.join(native)}"
    )


def _check_handler(folder: Path, spec: FunctionSpec) -> None:
    place, _, name = spec.handler.rpartition("/")
    base = folder / place / name.partition(".")[0]
    if any(base.with_name(base.name + extension).exists() for extension in _EXTENSIONS):
        return
    what = f"{base.relative_to(folder).as_posix()}.js, .mjs or .cjs in {spec.code}"
    source = next((each for each in _SOURCES if base.with_name(base.name + each).is_file()), None)
    hint = f"; {base.name}{source} has to be compiled first" if source else ""
    message = f"{spec.logical_id}: Handler is {spec.handler}, but there is no {what}{hint}"
    raise ManifestError(spec.path, spec.line, message)


def _files(folder: Path, root: Path, *, packages: bool) -> Iterator[Path]:
    """Yield all files in a folder in a fixed order; `node_modules` only with `packages`."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name in _LEFT_OUT or path.name == (_PROGRAMS if packages else PACKAGES):
            continue
        if problem := problem_with(path, root):
            raise DevkitError(f"{ascii(str(path.relative_to(root)))[1:-1]} {problem}")
        if path.is_dir():
            yield from _files(path, root, packages=packages)
        else:
            yield path


def _is_of_package(path: Path) -> bool:
    """Return whether a package.json is a package's own: `node_modules/NAME/package.json`, or with a scope before the
    name.
    """
    above = path.parent.parent
    return above.name == PACKAGES or (above.name.startswith("@") and above.parent.name == PACKAGES)


def _described(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
