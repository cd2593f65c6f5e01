"""The file with the types of all documents: written, or compared with what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.project.configuration.reading import read_json
from exh_dev.project.configuration.repository import folders
from exh_dev.project.configuration.schemas import check_schema
from exh_dev.project.document_types.model import OF_DOCUMENTS, types_of
from exh_dev.project.document_types.source import HEADER, module_of
from exh_dev.project.replacing import replace

if TYPE_CHECKING:
    from exh_dev.project.configuration.reading import Problem
    from exh_dev.project.document_types.model import Choice, Dictionary
    from exh_dev.project.project import Project

FILE = "handlers/documents.py"


@dataclass(frozen=True)
class Found:
    """State of the file: `stale` if it differed from the schemas, `changed` if it was rewritten; one of its types."""

    schemas: int
    stale: bool
    changed: bool
    example: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"file": FILE, "schemas": self.schemas, "stale": self.stale, "changed": self.changed}

    def as_lines(self) -> list[str]:
        if self.stale:
            return [f"{FILE} is not what schemas/ says; write it again: exh-dev types"]
        if self.schemas == 0:
            return [f"The project has no schemas, so {FILE} {'was removed' if self.changed else 'is not needed'}"]
        of = f"of {self.schemas} schema{'s' * (self.schemas != 1)}"
        if not self.changed:
            return [f"{FILE} has the types {of} already"]
        return [
            f"Wrote {FILE}, the types {of}. A handler imports them for mypy and editors alone:",
            "",
            "  if TYPE_CHECKING:",
            f"      from {FILE.removesuffix('.py').replace('/', '.')} import {self.example}",
        ]


def update_types(project: Project, *, write: bool) -> Found:
    """Regenerate the file from the schemas; without `write` only compare. Without schemas there is no file.

    Raises:
        DevkitError: a schema is wrong, two types would have the same name, or the file was not generated.
    """
    path = project.root / FILE
    types, count = _types(project)
    wanted = module_of(types) if count else None
    there = path.read_text(encoding="utf-8") if path.exists() else None
    if there == wanted:
        return Found(count, stale=False, changed=False)
    if there is not None and not there.startswith(HEADER):
        raise DevkitError(f"{path} was not made by exh-dev types, which would replace it; move it away first")
    if not write:
        return Found(count, stale=True, changed=False)
    if wanted is None:
        path.unlink()
    else:
        path.parent.mkdir(exist_ok=True)
        replace(path, wanted)
    example = next((each.name for each in types if each.origin == OF_DOCUMENTS), "")
    return Found(count, stale=False, changed=True, example=example)


def _types(project: Project) -> tuple[list[Dictionary | Choice], int]:
    problems: list[Problem] = []
    types: list[Dictionary | Choice] = []
    origins: dict[str, str] = {}
    files = [file for folder in folders(project.root, problems)["schemas"] for file in sorted(folder.rglob("*.json"))]
    for file in files:
        node = read_json(file, problems)
        if node is not None:
            check_schema(node)
        if problems:
            first = problems[0]
            place = ":".join([str(first.file.relative_to(project.root)), *([str(first.line)] if first.line else [])])
            said = f"{first.pointer} {first.rule}".strip()
            raise DevkitError(f"{place}: {said}; no file was written; `exh-dev check` lists all problems")
        for each in types_of(node.value) if node is not None else ():
            place = f"{file.relative_to(project.root).as_posix()} ({each.origin})"
            if each.name in origins:
                raise DevkitError(f"{origins[each.name]} and {place} would both be called {each.name}; rename one")
            origins[each.name] = place
            types.append(each)
    return types, len(files)
