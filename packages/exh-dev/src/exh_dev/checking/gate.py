"""Collect the findings about a project, or those that affect some of its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from exh_dev.checking import (
    code,
    configuration,
    contradictions,
    events,
    manifest,
    packages,
    patterns,
    permissions,
    queues,
    seeds,
)
from exh_dev.checking.finding import Finding, in_order
from exh_dev.checking.inspection import Inspection
from exh_dev.errors import DevkitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from exh_dev.project.project import Project


class Subject(Protocol):
    """A module that checks one subject; it raises nothing, whatever the files contain."""

    def __call__(self, inspection: Inspection, /) -> Iterable[Finding]:
        """Yield the findings of one subject."""
        ...


SUBJECTS: tuple[Subject, ...] = (
    manifest.find,
    permissions.find,
    queues.find,
    code.find,
    packages.find,
    events.find,
    seeds.find,
    configuration.find,
    patterns.find,
    contradictions.find,
)


def findings(project: Project, *, runtime: str | None = None) -> list[Finding]:
    """Return what is found, errors first, each once. A `runtime` takes the place of that of functions for Python."""
    inspection = Inspection(project, runtime)
    return in_order(each for subject in SUBJECTS for each in subject(inspection))


def refuse_broken(project: Project, names: Collection[str], *, runtime: str | None = None) -> None:
    """Refuse functions that have an error.

    Raises:
        DevkitError: one of them has; the message lists all errors, a line each.
    """
    _refuse(findings(project, runtime=runtime), names)


def refuse_broken_seeds(project: Project, names: Collection[str]) -> None:
    """Refuse seeds of functions that cannot be sown, before a platform starts for them.

    Raises:
        DevkitError: one of them cannot; the message lists all errors, a line each.
    """
    if any(spec.name in names and project.seed(spec) for spec in project.functions):
        _refuse(in_order(seeds.find(Inspection(project))), names)


def _refuse(found: Iterable[Finding], names: Collection[str]) -> None:
    if own := [each for each in found if each.severity == "error" and set(names) & set(each.functions)]:
        kind = UsageError if all(each.exit_code == UsageError.exit_code for each in own) else DevkitError
        raise kind("\n".join(map(str, own)))
