"""`make slim`: takes the examples out of the project and leaves `whoami`.

What belongs to an example is told by the project's own names: `handlers/<name>`, `events/<name>.*`,
`tests/handlers/test_<name>*`, its entry in `template.yaml` and what that alone refers to. What no name tells is listed
below. In a page, what goes stands between `<!-- examples -->` and `<!-- /examples -->`, and what comes in its place in
a comment `<!-- slim: ... -->`. In `.env.example` each variable has a paragraph of its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.project.new.function import replace
from exh_dev.project.project import ENV_FILE, MANIFEST
from exh_dev.project.template_text import without_functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project

KEPT = "whoami"
EXAMPLES = (
    "hello-world",
    "analyze-blood-pressure",
    "analyze-queued-measurements",
    "chunk-psg-signals",
    "daily-report",
    "enqueue-measurements",
    "on-task-failed",
    "on-user-deleted",
    "patient-api",
    "schedule-many",
    "sync-houdini-builds",
)
#: What is there for the examples alone and does not carry their names. A test sees to it that all of it exists.
ALSO = (
    "benchmarks/psg.py",
    "benchmarks/psg_server.py",
    "dispatchers.json",
    "events/files",
    "handlers/documents.py",
    "localizations",
    "schemas",
    "templates",
    "tests/edf_files.py",
)
_OPEN, _CLOSE, _INSTEAD = "<!-- examples -->", "<!-- /examples -->", "<!-- slim:"
_EXAMPLES = re.compile(rf"{_OPEN}(?:(?!{_OPEN}).)*?{_CLOSE}(?:(?<=\n{_CLOSE})(?:\r?\n){{1,2}})?", re.DOTALL)
_VARIABLE = re.compile(r"^(\w+)=", re.MULTILINE)
_REPLACEMENT = re.compile(rf"{_INSTEAD}\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Slimming:
    """What slimming a project means.

    Attributes:
        root: the project's folder.
        functions: the names of those that go.
        removed: files and folders that go.
        changed: the files that stay, with other content.
    """

    root: Path
    functions: tuple[str, ...]
    removed: tuple[Path, ...]
    changed: Mapping[Path, str]

    @classmethod
    def of(cls, project: Project) -> Slimming:
        """Find out; nothing is touched.

        Raises:
            DevkitError: the manifest or a page cannot be read or changed, or there are functions besides the examples,
                whose schemas and templates nobody could tell from those that go.
        """
        root, manifest = project.root, project.root / MANIFEST
        specs = project.manifest.functions
        examples = [spec for spec in specs if spec.name in EXAMPLES]
        if not examples:
            return cls(root, (), (), {})
        if own := [spec.name for spec in specs if spec.name not in {KEPT, *EXAMPLES}]:
            raise DevkitError(
                f"{', '.join(own)} is no example: schemas, templates and dispatchers would go with the examples, and "
                "yours among them. Slim a fresh clone, and bring your own files there"
            )
        removed = [path for spec in examples for path in _files_of(root, spec)]
        removed += [root / each for each in ALSO if (root / each).exists()]
        changed = {manifest: without_functions(manifest, [spec.logical_id for spec in examples])}
        for page in (root / "README.md", *sorted((root / "docs").rglob("*.md"))):
            text = page.read_bytes().decode() if page.is_file() else ""
            slimmed = slimmed_page(text, page)
            if text and not slimmed.strip():
                removed.append(page)
            elif slimmed != text:
                changed[page] = slimmed
        example = root / f"{ENV_FILE}.example"
        if example.is_file():
            kept = [spec for spec in specs if spec not in examples]
            changed[example] = slimmed_variables(example.read_text(encoding="utf-8"), kept)
        return cls(root, tuple(spec.name for spec in examples), tuple(dict.fromkeys(removed)), changed)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.functions

    def check_committed(self) -> None:
        """Go on only if git can bring back everything.

        Raises:
            DevkitError: there are changes that are not committed, or there is no git.
        """
        command = ["git", "status", "--porcelain"]
        try:
            done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        except OSError:
            done = subprocess.CompletedProcess(command, 1)
        if done.returncode:
            raise DevkitError(
                f"{self.root} is not in git, so nothing could be brought back; --force removes all the same"
            )
        if done.stdout:
            some = ", ".join(line[3:] for line in done.stdout.splitlines()[:3])
            raise DevkitError(f"there are changes that are not committed ({some}); commit them first, or add --force")

    def plan(self) -> list[str]:
        """What will be done, for people."""
        names = [f"  {path}" for path in self._names(self.removed)]
        changes = [f"  {path}" for path in self._names(self.changed)]
        return [f"The examples go: {', '.join(self.functions)}", *names, "What tells of them goes from", *changes]

    def do(self) -> None:
        """Do it."""
        for path, text in self.changed.items():
            replace(path, text)
        for path in self.removed:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def as_json(self) -> dict[str, Any]:
        """What was done, for programs."""
        removed, changed = self._names(self.removed), self._names(self.changed)
        return {"functions": list(self.functions), "removed": removed, "changed": changed}

    def as_lines(self) -> list[str]:
        """What was done, for people."""
        count = len(self.functions)
        return [
            f"Removed {count} example{'s' * (count != 1)}; {KEPT} is left. git diff --stat shows all of it",
            "See that all is well: make lint test run. Make a function of your own: exh-dev new NAME",
        ]

    def _names(self, paths: Any) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in paths]


def _files_of(root: Path, spec: FunctionSpec) -> Iterator[Path]:
    module = spec.handler.split(".")[1]
    tests = root / "tests" / "handlers"
    places = [
        *(root / "handlers" / each for each in (module, f"{module}.py")),
        root / "events" / f"{spec.name}.json",
        *sorted((root / "events").glob(f"{spec.name}.*.json")),
        *(tests / each for each in (module, f"test_{module}.py")),
        *sorted(tests.glob(f"test_{module}_*.py")),
    ]
    yield from (place for place in places if place.exists())


def slimmed_variables(text: str, kept: Iterable[FunctionSpec]) -> str:
    """An env file without the variables that none of these functions takes."""
    taken = {variable.text for spec in kept for variable in spec.exh_variables}
    paragraphs = ((paragraph, _VARIABLE.search(paragraph)) for paragraph in text.strip().split("\n\n"))
    return "\n\n".join(each for each, found in paragraphs if not found or f"${found[1]}" in taken) + "\n"


def slimmed_page(text: str, page: Path) -> str:
    """A page without its examples.

    Raises:
        DevkitError: a mark has no other end.
    """
    slimmed = _EXAMPLES.sub("", text)
    if _OPEN in slimmed or _CLOSE in slimmed:
        raise DevkitError(f"{page}: {_OPEN} and {_CLOSE} do not pair")
    slimmed = _REPLACEMENT.sub(lambda found: found[1], slimmed)
    if _INSTEAD in slimmed:
        raise DevkitError(f"{page}: {_INSTEAD} has no end")
    return text if slimmed == text else f"{slimmed.rstrip()}\n"
