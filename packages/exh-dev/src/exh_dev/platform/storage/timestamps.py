"""The platform's two timestamp formats, with a clock that tests can set."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: The time in epoch seconds.
Clock = Callable[[], float]

#: The years 1000 to 9999, in epoch seconds.
EARLIEST, LATEST = -30_610_224_000, 253_402_300_799
# ISO 8601 and JavaScript's Date have midnight as the end of a day too; Python reads it from 3.14 on.
_END_OF_DAY = re.compile(r"(?<=[T ])24(?=(:?00){1,2}([.,]0+)?([Zz+-]|$))")


def epoch_ms(seconds: float) -> int:
    """Return a timestamp in epoch milliseconds, as the user service writes it."""
    return round(seconds * 1000)


def iso(seconds: float) -> str:
    """Return a timestamp in ISO 8601, UTC with milliseconds and Z.

    These strings sort by time (years 1000 to 9999).
    """
    full_seconds, milliseconds = divmod(epoch_ms(seconds), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(full_seconds))}.{milliseconds:03d}Z"


def read_iso(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 string, which is UTC without an offset.

    Leap seconds (`23:59:60`) are refused, as JavaScript's Date refuses them.

    Raises:
        ValueError: it is invalid, or ends after the year 9999.
    """
    plain = _END_OF_DAY.sub("00", text, count=1)
    found = datetime.fromisoformat(plain)
    if plain != text:
        try:
            found += timedelta(days=1)
        except OverflowError:
            raise ValueError(f"{text} is out of range") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def epoch_seconds(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 string of a year that `iso` can write.

    Raises:
        ValueError: it is invalid, or out of this range.
    """
    seconds = read_iso(text)
    # In milliseconds, as `iso` writes it: clients write 9999-12-31T23:59:59.999Z for no end.
    if not EARLIEST * 1000 <= epoch_ms(seconds) < (LATEST + 1) * 1000:
        raise ValueError(f"{text} is out of range")
    return seconds
