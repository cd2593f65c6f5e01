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
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
    try:
        for path, text in texts.items():
            replace(path, text)
        for old, new in moved.items():
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
            done.append((old, new))
    except OSError as error:
        for old, new in reversed(done):
            with suppress(OSError):
                new.rename(old)
        for path, content in before.items():
            with suppress(OSError):
                path.write_bytes(content)
        raise DevkitError(f"{error.filename} cannot be changed: {error.strerror}; everything is as before") from None
    for path in removed:
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as error:
            raise DevkitError(f"{error.filename} cannot be removed: {error.strerror}; remove it by hand") from None
