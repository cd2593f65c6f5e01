"""`exh-dev build`: build the bundle of each function into `build/`.

build/NAME.zip           the bundle; Lambda unpacks it into /var/task
build/NAME.zip.sha256    its checksum, as `sha256sum --check` reads it
build/NAME.cdx.json      its bill of materials
build/NAME/              for Extra Horizon: task-config.json, and the bundle unpacked beside it

Everything is built before anything in `build/` is replaced.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError, UsageError
from exh_dev.packaging import archive, node
from exh_dev.packaging.authorities import FOLDER, SOURCE, authorities
from exh_dev.packaging.bytecode import compile_files
from exh_dev.packaging.content import Content, Files
from exh_dev.packaging.contents import handler_files, own_folder, own_lock, shared_files
from exh_dev.packaging.imports import check_imports
from exh_dev.packaging.interpreter import find_python, standard_library
from exh_dev.packaging.kept import Kept
from exh_dev.packaging.lock_files import INPUTS, LOCK
from exh_dev.packaging.locks import (
    asked_extras,
    asked_packages,
    check_inputs,
    listed_requirements,
    read_locks,
)
from exh_dev.packaging.needs import parts_of, with_needs
from exh_dev.packaging.origin import read_origin
from exh_dev.packaging.pruning import QUEUE, Pruner, check_unpruned, may_be_queued, named_modules
from exh_dev.packaging.pyproject import excluded_patterns, harmless_patterns, project_requirements, unpruned_packages
from exh_dev.packaging.replacing import replace
from exh_dev.packaging.sbom import bill_of_materials
from exh_dev.packaging.secret_scan import check_secrets
from exh_dev.packaging.sizes import LIMIT, check_size, largest
from exh_dev.packaging.source_wheels import pins_from_source
from exh_dev.packaging.target import Target
from exh_dev.packaging.task_config import BUNDLE, task_config
from exh_dev.packaging.unpacked import Unpacked
from exh_dev.packaging.wheels import WHEELS, Wheel, fetch
from exh_dev.project.configuration.task_configs import FILE, check_task_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exh_dev.packaging.locks import Pin
    from exh_dev.packaging.node import Package
    from exh_dev.packaging.parts import Parts
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project

BUILD = "build"
_SUFFIXES = (".zip", ".zip.sha256", ".cdx.json")


@dataclass(frozen=True)
class Bundle:
    """A function's bundle: where it is, its checksum, and its size in bytes, by its ten largest parts too."""

    name: str
    target: Target
    zip: Path
    sha256: str
    size: int
    unpacked: int
    files: int
    largest: list[tuple[str, int]]
    warning: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the bundle as JSON output."""
        return {
            "function": self.name,
            "runtime": self.target.runtime,
            "architecture": self.target.architecture,
            "zip": str(self.zip),
            "sha256": self.sha256,
            "bytes": self.size,
            "unpacked_bytes": self.unpacked,
            "files": self.files,
            "largest": [{"part": part, "bytes": size} for part, size in self.largest],
        }


@dataclass(frozen=True)
class Options:
    """Build options.

    Attributes:
        runtime: overrides the manifest's.
        python: the interpreter that compiles; by default one is searched for.
        bytecode: whether to compile bytecode.
        limit: maximum bytes of a zip for Extra Horizon.
    """

    runtime: str | None = None
    python: str | None = None
    bytecode: bool = True
    limit: int = LIMIT


def build(
    project: Project, specs: Sequence[FunctionSpec], options: Options, started: Callable[[str], None]
) -> list[Bundle]:
    """Build all functions or none, and remove bundles of removed functions from `build/`.

    Args:
        project: the project.
        specs: the functions.
        options: build options.
        started: called with each function before it is built.

    Raises:
        DevkitError: a build failed; `build/` is unchanged.
    """
    if not specs:
        raise UsageError(f"{project.manifest.path} has no function to build; `exh-dev new NAME` makes one")
    place = project.root / BUILD
    if (place.exists() or place.is_symlink()) and not place.is_dir():
        raise UsageError(f"{place} is not a folder, but bundles are written there; move it away")
    try:
        with _alone(project.data_dir) as scratch, Kept(project.data_dir) as kept:
            workshop = _Workshop(project, options, scratch, kept)
            workshop.check(specs)
            built = []
            for spec in specs:
                started(spec.name)
                built.append(workshop.bundle(spec))
            return _put_in_place(project, specs, built, scratch)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DevkitError(f"{error.filename or BUILD}: {reason}; {BUILD}/ is as it was") from error


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """Open a place to work in, in a folder that is locked meanwhile: a second build waits for the first."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob("build-*"):  # by a build that was killed
            shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(dir=folder, prefix="build-", ignore_cleanup_errors=True) as scratch:
            yield Path(scratch)


class _Workshop:
    """Builds bundles in a folder. Shared files are read once, and results of earlier builds are reused."""

    def __init__(self, project: Project, options: Options, scratch: Path, kept: Kept) -> None:
        self._project = project
        self._root = project.root
        self._cache = project.data_dir / "wheels"
        self._options = options
        self._scratch = scratch
        self._kept = kept
        self._archivist = archive.Archivist(kept)
        self._unpacked = Unpacked(kept)
        self._excluded = excluded_patterns(project.root)
        self._unpruned = unpruned_packages(project.root)
        self._origin = read_origin(project.root)
        self._named = named_modules(project)
        self._pruners: dict[tuple[int, int], Pruner] = {}
        self._fetched: dict[tuple[Path | None, Target], list[Wheel]] = {}
        self._contents: dict[Path, dict[str, Content]] = {}
        self._shared: dict[str, Content] | None = None

    def check(self, specs: Sequence[FunctionSpec]) -> None:
        """Raise errors that can be found before the long work begins."""
        for target in {self._target(spec) for spec in specs if spec.code is None}:
            self._python(target)
        own = {path: None for spec in specs for path in self._files(spec)}
        check_secrets([*shared_files(self._root), *own], self._root, harmless_patterns(self._root), self._kept)
        if self._unpruned:
            known = {wheel.pin.name for spec in specs if spec.code is None for wheel in self._wheels(spec)}
            check_unpruned(self._unpruned, known, self._root)

    def bundle(self, spec: FunctionSpec) -> Bundle:
        target = self._target(spec)
        if spec.code is not None:
            return self._node_bundle(spec, target)
        wheels = self._wheels(spec)
        if self._shared is None:
            self._shared = _read(shared_files(self._root), self._root)
        own_files = self._files(spec)
        files, own = Files(), _read(own_files, self._root)
        files.add_own(self._shared)
        for wheel in wheels:
            files.add_wheel(wheel.path.name, self._of_wheel(wheel))
        files.add_own(own)
        library = self._library(target)
        provided = {name.partition("/")[0].partition(".")[0] for name in files.contents}
        check_imports(
            [*shared_files(self._root), *own_files],
            self._root,
            provided | library,
            f"{own_folder(spec)}/{INPUTS}",
            target.version,
        )
        own |= self._shared
        parts = parts_of(wheels, asked_packages(self._wanted(spec), target), target)
        pruner = self._pruners.setdefault(target.version, Pruner(self._kept, target.version, self._unpruned))
        contents = {wheel.pin.name: self._of_wheel(wheel) for wheel in wheels}
        unused = () if may_be_queued(self._project, spec) else (QUEUE,)
        pruned = pruner.prune(
            own,
            contents,
            parts,
            library=library,
            unused=unused,
            named=self._named,
            excluded=self._excluded,
        )
        bundled = {name: each for name, each in files.contents.items() if name in own or name in pruned.files}
        bundled |= self._compiled(target, bundled)
        bundled |= pruned.stand_ins | _authorities(bundled)
        return self._finish(spec, target, bundled, parts.only(pruned.packages), _warning(spec, target, wheels))

    def _node_bundle(self, spec: FunctionSpec, target: Target) -> Bundle:
        code, packages = node.code_folder(self._root, spec), node.package_files(self._root, spec)
        files = _read([*self._files(spec), *packages], code)
        warning = node.warning(self._root, spec, packages)
        return self._finish(spec, target, files, node.parts_of(code, packages), warning)

    def _of_wheel(self, wheel: Wheel) -> dict[str, Content]:
        if wheel.path not in self._contents:
            self._contents[wheel.path] = wheel.contents(self._excluded)
        return self._contents[wheel.path]

    def _library(self, target: Target) -> frozenset[str]:
        python = self._python(target)
        return standard_library(python) if python else sys.stdlib_module_names

    def _files(self, spec: FunctionSpec) -> list[Path]:
        if spec.code is not None:
            return node.own_files(self._root, spec)
        return handler_files(self._root, spec, self._target(spec).version)

    def _target(self, spec: FunctionSpec) -> Target:
        if spec.code is not None:
            return Target(spec.runtime, spec.architecture)
        return Target.of(self._options.runtime or spec.runtime, spec.architecture)

    def _python(self, target: Target) -> Path | None:
        return find_python(target.version, self._options.python) if self._options.bytecode else None

    def _wheels(self, spec: FunctionSpec) -> list[Wheel]:
        """Return the packages of the project's lock and of the function's own."""
        target, own = self._target(spec), own_lock(self._root, spec)
        if (own, target) not in self._fetched:
            locks = [self._root / LOCK] if (self._root / LOCK).is_file() else []
            locks += [own] if own else []
            wanted = self._wanted(spec)
            pins: dict[str, Pin] = read_locks(locks, target)
            cache = self._cache / f"{target.runtime}-{target.architecture}"
            pins |= pins_from_source(wanted, pins, cache)
            check_inputs(wanted, pins, target)
            wheels = fetch(pins, target, cache, self._root / WHEELS)
            self._fetched[own, target] = with_needs(wheels, pins, asked_extras(wanted, pins, target), target)
        return self._fetched[own, target]

    def _wanted(self, spec: FunctionSpec) -> list[tuple[str, str]]:
        """Return what the project requires and what the function does by itself; each with where."""
        own = own_lock(self._root, spec)
        return project_requirements(self._root) + (listed_requirements(own.with_name(INPUTS)) if own else [])

    def _compiled(self, target: Target, files: dict[str, Content]) -> dict[str, Content]:
        if (python := self._python(target)) is None:
            return {}
        compiled = compile_files(python, target.version, files, self._kept, self._scratch)
        for name, (line, reason) in compiled.refused.items():
            # Packages may contain modules for other Python versions, which are never imported.
            if (self._root / name).is_file():
                raise DevkitError(f"{name}:{line or 1}: {target.runtime} cannot compile this: {reason}")
        return compiled.files

    def _finish(
        self,
        spec: FunctionSpec,
        target: Target,
        files: dict[str, Content],
        parts: Parts[Wheel] | Parts[Package],
        warning: str,
    ) -> Bundle:
        zipped = self._scratch / f"{spec.name}.zip"
        programs = {name for each in parts.packages.values() if isinstance(each, Wheel) for name in each.programs}
        sizes = self._archivist.write(files, zipped, programs)
        checksum = hashlib.sha256(zipped.read_bytes()).hexdigest()
        unpacked = sum(len(content.data) for content in files.values())
        bundle = Bundle(
            name=spec.name,
            target=target,
            zip=zipped,
            sha256=checksum,
            size=zipped.stat().st_size,
            unpacked=unpacked,
            files=len(sizes),
            largest=largest(sizes),
            warning=warning,
        )
        check_size(spec, sizes, bundle.size, unpacked, limit=self._options.limit, excluded=self._excluded)
        zipped.with_suffix(".zip.sha256").write_text(f"{checksum}  {zipped.name}\n", encoding="utf-8")
        bill = bill_of_materials(spec.name, checksum, self._origin, target, parts)
        zipped.with_suffix(".cdx.json").write_text(bill, encoding="utf-8")
        if spec.synced:
            folder = self._scratch / spec.name
            folder.mkdir()
            config = folder / FILE
            text = json.dumps(task_config(spec, target.runtime), indent=2) + "\n"
            config.write_text(text, encoding="utf-8")
            if self._unpacked.is_as_it_was(self._root / BUILD / spec.name, checksum, text):
                shutil.rmtree(folder)
                return bundle
            archive.write_folder(files, folder / BUNDLE, programs)
            self._unpacked.remember(folder, checksum, text)
            for problem in check_task_config(config):
                raise DevkitError(
                    f"{spec.path}:{spec.line}: {spec.logical_id}: {FILE} {problem.pointer}: {problem.rule}"
                )
        return bundle


def _read(paths: Sequence[Path], root: Path) -> dict[str, Content]:
    return {path.relative_to(root).as_posix(): Content.of(path.read_bytes()) for path in paths}


def _authorities(files: dict[str, Content]) -> dict[str, Content]:
    """Return the certificates that the client's transport trusts, where both are in the bundle."""
    if SOURCE not in files or not any(name.startswith(f"{FOLDER.rpartition('/')[0]}/") for name in files):
        return {}
    found = authorities(files[SOURCE].data.decode())
    return {f"{FOLDER}/{name}": Content.of(pem) for name, pem in found.items()}


def _put_in_place(
    project: Project, specs: Sequence[FunctionSpec], built: Sequence[Bundle], scratch: Path
) -> list[Bundle]:
    place = project.root / BUILD
    place.mkdir(exist_ok=True)
    names = [f"{spec.name}{suffix}" for spec in specs for suffix in _SUFFIXES]
    names += [spec.name for spec in specs if spec.synced]
    new = {place / name: scratch / name for name in names if (scratch / name).exists()}
    built_now = {place / name for name in names}
    replace(new, [path for path in _stale(project, place) if path not in built_now], scratch / "aside")
    return [Bundle(**{**vars(bundle), "zip": (place / bundle.zip.name).relative_to(project.root)}) for bundle in built]


def _stale(project: Project, place: Path) -> Iterator[Path]:
    """Yield leftovers of removed functions: the official CLI stops at a folder without a `task-config.json`."""
    names = {spec.name for spec in project.manifest.functions}
    folders = {spec.name for spec in project.manifest.functions if spec.synced}
    for path in place.iterdir():
        if path.is_dir():
            known = path.name in folders and (path / FILE).is_file()
        else:
            suffix = next((each for each in _SUFFIXES if path.name.endswith(each)), None)
            known = suffix is None or path.name.removesuffix(suffix) in names
        if not known:
            yield path


def _warning(spec: FunctionSpec, target: Target, wheels: Sequence[Wheel]) -> str:
    native = [wheel.pin.name for wheel in wheels if wheel.is_native]
    if not spec.synced or target.architecture == "x86_64" or not native:
        return ""
    return (
        f"{spec.name} is built for {target.architecture}. Extra Horizon has no option for the processor, and "
        f"Lambda's default is x86_64, which cannot load these: {', '.join(native)}"
    )
