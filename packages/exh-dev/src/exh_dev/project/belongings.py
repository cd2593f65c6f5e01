"""Files of a function, and other uses of its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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
        """Return `file:line`, relative to the project's root."""
        return f"{self.path.relative_to(root).as_posix()}:{self.line}"


def module_of(spec: FunctionSpec) -> str:
    """Return the name of the function's module or package in `handlers/`; for Node.js, the name that one would have."""
    return spec.handler.split(".")[1] if spec.code is None else spec.name.replace("-", "_")


def belongings(root: Path, spec: FunctionSpec) -> list[Path]:
    """Return the files and folders of a function: handler, events and seed, tests; those that exist.

    The code of a Node.js function is not included, because functions may share its folder.
    """
    module = module_of(spec)
    places = [root / "events" / f"{spec.name}.json", *sorted((root / "events").glob(f"{spec.name}.*.json"))]
    if spec.code is None:
        places = [root / "handlers" / f"{module}.py", root / "handlers" / module, *places]
    for folder in (root / "tests", root / "tests" / "handlers"):
        places += [folder / module, folder / f"test_{module}.py", *sorted(folder.glob(f"test_{module}_*.py"))]
    others = _modules_that_begin_with(root, module)
    return [place for place in places if place.exists() and not _is_test_for(place, others)]


def _modules_that_begin_with(root: Path, module: str) -> list[str]:
    """Return the other modules whose tests have the same prefix: `send_mail_again` for `send_mail`."""
    names = (path.stem for path in (root / "handlers").glob(f"{module}_*"))
    return list(names)


def _is_test_for(place: Path, modules: list[str]) -> bool:
    return any(re.fullmatch(rf"test_{re.escape(module)}(_.*)?\.py", place.name) for module in modules)


def uses(root: Path, name: str, specs: Iterable[FunctionSpec] = ()) -> Iterator[Use]:
    """Yield uses of a function's name as a complete string literal, `"NAME"` or `'NAME'`.

    `specs` adds the code folders of Node.js functions.
    """
    quoted = re.compile(rf"""(["']){re.escape(name)}\1""")
    folders = sorted({spec.code for spec in specs if spec.code is not None})
    code = (path for folder in folders for path in _code_files(root / folder))
    for path in (*(path for pattern in _PLACES for path in sorted(root.glob(pattern))), *code):
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        yield from (Use(path, number) for number, line in enumerate(lines, 1) if quoted.search(line))


def _code_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and path.name != "node_modules":
            yield from _code_files(path)
        elif path.suffix in (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"):
            yield path
