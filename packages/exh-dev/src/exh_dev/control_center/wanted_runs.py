"""Filters of runs, for `GET /_dev/api/runs` and for bulk replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.timestamps import epoch_seconds
from exh_dev.platform.tasks.run_list import SORTS, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

FILTERS = ("function", "status", "kind", "trigger", "chain", "trace", "task_id", "event_id")
OTHERS = ("from", "to", "search", "before", "after", "sort")
_USUAL_SORT = "-started"


def read_filters(asked: Mapping[str, Any]) -> Wanted:
    """Parse the filters of a request.

    Raises:
        ErrorAnswer: 15 when a filter has an invalid value.
    """
    for name, value in asked.items():
        if not isinstance(value, str) and value is not None and name in {*FILTERS, *OTHERS}:
            raise ErrorAnswer(15, f"{name} must be a string")
    sort = asked.get("sort") or _USUAL_SORT
    if sort not in SORTS:
        raise ErrorAnswer(15, f"sort must be one of {', '.join(SORTS)}")
    return Wanted(
        {name: asked[name] for name in FILTERS if asked.get(name)},
        since=_timestamp(asked, "from"),
        until=_timestamp(asked, "to"),
        search=asked.get("search") or "",
        before=asked.get("before") or None,
        after=asked.get("after") or None,
        sort=sort,
    )


def _timestamp(asked: Mapping[str, Any], name: str) -> float | None:
    text = asked.get(name)
    try:
        return epoch_seconds(text.replace(" ", "+")) if text else None  # a + that was not encoded came as a space
    except (ValueError, OverflowError):
        raise ErrorAnswer(15, f"{name} must be a timestamp in ISO 8601, such as 2026-01-31T12:00:00Z") from None
