"""The marker in the data of schedules created from a manifest, which their tasks receive."""

from __future__ import annotations

from typing import Any

MARK = "exhDevSchedule"


def marked_data(interval: float, start: str | None = None) -> dict[str, Any]:
    """Return the data of a schedule created from a manifest with this interval and start."""
    return {MARK: {"interval": interval, **({} if start is None else {"start": start})}}
