"""Translate the figures into the cost of a million invocations, and the time that callers wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cold_start import MEMORY
from benchmarks.cpu_share import WHOLE
from benchmarks.work_cost import MILLION, Prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.results import Result

COLD = 0.01  # the share of cold starts: one in a hundred
COLD_START, CALL = "cold_start.memory_256", "signed_call"
_GB = 1024  # MB


def worth(measured: Mapping[str, Result]) -> list[str]:
    """Lines of the page: what cold starts and calls take and cost, ours and the plain way; none if not measured."""
    if any("ratio" not in measured.get(name, {}) for name in (COLD_START, CALL)):
        return []
    rows = [
        _row(f"{COLD * MILLION:,.0f} cold starts with {MEMORY} MB", measured[COLD_START], COLD * MILLION, MEMORY),
        _row(f"{MILLION:,} calls of the platform by warm functions, a processor each", measured[CALL], MILLION, WHOLE),
    ]
    said = (
        f"Of a million invocations, one in {1 / COLD:.0f} of which is a cold start: the time that a function computes, "
        "without the wait for the platform, and what AWS charges for it (us-east-1, x86)."
    )
    return [said, "\n".join(["| | ours | the plain way |", "| --- | --- | --- |", *rows])]


def _row(what: str, result: Result, count: float, memory: int) -> str:
    cells = [_time_and_price(result[f"{side}_ms"]["median"] / 1000 * count, memory) for side in ("ours", "theirs")]
    return f"| {what} | {' | '.join(cells)} |"


def _time_and_price(seconds: float, memory: int) -> str:
    return f"{seconds / 60:,.0f} min, US$ {seconds * memory / _GB * Prices().gb_second:.3f}"
