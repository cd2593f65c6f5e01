"""The two ways the platform writes a moment, from a clock that tests can move."""

from __future__ import annotations

import time
from collections.abc import Callable

#: The time in epoch seconds.
Clock = Callable[[], float]


def epoch_ms(seconds: float) -> int:
    """A moment in epoch milliseconds, as the user service writes it."""
    return round(seconds * 1000)


def iso(seconds: float) -> str:
    """A moment as ISO 8601 in UTC with milliseconds and Z. These texts sort as the moments do (years 1000 to 9999)."""
    whole, milliseconds = divmod(epoch_ms(seconds), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03d}Z"
