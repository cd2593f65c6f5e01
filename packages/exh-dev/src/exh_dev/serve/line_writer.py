"""Print the lines of `exh-dev serve` on a separate thread.

A stopped terminal or an unread pipe blocks the writer. That must not block the event loop, which answers requests, nor
the end of the command.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from queue import Full, Queue
from select import POLLOUT, poll
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from exh_dev.output import Speaker

_MOST = 1_000  # lines that wait
_LOOK = 200  # milliseconds between checks for the end, while the pipe is full
_FLUSH = 2  # seconds for the lines that are left at the end


class LineWriter:
    """Prints lines on a separate thread, called from any thread without blocking. Use it as a context manager."""

    def __init__(self, output: Speaker, *, most: int = _MOST) -> None:
        """Speak through `output`; when `most` lines wait, more are left out, and it is said how many."""
        self._output = output
        self._lines: Queue[Callable[[], None] | None] = Queue(most)
        self._left_out = 0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write, name="lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write the remaining lines, unless the reader has gone."""
        with suppress(Full):  # then `_ending` is looked at after the next line
            self._lines.put_nowait(None)
        self._ending.set()
        self._thread.join(_FLUSH)

    def note(self, message: str, **facts: Any) -> None:
        """Print a note."""
        self._put(lambda: self._output.note(message, **facts))

    def warn(self, message: str, **facts: Any) -> None:
        """Print a warning, about a probable mistake."""
        self._put(lambda: self._output.warn(message, **facts))

    def error(self, message: str, **facts: Any) -> None:
        """Print an error."""
        self._put(lambda: self._output.error(message, **facts))

    def _put(self, line: Callable[[], None]) -> None:
        try:
            self._lines.put_nowait(line)
        except Full:
            with self._lock:
                self._left_out += 1

    def _write(self) -> None:
        room = _Room()
        while not (self._ending.is_set() and self._lines.empty()):
            line = self._lines.get()
            if line is None or not room.comes(self._ending):
                return
            with suppress(OSError, ValueError):  # the reader has gone
                line()
            with self._lock:
                left_out, self._left_out = self._left_out, 0
            if left_out:
                with suppress(OSError, ValueError):
                    self._output.warn(f"{left_out} lines were left out here: they were not read as fast as they came")


class _Room:
    """Checks whether standard error accepts a line without blocking, so that the thread can end at any time."""

    def __init__(self) -> None:
        self._poll: poll | None = None
        with suppress(OSError, ValueError, AttributeError):  # it is closed, or no file, as in tests
            descriptor = sys.stderr.fileno()
            self._poll = poll()
            self._poll.register(descriptor, POLLOUT)

    def comes(self, ending: threading.Event) -> bool:
        """Wait until it takes a line; False when all ends before."""
        if self._poll is None:
            return True
        while not self._poll.poll(_LOOK):
            if ending.is_set():
                return False
        return True
