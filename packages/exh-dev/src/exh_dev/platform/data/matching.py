"""Match values against a schema's patterns in bounded time.

Cheap patterns are matched in this process. Others are matched in a child process, `python -m` this module, which is
killed on a timeout: the engine cannot be interrupted otherwise, and it would block the event loop.
"""

from __future__ import annotations

import atexit
import json
import struct
import sys
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exh_dev.patterns import found_in, most_steps
from exh_dev.platform.child_process import ChildEndedError, ChildLateError, KeptProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_LIMIT = 0.5  # seconds for one value, and for all the values of a document together
_AT_ONCE = 1_000_000  # steps that are done here: some hundredths of a second
_START = 5.0  # seconds that the process may take to start
_LENGTH = struct.Struct(">Q")


class PatternTooSlowError(Exception):
    """A pattern takes too long on a value."""


class _Matcher:
    """The process, one value at a time. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = KeptProcess("-m", "exh_dev.platform.data.matching")

    def matches(self, pattern: str, text: str, seconds: float) -> bool:
        message = json.dumps([pattern, text]).encode()
        with self._lock:
            try:
                if self._process.pid is None:
                    self._process.ask(b'["", ""]', _START)
                return self._process.ask(message, seconds) == b"1"
            except (ChildLateError, ChildEndedError):
                raise PatternTooSlowError from None

    def end(self) -> None:
        with self._lock:
            self._process.end()


@dataclass
class _Left:
    seconds: float


_left: ContextVar[_Left | None] = ContextVar("left", default=None)
_matcher = _Matcher()
atexit.register(_matcher.end)


@contextmanager
def together() -> Iterator[None]:
    """Make all matches in the block share one time limit; nested blocks share the outer one."""
    token = _left.set(_left.get() or _Left(TIME_LIMIT))
    try:
        yield
    finally:
        _left.reset(token)


def matches(pattern: str, text: str, seconds: float = TIME_LIMIT) -> bool:
    """Return whether a JavaScript pattern matches in a string.

    Args:
        pattern: one that `patterns.compiled` takes.
        text: the string.
        seconds: time limit; shorter if other matches of the block have used it up.

    Raises:
        PatternTooSlowError: it takes longer.
    """
    left = _left.get() or _Left(seconds)
    if left.seconds <= 0:
        raise PatternTooSlowError
    began = time.perf_counter()
    try:
        if most_steps(pattern, len(text)) <= _AT_ONCE:
            return found_in(pattern, text)
        return _matcher.matches(pattern, text, min(seconds, left.seconds))
    finally:
        left.seconds -= time.perf_counter() - began


def _answer() -> None:
    """Answer the parent process until its pipe closes."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        pattern, text = json.loads(source.read(_LENGTH.unpack(head)[0]))
        answer = b"1" if found_in(pattern, text) else b"0"
        target.write(_LENGTH.pack(len(answer)) + answer)
        target.flush()


if __name__ == "__main__":
    _answer()
