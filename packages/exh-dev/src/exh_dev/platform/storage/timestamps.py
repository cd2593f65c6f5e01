"""The platform's two timestamp formats, with a clock that tests can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

#: The time in epoch seconds.
Clock = Callable[[], float]

#: The years 1000 to 9999, in epoch seconds.
EARLIEST, LATEST = -30_610_224_000, 253_402_300_799


def epoch_ms(seconds: float) -> int:
    """Return a timestamp in epoch milliseconds, as the user service writes it."""
    return round(seconds * 1000)


def iso(seconds: float) -> str:
    """Return a timestamp in ISO 8601, UTC with milliseconds and Z.

    These strings sort by time (years 1000 to 9999).
    """
    whole, milliseconds = divmod(epoch_ms(seconds), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03d}Z"


def moment(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 string, which is UTC without an offset.

    Raises:
        ValueError: it is invalid, or has a year that `iso` cannot write.
    """
    found = datetime.fromisoformat(text)
    seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError(f"{text} is out of range")
    return seconds
