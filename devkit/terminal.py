"""What the commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from devkit.output import parse_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkit.execution import Outcome
    from devkit.runtime import LogLine

_LEVELS = {"DEBUG": "dim", "INFO": "cyan", "WARNING": "yellow", "WARN": "yellow", "ERROR": "red", "CRITICAL": "red"}
_WIDTH_WHEN_PIPED = 120  # columns
#: Members of a log line that are the same on all lines of an invocation, or are shown in their own place.
_COMMON = frozenset(
    {"level", "message", "timestamp", "location", "service", "function_request_id", "cold_start", "task_id", "task"}
    | {"requestId", "errorType", "errorMessage", "stackTrace", "stack_trace", "xray_trace_id", "logger"}
)


class TerminalOutput:
    """Colours, tables, and no more than fits."""

    def __init__(self) -> None:
        """Print to this process's stdout and stderr."""
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def result(self, value: Any) -> None:
        """Indented JSON."""
        self._out.print_json(data=value)

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """A table, a row each."""
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
        for name in ("Function", "Event", "Credentials", "Status"):
            table.add_column(name, overflow="fold")
        for name in ("Time", "Cold start", "Memory"):
            table.add_column(name, justify="right", no_wrap=True)
        for outcome in outcomes:
            table.add_row(*_row(outcome))
        self._out.print(table)
        failures = [outcome for outcome in outcomes if not outcome.ok]
        for outcome in failures:
            what = f"{outcome.case.function}, {outcome.case.event_name}, {outcome.case.credentials}"
            self._out.print(f"[red]✗[/] {escape(what)}\n  {escape(outcome.failure())}")
        total = f"{len(outcomes)} invocation{'' if len(outcomes) == 1 else 's'}"
        self._out.print(f"[red]{len(failures)} of {total} failed[/]" if failures else f"[green]{total}, all OK[/]")

    def log(self, function: str, line: LogLine) -> None:
        """Time, function, level, message, and the members that are this line's own."""
        entry = parse_log(line.text) or {"message": line.text}
        level = str(entry.get("level", ""))
        text = Text().append(f"{line.timestamp.astimezone():%H:%M:%S.%f}"[:-3] + f" {function} ", style="dim")
        text.append(f"{level:<7} " if level else "", style=_LEVELS.get(level, ""))
        text.append(_message(entry))
        for name, value in entry.items():
            if name not in _COMMON:
                text.append(f" {name}=", style="dim").append(str(value))
        self._err.print(text)

    def note(self, message: str, **facts: Any) -> None:  # noqa: ARG002 - the message says what people need
        """A plain line."""
        self._err.print(escape(message))

    def error(self, message: str, **facts: Any) -> None:  # noqa: ARG002
        """A line that stands out."""
        self._err.print(f"[bold red]error:[/] {escape(message)}")


def _row(outcome: Outcome) -> tuple[str, ...]:
    invocation = outcome.invocation
    return (
        outcome.case.function,
        outcome.case.event_name,
        outcome.case.credentials,
        "[green]OK[/]" if outcome.ok else "[red]FAILED[/]",
        f"{invocation.duration * 1000:.0f} ms",
        f"{invocation.init_duration * 1000:.0f} ms" if invocation.init_duration is not None else "warm",
        f"{invocation.peak_memory} MB",
    )


def _message(entry: dict[str, Any]) -> str:
    if "errorMessage" in entry:  # how the runtime logs what a handler raised
        return ": ".join(str(entry[name]) for name in ("errorType", "errorMessage") if entry.get(name))
    return str(entry.get("message", ""))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # ends the command; rich would end the thread that happens to print


def _console(*, stderr: bool) -> Console:
    console = _Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_WHEN_PIPED
    return console
