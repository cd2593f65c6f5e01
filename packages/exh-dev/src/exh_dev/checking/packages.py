"""Check the locks for missing packages, and list the modules that locked packages provide."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from exh_dev.checking.finding import Finding, finding_of
from exh_dev.checking.inspection import python_version
from exh_dev.errors import DevkitError
from exh_dev.packaging.contents import own_lock
from exh_dev.packaging.lock_files import INPUTS, LOCK
from exh_dev.packaging.locks import check_inputs, listed_requirements, read_locks
from exh_dev.packaging.pyproject import PYPROJECT, project_requirements
from exh_dev.packaging.source_wheels import editable_source
from exh_dev.packaging.target import Target
from exh_dev.packaging.wheels import WHEELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from exh_dev.checking.inspection import Inspection
    from exh_dev.packaging.locks import Pin
    from exh_dev.project.function_spec import FunctionSpec


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield what `build` would say of pyproject.toml and the locks."""
    for spec in inspection.specs:
        if spec.code is not None or python_version(spec) is None:
            continue
        pins = _pins(inspection.root, spec)
        if isinstance(pins, DevkitError):
            yield finding_of(pins, inspection.root, file=PYPROJECT, functions=(spec.name,))


def provided_to(inspection: Inspection, spec: FunctionSpec) -> Callable[[str], bool]:
    """Return a predicate: is this module in the function's bundle or in the standard library?

    It accepts everything if only a build would show: a package is neither installed here nor a wheel of the
    project, or there is no lock, as where something else makes the bundle.
    """
    root = inspection.root
    if not (root / LOCK).is_file():
        return lambda _: True
    own = {path.stem for path in root.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    pins = _pins(root, spec)
    if isinstance(pins, DevkitError):  # has its own finding
        return lambda _: True
    modules: dict[str, set[str] | None] = {}

    def is_provided(name: str) -> bool:
        if name in sys.stdlib_module_names or name in own or canonicalize_name(name) in pins:
            return True
        for pinned in pins:
            if pinned not in modules:
                modules[pinned] = _modules_of(pinned, root)
            found = modules[pinned]
            if found is None or name in found:
                return True
        return False

    return is_provided


def _pins(root: Path, spec: FunctionSpec) -> dict[str, Pin | None] | DevkitError:
    """Return the packages of a function's bundle, or the error: a lock cannot be read, or is not one of
    what is asked for. None is the pin of a package installed from source, which no lock pins.
    """
    try:
        return _read_pins(root, own_lock(root, spec), Target.of(spec.runtime, spec.architecture))
    except DevkitError as error:
        return error


def _read_pins(root: Path, own: Path | None, target: Target) -> dict[str, Pin | None]:
    locks = [root / LOCK] if (root / LOCK).is_file() else []
    wanted = project_requirements(root)
    if own:
        locks.append(own)
        wanted += listed_requirements(own.with_name(INPUTS))
    pins = read_locks(locks, target)
    from_source = {name for text, _ in wanted if (name := _name(text)) not in pins and name and editable_source(name)}
    check_inputs([each for each in wanted if _name(each[0]) not in from_source], pins, target)
    return {**pins, **dict.fromkeys(from_source)}


def _name(text: str) -> str:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return ""  # has its own finding


def _modules_of(name: str, root: Path) -> set[str] | None:
    """Return the modules and packages of a distribution; None if it is not installed here."""
    for wheel in (*(root / WHEELS).glob("*.whl"), *(root / ".exh-dev" / "wheels").glob("*/*.whl")):
        if canonicalize_name(wheel.name.partition("-")[0]) == name:
            try:
                with ZipFile(wheel) as archive:
                    return _top(archive.namelist())
            except (BadZipFile, OSError):  # a damaged wheel: nothing can be said of it
                return None
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    if editable_source(name):
        return {re.sub(r"[-.]", "_", name)}
    return None if found.files is None else _top(str(each) for each in found.files)


def _top(names: Iterable[str]) -> set[str]:
    return {name.partition("/")[0].partition(".")[0] for name in names if ".dist-info" not in name.partition("/")[0]}
