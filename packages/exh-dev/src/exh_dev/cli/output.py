"""Output of the commands: text on a terminal, JSON for programs.

Results go to stdout; log lines, notes and errors to stderr. In JSON mode stdout carries one JSON value and every
stderr line is one JSON object.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TextIO

from exh_dev.cli.failures import remedy_of
from exh_dev.output import Output
from exh_dev.runtime.logs import parse_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from exh_dev.output import Speaker, Table
    from exh_dev.runtime import LogLine
    from exh_dev.serve.execution import Outcome


class CommandOutput(Output, Protocol):
    """`Output`, and the results of function runs.

    Attributes:
        for_people: whether to print text, shortened for reading.
    """

    for_people: ClassVar[bool]

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Print what became of several invocations on stdout."""


def choose_output(*, as_json: bool | None) -> CommandOutput:
    """Return JSON output if asked for or if stdout is not a terminal; False forces text."""
    if as_json or (as_json is None and not sys.stdout.isatty()):
        return JsonOutput()
    from exh_dev.cli.terminal import TerminalOutput

    return TerminalOutput()


class JsonOutput:
    """JSON output."""

    for_people: ClassVar[bool] = False

    def result(self, value: Any) -> None:
        """Print one JSON value on stdout."""
        _write(sys.stdout, value)

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Print an object with `ok` and a list `results`."""
        self.result({"ok": all(outcome.ok for outcome in outcomes), "results": [each.as_json() for each in outcomes]})

    def failure(self, error: Mapping[str, Any], *, function: str, root: Path) -> None:  # noqa: ARG002 - the protocol's signature
        """Print the error object; what to do about it is a note."""
        self.result(error)
        if remedy := remedy_of(error, function=function):
            self.note(remedy)

    def summary(self, value: Any, lines: Sequence[str]) -> None:  # noqa: ARG002 - the value says it all
        self.result(value)

    def tables(self, value: Any, *tables: Table) -> None:  # noqa: ARG002 - the value says it all
        self.result(value)

    def progress(self, steps: int) -> AbstractContextManager[Callable[[str], None]]:  # noqa: ARG002 - the protocol's signature
        """Do nothing: programs need no progress bar."""
        return nullcontext(lambda _: None)

    def problems(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Print an object with `ok`, true when no problem is an error, and a list `problems`."""
        is_ok = all(each["severity"] != "error" for each in problems)
        self.result({"ok": is_ok, "problems": list(problems)})

    def logged(self, function: str, line: LogLine, *, kind: str, run_id: str) -> None:
        """Print a line as `log` does, with the run's id as `task_id` or `api_request_id` unless the line has one."""
        _write(sys.stdout, {f"{kind}_id": run_id, **_entry(function, line)})

    def log(self, function: str, line: LogLine) -> None:
        """Print a log line: a JSON object as it is, any other wrapped in one."""
        _stderr(_entry(function, line))

    def note(self, message: str, **facts: Any) -> None:
        """Print an INFO line."""
        _stderr({"timestamp": _now(), "level": "INFO", "message": message, **facts})

    def warn(self, message: str, **facts: Any) -> None:
        """Print a WARNING line."""
        _stderr({"timestamp": _now(), "level": "WARNING", "message": message, **facts})

    def error(self, message: str, **facts: Any) -> None:
        """Print an ERROR line."""
        _stderr({"timestamp": _now(), "level": "ERROR", "message": message, **facts})


def _entry(function: str, line: LogLine) -> dict[str, Any]:
    stamp = line.timestamp.isoformat(timespec="milliseconds")
    plain = {"timestamp": stamp, "level": "INFO", "function": function, "message": line.text}
    return parse_log(line.text) or plain


class OutputHandler(logging.Handler):
    """Passes on what the servers in this process log, so that it keeps to the form of everything else."""

    def __init__(self, output: Speaker) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on one record; a traceback becomes a member of it."""
        trace = {"trace": "".join(traceback.format_exception(*record.exc_info))} if record.exc_info else {}
        speak = self._output.error if record.levelno >= logging.ERROR else self._output.note
        speak(record.getMessage(), logger=record.name, **trace)


def pass_on_server_logs(output: Speaker) -> None:
    """Let warnings and errors of the servers in this process go through `output`, and drop their other lines."""
    for name in ("uvicorn", "exh_dev", "werkzeug"):
        server = logging.getLogger(name)
        server.handlers = [OutputHandler(output)]
        server.setLevel(logging.ERROR if name == "werkzeug" else logging.WARNING)
        server.propagate = False


class _RetryHandler(logging.Handler):
    """Reports retries of the client in place of the function's log line."""

    def __init__(self, output: Speaker) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on one record; of its members those that say which request it is."""
        facts = {name: getattr(record, name) for name in _RETRIED if hasattr(record, name)}
        what = ": ".join(str(each) for each in facts.values())
        self._output.note(f"{record.getMessage()}{f' ({what})' if what else ''}", **facts)


_RETRIED = ("method", "path", "error")


_client_handlers: list[logging.Handler] = []


def pass_on_client_logs(output: Speaker) -> None:
    """Send the client's log lines in this process through `output`, because stdout is for the command's result."""
    from extrahorizon.log import logger

    client = logging.getLogger(logger.name)
    _client_handlers[:] = _client_handlers or client.handlers
    client.handlers = [_RetryHandler(output)]


def leave_client_logs() -> None:
    """Restore the client's logging: the process may outlive the command, as in tests."""
    if _client_handlers:
        from extrahorizon.log import logger

        logging.getLogger(logger.name).handlers = _client_handlers[:]
        _client_handlers.clear()


def _stderr(entry: dict[str, Any]) -> None:
    _write(sys.stderr, entry)


def _write(stream: TextIO, value: Any) -> None:
    # Plain ASCII: any terminal, pipe and locale can take it, and so can a string with half a surrogate pair.
    print(json.dumps(value, allow_nan=False), file=stream, flush=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
