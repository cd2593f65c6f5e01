"""Permission names in template.yaml and in seeds: `VIEW_USER`, `VIEW_DOCUMENTS:blood-pressure`."""

from __future__ import annotations

from exh_dev.project.cloudformation import did_you_mean
from extrahorizon.permissions import GLOBAL_PERMISSIONS


def problem_with(permission: str) -> str:
    """Return why the platform does not know a permission; empty if it does."""
    name = permission.partition(":")[0]
    if name in GLOBAL_PERMISSIONS:
        return ""
    return f"there is no permission {name}{did_you_mean(name, GLOBAL_PERMISSIONS)}"
