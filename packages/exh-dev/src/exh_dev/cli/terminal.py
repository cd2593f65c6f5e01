"""Terminal output of the commands."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from exh_dev.cli.failures import lines_of_failure
from exh_dev.cli.layout import lines_of
from exh_dev.cli.visible import visible, visible_json
from exh_dev.hints import pasteable
from exh_dev.output import Table
from exh_dev.runtime.logs import parse_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from exh_dev.runtime import LogLine
    from exh_dev.serve.execution import Outcome

_SEVERITIES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_LEVELS = {"DEBUG": "dim", "INFO": "cyan", "WARNING": "yellow", "WARN": "yellow", "ERROR": "red", "CRITICAL": "red"}
_LAMBDAS_OWN = ("INIT_START ", "START RequestId:", "END RequestId:", "REPORT RequestId:")
#: Lambda's runtime client begins every failed start with it; here no runtime was updated behind anybody's back.
_BESIDE_THE_POINT = "LAMBDA_WARNING:"
_PREFIX = 80  # characters, the level and the time of a plain line among them
_TRACEBACK = "\nTraceback (most recent call last):\n"
_WIDTH_WHEN_PIPED = 120  # columns
_OUTCOME_COLUMNS = ("Function", "Trigger", "Event", "Result", "Calls", "Time", "Init")  # as Lambda calls it
#: Members of a log line that are the same on all lines of an invocation, or are shown in their own place.
_COMMON = frozenset(
    {"level", "message", "timestamp", "location", "service", "function_request_id", "cold_start", "task_id", "task"}
    | {"requestId", "errorType", "errorMessage", "stackTrace", "stack_trace", "xray_trace_id", "logger"}
)


class TerminalOutput:
    """Terminal output with colours and tables that fit.

    All text output goes through `visible`, and markup in it is not interpreted.
    """

    for_people: ClassVar[bool] = True

    def __init__(self) -> None:
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def result(self, value: Any) -> None:
        """Print indented JSON."""
        text = visible_json(json.dumps(value, indent=2, ensure_ascii=False))
        self._out.print(JSONHighlighter()(Text(text)), soft_wrap=True)

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Print a table with a row for each run; below it, indented, the functions it started, grouped by name."""
        rows = []
        for outcome in outcomes:
            rows.append(_row(outcome))
            rows.extend(_chained_row(runs) for runs in _by_function(outcome.chain))
        self._table(Table(_OUTCOME_COLUMNS, rows, gives_way=("Trigger", "Init")))
        failures = [outcome for outcome in outcomes if not outcome.ok]
        for outcome in failures:
            what = f"{outcome.case.function}, {outcome.case.event_name}, {outcome.case.credentials}"
            self._out.print(Text("✗ ", style="red").append(visible(what), style="default"))
            for failure in outcome.failures():
                self._wrapped(Text(f"  {visible(failure)}"))
            error, name = outcome.invocation.error or {}, outcome.case.function
            for line in list(lines_of_failure(error, function=name, root=os.getcwd()))[1:]:  # noqa: PTH109 - a string is wanted
                self._wrapped(Text(f"  {line}"))
        total = f"{len(outcomes)} invocation{'' if len(outcomes) == 1 else 's'}"
        if failures:
            self._out.print(Text(f"{len(failures)} of {total} failed", style="red"))
        else:
            self._out.print(Text(f"{total}, all OK", style="green"))

    def failure(self, error: Mapping[str, Any], *, function: str, root: Path) -> None:
        """Print what happened, where in the project, and what to do."""
        first, *rest = lines_of_failure(error, function=function, root=str(root))
        self._wrapped(Text(first, style="bold red"))
        for line in rest:
            self._wrapped(Text(line))

    def summary(self, value: Any, lines: Sequence[str]) -> None:  # noqa: ARG002 - the lines say what people need
        for line in lines:
            self._wrapped(Text(visible(pasteable(line))))

    def tables(self, value: Any, *tables: Table) -> None:  # noqa: ARG002 - the tables say what people need
        """Print tables one below the other, with numbers right-aligned."""
        for index, each in enumerate(tables):
            if index:
                self._out.print()
            self._table(each)

    @contextmanager
    def progress(self, steps: int) -> Iterator[Callable[[str], None]]:
        """Show a progress bar on stderr during the block, if stderr is a terminal."""
        columns = (TextColumn("{task.description}", markup=False), BarColumn())
        with Progress(*columns, console=self._err, transient=True, disable=not self._err.is_terminal) as bar:
            task = bar.add_task("", total=steps + 1)

            def started(step: str) -> None:
                bar.update(task, description=visible(step), advance=1)

            yield started

    def problems(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Print a line for each problem: file, line and column, as editors open them, and the message."""
        for problem in problems:
            place = ":".join(str(problem[name]) for name in ("file", "line", "column") if problem[name] is not None)
            said = f"{problem['pointer']} {problem['message']}".strip()
            hint = f"; {problem['hint']}" if problem["hint"] else ""
            severity = problem["severity"]
            line = Text(f"{visible(place)}: ", style="bold").append(f"{severity}: ", style=_SEVERITIES[severity])
            self._wrapped(line.append(visible(pasteable(said + hint)), style="not bold default"))
        counts = {kind: sum(each["severity"] == kind for each in problems) for kind in ("error", "warning")}
        total = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items() if count)
        style = "red" if counts["error"] else "yellow"
        self._out.print(Text(total, style=style) if total else Text("No problems found.", style="green"))

    def logged(self, function: str, line: LogLine, *, kind: str, run_id: str) -> None:  # noqa: ARG002 - all have the same
        """Log like `log`, with the run's id in place of the function."""
        self._log(self._out, run_id, line, "%Y-%m-%d %H:%M:%S.%f")

    def log(self, function: str, line: LogLine) -> None:
        """Print time, function, level, message, and the members that are this line's own."""
        # The traceback is printed below with the function's own frames.
        first = line.text.partition(_TRACEBACK)[0]
        self._log(self._err, function, replace(line, text=first), "%H:%M:%S.%f")

    def note(self, message: str, **facts: Any) -> None:  # noqa: ARG002 - the message says what people need
        self._message(message)

    def warn(self, message: str, **facts: Any) -> None:  # noqa: ARG002 - as in JSON, which has the facts
        self._message(message, ("warning: ", "yellow"))

    def error(self, message: str, **facts: Any) -> None:  # noqa: ARG002 - as in JSON, which has the facts
        self._message(message, ("error: ", "bold red"))

    def _message(self, message: str, severity: tuple[str, str] = ("", "")) -> None:
        """Print a message after its styled severity; wrapped on a terminal alone, since programs search by the line."""
        text = Text.assemble(severity, visible(pasteable(message), lines=True))
        self._err.print(text, soft_wrap=not self._err.is_terminal)

    def _wrapped(self, text: Text, console: Console | None = None) -> None:
        """Print a line; on a terminal wrap it between words with a hanging indent."""
        console = console or self._out
        if not console.is_terminal or "\n" in text.plain:
            console.print(text, soft_wrap=True)
            return
        begin = len(text.plain) - len(text.plain.lstrip())
        deep = " " * (begin + 2)
        fits = text.cell_len <= console.width
        first, *rest = [text] if fits else text.wrap(console, console.width - len(deep))
        console.print(first, soft_wrap=True)
        for each in rest:
            console.print(Text(deep).append_text(each), soft_wrap=True)

    def _table(self, table: Table) -> None:
        for line in lines_of(table, self._out.width):
            self._out.print(line, soft_wrap=True)

    def _log(self, console: Console, source: str, line: LogLine, time_format: str) -> None:
        if _BESIDE_THE_POINT not in line.text[:_PREFIX]:
            self._wrapped(_line(source, line, time_format), console)


def _line(source: str, line: LogLine, time_format: str) -> Text:
    entry = parse_log(line.text) or {"message": line.text}
    entry = _metrics(entry) or entry
    level = str(entry.get("level", ""))
    text = Text().append(f"{line.timestamp.astimezone().strftime(time_format)[:-3]} {visible(source)} ", style="dim")
    text.append(f"{visible(level):<7} " if level else "", style=_LEVELS.get(level, ""))
    # Lines after the first are set in, so that none of them looks like a log line of its own.
    message = visible(_message(entry).rstrip().replace("\t", "  "), lines=True).replace("\n", "\n  ")
    text.append(message, style="dim" if line.text.startswith(_LAMBDAS_OWN) else "")
    for name, value in entry.items():
        if name not in _COMMON:
            text.append(f" {visible(name)}=", style="dim").append(visible(value))
    return text


def _metrics(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the sums of a line that CloudWatch takes for metrics, or None where it is another line.

    The format is https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
    """
    with suppress(KeyError, TypeError):  # some other line that has `_aws`
        named = [each["Name"] for directive in entry["_aws"]["CloudWatchMetrics"] for each in directive["Metrics"]]
        values = {name: entry[name] if isinstance(entry[name], list) else [entry[name]] for name in named}
        return {"message": "metrics", **{name: f"{sum(each):g}" for name, each in values.items()}}
    return None


def _row(outcome: Outcome) -> tuple[str, ...]:
    case, invocation = outcome.case, outcome.invocation
    init = "warm" if invocation.init_duration is None else f"{invocation.init_duration * 1000:.0f} ms"
    times = (f"{invocation.duration * 1000:.0f} ms", init) if invocation.request_id else ("", "")  # else it did not run
    secret = " (secret)" if case.credentials == "secret" else ""
    return (
        case.function,
        case.trigger,
        case.event_name + secret,
        "OK" if outcome.ok else "FAILED",
        "" if outcome.calls is None else str(outcome.calls),
        *times,
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
        f"└ {first['function']}{times}",
        first["trigger"],
        "",
        f"{failed} FAILED" if failed > 1 else "FAILED" if failed else "OK",
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
    console = _Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_WHEN_PIPED
    return console
