"""List what can start a function, as `static/views/runs.js` filters runs too, and determine it from an event."""

from __future__ import annotations

from typing import Any

TRIGGERS = ("task", "schedule", "retry", "transition", "dispatcher", "direct", "api", "queue")
"""Names of the triggers, by which runs are listed and filtered."""


def trigger_of(event: Any, *, is_direct: bool = False, is_scheduled: bool = False) -> str:
    """Return what started a function, one of `TRIGGERS`.

    A caller may imitate a transition or a dispatcher; this is for people to read.

    Args:
        event: what the function gets.
        is_direct: a caller waits for the result.
        is_scheduled: a schedule made the task. Its event is the same as that of a caller's.
    """
    if is_direct:
        return "direct"
    found = _of_event(event)
    return "schedule" if is_scheduled and found == "task" else found


def _of_event(event: Any) -> str:
    if not isinstance(event, dict):
        return "task"
    if isinstance(event.get("requestContext"), dict):
        return "api"
    if isinstance(event.get("Records"), list):
        return "queue"
    return "retry" if event.get("retryForTaskIds") else _by_data(event.get("data"))


def _by_data(data: Any) -> str:
    if not isinstance(data, dict):
        return "task"
    if isinstance(data.get("event"), dict) and "type" in data["event"]:
        return "dispatcher"
    return "transition" if {"schemaId", "documentId"} <= data.keys() else "task"
