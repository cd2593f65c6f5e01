"""Puts what `exh-dev init` writes into the wheel: the repository's own files, which are the one source of a project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent / "src"))
from exh_dev.project.init.sources import FILES, OF_EXAMPLES  # noqa: E402 - found by the line above


class TemplateHook(BuildHookInterface):  # type: ignore[misc]
    """Adds the files to a wheel; an editable install reads them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each file of the repository's root below `exh_dev/project/init/template/`."""
        if version != "editable":
            names = [*FILES, *(f"examples/{name}" for name in OF_EXAMPLES)]
            build_data["force_include"] |= {str(ROOT / name): f"exh_dev/project/init/template/{name}" for name in names}
