"""Timestamps as the platform writes them, and the other values that JSON has no type for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse(timestamp: float | str) -> datetime:
    """Return a timestamp of the platform as a datetime in UTC.

    Args:
        timestamp: epoch milliseconds, as users, events, mails, localizations, profiles and dispatchers send them, or
            an ISO 8601 string, as the other services do. A string without a time zone is taken as UTC.

    Raises:
        TypeError: it is neither.
        ValueError: the string is no timestamp, or the timestamp is out of `datetime`'s range.
    """
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float | str):
        raise TypeError(f"a timestamp is a number of milliseconds or a string, not {type(timestamp).__name__}")
    try:
        if isinstance(timestamp, str):
            value = datetime.fromisoformat(timestamp)
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        return _EPOCH + timedelta(milliseconds=timestamp)
    except (ValueError, OverflowError):
        kind = "string" if isinstance(timestamp, str) else "number"
    # Outside the block, because its error quotes the string.
    raise ValueError(f"the {kind} is not a timestamp: expected epoch milliseconds or ISO 8601")


def iso(value: datetime) -> str:
    """Return a datetime as the platform's timestamp: ISO 8601 in UTC, to the millisecond.

    Raises:
        ValueError: it has no time zone, or its year is out of range.
    """
    if value.utcoffset() is None:
        raise ValueError("a datetime without a time zone means another time on every machine: give it one")
    try:
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        raise ValueError("a datetime is out of the range of years") from None


def milliseconds(value: datetime) -> int:
    """Return a datetime as milliseconds since 1970, as services with snake_case members take it.

    Raises:
        ValueError: it has no time zone.
    """
    if value.utcoffset() is None:
        raise ValueError("a datetime without a time zone means another time on every machine: give it one")
    return (value - _EPOCH) // timedelta(milliseconds=1)


def described(value: object) -> str:
    """Describe a refused value without its content, which may be personal data."""
    return "None" if value is None else f"a value of type {type(value).__name__}"


def plain(value: Any) -> Any:
    """Return the string of a UUID and the value of an Enum's member; anything else as it is."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if type(value).__name__ == "UUID" else value  # not imported: few use it, and all would pay
