"""Output protocols for every room that prints.

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
        gives_way: headings of columns to drop if space is short, in this order.
        below: a second line for each row, such as an error; an empty string for none. None if no row has one.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    gives_way: Sequence[str] = ()
    below: Sequence[str] | None = None


class Speaker(Protocol):
    """Prints on stderr."""

    def note(self, message: str, **facts: Any) -> None:
        """Print a note."""

    def warn(self, message: str, **facts: Any) -> None:
        """Print a warning, about a probable mistake."""

    def error(self, message: str, **facts: Any) -> None:
        """Print an error."""


class Output(Speaker, Protocol):
    """Prints as text or as JSON."""

    def result(self, value: Any) -> None:
        """Print a JSON value on stdout."""

    def failure(self, error: Mapping[str, Any], *, function: str, root: Path) -> None:
        """Print on stdout why a function failed: Lambda's error object as JSON, or a few lines of text."""

    def summary(self, value: Any, lines: Sequence[str]) -> None:
        """Print on stdout what was done: a JSON value for programs, lines for people."""

    def tables(self, value: Any, *tables: Table) -> None:
        """Print a JSON value on stdout for programs, tables for people."""

    def progress(self, steps: int) -> AbstractContextManager[Callable[[str], None]]:
        """Show the progress of some steps; call the returned function with the name of each step as it begins."""
        ...

    def problems(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Print findings about a project's files on stdout: of each what `Finding.as_json` has."""

    def logged(self, function: str, line: LogLine, *, kind: str, run_id: str) -> None:
        """Print on stdout a line that a run of a function logged: a run of a `kind`, such as `task`, with this id."""

    def log(self, function: str, line: LogLine) -> None:
        """Pass on a log line of a function."""
