"""Determine a function's trigger from its event."""

from __future__ import annotations

from typing import Any


def trigger_of(event: Any) -> str:
    """Return `api`, `queue`, `dispatcher`, `transition`, `retry` or `task`.

    A caller, a schedule and another function look alike. A caller may imitate a transition or a dispatcher; this is for
    people to read.
    """
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
