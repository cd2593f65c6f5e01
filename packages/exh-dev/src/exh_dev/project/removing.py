"""`exh-dev remove`: remove a function and its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exh_dev import git
from exh_dev.errors import UsageError
from exh_dev.project.belongings import belongings, uses
from exh_dev.project.new.aws_parts import came_with
from exh_dev.project.new.names import Name
from exh_dev.project.project import MANIFEST
from exh_dev.project.replacing import change
from exh_dev.project.template_text import without_functions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exh_dev.project.project import Project


@dataclass(frozen=True)
class Removed:
    """A function that was removed: its files, the places that still use its name, and the folder of its code, if that
    stays.
    """

    name: str
    files: tuple[str, ...]
    uses: tuple[str, ...]
    code: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "files": list(self.files), "uses": list(self.uses)}

    def as_lines(self) -> list[str]:
        lines = [f"Removed {self.name}:", *(f"  {file}" for file in self.files), f"  its entry in {MANIFEST}"]
        if self.code:
            lines += ["", f"{self.code} stays: remove it, if no other function needs it"]
        if self.uses:
            lines += ["", "Its name is still used:", *(f"  {use}" for use in self.uses)]
        return lines


def remove_function(project: Project, name: str, *, force: bool = False) -> Removed:
    """Remove a function with its files and its entry in the manifest.

    Args:
        project: the project.
        name: its name in any spelling.
        force: remove even files that git cannot restore.

    Raises:
        UsageError: the function is unknown, or one of its files is not committed.
        DevkitError: a file cannot be changed.
    """
    spec = project.manifest.function(name)
    manifest = project.root / MANIFEST
    files = belongings(project.root, spec)
    left, removed = without_functions(manifest, [spec.logical_id], lambda parts: came_with(parts, Name(spec.name)))
    if not force:
        _check_committed(project.root, files, removed)
    others = [each for each in project.functions if each is not spec]
    change({manifest: left}, {}, files)
    still = tuple(use.as_text(project.root) for use in uses(project.root, spec.name, others))
    return Removed(spec.name, tuple(path.relative_to(project.root).as_posix() for path in files), still, spec.code)


def _check_committed(root: Path, paths: Sequence[Path], of_manifest: Sequence[str]) -> None:
    """Raise if git could not restore one of the files, or one of these runs of lines of the manifest."""
    paths = [*paths, root / MANIFEST]  # never none of them: that is the entire repository to git
    names = [path.relative_to(root).as_posix() for path in paths]
    status = git.asked(root, "status", "--porcelain", "--ignored", "--untracked-files=all", "--", *names)
    if status is None:
        raise UsageError(f"{root} is not in git, so the files could not be restored; use --force to remove them anyway")
    changed = [line[3:] for line in status.splitlines() if "__pycache__" not in line]
    committed = _lines(git.asked(root, "show", f"HEAD:./{MANIFEST}") or "")
    if all(_lines(lines) in committed for lines in of_manifest):  # what else is changed there stays
        changed = [each for each in changed if not each.endswith(MANIFEST)]
    if changed:
        raise UsageError(
            f"git cannot restore uncommitted files: {', '.join(changed[:3])}. Commit first, or add --force"
        )


def _lines(text: str) -> str:
    """Return complete lines for a comparison: git may have written other line ends, and blank ones join neighbours."""
    return "\n".join(["", *text.strip("\r\n").splitlines(), ""])
