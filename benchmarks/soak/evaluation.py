"""The verdict of a soak test, computed from its samples: which quantities grew, and what else failed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, linear_regression
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WARM_UP = 0.25  # part of the run that is left out: caches, pools and storage with a limit fill up in it
SHORTEST = 8.0  # minimum of minutes after the warm-up to judge growth: a regression over less is noise
FEWEST = 6  # minimum of samples, for the same reason
SURE = 2.0  # standard errors by which growth must exceed its limit, so that noise does not count as growth
LONGEST_WAIT = 3.0  # seconds that the well-behaved client may wait

#: Allowed growth of each quantity in an hour. It is not 0, since storage with a limit goes on filling slowly.
GROWTH = {"memory_mb": 24.0, "peak_mb": 24.0, "files": 6.0, "threads": 4.0, "children": 3.0}


@dataclass(frozen=True)
class Sample:
    """A measurement of the server's process, and the totals since the previous sample.

    Attributes:
        minutes: time since the start.
        memory_mb: minimum of resident memory since the previous sample: without the memory of large requests.
        peak_mb: maximum of resident memory since the previous sample.
        files: open file descriptors, sockets included.
        threads: threads of the process.
        children: child processes, the workers of functions included.
        median_ms: median wait of the well-behaved client.
        worst_ms: longest wait of the well-behaved client.
        stall_ms: longest delay of the soak test's own timer: the part of a wait that the machine is responsible for.
        data_mb: size of the data directory.
        requests: responses that the clients have counted.
        server_errors: 5xx responses that no fault rule caused.
        tracebacks: tracebacks on the server's stderr.
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
    """A linear regression over the samples of a quantity.

    Attributes:
        mean: mean of the samples after the warm-up.
        per_hour: growth in an hour.
        error: one standard error of `per_hour`.
        limit: allowed growth in an hour.
    """

    mean: float
    per_hour: float
    error: float
    limit: float

    @property
    def is_flat(self) -> bool:
        """Whether the growth is within its limit, give or take `SURE` standard errors."""
        return self.per_hour - SURE * self.error <= self.limit


def growth(minutes: Sequence[float], values: Sequence[float], limit: float) -> Growth | None:
    """Return the growth of a quantity after the warm-up; None if there are too few samples to judge it.

    Args:
        minutes: time of each sample.
        values: value of each sample.
        limit: allowed growth in an hour.
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
    """Return the growth of each quantity in `GROWTH`."""
    minutes = [each.minutes for each in samples]
    return {name: growth(minutes, [getattr(each, name) for each in samples], limit) for name, limit in GROWTH.items()}


def failures(
    samples: Sequence[Sample], *, lost: Sequence[str] = (), surprises: Mapping[str, int] | None = None
) -> list[str]:
    """Return a sentence for each failure; none if the soak test has passed.

    Args:
        samples: all samples, in the order of time.
        lost: acknowledged writes that are missing.
        surprises: unexpected responses, with their number.
    """
    found = [
        f"{name} grew by {each.per_hour:.1f} an hour (± {each.error:.1f}); {each.limit:g} is allowed"
        for name, each in growths(samples).items()
        if each and not each.is_flat
    ]
    if not samples:
        found.append("there are no samples")
    if errors := sum(each.server_errors for each in samples):
        found.append(f"{errors} responses of 5xx that no fault rule caused")
    if tracebacks := sum(each.tracebacks for each in samples):
        found.append(f"{tracebacks} tracebacks on the server's stderr")
    found += [
        f"a well-behaved client waited {each.worst_ms / 1000:.1f} s in minute {each.minutes:.0f}"
        for each in samples
        if each.worst_ms > LONGEST_WAIT * 1000
    ]
    found += [f"{what} ({times} times)" for what, times in (surprises or {}).items()]
    return found + [f"lost: {each}" for each in lost]
