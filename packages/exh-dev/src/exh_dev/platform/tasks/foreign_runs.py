"""Runs that another platform exports with `Runs.export`."""

from __future__ import annotations

from exh_dev.platform.storage.timestamps import epoch_seconds

_OF_EVERY_RUN = ("id", "function", "kind", "trigger", "status", "failure", "request_id", "chain", "started")


def is_run(value: object) -> bool:
    """Return whether a value has the format of such a run, as far as its display requires."""
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(name), str) for name in _OF_EVERY_RUN)
        and isinstance(value.get("attempt"), int)
        and value["status"] in ("OK", "FAILED")
        and isinstance(value.get("duration_ms", 0), int | float | None)
        and _is_timestamp(value["started"])
        and all(_are_objects(value.get(name)) for name in ("calls", "logs"))
    )


def _is_timestamp(text: str) -> bool:
    try:
        epoch_seconds(text)
    except ValueError:
        return False
    return True


def _are_objects(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, dict) for each in value))
