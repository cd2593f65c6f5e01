"""The workers of each function, and the entry point to them."""

from __future__ import annotations

import atexit
import json
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from exh_dev.errors import DevkitError, UsageError
from exh_dev.runtime.failures import MAX_PAYLOAD
from exh_dev.runtime.worker import Worker, WorkerGoneError, sweep_homes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exh_dev.runtime.function import Function
    from exh_dev.runtime.invocation import Invocation, LogLine

CLOSING_TIME = 5
"""Seconds that threads in `invoke` get to notice that their workers have been killed."""


class Runtime:
    """Runs functions, each in its own pool of worker processes. Safe to use from many threads."""

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        on_log: Callable[[str, LogLine], None] | None = None,
    ) -> None:
        """Prepare `functions`; their workers start on demand.

        `on_log` is called from several threads with a function's name and each line that it logs. Its exceptions are
        raised by the invocation.
        """
        sweep_homes()
        self._pools = {function.name: _Pool(function, on_log) for function in functions}
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def invoke(
        self,
        name: str,
        event: Any,
        *,
        request_id: str | None = None,
        on_line: Callable[[LogLine], None] | None = None,
    ) -> Invocation:
        """Run the function `name` with `event`, on an idle worker, a new one, or the first to become idle.

        `request_id` is a UUID, by default a random one. `on_line` is called, like `on_log`, with each line that arrives
        during the invocation.

        Raises `UsageError` for an unknown function, and `DevkitError` if the event is not JSON or too large, if no
        worker can start, or if the runtime is closed.
        """
        return self._pool(name).invoke(_encoded(event), request_id or str(uuid4()), on_line)

    def warm(self, name: str) -> None:
        """Start one worker of the function `name` now, unless it has the maximum, without waiting.

        If the start fails, the next `invoke` raises the error. Raises as `invoke` does.
        """
        self._pool(name).warm()

    def workers(self, name: str) -> tuple[int, int]:
        """Return the number of workers of the function `name`, and how many are idle. Raises as `invoke` does."""
        return self._pool(name).workers()

    def close(self) -> None:
        """Kill every worker and its children. Invocations in progress raise `DevkitError`."""
        atexit.unregister(self.close)
        for pool in self._pools.values():  # all of them first: closing one waits for the threads that use its workers
            pool.kill()
        for pool in self._pools.values():
            pool.close()

    def _pool(self, name: str) -> _Pool:
        if name not in self._pools:
            raise UsageError(f"There is no function {name!r}; there are: {', '.join(sorted(self._pools)) or 'none'}")
        return self._pools[name]


class _Pool:
    """The workers of one function."""

    def __init__(self, function: Function, on_log: Callable[[str, LogLine], None] | None) -> None:
        self._function = function
        self._on_line: Callable[[LogLine], None] = partial(on_log, function.name) if on_log else _ignore
        self._changed = Condition()
        self._workers: list[Worker] = []
        self._idle: list[Worker] = []
        self._closed = False

    def invoke(self, event: bytes, request_id: str, on_line: Callable[[LogLine], None] | None) -> Invocation:
        on_each = _both(self._on_line, on_line) if on_line else self._on_line
        while True:
            worker = self._acquire()
            try:
                invocation = worker.invoke(event, request_id, on_each)
            except WorkerGoneError:  # while it was idle: another one takes the event
                continue
            finally:
                self._release(worker)
            if self._closed and not worker.idle:  # `kill` ended it, which looks like a crash of the function
                raise self._closed_error()
            return invocation

    def warm(self) -> None:
        with self._changed:
            if len(self._workers) < self._function.concurrency:
                self._idle.append(self._start())
                self._changed.notify()

    def workers(self) -> tuple[int, int]:
        with self._changed:
            return len(self._workers), len(self._idle)

    def kill(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            for worker in self._workers:
                worker.kill()

    def close(self) -> None:
        """Close the idle workers, and see to it that threads close those they use."""
        with self._changed:
            while self._idle:
                self._discard(self._idle.pop())
            self._changed.wait_for(lambda: not self._workers, CLOSING_TIME)

    def _acquire(self) -> Worker:
        with self._changed:
            while True:
                if self._closed:
                    raise self._closed_error()
                while self._idle:
                    worker = self._idle.pop()
                    if worker.alive:
                        return worker
                    self._discard(worker)
                if len(self._workers) < self._function.concurrency:
                    return self._start()
                self._changed.wait()

    def _release(self, worker: Worker) -> None:
        with self._changed:
            if worker.idle and not self._closed:
                self._idle.append(worker)
            else:
                self._discard(worker)
            self._changed.notify()

    def _start(self) -> Worker:
        if self._closed:
            raise self._closed_error()
        worker = Worker(self._function, self._on_line)
        self._workers.append(worker)
        return worker

    def _discard(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.close()

    def _closed_error(self) -> DevkitError:
        return DevkitError(f"{self._function.name} was stopped: its runtime is closed")


def _encoded(event: Any) -> bytes:
    try:
        payload = json.dumps(event, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DevkitError(f"The event is not JSON: {error}") from error
    if len(payload) > MAX_PAYLOAD:
        raise DevkitError(
            f"The event is too large: {len(payload):,} bytes of JSON, and Lambda takes {MAX_PAYLOAD:,} at most"
        )
    return payload


def _both(first: Callable[[LogLine], None], second: Callable[[LogLine], None]) -> Callable[[LogLine], None]:
    def both(line: LogLine) -> None:
        first(line)
        second(line)

    return both


def _ignore(_: LogLine) -> None:
    pass
