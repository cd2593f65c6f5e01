"""The name of a new function: any spelling of it, folded to the one that the project uses, if it can be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING

from exh_dev.errors import UsageError
from exh_dev.project.configuration.configuration import PROVIDED
from exh_dev.project.manifest import LONGEST_NAME, NAME, NAME_RULE, folded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TYPES = "documents"  # handlers/documents.py holds the types of documents


@dataclass(frozen=True)
class Name:
    """A function's name, `greet-patient`."""

    task: str

    @property
    def module(self) -> str:
        """The spelling of the module: `greet_patient`."""
        return self.task.replace("-", "_")

    @property
    def logical_id(self) -> str:
        """The spelling in the template: `GreetPatient`."""
        return "".join(word.capitalize() for word in self.task.split("-"))


def spelled(text: str) -> str:
    """Convert to kebab-case: `GreetPatient`, `greet_patient` and `Greet patient` are all `greet-patient`."""
    return re.sub(r"[\s_-]+", "-", _HUMP.sub("-", text.strip())).strip("-").lower()


def fold(spelling: str) -> Name:
    """Return the name of any spelling: `greet-patient` for `GreetPatient`, `greet_patient` and `Greet patient`.

    Raises:
        UsageError: no function can be called so.
    """
    name = spelled(spelling)
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UsageError(f"{spelling!r} cannot be the name of a function: {NAME_RULE}")
    if name in PROVIDED:
        raise UsageError(f"{name} is a function of the platform itself; choose another name")
    found = Name(name)
    if iskeyword(found.module):
        raise UsageError(f"{name} is a Python keyword; choose another name, such as {name}-task")
    if found.module == _TYPES:
        raise UsageError(
            f"{name}: handlers/{_TYPES}.py holds the types of documents; choose another name, such as {name}-task"
        )
    return found


def check_free(name: Name, taken: Iterable[str], template: Path | str) -> None:
    """Raise if the template uses the name already; `taken` are the existing task names and logical ids.

    Raises:
        UsageError: the name is taken.
    """
    # SAM makes a role for each function, whose logical id ends in Role.
    for other in taken:
        if folded(name.task) in {folded(other), folded(f"{other}Role")} or folded(f"{name.task}Role") == folded(other):
            raise UsageError(f"{name.task}: {template} has {other} already; choose another name")
