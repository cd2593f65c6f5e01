"""One worker: a process with a runtime client in it, which handles one event at a time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory, gettempdir
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.runtime import failures
from exh_dev.runtime.api import RuntimeApi, Work
from exh_dev.runtime.environment import REGION, worker_environment
from exh_dev.runtime.invocation import Invocation
from exh_dev.runtime.languages import command_of
from exh_dev.runtime.logs import LogPipe
from exh_dev.runtime.memory import MemoryMonitor
from exh_dev.runtime.reports import (
    Exited,
    InitFailed,
    OverMemory,
    Raised,
    Ready,
    Report,
    Returned,
    TimedOut,
    TooLarge,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from exh_dev.runtime.function import Function
    from exh_dev.runtime.invocation import LogLine

INIT_TIMEOUT = 10
"""Seconds a start may take before it eats into the function's own time:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib"""

EXIT_TIMEOUT = 5
"""Seconds a killed process may take to end. Only one that hangs in the kernel takes longer than an instant."""

_LONGEST_TIME = 20  # digits of a time in nanoseconds

SIGNALS_WITHIN = 1
"""Longest uninterrupted wait, in seconds. A signal that arrives just as a lock's wait begins is handled only after it.
"""


class WorkerGoneError(Exception):
    """The worker ended while it was idle. The event has not been handled; another worker can take it."""


class NotJsonError(Exception):
    """A result holds NaN or Infinity: Python writes them, but JSON has no such values."""


_HOME = "exh-dev-home-"


@cache
def sweep_homes() -> None:
    """Once in this process, remove the homes of workers whose process was killed before it could."""
    for home in Path(gettempdir()).glob(f"{_HOME}*"):
        number = home.name.removeprefix(_HOME).partition("-")[0]
        with suppress(OSError):  # another process may sweep at the same time
            if number.isdecimal() and home.stat().st_uid == os.getuid() and not _is_running(int(number)):
                shutil.rmtree(home, ignore_errors=True)


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another process's
    return True


class Worker:
    """A process that handles a function's events, with its pipes, server and files.

    If this process is killed, the worker ends at its next call of the Runtime API: immediately if idle, else after its
    handler.
    """

    def __init__(self, function: Function, on_line: Callable[[LogLine], None]) -> None:
        """Start the process without waiting for it.

        Raises `DevkitError` if the task root, the runtime client or Node.js is missing.
        """
        self.idle = True
        """Whether it can accept an event."""
        self._function = function
        self._fresh = True
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._exited = Event()
        with ExitStack() as resources:
            home = resources.enter_context(
                TemporaryDirectory(prefix=f"{_HOME}{os.getpid()}-", ignore_cleanup_errors=True)
            )
            self._memory = MemoryMonitor(function.memory, self._kill_over_memory)
            self._logs = LogPipe(on_line)
            resources.callback(self._logs.close)
            self._api = RuntimeApi(self._note)
            resources.callback(self._api.close)
            self._started = time.monotonic()
            self._process = self._spawn(Path(home), resources)
            Thread(target=self._wait, name="worker-exit", daemon=True).start()
            resources.callback(self._end)
            self._memory.watch(self._process.pid)
            resources.callback(self._memory.close)
            self._resources = resources.pop_all()

    @property
    def alive(self) -> bool:
        """Return whether to give it an event: false if it ended while idle.

        A failed start still counts as alive, because the first invocation reports it.
        """
        return self._fresh or not self._exited.is_set()

    def invoke(self, event: bytes, request_id: str, on_line: Callable[[LogLine], None]) -> Invocation:
        """Handle `event` (JSON) and return the result.

        `on_line` gets the lines that arrive meanwhile. Afterwards the worker is `idle` or must be closed. Raises
        `WorkerGoneError` if the process has ended.
        """
        self.idle = False
        cold, self._fresh = self._fresh, False
        started, asked = datetime.now(UTC), time.monotonic()
        self._logs.on_line = on_line
        timeout = self._function.timeout
        ready_until = self._started + INIT_TIMEOUT + timeout if cold else time.monotonic() + timeout
        ending = self._next_report(ready_until)
        if not cold and not isinstance(ending, Ready):
            raise WorkerGoneError
        init_duration = ending.at - self._started if cold else None
        import_began = self._import_began() if cold else None
        ending_of_init = ending.at
        duration = 0.0
        handed_over = time.monotonic()
        waited = handed_over - asked
        if isinstance(ending, Ready):
            self._memory.resume()
            self._api.offer(self._work(request_id, event))
            ending = self._next_report(handed_over + timeout)
            duration = ending.at - handed_over
            self._memory.sample()
            if self._memory.exceeded:
                ending = OverMemory(self._memory.peak)
        lives_on = isinstance(ending, Returned | Raised)
        if isinstance(ending, TooLarge):
            self._exited.wait(EXIT_TIMEOUT)  # the runtime client does not survive the refusal, and says so
        if not lives_on:
            self._end()
        result, error, note = self._judge(ending, request_id)
        logs = self._logs.drain(note)
        self.idle = lives_on
        return Invocation(
            request_id=request_id,
            function=self._function.name,
            result=result,
            error=error,
            logs=logs,
            started=started,
            duration=duration,
            init_duration=init_duration,
            import_duration=None if import_began is None else max(0.0, ending_of_init - import_began),
            waited=waited,
            peak_memory=self._memory.peak,
        )

    def kill(self) -> None:
        """End the process and its children now, whatever they do. An invocation in progress reports it."""
        # The process leads a group of its own. macOS denies the signal to a group of processes that have all ended.
        if not self._exited.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and release its resources. Must not be called during `invoke`."""
        self._resources.close()

    def _spawn(self, home: Path, resources: ExitStack) -> subprocess.Popen[bytes]:
        self._import_pipe, write_end = os.pipe()
        resources.callback(os.close, self._import_pipe)
        os.set_blocking(self._import_pipe, False)
        try:
            return subprocess.Popen(
                command_of(self._function, write_end),
                cwd=self._function.task_root,
                env=worker_environment(self._function, self._api.address, home),
                stdin=subprocess.DEVNULL,
                stdout=self._logs.write_end,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(write_end,),
            )
        except OSError as error:
            raise DevkitError(f"No worker for {self._function.name} can be started: {error}") from error
        finally:
            os.close(write_end)

    def _import_began(self) -> float | None:
        """Return when the import of the function's module began, in `time.monotonic` seconds; None if unknown."""
        try:
            text = os.read(self._import_pipe, _LONGEST_TIME)
        except OSError:  # nothing has been written yet
            return None
        return int(text) / 1e9 if text.isdigit() else None

    def _end(self) -> None:
        self.kill()
        self._exited.wait(EXIT_TIMEOUT)

    def _wait(self) -> None:
        status = self._process.wait()
        self.kill()  # its children
        self._exited.set()
        self._reports.put(Exited(status))

    def _note(self, report: Report) -> None:
        if isinstance(report, Ready):
            self._memory.pause()
        self._reports.put(report)

    def _kill_over_memory(self, used: int) -> None:
        self._reports.put(OverMemory(used))
        self.kill()

    def _next_report(self, until: float) -> Report:
        while (remaining := until - time.monotonic()) > 0:
            with suppress(Empty):
                return self._reports.get(timeout=min(remaining, SIGNALS_WITHIN))
        return TimedOut()

    def _work(self, request_id: str, event: bytes) -> Work:
        name = self._function.name
        return Work(
            request_id=request_id,
            event=event,
            function_arn=f"arn:aws:lambda:{REGION}:000000000000:function:{name}",
            deadline=time.time() + self._function.timeout,
        )

    def _judge(self, ending: Report, request_id: str) -> tuple[Any, dict[str, Any] | None, str | None]:
        """Return the result, the error, and a line for the log."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        match ending:
            case Returned(body=body):
                return *_parsed(body), None
            case Raised(error=error) | InitFailed(error=error):
                hint = self._function.without_credentials
                note = f"{now} {request_id} {hint}" if hint and failures.wants_credentials(error) else None
                return None, error, note
            case TooLarge():
                return None, failures.response_too_large(), None
            case OverMemory(used=used):
                note = f"{now} {request_id} Memory limit of {self._function.memory} MB exceeded: {used} MB used"
                return None, failures.out_of_memory(request_id), note
            case TimedOut():
                note = f"{now} {request_id} Task timed out after {self._function.timeout:.2f} seconds"
                return None, failures.timed_out(note), note
            case Exited(status=status):
                return None, failures.exited(request_id, status), None
            case _:
                raise AssertionError(f"{ending} does not end an invocation")


def _parsed(body: bytes) -> tuple[Any, dict[str, Any] | None]:
    """Return the result, or the error that the platform would make of it."""
    try:
        return json.loads(body, parse_constant=_not_json), None
    except NotJsonError as error:
        return None, failures.not_json(str(error))
    except (ValueError, RecursionError):  # a handler that returns bytes answers with whatever they are
        return body.decode("utf-8", errors="replace"), None


def _not_json(constant: str) -> None:
    raise NotJsonError(constant)
