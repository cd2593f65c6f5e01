"""The mark that schedules made from a manifest carry as their data, and so the tasks that they start."""

from __future__ import annotations

from typing import Any

MARK = "exhDevSchedule"


def mark_of(interval: float, start: str | None = None) -> dict[str, Any]:
    """Return the data of a schedule that is made from a manifest with this interval and start."""
    return {MARK: {"interval": interval, **({} if start is None else {"start": start})}}
