"""Hot reload: what is saved is served, and only what it concerns begins anew.

    handlers/, shared/             workers of the functions that import the file
    template.yaml, .env            functions whose settings are others than before
    schemas/, templates/, …        the platform's configuration

A file that is no Python any more is told at once, and so is one that breaks a rule of the configuration. No function
goes on with old code silently: its workers are ended with the first save, and a run says what is wrong.
"""

from __future__ import annotations

import glob
import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from devkit import served
from devkit.errors import DevkitError, ManifestError
from devkit.folder.project import read_configuration
from devkit.packaging.contents import SHARED, handler_files
from devkit.project import ENV_FILE, MANIFEST, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import TracebackType

    from devkit.local import LocalPlatform
    from devkit.manifest import FunctionSpec
    from devkit.served_project import ServedProject

_DEBOUNCE = 40  # ms without another change until something is done
_IDLE = 250  # ms without a change until it is looked whether to stop
_STEP = 20  # ms between two looks while changes come
_CONFIGURATION = ("schemas", "templates", "localizations")
_CONFIGURATION_FILES = ("repo-config.json", "dispatchers.json", "service-settings.json")
_IGNORED = frozenset(
    {"__pycache__", ".git", ".venv", ".venv-aws", ".exh-dev", "build", "node_modules", "tests", "docs", "devkit"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "benchmarks"}
)


class Reloader:
    """Watches a project while the `with` block runs."""

    def __init__(self, platform: LocalPlatform, project: ServedProject, tell: Callable[[str], None]) -> None:
        """Serve on `platform` what changes in `project`; `tell` gets a sentence for each change."""
        self._platform = platform
        self._served = project
        self._tell = tell
        self._broken: dict[Path, dict[str, Any]] = {}
        self._others: list[dict[str, Any]] = []
        self._stopped = Event()
        self._before: dict[Path, int] | None = _stamps(project.root)
        self._thread = Thread(target=self._watch, name="reload", daemon=True)

    def __enter__(self) -> Self:
        """Watch from now on."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching."""
        self._stopped.set()
        self._thread.join()

    def apply(self, paths: Collection[Path]) -> None:
        """Serve what has changed in these files."""
        root = self._served.project.root
        names = {path: path.relative_to(root).parts for path in paths if path.is_relative_to(root)}
        self._check_python([path for path in names if path.suffix == ".py"])
        manifest = any(parts in {(MANIFEST,), (ENV_FILE,)} for parts in names.values())
        if manifest:
            self._served.become(Project(root))
        if manifest or any(_is_configuration(parts) for parts in names.values()):
            self._load_configuration()
        self._renew([path for path in names if path.suffix == ".py"], manifest=manifest)
        self._served.report([*self._broken.values(), *self._others])
        self._platform.tell_change("functions")

    def _watch(self) -> None:
        from watchfiles import watch

        root = self._served.project.root
        changes = watch(
            root,
            watch_filter=lambda _, path: _is_watched(root, Path(path)),
            debounce=_DEBOUNCE,
            step=_STEP,
            stop_event=self._stopped,
            rust_timeout=_IDLE,
            yield_on_timeout=True,
        )
        for changed in changes:
            paths = {Path(path) for _, path in changed}
            if self._before is not None:  # what was saved before the watching began
                before, now, self._before = self._before, _stamps(root), None
                paths |= {path for path in {*before, *now} if before.get(path) != now.get(path)}
            if not paths:
                continue
            try:
                self.apply(paths)
            except (DevkitError, OSError, TimeoutError) as error:
                self._tell(f"a change could not be applied: {error}")

    def _check_python(self, paths: Collection[Path]) -> None:
        for path in paths:
            _drop_bytecode(path)
            problem = _syntax_problem(path, self._served.project.root)
            if problem is None:
                self._broken.pop(path, None)
                continue
            self._broken[path] = {**problem, "functions": []}
            self._tell(f"{problem['file']}:{problem['line']}: {problem['message']}")

    def _load_configuration(self) -> None:
        """Check the configuration, and load it if nothing is wrong with it."""
        project = self._served.project
        self._others = []
        try:
            _ = project.manifest
        except DevkitError as error:
            line = error.line if isinstance(error, ManifestError) else None
            self._others.append({"file": MANIFEST, "line": line, "message": str(error), "functions": []})
            self._tell(str(error))
            return
        configuration = read_configuration(project)
        for problem in configuration.problems:
            told = problem.as_json(project.root)
            message = f"{told['pointer']} {told['rule']}".strip()
            self._others.append({"file": told["file"], "line": None, "message": message, "functions": []})
            self._tell(f"{told['file']}: {message}")
        if not configuration.problems and not configuration.is_empty:
            served.load(configuration, self._platform)
            self._tell("configuration loaded")

    def _renew(self, paths: Collection[Path], *, manifest: bool) -> None:
        project = self._served.project
        try:
            specs = project.manifest.functions
        except DevkitError:
            return
        concerned = {spec.name for spec in specs if any(_concerns(project.root, spec, path) for path in paths)}
        for path, problem in self._broken.items():
            problem["functions"] = [spec.name for spec in specs if _concerns(project.root, spec, path)]
        if not (concerned or manifest):
            return
        if any("exh" not in spec.targets and spec.name in concerned for spec in specs):
            self._served.become(project)
        renewed = self._platform.bring(
            lambda: served.own_functions(self._platform, self._tell, project), changed=concerned
        )
        if manifest:
            served.schedule(self._platform, project, self._tell)
        told = sorted(concerned | set(renewed))
        if told:
            self._tell(f"reloaded {', '.join(told)}")


def _stamps(root: Path) -> dict[Path, int]:
    """When each file was changed."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _IGNORED]
        for path in (Path(folder, name) for name in names):
            if _is_watched(root, path):
                with suppress(FileNotFoundError):
                    found[path] = path.stat().st_mtime_ns
    return found


def _is_watched(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    if not parts or _IGNORED.intersection(parts):
        return False
    return path.suffix == ".py" or parts in {(MANIFEST,), (ENV_FILE,)} or _is_configuration(parts)


def _is_configuration(parts: tuple[str, ...]) -> bool:
    return parts[0] in _CONFIGURATION or (len(parts) == 1 and parts[0] in _CONFIGURATION_FILES)


def _concerns(root: Path, spec: FunctionSpec, path: Path) -> bool:
    """Whether a function's code is in a file, or was: what cannot be read concerns everybody it may belong to."""
    if path.relative_to(root).parts[0] == SHARED or not path.exists():
        return True
    try:
        return path in handler_files(root, spec)
    except DevkitError:
        return True


def _drop_bytecode(path: Path) -> None:
    """Bytecode counts as that of a file with the same size and the same second of change: perhaps not the latest."""
    for each in (path.parent / "__pycache__").glob(f"{glob.escape(path.stem)}.*.pyc"):
        each.unlink(missing_ok=True)


def _syntax_problem(path: Path, root: Path) -> dict[str, Any] | None:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        compile(text, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"{type(error).__name__}: {error.msg}"
        return {"file": str(path.relative_to(root)), "line": error.lineno, "message": message}
    except ValueError as error:  # null bytes
        return {"file": str(path.relative_to(root)), "line": None, "message": str(error)}
    return None
