"""What belongs to a function, and where else its name is used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exh_dev.project.function_spec import FunctionSpec

#: Where a project uses names of functions, besides template.yaml: code, tests, and the official CLI's files.
_PLACES = (
    "handlers/**/*.py", "shared/**/*.py", "tests/**/*.py", "events/*.json", "schemas/**/*.json", "dispatchers.json",
)  # fmt: skip


@dataclass(frozen=True)
class Use:
    """A line that has a function's name as a string."""

    path: Path
    line: int

    def as_text(self, root: Path) -> str:
        """Return file and line, seen from the project's root."""
        return f"{self.path.relative_to(root).as_posix()}:{self.line}"


def module_of(spec: FunctionSpec) -> str:
    """Return the name of the function's module or package in `handlers/`."""
    return spec.handler.split(".")[1]


def belongings(root: Path, spec: FunctionSpec) -> list[Path]:
    """Return the files and folders of a function: handler, events and seed, tests; those that are there."""
    module = module_of(spec)
    places = [
        root / "handlers" / f"{module}.py",
        root / "handlers" / module,
        root / "events" / f"{spec.name}.json",
        *sorted((root / "events").glob(f"{spec.name}.*.json")),
    ]
    for folder in (root / "tests", root / "tests" / "handlers"):
        places += [folder / module, folder / f"test_{module}.py", *sorted(folder.glob(f"test_{module}_*.py"))]
    others = _modules_that_begin_with(root, module)
    return [place for place in places if place.exists() and not _is_of(place, others)]


def _modules_that_begin_with(root: Path, module: str) -> list[str]:
    """Return the other modules whose tests might be taken for this one's: `send_mail` and `send_mail_again`."""
    names = (path.stem for path in (root / "handlers").glob(f"{module}_*"))
    return list(names)


def _is_of(place: Path, modules: list[str]) -> bool:
    return any(re.fullmatch(rf"test_{re.escape(module)}(_.*)?\.py", place.name) for module in modules)


def uses(root: Path, name: str) -> Iterator[Use]:
    """Yield where the project has the name of a function as a whole string, `"NAME"` or `'NAME'`."""
    quoted = re.compile(rf"""(["']){re.escape(name)}\1""")
    for pattern in _PLACES:
        for path in sorted(root.glob(pattern)):
            lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
            yield from (Use(path, number) for number, line in enumerate(lines, 1) if quoted.search(line))
