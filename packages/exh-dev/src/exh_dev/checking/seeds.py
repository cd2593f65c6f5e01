"""Seeds: what has to be on the platform before an event, checked by the rules that `serve` sows them by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exh_dev.checking.finding import finding_of, relative
from exh_dev.errors import DevkitError
from exh_dev.project.permissions import problem_with
from exh_dev.project.project import read_event
from exh_dev.project.seed_files import with_content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exh_dev.checking.finding import Finding
    from exh_dev.checking.inspection import Inspection


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield a finding for each problem of a function's seed."""
    for spec in inspection.specs:
        path = inspection.project.seed(spec)
        if path is not None:
            for finding in _of_file(inspection, path):
                yield replace(finding, functions=(spec.name,))


def _of_file(inspection: Inspection, path: Path) -> Iterator[Finding]:
    try:
        seed = read_event(path)
    except DevkitError as error:
        yield finding_of(error, inspection.root, file=relative(path, inspection.root))
        return
    from exh_dev.platform.dev.seed_checks import problems_of  # late, because it imports a web framework

    broken = {problem.file for problem in inspection.configuration.problems}
    files = inspection.configuration.schema_files
    named = ((_name(each), each) for each in inspection.configuration.schemas)
    schemas = {name: each for name, each in named if name in files and files[name] not in broken}
    known = {**dict.fromkeys(files), **schemas}  # those that are broken themselves are not held against a seed
    documents = seed.get("documents") if isinstance(seed, dict) and not inspection.knows_all_schemas else None
    if isinstance(documents, dict):  # one of them may be in the file that cannot be read
        known = {**dict.fromkeys(documents), **known}
    for pointer, message in problems_of(_with_contents(seed, path), known):
        yield inspection.in_json(path, pointer, message)
    yield from _files(inspection, path, seed)
    yield from _permissions(inspection, path, seed)


def _name(schema: dict[str, Any]) -> str:
    name = schema.get("name")
    return name if isinstance(name, str) else ""


def _with_contents(seed: Any, path: Path) -> Any:
    """Return a seed with the contents of its readable files; unreadable ones have their own finding."""
    files = seed.get("files") if isinstance(seed, dict) else None
    if not isinstance(files, list):
        return seed
    return {**seed, "files": [_filled(each, path) for each in files]}


def _filled(file: Any, path: Path) -> Any:
    if not isinstance(file, dict) or "path" not in file:
        return file
    try:
        return with_content(file, path)
    except DevkitError:  # a file that cannot be read has a finding of its own
        return {**{name: value for name, value in file.items() if name != "path"}, "base64": ""}


def _files(inspection: Inspection, path: Path, seed: Any) -> Iterator[Finding]:
    from exh_dev.platform.files.service import LARGEST

    files = seed.get("files") if isinstance(seed, dict) else None
    for index, file in enumerate(files if isinstance(files, list) else ()):
        try:
            filled = with_content(file, path)
            if isinstance(filled, dict) and (size := _size(filled.get("base64"))) > LARGEST:
                message = f"{size} bytes, and a cluster takes files of {LARGEST} by default"
                yield replace(inspection.in_json(path, f"/files/{index}", message), severity="warning")
        except DevkitError as error:
            message = str(error).removeprefix(f"{path}: ").replace(f"{inspection.root}/", "")
            yield inspection.in_json(path, f"/files/{index}/path", message)


def _size(base64: Any) -> int:
    return len(base64) * 3 // 4 if isinstance(base64, str) else 0


def _permissions(inspection: Inspection, path: Path, seed: Any) -> Iterator[Finding]:
    users = seed.get("users") if isinstance(seed, dict) else None
    for place, user in enumerate(users if isinstance(users, list) else ()):
        listed = user.get("permissions") if isinstance(user, dict) else None
        for index, permission in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(permission, str) and (problem := problem_with(permission)):
                yield inspection.in_json(path, f"/users/{place}/permissions/{index}", problem)
