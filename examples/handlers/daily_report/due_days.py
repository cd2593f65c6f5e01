"""The days that a run reports.

A schedule is an interval of 24 hours, and a day of 23 hours is shorter: a run that starts close to midnight can pass
over a day in spring. So each run reports every day since the last report, a week at most. An older day needs a task
with its `date`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from extrahorizon.errors import InvalidEventError
from extrahorizon.query import rql
from extrahorizon.timestamps import parse

from handlers.daily_report.day import day_bounds, local_day
from handlers.daily_report.reporting import REPORTS, Clinic

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from shared.session import ExtraHorizon

MOST_DAYS = 7  # that one run reports


def due_days(exh: ExtraHorizon, clinic: Clinic, start: str | None) -> list[date]:
    """Return the days since a clinic's last report, up to the day before the task's start; at least that day.

    Args:
        exh: the client.
        clinic: the days are those of its time zone.
        start: timestamp of the task's start or creation; now without it.
    """
    yesterday = local_day(parse(start) if start else datetime.now(UTC), clinic.zone) - timedelta(days=1)
    last = exh.data.documents.find_first(REPORTS, rql.eq("data.clinic", clinic.id).sort("-data.date"))
    if last is None or (since := date.fromisoformat(last["data"]["date"])) >= yesterday:
        return [yesterday]
    first = max(since, yesterday - timedelta(days=MOST_DAYS))
    return [first + timedelta(days=number) for number in range(1, (yesterday - first).days + 1)]


def named_day(text: str, zone: ZoneInfo) -> date:
    """Return the day of a date, such as `2026-01-14`, in a time zone.

    Raises:
        InvalidEventError: it is no date, or the day is not over.
    """
    now = datetime.now(UTC)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidEventError("the task's date is no day; it is written YYYY-MM-DD") from None
    if day_bounds(day, zone)[1] > now:
        raise InvalidEventError("the task's date is not over yet; what is still measured would never be reported")
    return day
