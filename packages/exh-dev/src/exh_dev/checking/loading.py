"""Errors that prevent functions from loading; `invoke` and `run` print them instead of the runtime's traceback.

These commands need no other check. Locks are not read for installed packages: the function loads locally whatever its
bundle contains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.checking import code
from exh_dev.checking.finding import in_order
from exh_dev.checking.inspection import Inspection

if TYPE_CHECKING:
    from exh_dev.checking.finding import Finding
    from exh_dev.project.project import Project


def loading_errors(project: Project, name: str) -> list[Finding]:
    """Return why a function cannot be loaded; empty if it can."""
    inspection = Inspection(project)
    spec = next((each for each in inspection.specs if each.name == name), None)
    found = code.of_function(inspection, spec, loading=True) if spec else ()
    return in_order(each for each in found if each.keeps_from_loading)
