"""Tasks and schedules for the daily reports of clinics.

Each task has a tag with its clinic and day, by which a run that is repeated finds the tasks that are there. Two runs at
the same time do not see each other's tasks: start one after the other has ended.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from extrahorizon.errors import InvalidEventError
from extrahorizon.query import rql
from extrahorizon.timestamps import iso

from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FUNCTION = "daily-report"
TAG = "daily-report"
EVERY = 86400  # seconds
MOST_DAYS = 31
_TAGS_IN_A_QUERY = 50
HOUR = 5  # local time at which scheduled reports begin


def zone_of(clinic: Mapping[str, str]) -> ZoneInfo:
    """Return the time zone of a clinic.

    Raises:
        InvalidEventError: there is no time zone of this name.
    """
    try:
        return ZoneInfo(clinic["timeZone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"the timeZone of the clinic {clinic['clinic']} is no name of a time zone, such as Europe/Brussels"
        raise InvalidEventError(message) from None


def schedule(exh: ExtraHorizon, clinics: Sequence[Mapping[str, str]], days: int, now: datetime) -> dict[str, Any]:
    """Queue the reports of the last days, and create a daily schedule for each clinic that has none.

    Args:
        exh: the client.
        clinics: each with the group's id (`clinic`) and `timeZone`; `language` of its reports, EN without it.
        days: how many days to report; the latest have the highest priority.
        now: the last of these days is the day before this time, in the clinic's time zone.

    Returns:
        How many `tasks` and `schedules` this run created.
    """
    clinics = list({clinic["clinic"]: clinic for clinic in clinics}.values())
    wanted = [
        (clinic, (now.astimezone(zone_of(clinic)).date() - timedelta(days=age)).isoformat(), -age)
        for age in range(1, days + 1)
        for clinic in clinics
    ]
    queued = _queued(exh, [_tag(clinic, day) for clinic, day, _ in wanted])
    missing = [each for each in wanted if _tag(each[0], each[1]) not in queued]

    def create(each: tuple[Mapping[str, str], str, int]) -> None:
        clinic, day, priority = each
        data = {**_facts(clinic), "date": day}
        exh.tasks.create(functionName=FUNCTION, data=data, priority=priority, tags=[TAG, _tag(clinic, day)])

    exh.fan_out(create, missing, workers=5)
    made = _schedule_daily(exh, clinics, now)
    logger.info("scheduled", extra={"tasks": len(missing), "schedules": made})
    return {"tasks": len(missing), "schedules": made}


def _queued(exh: ExtraHorizon, tags: Sequence[str]) -> set[str]:
    """Return the tags of tasks that are queued, running or complete; those that failed are queued again."""
    found: set[str] = set()
    for start in range(0, len(tags), _TAGS_IN_A_QUERY):
        some = rql.in_("tags", tags[start : start + _TAGS_IN_A_QUERY]).out("status", ["failed", "canceled"])
        found.update(tag for task in exh.tasks.find_all(some) for tag in task.get("tags", []))
    return found


def _facts(clinic: Mapping[str, str]) -> dict[str, str]:
    return {name: clinic[name] for name in ("clinic", "timeZone", "language") if name in clinic}


def _tag(clinic: Mapping[str, str], day: str) -> str:
    return f"{clinic['clinic']}:{day}"


def _schedule_daily(exh: ExtraHorizon, clinics: Sequence[Mapping[str, str]], now: datetime) -> int:
    known = {
        each.get("data", {}).get("clinic") for each in exh.tasks.schedules.find_all(rql.eq("functionName", FUNCTION))
    }
    made = 0
    for clinic in clinics:
        if clinic["clinic"] not in known:
            zone = zone_of(clinic)
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            first = iso(datetime.combine(tomorrow, time(HOUR), zone))
            exh.tasks.schedules.create(functionName=FUNCTION, interval=EVERY, data=_facts(clinic), startTimestamp=first)
            made += 1
    return made
