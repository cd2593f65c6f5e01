"""The report of a soak test: tables on a terminal, JSON when piped."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from benchmarks.soak.evaluation import growths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.soak.evaluation import Sample

_COLUMNS = {
    "minutes": "minute",
    "memory_mb": "memory MB",
    "peak_mb": "peak MB",
    "files": "files",
    "threads": "threads",
    "children": "children",
    "median_ms": "median ms",
    "worst_ms": "worst ms",
    "stall_ms": "own stall ms",
    "data_mb": "data MB",
    "requests": "requests",
    "server_errors": "5xx",
    "tracebacks": "tracebacks",
}


@dataclass(frozen=True)
class Report:
    """The measurements and failures of a soak test.

    Attributes:
        samples: all samples, in the order of time.
        counts: number of each kind of request.
        failures: a sentence for each failure; none if the test has passed.
    """

    samples: Sequence[Sample]
    counts: Mapping[str, int]
    failures: Sequence[str]

    def as_json(self) -> str:
        """Return the report as one JSON object."""
        lines = {name: each and {**asdict(each), "flat": each.is_flat} for name, each in growths(self.samples).items()}
        summary = {"failures": list(self.failures), "growth": lines, "counts": dict(sorted(self.counts.items()))}
        return json.dumps({**summary, "samples": [asdict(each) for each in self.samples]}, indent=2)

    def show(self) -> None:
        """Print tables if stdout is a terminal, else JSON."""
        if sys.stdout.isatty():
            self._print_tables()
        else:
            print(self.as_json())

    def _print_tables(self) -> None:
        from rich.console import Console
        from rich.table import Table

        console = Console()
        table = Table(*_COLUMNS.values(), title="The server, minute by minute")
        for each in self.samples:
            table.add_row(*(f"{value:g}" for value in asdict(each).values()))
        console.print(table)
        fit = Table(
            "", "mean", "growth an hour", "allowed", "", title="Linear regression over the samples after the warm-up"
        )
        for name, line in growths(self.samples).items():
            if line is None:
                fit.add_row(_COLUMNS[name], "", "too short to judge", "", "")
            else:
                grown = f"{line.per_hour:+.2f} ± {line.error:.2f}"
                fit.add_row(
                    _COLUMNS[name], f"{line.mean:.1f}", grown, f"{line.limit:g}", "flat" if line.is_flat else "NOT FLAT"
                )
        console.print(fit)
        done = Table("what was done", "times")
        for name, count in sorted(self.counts.items()):
            done.add_row(name, f"{count:,}")
        console.print(done)
        for failure in self.failures:
            console.print(f"FAILED: {failure}", style="red", markup=False)
        if not self.failures:
            console.print("Passed.")
