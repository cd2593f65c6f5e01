"""Provenance of a build: the project's version, authors and last commit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exh_dev import git
from exh_dev.errors import UsageError
from exh_dev.packaging.pyproject import project_authors, project_version

if TYPE_CHECKING:
    from pathlib import Path

    from exh_dev.packaging.pyproject import Author

_EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Origin:
    """Metadata that all bundles of a build share.

    Attributes:
        version: of the project.
        authors: of the project.
        time: of its last commit.
    """

    version: str
    authors: tuple[Author, ...]
    time: datetime | None


def read_origin(root: Path) -> Origin:
    """Return the provenance of a project's bundles.

    The time is that of the last commit, so that one commit gives the same bills of materials everywhere. Without git it
    is SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), and without that none: the clock
    would make two builds differ.

    Raises:
        UsageError: pyproject.toml or SOURCE_DATE_EPOCH has an invalid value.
    """
    seconds = _commit_time(root) or os.environ.get(_EPOCH, "")
    try:
        time = datetime.fromtimestamp(int(seconds), UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{_EPOCH} is `{seconds}`, and must be a number of seconds since 1970") from None
    return Origin(project_version(root), tuple(project_authors(root)), time)


def _commit_time(root: Path) -> str:
    """Return the commit time in seconds since 1970; empty outside a git repository."""
    return (git.asked(root, "log", "-1", "--format=%ct") or "").strip()
