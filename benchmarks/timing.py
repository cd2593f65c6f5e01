"""Timing two things side by side: in turn, so that a machine that slows down slows both."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def compare(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int, target: float, warm_up: bool = True
) -> dict[str, Any]:
    """Measure both `rounds` times in turn, after one round of `warm_up` that does not count.

    Args:
        ours: returns seconds.
        theirs: what they are held against.
        rounds: how often each is measured.
        target: the ratio of medians, ours to theirs, that is aimed for at most.
        warm_up: whether a first round is needed.
    """
    if warm_up:
        ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    our_times, their_times = (sorted(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(our_times) / statistics.median(their_times)
    return {
        "ratio": round(ratio, 3),
        "target": round(target, 3),
        "ours_ms": _spread(our_times),
        "theirs_ms": _spread(their_times),
        "rounds": rounds,
    }


def command_time(command: Sequence[str], *, cwd: Path) -> float:
    """Seconds from the start of a command to the end of its first line of output; it has to succeed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        process.stdout.readline()
        elapsed = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return elapsed


def _spread(times: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(times) * 1000, 3),
        "least": round(times[0] * 1000, 3),
        "most": round(times[-1] * 1000, 3),
    }
