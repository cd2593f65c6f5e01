"""`exh-dev rename`: a function gets another name, in every place that has the old one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from exh_dev.errors import UsageError
from exh_dev.project.belongings import belongings, module_of, uses
from exh_dev.project.manifest import load_manifest
from exh_dev.project.new.names import Name, fold
from exh_dev.project.project import MANIFEST
from exh_dev.project.replacing import change
from exh_dev.project.template_text import with_other_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project


@dataclass(frozen=True)
class Renamed:
    """A function that was renamed: what moved, by its old place, and which other files changed."""

    old: str
    new: str
    moved: dict[str, str]
    changed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"old": self.old, "new": self.new, "moved": self.moved, "changed": list(self.changed)}

    def as_lines(self) -> list[str]:
        moved = [f"  {old} -> {new}" for old, new in self.moved.items()]
        return [f"Renamed {self.old} to {self.new}:", *moved, *(f"  {file} changed" for file in self.changed)]


def rename_function(project: Project, old: str, spelling: str) -> Renamed:
    """Rename a function.

    Raises:
        UsageError: the function is unknown, or the new name is taken or invalid; nothing was changed.
        DevkitError: a file cannot be changed; all changes were undone.
    """
    root, manifest = project.root, project.root / MANIFEST
    spec = project.manifest.function(old)
    name = fold(spelling)
    if name.task == spec.name:
        raise UsageError(f"{spec.name} has this name already")
    moved = {path: path.with_name(_renamed(path.name, spec, name)) for path in belongings(root, spec)}
    taken = [new for new in moved.values() if new.exists()]
    if taken or any(each.name == name.task or each.logical_id == name.logical_id for each in project.functions):
        what = ", ".join(str(path.relative_to(root)) for path in taken) or MANIFEST
        raise UsageError(f"{name.task}: {what} {'have' if len(taken) > 1 else 'has'} it already; choose another name")
    texts = {manifest: _manifest_text(manifest, spec, name)}
    for path in {use.path for use in uses(root, spec.name, project.functions)} | set(_python_files(root)):
        before = path.read_bytes().decode()
        after = _renamed_text(before, spec, name, is_python=path.suffix == ".py")
        if after != before:
            texts[path] = after
    change(texts, moved)
    own = {_place(path, moved) for path in texts}
    relative = {old.relative_to(root).as_posix(): new.relative_to(root).as_posix() for old, new in moved.items()}
    return Renamed(spec.name, name.task, relative, tuple(sorted(path.relative_to(root).as_posix() for path in own)))


def _renamed(file: str, spec: FunctionSpec, name: Name) -> str:
    if file.endswith(".json"):
        return name.task + file.removeprefix(spec.name)
    return file.replace(module_of(spec), name.module, 1)


def _python_files(root: Path) -> Iterator[Path]:
    for room in ("handlers", "shared", "tests"):
        yield from sorted((root / room).rglob("*.py"))


def _renamed_text(text: str, spec: FunctionSpec, name: Name, *, is_python: bool) -> str:
    text = re.sub(rf"""(["']){re.escape(spec.name)}\1""", rf"\g<1>{name.task}\g<1>", text)
    if not is_python or spec.code is not None:
        return text
    old = re.escape(module_of(spec))
    text = re.sub(rf"\bhandlers\.{old}\b", f"handlers.{name.module}", text)
    # `from handlers import OLD`, and the uses of that name in the same file.
    if re.search(rf"^\s*from handlers import [^\n]*\b{old}\b", text, re.MULTILINE):
        text = re.sub(rf"(?<![\w.\"'/-]){old}\b(?![\"'/-])", name.module, text)
    return text


def _manifest_text(manifest: Path, spec: FunctionSpec, name: Name) -> str:
    """Return the manifest with the new name: in the entry, and wherever the resource is referred to.

    Raises:
        UsageError: it would be no manifest, or would describe another function than before.
    """
    text = with_other_name(manifest, spec.logical_id, name.logical_id, lambda entry: _entry(entry, spec, name))
    with TemporaryDirectory() as folder:
        copy = Path(folder, MANIFEST)
        copy.write_bytes(text.encode())
        try:
            found = load_manifest(copy).function(name.task)
        except UsageError as error:
            reason = str(error).replace(str(copy), str(manifest))
            raise UsageError(f"{spec.name} cannot be renamed in {manifest}: {reason}; no file was changed") from None
    if found.code is None and not found.handler.startswith(f"handlers.{name.module}."):
        raise UsageError(f"{spec.name} cannot be renamed: its Handler is {spec.handler}; no file was changed")
    return text


def _entry(text: str, spec: FunctionSpec, name: Name) -> str:
    text = re.sub(rf"(\bname:\s*[\"']?){re.escape(spec.name)}\b(?!-)", rf"\g<1>{name.task}", text)
    if spec.code is None:
        text = re.sub(rf"\bhandlers\.{re.escape(module_of(spec))}\b", f"handlers.{name.module}", text)
    return re.sub(rf"\bbuild/{re.escape(spec.name)}(?=\.zip\b|/)", f"build/{name.task}", text)


def _place(path: Path, moved: dict[Path, Path]) -> Path:
    """Return where a file is after the move."""
    for old, new in moved.items():
        if path == old:
            return new
        if old in path.parents:
            return new / path.relative_to(old)
    return path
