"""Environment variables of the official CLI: those used as `$NAME` in the files that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.project.configuration.reading import read_json
from exh_dev.project.configuration.repository import folders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project


def asked_variables(project: Project, specs: Iterable[FunctionSpec]) -> dict[str, list[str]]:
    """Return the names that `exh sync` looks up, each with the functions and the files of templates that need it.

    It stops at the first unset or empty one, skipping the rest. Unreadable files are skipped here; `read_configuration`
    reports them.
    """
    found: dict[str, list[str]] = {}
    for spec in specs:
        for variable in spec.exh_variables if spec.synced else ():
            if variable.text.startswith("$"):
                found.setdefault(variable.text[1:], []).append(spec.name)
    for folder in folders(project.root, [])["templates"]:
        for file in sorted(folder.rglob("*.json")):
            node = read_json(file, [])
            variables = node.value.get("variables") if node and isinstance(node.value, dict) else None
            for text in variables.values() if isinstance(variables, dict) else ():
                if isinstance(text, str) and text.startswith("$"):
                    path = file.relative_to(project.root) if file.is_relative_to(project.root) else file
                    found.setdefault(text[1:], []).append(str(path))
    return {name: list(dict.fromkeys(places)) for name, places in found.items()}
