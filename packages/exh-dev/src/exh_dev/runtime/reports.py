"""Reports of a worker process to its waiting owner."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Report:
    """Something that happened to a worker."""

    at: float = field(default_factory=time.monotonic, init=False)


@dataclass(frozen=True)
class Ready(Report):
    """The worker asked for work: its start, or its previous invocation, is complete."""


@dataclass(frozen=True)
class InitFailed(Report):
    """Its module could not be loaded."""

    error: dict[str, Any]


@dataclass(frozen=True)
class Returned(Report):
    """The handler returned `body`, as bytes of JSON."""

    body: bytes


@dataclass(frozen=True)
class Raised(Report):
    """The handler raised, or what it returned cannot be serialised."""

    error: dict[str, Any]


@dataclass(frozen=True)
class TooLarge(Report):
    """The handler returned more than Lambda passes on."""


@dataclass(frozen=True)
class OverMemory(Report):
    """The worker used `used` MB, more than the function's memory."""

    used: int


@dataclass(frozen=True)
class Exited(Report):
    """The process ended, with an exit status or (negative) by a signal."""

    status: int


@dataclass(frozen=True)
class TimedOut(Report):
    """Nothing was reported before the timeout."""
