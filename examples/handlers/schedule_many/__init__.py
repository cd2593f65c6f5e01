"""Makes many tasks out of one: the reports of the last days for each clinic, and a schedule for those to come.

Each task carries a tag that says what it is for, by which a run that is repeated finds what is there already. Two runs
at once would not see each other's tasks: let one end before the next.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from extrahorizon.errors import InvalidEventError
from extrahorizon.query import rql
from extrahorizon.timestamps import iso, parse

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


FUNCTION = "daily-report"
TAG = "daily-report"
EVERY = 86400  # seconds
MOST_DAYS = 31
_TAGS_IN_A_QUERY = 50
HOUR = 5  # of the clinic's day, when scheduled reports begin


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    clinics, days = task.data.get("clinics"), task.data.get("days", 0)
    if not isinstance(clinics, list) or not all(
        isinstance(each, dict) and isinstance(each.get("clinic"), str) and isinstance(each.get("timeZone"), str)
        for each in clinics
    ):
        raise InvalidEventError("the task's data needs clinics, each with the group's id as clinic, and its timeZone")
    for each in clinics:
        _zone(each)
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        raise InvalidEventError(f"the task's days are how many past days to report, 0 to {MOST_DAYS}")
    start = task.raw.get("startTimestamp")
    return schedule(exh, clinics, days, parse(start) if start else datetime.now(UTC))


def _zone(clinic: Mapping[str, str]) -> ZoneInfo:
    try:
        return ZoneInfo(clinic["timeZone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"the timeZone of the clinic {clinic['clinic']} is no name of a time zone, such as Europe/Brussels"
        raise InvalidEventError(message) from None


def schedule(exh: ExtraHorizon, clinics: Sequence[Mapping[str, str]], days: int, now: datetime) -> dict[str, Any]:
    """Queue the reports of the last days, and see to it that each clinic has a daily schedule.

    Args:
        exh: the client.
        clinics: of each the group's id (`clinic`) and `timeZone`; `language` of its reports, EN without it.
        days: how many days to report; the latest have the highest priority.
        now: the days before this moment's are the last days.

    Returns:
        How many tasks and schedules this run made.
    """
    clinics = list({clinic["clinic"]: clinic for clinic in clinics}.values())
    wanted = [
        (clinic, (now.astimezone(_zone(clinic)).date() - timedelta(days=age)).isoformat(), -age)
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
    """Those of the tags that a task has which is queued, running or done; not one that failed."""
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
            zone = _zone(clinic)
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            first = iso(datetime.combine(tomorrow, time(HOUR), zone))
            exh.tasks.schedules.create(functionName=FUNCTION, interval=EVERY, data=_facts(clinic), startTimestamp=first)
            made += 1
    return made
