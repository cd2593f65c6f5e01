"""Split a worker's output into lines, and assign them to invocations."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from queue import SimpleQueue
from select import POLLOUT, poll
from threading import Thread
from typing import TYPE_CHECKING, Any

from exh_dev.runtime.invocation import LogLine

if TYPE_CHECKING:
    from collections.abc import Callable


class LogPipe:
    """The pipe of a worker's standard output and error.

    This process also writes a random marker into the pipe. When it reads the marker, it has read everything written
    before, so an invocation's lines end there. Waiting for the end of the stream could take forever, because a
    grandchild of the worker may keep it open.
    """

    def __init__(self, on_line: Callable[[LogLine], None]) -> None:
        """Read from now on; `on_line` is called with every line as it arrives, on a thread of its own."""
        self.on_line: Callable[[LogLine], None] = on_line
        """May be changed at any time, for the lines that arrive from then on."""
        self._read_end, self.write_end = os.pipe()
        secret = os.urandom(16).hex().encode()
        self._drained_mark = b"\0drained-" + secret
        self._closed_mark = b"\0closed-" + secret
        self._lines: list[LogLine] = []
        self._drained: SimpleQueue[list[LogLine]] = SimpleQueue()
        self._failure: BaseException | None = None
        Thread(target=self._read, name="worker-logs", daemon=True).start()

    def drain(self, note: str | None = None) -> tuple[LogLine, ...]:
        """Return all lines since the last call, including an unfinished last one, and then `note`.

        Raises the error that `on_line` raised for a line.
        """
        self._write(self._drained_mark)
        lines = self._drained.get()
        if note is not None:
            self._add(note, lines)
        if self._failure is not None:
            raise self._failure
        return tuple(lines)

    def close(self) -> None:
        """Stop reading. To be called once, and not while draining."""
        self._write(self._closed_mark)
        os.close(self.write_end)

    def _write(self, mark: bytes) -> None:
        room = poll()
        room.register(self.write_end, POLLOUT)
        while True:
            try:
                os.write(self.write_end, mark + b"\n")  # writes this short are atomic
            except BlockingIOError:
                # A process that has the pipe has made it non-blocking, as Node.js does, and filled it.
                room.poll()
            else:
                return

    def _read(self) -> None:
        unfinished: list[bytes] = []  # joined once, so that a long line costs no more than its length
        while True:
            *ends, rest = os.read(self._read_end, 65_536).split(b"\n")
            for end in ends:
                line = b"".join((*unfinished, end))
                unfinished.clear()
                if line.endswith(self._closed_mark):
                    os.close(self._read_end)
                    return
                if line.endswith(self._drained_mark):
                    if last := line.removesuffix(self._drained_mark):
                        self._add(_decoded(last), self._lines)
                    self._drained.put(self._lines)
                    self._lines = []
                else:
                    self._add(_decoded(line), self._lines)
            unfinished.append(rest)

    def _add(self, text: str, lines: list[LogLine]) -> None:
        line = LogLine(datetime.now(UTC), text)
        lines.append(line)
        try:
            self.on_line(line)
        except BaseException as failure:  # noqa: BLE001 - drain() raises it: the reader itself has to go on
            self._failure = failure


def _decoded(line: bytes) -> str:
    # Where there is no telemetry socket, awslambdaric separates the lines of one record by carriage returns.
    return line.decode("utf-8", errors="replace").rstrip("\r").replace("\r", "\n")


def parse_log(text: str) -> dict[str, Any] | None:
    """Return the members of a structured log line; None for any other line."""
    if not text.startswith("{"):
        return None
    try:
        entry = json.loads(text)
        json.dumps(entry, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
