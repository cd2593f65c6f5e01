"""The two ways the platform writes a moment, from a clock that tests can move."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

#: The time in epoch seconds.
Clock = Callable[[], float]

#: The years 1000 to 9999, in epoch seconds.
EARLIEST, LATEST = -30_610_224_000, 253_402_300_799


def epoch_ms(seconds: float) -> int:
    """Return a moment in epoch milliseconds, as the user service writes it."""
    return round(seconds * 1000)


def iso(seconds: float) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds and Z. These texts sort as the moments do (years 1000 to
    9999).
    """
    whole, milliseconds = divmod(epoch_ms(seconds), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03d}Z"


def moment(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 text; without an offset it is in UTC.

    Raises:
        ValueError: it is none, or of a year that `iso` cannot write.
    """
    found = datetime.fromisoformat(text)
    seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError(f"{text} is out of range")
    return seconds
