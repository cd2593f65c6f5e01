"""How a command speaks: what every room that prints is given, and knows no more of.

Results go to stdout; log lines, notes and errors to stderr. `cli.output` and `cli.terminal` implement it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from exh_dev.runtime import LogLine


@dataclass(frozen=True)
class Table:
    """Rows under headings.

    Attributes:
        headings: of the columns.
        rows: a cell for each column.
        gives_way: headings of columns that are left out where there is no room, the first of them first.
        below: for each row what is said on a line below it, such as an error; empty for nothing. None for no row.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    gives_way: Sequence[str] = ()
    below: Sequence[str] | None = None


class Speaker(Protocol):
    """What says things on stderr."""

    def note(self, message: str, **facts: Any) -> None:
        """Say what happens."""

    def warn(self, message: str, **facts: Any) -> None:
        """Say what is probably not as it is meant to be."""

    def error(self, message: str, **facts: Any) -> None:
        """Say what went wrong."""


class Output(Speaker, Protocol):
    """One of the two ways to print."""

    def result(self, value: Any) -> None:
        """Print a JSON value on stdout."""

    def failure(self, error: Mapping[str, Any], *, function: str, root: Path) -> None:
        """Print on stdout why a function failed: Lambda's error object, which for people is told in lines."""

    def summary(self, value: Any, lines: Sequence[str]) -> None:
        """Print on stdout what was done: a JSON value for programs, lines for people."""

    def tables(self, value: Any, *tables: Table) -> None:
        """Print on stdout what there is: a JSON value for programs, tables for people."""

    def progress(self, steps: int) -> AbstractContextManager[Callable[[str], None]]:
        """Show how far a work of some steps is; what it gives is told the name of each step as it begins."""
        ...

    def problems(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Print findings about a project's files on stdout: of each what `Finding.as_json` has."""

    def logged(self, function: str, line: LogLine, *, kind: str, run_id: str) -> None:
        """Print on stdout a line that a run of a function logged: a run of a `kind`, such as `task`, with this id."""

    def log(self, function: str, line: LogLine) -> None:
        """Pass on a log line of a function."""
