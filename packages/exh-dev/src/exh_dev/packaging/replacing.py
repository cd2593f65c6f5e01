"""Put files and folders in the place of others: all of them, or none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def replace(new: Mapping[Path, Path], gone: Iterable[Path], aside: Path) -> None:
    """Move new files into place, and old or removed ones out of the way.

    Args:
        new: sources by destination.
        gone: further files to remove.
        aside: a folder that does not exist yet, for the old files.

    Raises:
        OSError: a move failed; everything is back in its place.
    """
    aside.mkdir()
    done: list[tuple[Path, Path]] = []
    try:
        for number, place in enumerate([*new, *gone]):
            if place.exists() or place.is_symlink():
                kept = aside / str(number)
                shutil.move(place, kept)
                done.append((kept, place))
            if place in new:
                shutil.move(new[place], place)
                done.append((place, new[place]))
    except BaseException:
        for there, back in reversed(done):
            shutil.move(there, back)
        raise
