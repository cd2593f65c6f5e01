"""Hot reload: a saved file takes effect, and only the parts that depend on it restart.

    handlers/, shared/             workers of the functions that import the file
    a folder of Node.js code       workers of the functions with code in it
    template.yaml, .env            functions with changed settings
    schemas/, templates/, …        the platform's configuration

Syntax errors and violations of the configuration's rules are reported immediately. No function keeps running old code:
its workers end at the first save, and a run reports the error. Changes made while the manifest is broken take effect
when it is fixed.
"""

from __future__ import annotations

import glob
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from exh_dev.checking.gate import findings
from exh_dev.checking.syntax import JAVASCRIPT, find_problem
from exh_dev.errors import DevkitError, UsageError
from exh_dev.packaging import node
from exh_dev.packaging.contents import SHARED, handler_files
from exh_dev.project.configuration.configuration import read_configuration
from exh_dev.project.project import ENV_FILE, MANIFEST, Project
from exh_dev.serve import deploy
from exh_dev.serve.outranking import about_function, hidden_functions
from exh_dev.serve.watched_folders import CONFIGURATION, IGNORED, LEFT_OUT, stamps, watched_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from types import TracebackType

    from exh_dev.checking.finding import Finding
    from exh_dev.serve.local_platform import LocalPlatform
    from exh_dev.serve.project import ServedProject

Problem: TypeAlias = dict[str, Any]
"""`file`, `line` or None, `message`, and `functions`: the names of those that it concerns."""

PYTHON = ".py"
_DEBOUNCE = 20  # ms without another change until something is done
_COARSE = 20_000_000  # ns that the time of a saved file may be behind the clock
_IDLE = 250  # ms without a change until it is looked whether to stop
_STEP = 5  # ms between two looks while changes come
_CONFIGURATION_FILES = ("repo-config.json", "dispatchers.json", "service-settings.json")
#: Files that findings concern, besides code, events and configuration.
_CHECKED = frozenset({(MANIFEST,), (ENV_FILE,), ("pyproject.toml",), ("requirements.txt",)})


class Reloader:
    """Watches a project while the `with` block runs."""

    def __init__(
        self,
        platform: LocalPlatform,
        project: ServedProject,
        note: Callable[[str], None],
        warn: Callable[[str], None] | None = None,
        *,
        since: int | None = None,
    ) -> None:
        """Apply changes in `project` to `platform`.

        Args:
            platform: serves the project.
            project: its files are watched.
            note: called with a message for each change.
            warn: called with a message for each change that cannot take effect.
            since: time in ns since the epoch when the project began to be read; files that were saved after it are
                applied first. By default now.
        """
        self._platform = platform
        self._project = project
        self._note, self._warn = note, warn or note
        self._problems: dict[str, list[Problem]] = {}
        """By what they are about: a file of JavaScript, `findings`, `configuration`, `functions` or `watching`."""
        self._files: dict[str, frozenset[Path]] = {}
        """The code of each function when it was last read: files, or the folder of Node.js code."""
        self._node_folders: dict[str, Path] = {}
        """The folder of Node.js code by function name."""
        self._waiting: set[Path] = set()
        """Code that has changed and is not served yet."""
        self._stopped = Event()
        self._findings: set[str] = set()
        self._remember_node_folders()
        self._thread = Thread(target=self._watch, name="reload", daemon=True)
        self._read_functions()
        self._seen = {path: at for path, at in self._stamps().items() if since is None or at < since - _COARSE}
        self._look(())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def apply(self, paths: Collection[Path]) -> None:
        """Apply changes in these files and folders.

        An error is reported as a problem of the project, and the other changes still take effect.
        """
        root = self._project.root
        changed = _files_of(path for path in paths if path.is_relative_to(root))
        names = [path.relative_to(root).parts for path in changed]
        code = {path for path in changed if path.suffix in {PYTHON, ""} or self._is_code_of_node(path)}
        for path in code:
            _drop_bytecode(path)
        manifest = any(parts in {(MANIFEST,), (ENV_FILE,)} for parts in names)
        self._check_syntax(path for path in code if path.suffix in JAVASCRIPT)
        self._waiting |= code
        if manifest:
            self._project.become(Project(root))
        served_anew = self._attempt("functions", self._renew) if manifest or self._waiting else True
        if manifest or any(_is_configuration(parts) for parts in names):
            self._attempt("configuration", self._load_configuration)
        if manifest and served_anew:
            self._attempt("schedules", self._schedule)
        files = sorted("/".join(parts) for parts in names)
        self._look(files)
        self._project.reloaded(files)
        self._platform.mark_changed("functions")

    def folders(self) -> frozenset[Path]:
        """Return the folders to watch, each without its subfolders."""
        code = {path for files in self._files.values() for path in files}
        return watched_folders(self._project.root, code, self._node_folders.values())

    def _watch(self) -> None:
        try:
            while not self._stopped.is_set():
                self._watch_folders(self.folders())
        except Exception as error:  # noqa: BLE001 - whatever it is, old code must not be served silently
            why = str(error) or type(error).__name__
            message = f"what is saved is not served any more; start exh-dev serve again ({why})"
            self._problems["watching"] = [_problem("", None, message)]
            self._note(message)
            self._report()

    def _watch_folders(self, folders: frozenset[Path]) -> None:
        """Watch these folders until the set of folders changes or watching ends."""
        from watchfiles import watch

        changes = watch(
            *folders,
            watch_filter=lambda _, path: self._is_watched(Path(path)),
            debounce=_DEBOUNCE,
            step=_STEP,
            stop_event=self._stopped,
            rust_timeout=_IDLE,
            yield_on_timeout=True,
            recursive=False,
        )
        is_first = True
        for changed in changes:
            paths = {Path(path) for _, path in changed}
            if paths or is_first:  # changes made while the watcher was not running
                before, self._seen = self._seen, self._stamps()
                paths |= {path for path in {*before, *self._seen} if before.get(path) != self._seen.get(path)}
            is_first = False
            if paths:
                self.apply(paths)
                if self.folders() != folders:
                    return

    def _attempt(self, what: str, do: Callable[[], list[Problem]]) -> bool:
        """Call `do`, replace the problems that it reported before, and return whether it succeeded."""
        done = False
        try:
            found = do()
            done = True
        except UsageError:  # of the manifest, which is among the findings
            found = []
        except DevkitError as error:
            found = [_problem("", None, str(error))]
        except Exception as error:  # noqa: BLE001 - the next change is to be served all the same
            found = [_problem("", None, f"a change could not be applied: {type(error).__name__}: {error}")]
        for each in found:
            self._note(f"{each['file']}: {each['message']}" if each["file"] not in each["message"] else each["message"])
        self._problems[what] = found
        return done

    def _look(self, changed: Collection[str]) -> None:
        """Check the project, and report findings that are new or in a file that has `changed`."""
        before = self._findings
        try:
            found = [each for each in findings(self._project.project) if each.severity != "info"]
        except Exception as error:  # noqa: BLE001 - the next change is to be served all the same
            self._problems["findings"] = [_problem("", None, f"not checked: {type(error).__name__}: {error}")]
            self._report()
            return
        # JavaScript syntax errors were reported when the file was saved.
        found = [each for each in found if str(self._project.root / each.file) not in self._problems]
        self._findings = {str(each) for each in found}
        self._problems["findings"] = [self._problem_of(each) for each in found]
        self._report()
        for each in found:
            if str(each) not in before or each.file in changed:
                self._warn(str(each))

    def _problem_of(self, finding: Finding) -> Problem:
        problem = finding.as_problem()
        if not finding.functions and finding.file.endswith(PYTHON):
            problem["functions"] = self._concerned({self._project.root / finding.file})
        return problem

    def _report(self) -> None:
        self._project.report([each for problems in self._problems.values() for each in problems])

    def _check_syntax(self, paths: Iterable[Path]) -> None:
        for path in paths:
            found = find_problem(path)
            self._problems.pop(str(path), None)
            if found is not None:
                name = str(path.relative_to(self._project.root))
                self._problems[str(path)] = [_problem(name, found.line, found.message)]
                self._note(f"{name}{f':{found.line}' if found.line else ''}: {found.message}")

    def _read_functions(self) -> None:
        """Update the files of each function's code; for code that cannot be read now, keep those of before."""
        root = self._project.root
        self._remember_node_folders()
        for spec in self._project.project.functions:
            try:
                if spec.code:
                    self._files[spec.name] = frozenset([root / spec.code])
                    node.own_files(root, spec)  # sees to it that the handler is there
                else:
                    self._files[spec.name] = frozenset(handler_files(root, spec))
            except DevkitError:  # any file may be one of its own
                folder = root / spec.handler.partition(".")[0]
                self._files.setdefault(spec.name, frozenset(folder.rglob("*.py")))
        for path, problems in self._problems.items():
            for problem in problems:
                if path.endswith(JAVASCRIPT):
                    problem["functions"] = self._concerned({Path(path)})

    def _remember_node_folders(self) -> None:
        """Remember the code folders of Node.js functions for when the manifest is broken."""
        project = self._project.project
        if project.functions:
            self._node_folders = {spec.name: project.root / spec.code for spec in project.functions if spec.code}

    def _concerned(self, paths: Collection[Path]) -> list[str]:
        """Return the functions whose code is, or was, in one of the files and folders."""
        shared = self._project.root / SHARED
        is_shared = any(path == shared or shared in path.parents for path in paths)
        return sorted(
            name
            for name, files in self._files.items()
            if (is_shared and name not in self._node_folders)
            or any(path in files or any(_holds(path, file) for file in files) for path in paths)
        )

    def _is_code_of_node(self, path: Path) -> bool:
        return node.PACKAGES not in path.parts and any(each in path.parents for each in self._node_folders.values())

    def _is_watched(self, path: Path) -> bool:
        return _is_watched(self._project.root, path) or self._is_code_of_node(path)

    def _stamps(self) -> dict[Path, int]:
        return {path: time for path, time in stamps(self.folders()).items() if self._is_watched(path)}

    def _renew(self) -> list[Problem]:
        """Restart the functions affected by a change; stop those that cannot be served."""
        before = set(self._concerned(self._waiting))
        self._read_functions()
        concerned = before | set(self._concerned(self._waiting))
        project = self._project.project
        try:
            specs = project.manifest.functions
        except DevkitError:
            self._platform.call(lambda: self._platform.retire(concerned))
            raise
        if any("exh" not in spec.targets and spec.name in concerned for spec in specs):
            self._project.renew_aws()
        found: list[Problem] = []
        renewed = self._platform.replace_functions(
            lambda: deploy.own_functions(
                self._platform, lambda text: found.append(_problem(MANIFEST, None, text)), project
            ),
            changed=concerned,
        )
        self._waiting.clear()
        renewed_all = concerned | set(renewed)
        hidden = set(hidden_functions(project, self._platform.uploaded()))
        if reloaded := sorted(renewed_all - hidden):
            self._note(f"reloaded {', '.join(reloaded)}")
        for name in sorted(renewed_all & hidden):
            self._warn(about_function(name))
        return found

    def _load_configuration(self) -> list[Problem]:
        """Load the configuration without its invalid files, which the findings report."""
        configuration = read_configuration(self._project.project).without_broken()
        if not configuration.is_empty:
            deploy.load(configuration, self._platform)
            self._note("configuration loaded")
        self._project.loaded(configuration)
        return []

    def _schedule(self) -> list[Problem]:
        deploy.schedule(self._platform, self._project.project, self._note)
        return []


def _is_watched(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    if not parts or parts[0] in IGNORED or not LEFT_OUT.isdisjoint(parts) or path.name.startswith(".#"):
        return False
    is_folder = not path.suffix and not path.name.startswith(".")  # moved, or deleted, with all that is in it
    is_checked = parts in _CHECKED or (parts[0] == "events" and path.suffix == ".json")
    return path.suffix == ".py" or is_folder or is_checked or _is_configuration(parts)


def _holds(path: Path, file: Path) -> bool:
    """Return whether one path contains the other."""
    return path in file.parents or file in path.parents


def _is_configuration(parts: tuple[str, ...]) -> bool:
    return parts[0] in CONFIGURATION or (len(parts) == 1 and parts[0] in _CONFIGURATION_FILES)


def _files_of(paths: Iterable[Path]) -> set[Path]:
    """Return the files, replacing each folder by its contents and itself, because it may stand for deleted files."""
    found = set()
    for path in paths:
        found.add(path)
        if path.is_dir():
            found |= {each for each in path.rglob("*") if each.is_file()}
    return found


def _problem(file: str, line: int | None, message: str, functions: Collection[str] = ()) -> Problem:
    return {"file": file, "line": line, "message": message, "functions": list(functions)}


def _drop_bytecode(path: Path) -> None:
    """Delete a module's bytecode. Python compares only size and second, so it may be that of an earlier save."""
    for each in (path.parent / "__pycache__").glob(f"{glob.escape(path.stem)}.*.pyc"):
        each.unlink(missing_ok=True)
