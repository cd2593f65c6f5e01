"""Permission names in template.yaml and in seeds: `VIEW_USER`, `VIEW_DOCUMENTS:blood-pressure`."""

from __future__ import annotations

from exh_dev.suggestions import did_you_mean
from extrahorizon.permissions import GLOBAL_PERMISSIONS


def problem_with(permission: str) -> str:
    """Return why the platform does not know a permission, with near names; empty if it does.

    Near are the permissions for the same things, `VIEW_DOCUMENTS` for `READ_DOCUMENTS`; else the closest name.
    """
    name = permission.partition(":")[0]
    if name in GLOBAL_PERMISSIONS:
        return ""
    things = name.partition("_")[2]
    near = [each for each in GLOBAL_PERMISSIONS if each.partition("_")[2] == things]
    if near:
        return f"there is no permission {name}; for {things} there are {', '.join(near)}"
    return f"there is no permission {name}{did_you_mean(name, GLOBAL_PERMISSIONS)}"
