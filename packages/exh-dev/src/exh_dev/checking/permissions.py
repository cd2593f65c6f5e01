"""Check permissions in template.yaml: unknown ones, and those for a missing schema or function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.checking.finding import Finding
from exh_dev.project.configuration.configuration import PROVIDED
from exh_dev.project.permissions import problem_with
from exh_dev.project.project import MANIFEST
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from exh_dev.checking.inspection import Inspection

_WAY = ("Metadata", "ExtraHorizon", "executionCredentials", "permissions")
_OF_FUNCTIONS = frozenset({"EXECUTE_API_FUNCTION", "EXECUTE_TASK_FUNCTION"})


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield the permissions of functions that have no effect."""
    for spec in inspection.specs:
        for permission in spec.execution_credentials.permissions if spec.execution_credentials else ():
            line = inspection.line_in_manifest(spec, *_WAY, item=permission)
            functions = (spec.name,)
            if problem := problem_with(permission):
                yield Finding("error", MANIFEST, f"{spec.logical_id}: {problem}", line, functions=functions)
            elif problem := _without_object(inspection, permission):
                yield Finding("warning", MANIFEST, f"{spec.logical_id}: {problem}", line, functions=functions)


def _without_object(inspection: Inspection, permission: str) -> str:
    """Return a note if a permission is for a function or schema missing here, which another repository may have."""
    name, _, narrowed = permission.partition(":")
    if narrowed and name in _OF_FUNCTIONS and inspection.knows_all_functions:
        return _unless_known(permission, "function", narrowed, {*(spec.name for spec in inspection.specs), *PROVIDED})
    if narrowed and "DOCUMENT" in name and inspection.knows_all_schemas:
        schema, colon, transition = narrowed.partition(":")
        known = inspection.configuration.schema_files
        if schema in known and colon:
            return _unless_known(permission, "transition", transition, _transitions_of(inspection, schema))
        return _unless_known(permission, "schema", schema, known)
    return ""


def _unless_known(permission: str, what: str, name: str, known: Collection[str]) -> str:
    if name in known:
        return ""
    return f"{permission} is for the {what} {name}, which this project does not have{did_you_mean(name, known)}"


def _transitions_of(inspection: Inspection, schema: str) -> list[str]:
    (found,) = [each for each in inspection.configuration.schemas if each.get("name") == schema][:1]
    listed = found.get("transitions")
    named = [each.get("name") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [name for name in named if isinstance(name, str)]
