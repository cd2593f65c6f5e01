"""Find platform state that overrides the project's files, and say how to restore the files' state.

An uploaded bundle of a project's function runs instead of the project's code until it is deleted. A schema changed
through the API stays changed until its file is saved or the platform restarts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.project.configuration.loading import schema_differences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from exh_dev.project.configuration.configuration import Configuration
    from exh_dev.project.project import Project


def hidden_functions(project: Project, uploaded: Collection[str]) -> list[str]:
    """Return the functions of a project whose own code does not run, since a bundle of that name was uploaded."""
    return [spec.name for spec in project.functions if "exh" in spec.targets and spec.name in uploaded]


def about_function(name: str) -> str:
    """Return what to say of one of these."""
    return (
        f"{name}: an uploaded bundle runs instead of this project's code, so your changes have no effect; "
        f"`exh tasks delete --name {name}` removes the bundle"
    )


def changed_schemas(
    configuration: Configuration, root: Path, known: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str, list[str]]]:
    """Return the schemas that differ between the platform and their files.

    Args:
        configuration: the files' configuration.
        root: the folder that file paths are relative to.
        known: the platform's schemas.

    Returns:
        For each its name, file, and differing members.
    """
    by_name = {each["name"]: each for each in known}
    found = []
    for schema in configuration.schemas:
        name = schema["name"]
        differing = schema_differences(schema, by_name[name]) if name in by_name else []
        if differing:
            file = configuration.schema_files[name]
            found.append((name, str(file.relative_to(root) if file.is_relative_to(root) else file), differing))
    return found
