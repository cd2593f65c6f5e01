"""Timing things side by side: in turn, so that a machine that slows down slows all of them."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Spread = dict[str, float]
"""Milliseconds (or another unit): `median`, `least` and `most`."""


class Skipped(Exception):  # noqa: N818 - not an error
    """Something that this machine does not have is needed; the text says what."""


def compare(
    ours: Callable[[], float],
    theirs: Callable[[], float],
    *,
    rounds: int,
    target: float | None,
    warm_up: bool = True,
    if_missed: str = "",
) -> dict[str, Any]:
    """Measure both `rounds` times in turn, after one round of `warm_up` that does not count.

    Args:
        ours: returns seconds.
        theirs: what they are held against.
        rounds: how often each is measured.
        target: the ratio of medians, ours to theirs, that is aimed for at most; None where none is.
        warm_up: whether a first round is needed.
        if_missed: the note for the reader if the target is missed.
    """
    times = interleaved({"ours": ours, "theirs": theirs}, rounds=rounds, warm_up=warm_up)
    return comparison(times["ours"], times["theirs"], target=target, if_missed=if_missed)


def interleaved(
    measured: Mapping[str, Callable[[], float]], *, rounds: int, warm_up: bool = True
) -> dict[str, list[float]]:
    """Seconds of each thing in each round, by its name. Each round takes all of them once, in an order of its own."""
    order = random.Random(1)  # noqa: S311 - reproducible
    times: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(rounds + warm_up):
        for name in order.sample(list(measured), len(measured)):
            seconds = measured[name]()
            if number >= warm_up:
                times[name].append(seconds)
    return times


def comparison(
    ours: Sequence[float], theirs: Sequence[float], *, target: float | None, if_missed: str = ""
) -> dict[str, Any]:
    """Return the ratio of medians with its spread by rounds, from seconds measured in the same rounds."""
    by_round = [one / other for one, other in zip(ours, theirs, strict=True)]
    return {
        "ratio": round(statistics.median(ours) / statistics.median(theirs), 3),
        "ratio_least": round(min(by_round), 3),
        "ratio_most": round(max(by_round), 3),
        "target": None if target is None else round(target, 3),
        "ours_ms": spread(ours),
        "theirs_ms": spread(theirs),
        "rounds": len(ours),
        "if_missed": if_missed,
    }


def spread(times: Sequence[float]) -> Spread:
    """Seconds, as milliseconds."""
    return {
        "median": round(statistics.median(times) * 1000, 3),
        "least": round(min(times) * 1000, 3),
        "most": round(max(times) * 1000, 3),
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
