"""Why functions cannot even be loaded: what `invoke` and `run` tell instead of the runtime's traceback.

Of all subjects these commands need this one alone, and no lock is read for a package that is installed here: a function
can be loaded then, whatever its bundle has.
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
    """Return why a function cannot be loaded; nothing when it can."""
    inspection = Inspection(project)
    spec = next((each for each in inspection.specs if each.name == name), None)
    found = code.of_function(inspection, spec, loading=True) if spec else ()
    return in_order(each for each in found if each.keeps_from_loading)
