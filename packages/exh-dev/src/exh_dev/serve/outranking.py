"""What a platform has in the place of what the project's files say, and how to get back to the files.

An uploaded bundle of a function of the project runs instead of the project's own code, as long as it is there. A schema
that was changed through the API stays so until its file is saved, or the platform starts again.
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
        f"{name}: an uploaded bundle runs in the place of this project's code, and nothing that is saved changes that; "
        f"`exh tasks delete --name {name}` removes the bundle"
    )


def changed_schemas(
    configuration: Configuration, root: Path, known: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str, list[str]]]:
    """Return the schemas that are others on the platform than in their files.

    Args:
        configuration: what the files say.
        root: what the paths of the files begin at.
        known: the schemas of the platform.

    Returns:
        Of each its name, its file, and the members that differ.
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
