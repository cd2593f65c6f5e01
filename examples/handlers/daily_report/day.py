"""A day in a time zone: its bounds and its hours, 23 or 25 of them when the clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from extrahorizon.errors import InvalidEventError
from extrahorizon.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Hour:
    """The measurements of an hour: its label on the clock, and the means in mmHg, None when there are none."""

    label: str
    systolic: float | None
    diastolic: float | None


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of this name.

    Raises:
        InvalidEventError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidEventError("the task's timeZone is no name of a time zone, such as Europe/Brussels") from None


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the day of a time in a time zone."""
    return at.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a day and the next one begin, in UTC.

    Where the clock jumps over midnight, the day begins with the jump.
    """
    return _beginning(day, zone), _beginning(day + timedelta(days=1), zone)


def _beginning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def by_hour(measured: Iterable[Mapping[str, Any]], start: datetime, end: datetime, zone: ZoneInfo) -> list[Hour]:
    """Return the hours from `start` to `end`; measurements at other times are left out.

    An hour that the clock shows twice is there twice, and the last one may be half an hour.
    """
    hours = [start + number * _HOUR for number in range(-(-(end - start) // _HOUR))]
    values: list[list[tuple[float, float]]] = [[] for _ in hours]
    for each in measured:
        at = parse(each["timestamp"])
        if start <= at < end:
            values[(at - start) // _HOUR].append((each["systolic"], each["diastolic"]))
    return [Hour(f"{hour.astimezone(zone):%H}", *_means(found)) for hour, found in zip(hours, values, strict=True)]


def _means(pairs: list[tuple[float, float]]) -> tuple[float | None, float | None]:
    if not pairs:
        return None, None
    return sum(systolic for systolic, _ in pairs) / len(pairs), sum(diastolic for _, diastolic in pairs) / len(pairs)
