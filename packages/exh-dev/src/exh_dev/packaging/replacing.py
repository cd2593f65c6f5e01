"""Put files and folders in the place of others: all of them, or none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def replace(new: Mapping[Path, Path], gone: Iterable[Path], aside: Path) -> None:
    """Move what is new to its place, and what was there, or is to be gone, out of the way.

    Args:
        new: what to move, by where to.
        gone: what else is to be removed.
        aside: a folder that does not exist yet, for what was there.

    Raises:
        OSError: something cannot be moved; then everything is where it was.
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
