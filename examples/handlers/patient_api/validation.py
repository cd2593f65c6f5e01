"""The checks of paths, queries and bodies. One answer has every problem."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extrahorizon.api import ApiError
from extrahorizon.timestamps import iso, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extrahorizon.query import Value

DEFAULT_LIMIT, LARGEST_LIMIT = 20, 50  # records of a page
LARGEST_OFFSET = 100_000
#: mmHg; beyond these a cuff does not measure.
RANGES = {"systolic": (40, 300), "diastolic": (20, 200)}
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=5)  # that a patient's device may be ahead
_ID = re.compile(r"[0-9a-f]{24}")
_NUMBER = re.compile(r"[0-9]{1,9}")


class Problems:
    """The problems of a request."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def add(self, field: str, reason: str) -> None:
        """Add a problem; `reason` names what was expected, and quotes nothing of the request."""
        self._found.append((field, reason))

    def check(self) -> None:
        """Refuse the request if there are problems.

        Raises:
            ApiError: 400, with all of them.
        """
        if self._found:
            raise ApiError(400, "the request is not valid", self._found)


@dataclass(frozen=True)
class PageOf:
    """A page of a list, and where that is asked for the period it is about: from `begin` on, before `end`."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    begin: datetime | None = None
    end: datetime | None = None


def checked_ids(**ids: str) -> None:
    """Refuse the request unless these are ids.

    Raises:
        ApiError: 400, with each that is none.
    """
    problems = Problems()
    for name, value in ids.items():
        if not _ID.fullmatch(value):
            problems.add(name, "expected an id: 24 characters 0-9 and a-f")
    problems.check()


def page_of(query: Mapping[str, tuple[str, ...]]) -> PageOf:
    """Return the page that `limit` and `offset` of a query ask for.

    Raises:
        ApiError: 400, with every problem.
    """
    problems = Problems()
    given = _single(query, ("limit", "offset"), problems)
    limit, offset = _limits(given, problems)
    problems.check()
    return PageOf(limit, offset)


def period_of(query: Mapping[str, tuple[str, ...]]) -> PageOf:
    """Return a page with `from` and `to`: timestamps in ISO 8601, in UTC where they name no time zone.

    Raises:
        ApiError: 400, with every problem.
    """
    problems = Problems()
    given = _single(query, ("from", "to", "limit", "offset"), problems)
    limit, offset = _limits(given, problems)
    begin, end = (_timestamp(given, name, problems) for name in ("from", "to"))
    if begin and end and begin >= end:
        problems.add("to", "expected a timestamp after `from`")
    problems.check()
    return PageOf(limit, offset, begin, end)


def measurement_of(body: Any, *, now: datetime) -> dict[str, Value]:
    """Return the measurement in a body: `systolic` and `diastolic` in mmHg, `timestamp` in ISO 8601 with its time zone.

    The patient is in the path, so the body has none. The timestamp is returned in UTC, to the millisecond.

    Raises:
        ApiError: 400, with every problem.
    """
    problems = Problems()
    if not isinstance(body, dict):
        problems.add("body", "expected a JSON object")
        problems.check()
    members = ("systolic", "diastolic", "timestamp")
    for name in sorted(set(body) - set(members)):
        # A caller may have written anything there, so that it is not repeated.
        known = name if name in {"patient", "id", "category", "report", "status"} else "body"
        problems.add(known, f"unknown field; expected {', '.join(members)}")
    pressures = {name: _pressure(body, name, problems) for name in RANGES}
    systolic, diastolic = pressures.values()
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        problems.add("diastolic", "expected less than systolic")
    timestamp = _measured_at(body.get("timestamp"), now, problems)
    problems.check()
    return {**pressures, "timestamp": iso(timestamp)}


def _pressure(body: Mapping[str, Any], name: str, problems: Problems) -> float | None:
    value, (least, most) = body.get(name), RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        problems.add(name, f"expected a number from {least} to {most}, in mmHg")
        return None
    return value


def _measured_at(value: object, now: datetime, problems: Problems) -> datetime:
    try:
        written = datetime.fromisoformat(value) if isinstance(value, str) else None
        time = written.astimezone(UTC) if written and written.tzinfo else None
    except (ValueError, OverflowError):
        time = None
    if time is None:
        problems.add("timestamp", "expected a timestamp in ISO 8601 with its time zone, as 2026-01-31T08:30:00+01:00")
    elif not EARLIEST <= time <= now + CLOCK_SKEW:
        problems.add("timestamp", f"expected a timestamp since {EARLIEST.year} that is not in the future")
    return time or now


def _single(query: Mapping[str, tuple[str, ...]], names: tuple[str, ...], problems: Problems) -> dict[str, str]:
    unknown = len(query.keys() - set(names))
    if unknown:
        problems.add("query", f"{unknown} unknown; expected {', '.join(names)}")
    for name in names:
        if len(query.get(name, ())) > 1:
            problems.add(name, "expected once")
    return {name: query[name][0] for name in names if len(query.get(name, ())) == 1}


def _limits(given: Mapping[str, str], problems: Problems) -> tuple[int, int]:
    numbers = {"limit": DEFAULT_LIMIT, "offset": 0}
    for name, (least, most) in {"limit": (1, LARGEST_LIMIT), "offset": (0, LARGEST_OFFSET)}.items():
        text = given.get(name, str(numbers[name]))
        if _NUMBER.fullmatch(text) and least <= int(text) <= most:
            numbers[name] = int(text)
        else:
            problems.add(name, f"expected a whole number from {least} to {most}")
    return numbers["limit"], numbers["offset"]


def _timestamp(given: Mapping[str, str], name: str, problems: Problems) -> datetime | None:
    if name not in given:
        return None
    try:
        return parse(given[name])
    except ValueError:
        problems.add(name, "expected a timestamp in ISO 8601, as 2026-01-31T08:30:00Z; `+` is written %2B in a query")
        return None
