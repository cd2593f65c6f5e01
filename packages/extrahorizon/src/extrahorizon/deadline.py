"""The remaining time, so that a call raises an error before Lambda ends the process without one."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from extrahorizon.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARGIN = 0.5  # seconds kept for logging the error and returning it


class LambdaContext(Protocol):
    """The used part of the context object that Lambda passes to a handler."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops this invocation."""
        ...


class Lock(Protocol):
    """A lock of `threading`, reentrant or not."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire the lock within `timeout` seconds, and return whether that worked."""
        ...

    def release(self) -> None:
        """Leave it to the next one."""
        ...


class Deadline:
    """A point in time that calls must not pass, or none at all."""

    def __init__(self, seconds: float | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Expire in `seconds`; None means never. `clock` returns monotonic seconds."""
        self._clock = clock
        self._at = None if seconds is None else clock() + seconds

    @classmethod
    def of(cls, context: object) -> Deadline:
        """Return the deadline of a Lambda invocation, less `MARGIN`; without a limit for a context that has none."""
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        return cls(remaining() / 1000 - MARGIN) if remaining else cls()

    def remaining(self) -> float:
        """Return the seconds left, infinite without a deadline, negative when it has passed."""
        return float("inf") if self._at is None else self._at - self._clock()

    @contextmanager
    def holding(self, lock: Lock, what: str) -> Iterator[None]:
        """Acquire a lock, waiting at most until the deadline of `what`.

        Raises:
            DeadlineExceededError: another thread still held it at the deadline.
        """
        if not lock.acquire(timeout=max(0.0, min(self.remaining(), threading.TIMEOUT_MAX))):
            raise DeadlineExceededError(f"no time is left for {what}: the function's timeout is near")
        try:
            yield
        finally:
            lock.release()

    def check(self, what: str) -> float:
        """Return the seconds left for `what`.

        Raises:
            DeadlineExceededError: none are left.
        """
        remaining = self.remaining()
        if remaining <= 0:
            raise DeadlineExceededError(f"no time is left for {what}: the function's timeout is near")
        return remaining
