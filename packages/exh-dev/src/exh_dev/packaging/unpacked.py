"""Unpacked bundles in `build/` that are what this build would write, and so stay where they are."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from exh_dev.packaging.kept import Kept

_KIND = "unpacked"


class Unpacked:
    """Remembers folders by what was written into them, and by what file systems say of each file since."""

    def __init__(self, kept: Kept) -> None:
        """Store fingerprints in `kept`."""
        self._kept = kept

    def remember(self, folder: Path, *of: str) -> None:
        """Remember what was written into a folder, which may be moved from where it is."""
        self._kept.put(_state(folder), _KIND, folder.name.encode(), *(each.encode() for each in of))

    def is_as_it_was(self, folder: Path, *of: str) -> bool:
        """Return whether a folder is unchanged since its fingerprint was stored."""
        if folder.is_symlink() or not folder.is_dir():
            return False
        known = self._kept.get(_KIND, folder.name.encode(), *(each.encode() for each in of))
        return known is not None and known == _state(folder)


def _state(folder: Path) -> bytes:
    """Return a fingerprint of modes, sizes and modification times in a folder."""
    found: list[tuple[str | int, ...]] = []
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                name = os.path.relpath(entry.path, folder)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    found.append((name, about.st_mode))
                else:
                    found.append(
                        (name, about.st_mode, about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns)
                    )
    return json.dumps(sorted(found, key=lambda each: str(each[0]))).encode()
