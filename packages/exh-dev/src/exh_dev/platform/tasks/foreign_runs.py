"""Runs that move from a fresh platform to the one that is being served: their export, and the check of their format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.dev.call_records import apart, with_bodies
from exh_dev.platform.storage.sql import Sql
from exh_dev.platform.storage.timestamps import epoch_seconds
from exh_dev.platform.tasks import run_bodies
from exh_dev.platform.tasks.run_list import DETAILS, RUNS

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store

OF_DETAILS = ("event", "result", "error", "logs", "calls")
_NOT_OF_RECORD = ("attempts", "cause", "set_off", "in_full")
_MOST_EXPORTED = 1024 * 1024  # bytes of the bodies of a run's calls
_OF_EVERY_RUN = ("id", "function", "kind", "trigger", "status", "failure", "request_id", "chain", "started")


def export(store: Store) -> list[Document]:
    """Return all stored completed runs with details, oldest first.

    The bodies of their calls are included up to a size limit.
    """
    ended = (record for record in store.matching(RUNS, Sql("1")) if record["status"] != "running")
    return [{**_details_with_bodies(store, record["id"]), **record} for record in ended]


def split(run: Document) -> tuple[Document, Document, Document | None]:
    """Return the record, marked as `fresh`, the details and the bodies of an exported run; None without bodies."""
    record = {name: run[name] for name in run if name not in (*OF_DETAILS, *_NOT_OF_RECORD)}
    details = {"id": run["id"], **{name: run.get(name) for name in OF_DETAILS}}
    calls, bodies = apart(details["calls"])
    return (
        {"trace": run["id"], **record, "fresh": True},
        {**details, "calls": calls},
        {"id": run["id"], "calls": bodies} if bodies else None,
    )


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


def _details_with_bodies(store: Store, run_id: str) -> Document:
    details = store.get(DETAILS, run_id) or {}
    bodies = run_bodies.of_run(store, run_id, _MOST_EXPORTED)
    if not bodies:
        return details
    calls = [with_bodies(each, bodies.get(str(each.get("number")), {})) for each in details.get("calls") or ()]
    return {**details, "calls": calls}
