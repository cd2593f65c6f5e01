"""The folders of a project to watch for changes, each individually.

The project's folder is not watched recursively: each subfolder takes time and one of the system's limited watches, and
virtual environments, `node_modules` and data may have thousands.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from exh_dev.packaging import node
from exh_dev.packaging.contents import HANDLERS, SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Folders of the platform's configuration.
CONFIGURATION = ("schemas", "templates", "localizations")
_ALWAYS = (HANDLERS, SHARED, "events", *CONFIGURATION)
#: Never watched, although code may lie there: what tools write.
LEFT_OUT = frozenset({"__pycache__", node.PACKAGES})
IGNORED = frozenset(
    {"__pycache__", ".git", ".exh-dev", "build", node.PACKAGES, "tests", "docs", "packages", "benchmarks"}
    | {".venv", ".venv-sam", ".venv-checkov", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)


def watched_folders(root: Path, code: Iterable[Path], node_folders: Iterable[Path]) -> frozenset[Path]:
    """Return the folders to watch, not recursively.

    Args:
        root: the project's folder.
        code: the files of functions.
        node_folders: the folders of functions for Node.js.
    """
    tops = {root / name for name in _ALWAYS}
    for path in code:
        if path.is_relative_to(root) and len(parts := path.relative_to(root).parts) > 1 and parts[0] not in IGNORED:
            tops.add(root / parts[0])
    found = {root}
    for top in {*tops, *node_folders}:
        found.update(_tree(top))
    return frozenset(found)


def stamps(folders: Iterable[Path]) -> dict[Path, int]:
    """Return when each file in these folders was changed, in ns."""
    found = {}
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as entries:  # removed meanwhile
            for entry in entries:
                with suppress(OSError):
                    if entry.is_file():
                        found[Path(entry.path)] = entry.stat().st_mtime_ns
    return found


def _tree(top: Path) -> Iterator[Path]:
    if top.is_dir():
        for folder, folders, _ in os.walk(top):
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            yield Path(folder)
