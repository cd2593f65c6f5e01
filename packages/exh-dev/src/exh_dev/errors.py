"""Errors on the developer's side, each with one actionable message.

DevkitError                 the work failed; the command ends with exit code 1
├── SourceError             a file of the project cannot be used; carries the file and the line
│   └── MissingImportError      it imports something that a bundle does not have; carries its name
└── UsageError              the command was called wrongly; exit code 2
    └── ManifestError       template.yaml says something that cannot be; carries the file and the line
        └── UnsetVariableError      it is right, and the environment lacks a variable that it names
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DevkitError(Exception):
    """The work failed for a reason the message explains."""

    exit_code = 1


class UsageError(DevkitError):
    """The request names something that does not exist, or its options conflict."""

    exit_code = 2


class SourceError(DevkitError):
    """A file of the project that cannot be used, with the place and the reason."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        """Point at `line` (counted from 1) of `path`, or at the file."""
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class MissingImportError(SourceError):
    """A file imports something that a function's bundle would not have."""

    def __init__(self, path: Path, line: int, name: str, reason: str) -> None:
        super().__init__(path, line, f"imports {name}, {reason}")
        self.name = name


class ManifestError(UsageError):
    """A description of a function that cannot be used, with the place that holds it."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        """Point at `line` (counted from 1) of `path`."""
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.reason = message


class UnsetVariableError(ManifestError):
    """A function's variable refers to a variable that is not set here; the project's files are correct."""
