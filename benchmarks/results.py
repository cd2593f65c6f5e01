"""What was measured, kept from run to run: `docs/benchmarks/results.json`.

A benchmark that is run replaces its results; those of the others stay, each with its date and its machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Result = dict[str, Any]
Results = dict[str, Any]
"""`machines` by number, and `benchmarks` by name, in the order of their names."""


def named(module: str, what: str, measured: Mapping[str, Any]) -> dict[str, Result]:
    """Return the results of a benchmark by name: its own, or `MODULE.PART` where it compares several things.

    Args:
        module: the benchmark's name.
        what: what it measures, for results that do not say so themselves.
        measured: a result, which has a `target` (or None for it), or several by name.
    """
    parts = {module: measured} if "target" in measured else {f"{module}.{part}": measured[part] for part in measured}
    return {name: {"what": what, **result} for name, result in parts.items()}


def is_missed(result: Result) -> bool:
    """Return whether there is a target, and it was missed."""
    return result.get("target") is not None and bool(result["ratio"] > result["target"])


def merged(
    before: Results, measured: Mapping[str, Result], *, known: Collection[str], machine: Mapping[str, str], date: str
) -> Results:
    """Return the results with those of one run put in.

    Args:
        before: what was there.
        measured: by name.
        known: the benchmarks that there are; results of others go.
        machine: where it was measured.
        date: when.
    """
    again = {name.partition(".")[0] for name in measured}
    kept = {
        name: result
        for name, result in before.get("benchmarks", {}).items()
        if name.partition(".")[0] in set(known) - again
    }
    machines = dict(before.get("machines", {}))
    number = next((each for each, found in machines.items() if found == machine), None)
    if number is None:
        number = str(max(map(int, machines), default=0) + 1)
        machines[number] = dict(machine)
    new = {name: {**result, "measured": date, "machine": number} for name, result in measured.items()}
    benchmarks = dict(sorted({**kept, **new}.items()))
    used = {result["machine"] for result in benchmarks.values()}
    return {"machines": {each: found for each, found in machines.items() if each in used}, "benchmarks": benchmarks}
