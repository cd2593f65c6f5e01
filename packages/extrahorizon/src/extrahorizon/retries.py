"""Retry policy: which calls are retried, and when.

Each attempt is signed again with its own nonce and timestamp, or the platform would answer 110. A safe method (GET,
HEAD, OPTIONS), or a call declared idempotent, is retried after every temporary failure: a lost connection, a timeout,
HTTP 429 and 5xx, a body cut short, and the platform's own temporary refusals. Other calls are retried only if the
platform cannot have processed them: the connection was never made, or the answer was 429, or 503 with `Retry-After`.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from extrahorizon.errors import InvalidResponseError, PlatformError, PlatformUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Platform codes that pass by themselves: server and service trouble, a nonce seen before (the next attempt has
#: another), login throttling, a second factor tried too soon, a locked document, and both concurrency limits.
TEMPORARY_CODES = frozenset({1, 4, 110, 134, 211, 212, 415, 1403, 1412})
#: Seconds a code asks for at least: one login attempt a second; ten failures freeze it for a minute.
_LEAST_WAIT = {211: 1.0, 212: 60.0}

_sleep: Callable[[float], None] = time.sleep


def pause_with(sleep: Callable[[float], None] | None) -> None:
    """Wait between attempts by `sleep`, really when None: the one switch that turns waiting off in tests."""
    global _sleep  # noqa: PLW0603 - a process-wide switch is the point
    _sleep = sleep or time.sleep


def pause(seconds: float) -> None:
    """Wait between attempts."""
    _sleep(seconds)


class RetryPolicy:
    """Limits of retries.

    Attributes:
        attempts: maximum number of attempts.
        base: maximum seconds of the first wait, doubled each time.
        longest: maximum seconds of a wait, unless the platform asks for more.
        total: seconds within which the last attempt must begin.
    """

    # Not a dataclass: making one takes half a millisecond of each cold start.
    __slots__ = ("attempts", "base", "longest", "total")

    def __init__(self, attempts: int = 5, base: float = 0.2, longest: float = 5.0, total: float = 60.0) -> None:
        self.attempts, self.base, self.longest, self.total = attempts, base, longest, total

    def wait(
        self, error: PlatformError | PlatformUnreachableError, elapsed: float, *, repeatable: bool
    ) -> float | None:
        """Return the seconds until the next attempt; None for no retry.

        Args:
            error: the last attempt's error, with the number of `attempts`.
            elapsed: seconds since the first attempt began.
            repeatable: whether repeating the call is harmless.
        """
        if error.attempts >= self.attempts or error.permanent:
            return None
        if not (_may_pass(error) if repeatable else _nothing_was_done(error)):
            return None
        # Full jitter: many functions that fail together do not come back together.
        seconds = random.uniform(0, min(self.longest, self.base * 2 ** (error.attempts - 1)))  # noqa: S311 - no secret
        if isinstance(error, PlatformError):
            seconds = max(seconds, error.retry_after or 0, _LEAST_WAIT.get(error.code or 0, 0))
        return seconds if elapsed + seconds <= self.total else None


def _may_pass(error: PlatformError | PlatformUnreachableError) -> bool:
    if isinstance(error, PlatformUnreachableError | InvalidResponseError):
        return True
    return error.code in TEMPORARY_CODES or error.status == 429 or error.status >= 500


def _nothing_was_done(error: PlatformError | PlatformUnreachableError) -> bool:
    if isinstance(error, PlatformUnreachableError):
        return not error.sent
    return error.status == 429 or (error.status == 503 and error.retry_after is not None)
