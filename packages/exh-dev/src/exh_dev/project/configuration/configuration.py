"""Read and check all of a project's configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exh_dev.errors import UsageError
from exh_dev.project.configuration.dispatchers import FILE as DISPATCHERS
from exh_dev.project.configuration.dispatchers import no_such_function, read_dispatchers
from exh_dev.project.configuration.localizations import DEFAULT, KEY, read_localizations
from exh_dev.project.configuration.reading import Problem, read_json
from exh_dev.project.configuration.repository import folders
from exh_dev.project.configuration.retried_errors import check_retried_errors
from exh_dev.project.configuration.schemas import check_schema
from exh_dev.project.configuration.settings import FILE as SETTINGS
from exh_dev.project.configuration.settings import read_settings
from exh_dev.project.configuration.templates import Template, read_templates
from exh_dev.project.project import ENV_FILE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from exh_dev.project.configuration.templates_v1 import TemplateV1
    from exh_dev.project.project import Project


#: Functions that the platform itself provides.
PROVIDED = frozenset(["html-to-pdf"])


@dataclass
class Configuration:
    """The configuration of a project, with its problems.

    Attributes:
        schemas: the schemas as in their files.
        schema_files: the file of each schema by its name.
        localizations: translations of each key by language.
        problems: problems in the order of the files.
    """

    schemas: list[dict[str, Any]] = field(default_factory=list)
    schema_files: dict[str, Path] = field(default_factory=dict)
    templates: list[Template] = field(default_factory=list)
    templates_v1: list[TemplateV1] = field(default_factory=list)
    localizations: dict[str, dict[str, str]] = field(default_factory=dict)
    dispatchers: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        said = (self.schemas, self.templates, self.templates_v1, self.localizations, self.dispatchers, self.settings)
        return not any(said)

    def without_broken(self) -> Configuration:
        """Return what can be loaded although other files have problems: all of the files that have none."""
        broken = {problem.file for problem in self.problems}
        names = {_template_of(file) for file in broken}
        files = {name: file for name, file in self.schema_files.items() if file not in broken}
        schemas = {each["name"]: each for each in reversed(self.schemas) if _has_name(each, files)}
        texts = self.localizations.items()
        return Configuration(
            schemas=[*reversed(schemas.values())],
            schema_files=files,
            templates=[each for each in self.templates if each.name not in names],
            templates_v1=[each for each in self.templates_v1 if each.name not in names],
            localizations={key: each for key, each in texts if DEFAULT in each and KEY.fullmatch(key)},
            dispatchers=[] if DISPATCHERS in {file.name for file in broken} else self.dispatchers,
            settings={} if SETTINGS in {file.name for file in broken} else self.settings,
        )


def _has_name(schema: dict[str, Any], names: Collection[str]) -> bool:
    name = schema.get("name")
    return isinstance(name, str) and name in names


def _template_of(file: Path) -> str:
    """Return the name of the template that a file belongs to, or an empty string."""
    return file.parent.name if file.name == "template.json" else file.name.partition(".")[0]


def read_configuration(project: Project) -> Configuration:
    """Read all files of the project's configuration.

    It raises nothing; mistakes are collected in `problems`.
    """
    found = Configuration()
    problems = found.problems
    variables = _variables(project, problems)
    places = folders(project.root, problems)
    specs = project.functions
    problems += check_retried_errors(project.root, specs)
    functions = {spec.name for spec in specs if "exh" in spec.targets}
    functions |= PROVIDED if functions else set()
    for folder in places["schemas"]:
        for file in sorted(folder.rglob("*.json")):
            _read_schema(file, found, functions)
    for folder in places["templates"]:
        templates, templates_v1 = read_templates(folder, problems, variables)
        found.templates += templates
        found.templates_v1 += templates_v1
    for folder in places["localizations"]:
        for key, texts in read_localizations(folder, problems).items():
            found.localizations.setdefault(key, {}).update(texts)
    named = {template.name for template in found.templates}
    found.dispatchers = read_dispatchers(project.root, problems, functions=functions, templates=named)
    found.settings = read_settings(project.root, problems, templates=named)
    return found


def _read_schema(file: Path, found: Configuration, functions: set[str]) -> None:
    node = read_json(file, found.problems)
    if node is None:
        return
    check_schema(node)
    if not isinstance(node.value, dict):
        return
    name = node.value.get("name")
    if isinstance(name, str) and name in found.schema_files:
        known = found.schema_files[name]
        other = known.name if known.parent == file.parent else os.path.relpath(known, file.parent)
        node.child("name").problem(f"{other} has a schema of this name too")
    elif isinstance(name, str):
        found.schema_files[name] = file
    for place, action in _actions(node.value):
        name = action.get("functionName")
        if functions and action.get("type") == "task" and isinstance(name, str) and name not in functions:
            found.problems.append(Problem(file, place, no_such_function(name, functions)))
    found.schemas.append(node.value)


def _actions(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    transitions = [("/creationTransition", schema.get("creationTransition"))]
    listed = schema.get("transitions")
    transitions += [
        (f"/transitions/{index}", each) for index, each in enumerate(listed if isinstance(listed, list) else [])
    ]
    found = []
    for place, transition in transitions:
        for kind in ("actions", "afterActions"):
            actions = transition.get(kind) if isinstance(transition, dict) else None
            for index, action in enumerate(actions if isinstance(actions, list) else []):
                if isinstance(action, dict):
                    found.append((f"{place}/{kind}/{index}/functionName", action))
    return found


def _variables(project: Project, problems: list[Problem]) -> dict[str, str]:
    try:
        return project.variables()
    except UsageError as error:
        problems.append(Problem(project.root / ENV_FILE, "", str(error)))
        return dict(os.environ)
