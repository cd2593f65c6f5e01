"""Parts that several answers of the control center share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.storage.sql import Sql

if TYPE_CHECKING:
    from exh_dev.control_center.context import Context


def with_people(context: Context, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with the name of its user, and with the run whose call it was."""
    user = context.store.get("users", entry["userId"]) if entry.get("userId") else None
    run = context.runner.runs.run_of(entry["trace"]) if entry.get("trace") else None
    found = {name: value for name, value in entry.items() if name != "trace"}
    return {**found, "user": user and user["email"], "run": run}


def among_newest(collection: str, count: int, condition: Sql) -> Sql:
    """Return a condition on the newest documents of a collection alone: no index helps to find words in them, and
    reading all would keep the platform from answering others.
    """
    newest = Sql("id IN (SELECT id FROM documents WHERE collection = ? ORDER BY id DESC LIMIT ?)", (collection, count))
    return newest & condition
