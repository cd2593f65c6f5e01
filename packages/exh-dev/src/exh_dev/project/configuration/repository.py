"""Locate a project's configuration: by `repo-config.json`, or in the official CLI's default folders.

`schemas`, `templates`, `tasks` and `localizations` are lists of folders; without the file, each is the folder of that
name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.project.configuration.reading import Problem, read_json

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "repo-config.json"
KINDS = ("schemas", "templates", "tasks", "localizations")


def folders(root: Path, problems: list[Problem]) -> dict[str, list[Path]]:
    """Return the existing folders of each kind."""
    file = root / CONFIG
    if not file.exists():
        return {kind: [root / kind] if (root / kind).is_dir() else [] for kind in KINDS}
    node = read_json(file, problems)
    # The CLI takes a file that it cannot parse for none, and stops at any other member, even `$schema`.
    listed = node.members(optional=KINDS) if node else {}
    found: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for kind, member in listed.items():
        for item in member.items():
            name = item.text(least=1)
            if name and (root / name).is_dir():
                found[kind].append(root / name)
            # The folder of the usual name need not be there, as without this file; tasks need not be built yet.
            elif name and kind not in {name, "tasks"}:
                item.problem(f"there is no folder {name}")
    return found
