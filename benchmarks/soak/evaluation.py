"""Whether a soak was passed: which quantities grew, and what else went wrong. Plain numbers in, a verdict out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, linear_regression
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WARM_UP = 0.25  # of the time, in which caches, pools and what is kept up to a limit fill
SHORTEST = 8.0  # minutes after the warm-up from which growth is judged: before that a line says nothing
FEWEST = 6  # samples, likewise
SURE = 2.0  # standard errors that a growth must be above its limit, so that noise is not taken for growth
LONGEST_WAIT = 3.0  # seconds for a polite client

#: How much each quantity may grow in an hour: what is kept up to a limit goes on filling, slowly.
GROWTH = {"memory_mb": 24.0, "peak_mb": 24.0, "files": 6.0, "threads": 4.0, "children": 3.0}


@dataclass(frozen=True)
class Sample:
    """What the server's process looked like at one time, and what happened since the sample before.

    Attributes:
        minutes: since the start.
        memory_mb: resident, the least since the sample before: what is left when no large request is being answered.
        peak_mb: resident, the most since then.
        files: open ones, sockets among them.
        threads: of the process.
        children: processes, the workers of functions among them.
        median_ms: of a polite client's waits.
        worst_ms: likewise.
        stall_ms: by how much the soak itself woke up late at the worst: what the machine adds to the waits.
        data_mb: of the data directory.
        requests: answered, by everybody's count.
        server_errors: answers from 500 on that no fault rule gave.
        tracebacks: on the server's stderr.
    """

    minutes: float
    memory_mb: float
    peak_mb: float
    files: int
    threads: int
    children: int
    median_ms: float
    worst_ms: float
    stall_ms: float
    data_mb: float
    requests: int
    server_errors: int
    tracebacks: int


@dataclass(frozen=True)
class Growth:
    """A line through the samples of a quantity.

    Attributes:
        mean: of the samples after the warm-up.
        per_hour: how much it grew in an hour.
        error: one standard error of that.
        limit: how much it may grow.
    """

    mean: float
    per_hour: float
    error: float
    limit: float

    @property
    def is_flat(self) -> bool:
        """Whether the growth is within its limit, as far as the noise lets one tell."""
        return self.per_hour - SURE * self.error <= self.limit


def growth(minutes: Sequence[float], values: Sequence[float], limit: float) -> Growth | None:
    """Return the growth of a quantity after the warm-up; None where the samples are too few to say.

    Args:
        minutes: when each value was read.
        values: one for each time.
        limit: how much it may grow in an hour.
    """
    if not minutes:
        return None
    begin = minutes[-1] * WARM_UP
    kept = [(at, value) for at, value in zip(minutes, values, strict=True) if at >= begin]
    if len(kept) < FEWEST or kept[-1][0] - kept[0][0] < SHORTEST:
        return None
    times, found = [at / 60 for at, _ in kept], [float(value) for _, value in kept]
    slope, start = linear_regression(times, found)
    left = sum((value - start - slope * at) ** 2 for at, value in zip(times, found, strict=True))
    middle = fmean(times)
    spread = sum((at - middle) ** 2 for at in times)
    return Growth(fmean(found), slope, math.sqrt(left / (len(kept) - 2) / spread), limit)


def growths(samples: Sequence[Sample]) -> dict[str, Growth | None]:
    """Return the growth of each quantity that has to be flat."""
    minutes = [each.minutes for each in samples]
    return {name: growth(minutes, [getattr(each, name) for each in samples], limit) for name, limit in GROWTH.items()}


def failures(
    samples: Sequence[Sample], *, lost: Sequence[str] = (), surprises: Mapping[str, int] | None = None
) -> list[str]:
    """Return what went wrong, a sentence each; empty when the soak is passed.

    Args:
        samples: in the order of their times.
        lost: what was acknowledged and is not there.
        surprises: what clients met and should not have, with how often.
    """
    told = [
        f"{name} grew by {each.per_hour:.1f} an hour (± {each.error:.1f}), and may by {each.limit:g}"
        for name, each in growths(samples).items()
        if each and not each.is_flat
    ]
    if not samples:
        told.append("nothing was measured")
    if errors := sum(each.server_errors for each in samples):
        told.append(f"{errors} answers of 5xx that no fault rule gave")
    if tracebacks := sum(each.tracebacks for each in samples):
        told.append(f"{tracebacks} tracebacks on the server's stderr")
    told += [
        f"a polite client waited {each.worst_ms / 1000:.1f} s in minute {each.minutes:.0f}"
        for each in samples
        if each.worst_ms > LONGEST_WAIT * 1000
    ]
    told += [f"{what} ({times} times)" for what, times in (surprises or {}).items()]
    return told + [f"lost: {each}" for each in lost]
