"""Puts what `exh-dev init` writes into the wheel: the repository's own files, which are the one source of a project.

An sdist has them in a folder `template/` of its own, since a wheel that is made from it is made without the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
SOURCE = each if (each := HERE / "template").is_dir() else HERE.parents[1]
sys.path.insert(0, str(HERE / "src"))
from exh_dev.project.init.sources import FILES, OF_EXAMPLES  # noqa: E402 - found by the line above


class TemplateHook(BuildHookInterface):  # type: ignore[misc]
    """Adds the files to a wheel or an sdist; an editable install reads them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each file of the repository's root."""
        if version != "editable":
            names = [*FILES, *(f"examples/{name}" for name in OF_EXAMPLES)]
            folder = "exh_dev/project/init/template" if self.target_name == "wheel" else "template"
            build_data["force_include"] |= {str(SOURCE / name): f"{folder}/{name}" for name in names}
