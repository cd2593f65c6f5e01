"""What can go wrong on the developer's side, told in one message a person can act on.

DevkitError                 the work failed; the command ends with exit code 1
└── UsageError              the command was called wrongly; exit code 2
    └── ManifestError       template.yaml says something that cannot be; carries the file and the line
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DevkitError(Exception):
    """The work failed for a reason the message explains."""

    exit_code = 1


class UsageError(DevkitError):
    """What was asked for does not exist or makes no sense."""

    exit_code = 2


class ManifestError(UsageError):
    """A description of a function that cannot be used, with the place that holds it."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        """Point at `line` (counted from 1) of `path`."""
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
