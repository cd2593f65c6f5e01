"""The files that the official CLI reads: schemas, templates, localizations, dispatchers, settings, task-config.json."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exh_dev.checking.finding import Finding, finding_of
from exh_dev.errors import DevkitError
from exh_dev.project.configuration.asked import asked_variables
from exh_dev.project.configuration.repository import folders
from exh_dev.project.configuration.task_configs import check_task_configs
from exh_dev.project.env_file import misplaced, read_env_file
from exh_dev.project.project import ENV_FILE, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.checking.inspection import Inspection
    from exh_dev.project.configuration.reading import Problem


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield what the CLI or the platform would refuse, and the variables that `exh sync` takes from its environment."""
    problems = list(inspection.configuration.problems)
    for folder in folders(inspection.root, [])["tasks"]:
        problems += check_task_configs(folder)
    for problem in problems:
        if problem.file.name == ENV_FILE:  # reported below
            continue
        yield of_problem(inspection, problem)
    yield from _env_file(inspection)
    yield from _asked(inspection)


def of_problem(inspection: Inspection, problem: Problem) -> Finding:
    """Return a problem of the configuration as a finding."""
    found = inspection.in_json(problem.file, problem.pointer, problem.rule)
    if problem.line is None:
        return found if problem.pointer else replace(found, line=None, column=None)
    return replace(found, line=problem.line, column=problem.column)


def _env_file(inspection: Inspection) -> Iterator[Finding]:
    path = inspection.root / ENV_FILE
    try:
        read_env_file(path)
        warning = misplaced(path)
    except DevkitError as error:
        yield finding_of(error, inspection.root, file=ENV_FILE)
    else:
        if warning:
            yield Finding("warning", ENV_FILE, warning.replace(f"{inspection.root}/", ""))


def _asked(inspection: Inspection) -> Iterator[Finding]:
    """Yield a finding for each unset variable: `exh sync` stops at it, and a function that needs it does not run."""
    try:
        known = inspection.project.variables()
    except DevkitError:  # a file that cannot be read has a finding of its own
        return
    lines = {spec.name: spec for spec in inspection.specs}
    for name, places in asked_variables(inspection.project, inspection.specs).items():
        if known.get(name):
            continue
        functions = tuple(place for place in places if place in lines)
        if functions:
            variables = lines[functions[0]].exh_variables
            line = next((each.line for each in variables if each.text == f"${name}"), None)
            message = f"${name} is not set here, and `exh sync` asks for it; set {name} in the shell or in .env"
            yield Finding("info", MANIFEST, message, line, functions=functions)
