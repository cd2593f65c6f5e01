"""Replace files atomically, several of them all or none."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def replace(path: Path, text: str) -> None:
    """Replace a file's content atomically: readers see the old or the new content. Links and modes are kept."""
    temporary = _staged(path, text)
    try:
        temporary.replace(path.resolve())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _staged(path: Path, text: str) -> Path:
    """Write a file's new content to a temporary sibling with the same mode, and return its path."""
    target = path.resolve()
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text.encode())
            file.close()
            if target.exists():
                shutil.copymode(target, temporary)
            else:
                temporary.chmod(0o644)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return temporary


def change(texts: Mapping[Path, str], moved: Mapping[Path, Path], removed: Iterable[Path] = ()) -> None:
    """Change, move and remove files; undo everything on an error.

    Args:
        texts: new contents by path before the moves.
        moved: sources and destinations, which must not exist.
        removed: files and folders to remove.

    Raises:
        DevkitError: a file cannot be changed.
    """
    before = {path: path.read_bytes() for path in texts}
    done: list[tuple[Path, Path]] = []
    staged: dict[Path, Path] = {}
    try:
        for path, text in texts.items():  # stage all first, so that a full disk changes nothing
            staged[path] = _staged(path, text)
        for path, temporary in staged.items():
            temporary.replace(path.resolve())
        for old, new in moved.items():
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
            done.append((old, new))
    except OSError as error:
        _undo(done, before, staged.values())
        where = error.filename or "a file"
        reason = str(error.strerror).lower()
        raise DevkitError(f"{where} cannot be changed: {reason}; everything is as before") from None
    for path in removed:
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as error:
            raise DevkitError(f"{error.filename} cannot be removed: {error.strerror}; remove it by hand") from None


def _undo(moved: list[tuple[Path, Path]], before: Mapping[Path, bytes], staged: Iterable[Path]) -> None:
    """Restore moved and changed files, as far as possible."""
    for old, new in reversed(moved):
        with suppress(OSError):
            new.rename(old)
    for path, content in before.items():
        with suppress(OSError):
            if path.read_bytes() != content:
                path.write_bytes(content)
    for temporary in staged:
        temporary.unlink(missing_ok=True)
