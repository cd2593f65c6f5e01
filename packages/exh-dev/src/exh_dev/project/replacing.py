"""Replacing files of a project: each at once, and several of them all or none."""

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
    """Replace a file's content at once: whoever reads it finds the old one or the new one. Links and modes stay."""
    temporary = _staged(path, text)
    try:
        temporary.replace(path.resolve())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _staged(path: Path, text: str) -> Path:
    """Write a file's new content beside it, with its mode, and return where."""
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
    """Change files, move and remove others; when anything goes wrong, all is as before.

    Args:
        texts: files that are there, with their new texts, by where they are before anything moves.
        moved: files and folders, each with where it goes, which is free.
        removed: files and folders that go.

    Raises:
        DevkitError: something cannot be changed.
    """
    before = {path: path.read_bytes() for path in texts}
    done: list[tuple[Path, Path]] = []
    staged: dict[Path, Path] = {}
    try:
        for path, text in texts.items():  # all of them first: on a full disk nothing has changed yet
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
    """Bring back what was moved and changed, as far as it can be."""
    for old, new in reversed(moved):
        with suppress(OSError):
            new.rename(old)
    for path, content in before.items():
        with suppress(OSError):
            if path.read_bytes() != content:
                path.write_bytes(content)
    for temporary in staged:
        temporary.unlink(missing_ok=True)
