"""What the commands print for people."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from exh_dev.runtime.logs import parse_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from exh_dev.output import Table as Rows
    from exh_dev.runtime import LogLine
    from exh_dev.serve.execution import Outcome

_LEVELS = {"DEBUG": "dim", "INFO": "cyan", "WARNING": "yellow", "WARN": "yellow", "ERROR": "red", "CRITICAL": "red"}
_ID = re.compile("[0-9a-f]{24}")
_NUMBER = re.compile(r"\d[\d.]*( [A-Za-z]{1,3})?$")
_LAMBDAS_OWN = ("INIT_START ", "START RequestId:", "END RequestId:", "REPORT RequestId:")
_ESCAPE, _SHOWN_ESCAPE = "\x1b", "␛"
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
        """A table, a row each; below it, indented, the functions that it set off, those of one name together."""
        table = _table()
        for name in ("Function", "Trigger", "Event", "Result"):
            table.add_column(name, overflow="fold")
        for name in ("Calls", "Time", "Cold start"):
            table.add_column(name, justify="right", no_wrap=True)
        for outcome in outcomes:
            table.add_row(*_row(outcome))
            for runs in _by_function(outcome.chain):
                table.add_row(*_chained_row(runs))
        self._out.print(table)
        failures = [outcome for outcome in outcomes if not outcome.ok]
        for outcome in failures:
            what = f"{outcome.case.function}, {outcome.case.event_name}, {outcome.case.credentials}"
            reasons = "".join(f"\n  {escape(failure)}" for failure in outcome.failures())
            self._out.print(f"[red]✗[/] {escape(what)}{reasons}")
        total = f"{len(outcomes)} invocation{'' if len(outcomes) == 1 else 's'}"
        self._out.print(f"[red]{len(failures)} of {total} failed[/]" if failures else f"[green]{total}, all OK[/]")

    def summary(self, value: Any, lines: Sequence[str]) -> None:  # noqa: ARG002 - the lines say what people need
        """The lines."""
        for line in lines:
            self._out.print(escape(line))

    def tables(self, value: Any, *tables: Rows) -> None:  # noqa: ARG002 - the tables say what people need
        """One below the other; columns of numbers to the right."""
        for index, each in enumerate(tables):
            table = _table()
            for column, heading in enumerate(each.headings):
                numbers = all(_NUMBER.match(row[column]) for row in each.rows)
                ids = all(_ID.fullmatch(row[column]) for row in each.rows)  # which somebody may want to copy
                table.add_column(heading, overflow="fold", justify="right" if numbers else "left", no_wrap=ids)
            for row in each.rows:
                table.add_row(*map(escape, row))
            self._out.print(*([""] if index else []), table, sep="\n")

    @contextmanager
    def progress(self, steps: int) -> Iterator[Callable[[str], None]]:
        """A bar on stderr, while it is a terminal and the work goes on."""
        with Progress(console=self._err, transient=True, disable=not self._err.is_terminal) as bar:
            task = bar.add_task("", total=steps + 1)

            def started(step: str) -> None:
                bar.update(task, description=escape(step), advance=1)

            yield started

    def problems(self, problems: Sequence[dict[str, str]]) -> None:
        """A file, a place and what is wrong there; a line each."""
        for problem in problems:
            place = f" {problem['pointer']}" if problem["pointer"] else ""
            self._out.print(f"[red]✗[/] [bold]{escape(problem['file'])}[/]{escape(place)}\n  {escape(problem['rule'])}")
        total = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        self._out.print(f"[red]{total}[/]" if problems else "[green]Nothing is wrong[/]")

    def logged(self, function: str, line: LogLine, *, kind: str, run_id: str) -> None:  # noqa: ARG002 - all have the same
        """As `log`, with the run in the place of the function."""
        self._out.print(_line(run_id, line, "%Y-%m-%d %H:%M:%S.%f"), soft_wrap=True)

    def log(self, function: str, line: LogLine) -> None:
        """Time, function, level, message, and the members that are this line's own."""
        self._err.print(_line(function, line, "%H:%M:%S.%f"))

    def note(self, message: str, **facts: Any) -> None:  # noqa: ARG002 - the message says what people need
        """A plain line."""
        self._err.print(escape(message))

    def error(self, message: str, **facts: Any) -> None:  # noqa: ARG002
        """A line that stands out."""
        self._err.print(f"[bold red]error:[/] {escape(message)}")


def _table() -> Table:
    return Table(box=None, header_style="bold", padding=(0, 2, 0, 0))


def _line(source: str, line: LogLine, time_format: str) -> Text:
    entry = parse_log(line.text) or {"message": line.text}
    level = str(entry.get("level", ""))
    text = Text().append(f"{line.timestamp.astimezone().strftime(time_format)[:-3]} {source} ", style="dim")
    text.append(f"{level:<7} " if level else "", style=_LEVELS.get(level, ""))
    text.append(_shown(_message(entry)), style="dim" if line.text.startswith(_LAMBDAS_OWN) else "")
    for name, value in entry.items():
        if name not in _COMMON:
            text.append(f" {name}=", style="dim").append(_shown(value))
    return text


def _shown(value: object) -> str:
    """A logged value that can do nothing to the terminal."""
    return str(value).replace(_ESCAPE, _SHOWN_ESCAPE)


def _row(outcome: Outcome) -> tuple[str, ...]:
    case, invocation = outcome.case, outcome.invocation
    secret = " (secret)" if case.credentials == "secret" else ""
    return (
        case.function,
        case.trigger,
        escape(case.event_name) + secret,
        "[green]OK[/]" if outcome.ok else "[red]FAILED[/]",
        "" if outcome.calls is None else str(outcome.calls),
        f"{invocation.duration * 1000:.0f} ms",
        f"{invocation.init_duration * 1000:.0f} ms" if invocation.init_duration is not None else "warm",
    )


def _by_function(chain: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for run in chain:
        groups.setdefault((run["function"], run["trigger"]), []).append(run)
    return list(groups.values())


def _chained_row(runs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    first, failed = runs[0], sum(run["status"] != "OK" for run in runs)
    times = f" x{len(runs)}" if len(runs) > 1 else ""
    # A run that did not take place, such as one of html-to-pdf without its extra, has no times and made no calls.
    took_place = [run for run in runs if "duration_ms" in run]
    cold = [run["init_ms"] for run in took_place if run["init_ms"] is not None]
    return (
        f"[dim]└[/] {first['function']}{times}",
        first["trigger"],
        "",
        f"[red]{failed} FAILED[/]" if failed else "[green]OK[/]",
        str(sum(run["platform_calls"] for run in took_place)) if took_place else "",
        f"{sum(run['duration_ms'] for run in took_place):.0f} ms" if took_place else "",
        f"{max(cold):.0f} ms" if cold else "warm" if took_place else "",
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
