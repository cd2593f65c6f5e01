"""A program in a process of its own that answers one message at a time, and is killed when an answer takes too long.

Each message, on its standard input and output, has its length before it: eight bytes, the largest first.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LENGTH = struct.Struct(">Q")


class ChildLateError(Exception):
    """The answer took longer than it may; the process is killed."""


class ChildEndedError(Exception):
    """The process ended without an answer.

    Attributes:
        code: how it ended, as `subprocess.Popen.returncode` says it.
        lines: what it wrote to its standard error, at least one line.
    """

    def __init__(self, code: int, lines: Sequence[str]) -> None:
        super().__init__(lines[-1])
        self.code = code
        self.lines = lines


class ChildProcess:
    """A Python process that runs. Use it from one thread at a time."""

    def __init__(self, *arguments: str) -> None:
        """Start this Python with `arguments`."""
        self._errors = TemporaryFile()  # noqa: SIM115 - closed by `kill`
        # -P: no module of the working directory in place of a library's
        self._process = subprocess.Popen(
            [sys.executable, "-P", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Return the answer to a message, in so many seconds at most.

        Raises:
            ChildLateError: it takes longer.
            ChildEndedError: the process ends, or has ended, without an answer.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            return self._exchange(message)
        except (OSError, EOFError):
            if late.is_set():
                raise ChildLateError from None
            raise self._ended() from None
        finally:
            timer.cancel()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            _closed(stream)

    def _exchange(self, message: bytes) -> bytes:
        source, target = self._process.stdout, self._process.stdin
        if source is None or target is None:
            raise EOFError
        target.write(_LENGTH.pack(len(message)) + message)
        target.flush()
        (length,) = _LENGTH.unpack(_exactly(source.read, _LENGTH.size))
        return _exactly(source.read, length)

    def _ended(self) -> ChildEndedError:
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
        return ChildEndedError(code, lines)


class KeptProcess:
    """A process that starts on first use and is reused until it fails or ends. Not thread-safe."""

    def __init__(self, *arguments: str) -> None:
        """Start this Python with `arguments`, later."""
        self._arguments = arguments
        self._process: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process; None if it is not running."""
        return None if self._process is None else self._process.pid

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Send a message and return the answer; after a failure the next message starts a new process.

        If a reused process died, it may not have read the message, which is then sent once more to a new process.

        Raises what `ChildProcess.ask` raises.
        """
        if self._process is not None and not self._process.alive:
            self.end()
        was_there = self._process is not None
        try:
            return self._asked(message, seconds)
        except ChildEndedError as ended:
            if not was_there or ended.code >= 0:  # a signal's number is negative
                raise
        return self._asked(message, seconds)

    def _asked(self, message: bytes, seconds: float) -> bytes:
        if self._process is None:
            self._process = ChildProcess(*self._arguments)
        try:
            return self._process.ask(message, seconds)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the process, if any; the next message starts a new one."""
        if self._process is not None:
            self._process.kill()
            self._process = None


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    content = read(size)
    if len(content) < size:
        raise EOFError
    return content


def _closed(stream: IO[bytes] | None) -> None:
    try:
        if stream is not None:
            stream.close()
    except OSError:  # unwritten data is discarded
        return
