"""Check functions' code: the handler exists, loads, is callable, and its imports are in the bundle."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from exh_dev.checking.finding import Finding, finding_of, relative
from exh_dev.checking.handler_shape import problem_with_handler
from exh_dev.checking.inspection import python_version
from exh_dev.checking.own_modules import loaded_files, missing_names, module_file
from exh_dev.checking.syntax import find_problem
from exh_dev.errors import DevkitError, SourceError
from exh_dev.packaging import node
from exh_dev.packaging.contents import HANDLERS, SHARED, handler_files, handler_module, own_folder, shared_files
from exh_dev.packaging.imports import missing_imports, read_module
from exh_dev.packaging.lock_files import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exh_dev.checking.inspection import Inspection
    from exh_dev.project.function_spec import FunctionSpec

_HERE = sys.version_info[:2]


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield problems in the code of each function, and Python files that cannot be imported."""
    reported = set()
    for spec in inspection.specs:
        for finding in of_function(inspection, spec):
            reported.add(finding.file)
            yield finding
    for folder in (HANDLERS, SHARED):
        for path in sorted((inspection.root / folder).rglob("*.py")):
            name = relative(path, inspection.root)
            if name not in reported and path.is_file() and (problem := _syntax(inspection, path, _HERE)):
                yield replace(problem, severity="warning")


def of_function(inspection: Inspection, spec: FunctionSpec, *, loading: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with the code of one function; of missing packages, with `loading`, only those that are not
    installed here either.
    """
    found = _of_node(inspection, spec) if spec.code is not None else _of_python(inspection, spec, loading=loading)
    for finding in found:
        yield replace(finding, functions=(spec.name,))


def _of_node(inspection: Inspection, spec: FunctionSpec) -> Iterator[Finding]:
    try:
        files = node.own_files(inspection.root, spec)
    except DevkitError as error:
        yield replace(inspection.in_manifest(spec, error), keeps_from_loading=True)
        return
    handler = node.code_folder(inspection.root, spec) / spec.handler.rpartition(".")[0]
    for path in files:  # only this one: each takes a process
        if path.with_suffix("") == handler and (problem := find_problem(path)):
            name = relative(path, inspection.root)
            yield Finding("error", name, problem.message, problem.line, keeps_from_loading=True)


def _of_python(inspection: Inspection, spec: FunctionSpec, *, loading: bool) -> Iterator[Finding]:
    root, version = inspection.root, python_version(spec) or _HERE
    problems: list[DevkitError] = []
    try:
        own = handler_files(root, spec, version, problems)
    except DevkitError as error:
        line = inspection.line_in_manifest(spec, "Properties", "Handler")
        found = inspection.in_manifest(spec, error)
        at_handler = replace(found, line=line) if not isinstance(error, SourceError) and found.line else found
        yield replace(at_handler, keeps_from_loading=True)
        return
    try:
        shared = shared_files(root)
    except DevkitError as error:
        yield inspection.in_manifest(spec, error)
        shared = []
    for each in problems:  # syntax errors are reported below
        if not (isinstance(each, SourceError) and each.path.is_absolute()):
            yield inspection.in_manifest(spec, each)
    yield from _of_files(
        inspection, spec, [path for path in {*own, *shared} if path.suffix == ".py"], version, loading=loading
    )
    if problem := problem_with_handler(root, spec, version):
        yield replace(inspection.in_manifest(spec, problem), keeps_from_loading=True)


def _of_files(
    inspection: Inspection, spec: FunctionSpec, paths: list[Path], version: tuple[int, int], *, loading: bool
) -> Iterator[Finding]:
    root = inspection.root
    loaded = loaded_files(root, handler_module(root, spec), version)
    readable = []
    for path in sorted(paths):
        if problem := _syntax(inspection, path, version):
            yield replace(problem, keeps_from_loading=path in loaded)
        else:
            readable.append(path)
    provided = _provided(inspection, spec, installed=loading)
    for missing in missing_imports(readable, root, provided, f"{own_folder(spec)}/{INPUTS}", version):
        is_loaded = root / missing.path in loaded and not _is_here(missing.name)
        yield replace(inspection.in_manifest(spec, missing), keeps_from_loading=is_loaded)
    for unknown in missing_names(root, readable, version):
        yield replace(inspection.in_manifest(spec, unknown), keeps_from_loading=unknown.path in loaded)


def _provided(inspection: Inspection, spec: FunctionSpec, *, installed: bool) -> Callable[[str], bool]:
    """Return whether a module is in the bundle or in Python, by its name; with `installed`, or on this machine."""

    @cache
    def by_packages() -> Callable[[str], bool]:
        from exh_dev.checking.packages import provided_to  # which takes longer to import than most have to wait

        return provided_to(inspection, spec)

    def is_provided(name: str) -> bool:
        if installed and (_is_here(name) or module_file(inspection.root, name) is not None):
            return True
        return by_packages()(name)

    return is_provided


def _is_here(module: str) -> bool:
    """Return whether a package is installed where functions run on this machine, though no bundle has it."""
    try:
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _syntax(inspection: Inspection, path: Path, version: tuple[int, int]) -> Finding | None:
    try:
        read_module(path, path.relative_to(inspection.root).parent.parts, version)
    except DevkitError as error:
        return finding_of(error, inspection.root, file=relative(path, inspection.root))
    return None
