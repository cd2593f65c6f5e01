"""A store as a busy project leaves it after months: 100,000 runs, documents, users and tasks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from exh_dev.platform.data.collections import SCHEMAS, documents_of
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks.records import TASKS
from exh_dev.platform.tasks.run_list import DETAILS, RUNS
from exh_dev.platform.tasks.run_retention import MOST_RUNS
from exh_dev.platform.users.accounts import new_user
from exh_dev.platform.users.views import COLLECTION as USERS

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store

MANY = 100_000
SCHEMA = "measurements"
_LATER = 1_000  # tasks that begin tomorrow
_ENDED = ("complete", "complete", "complete", "complete", "failed", "retried", "canceled")


def fill(store: Store) -> None:
    """Put all of it into an empty store."""
    now = time.time()
    with store.transaction():
        _runs(store, now)
        _documents(store, now)
        for number in range(MANY):
            name = {"first_name": f"Number {number}", "last_name": f"Person {number % 977}"}
            user = new_user(**name, email=f"person-{number}@example.com", now=now - MANY + number)
            groups = [{"group_id": object_id()}] if number % 3 == 0 else []
            store.put(
                USERS, {**user, "id": _id(now - MANY + number), "activation": True, "patient_enlistments": groups}
            )
        for number in range(MANY):
            store.put(TASKS, _task(number, now))


def _id(created: float) -> str:
    """Return an id with this creation time, in epoch seconds."""
    return f"{int(created):08x}{object_id()[8:]}"


def _runs(store: Store, now: float) -> None:
    """Store runs as functions leave them: an event, a result, ten lines of log and five calls each."""
    line = {"timestamp": iso(now), "text": json.dumps({"level": "INFO", "message": "working", "step": "x" * 200})}
    call = {"timestamp": iso(now), "method": "GET", "path": "/users/v1/me", "status": 200, "duration_ms": 1.2}
    for number in range(MOST_RUNS):
        run_id = _id(now - MOST_RUNS + number)
        store.put(
            RUNS,
            {
                "id": run_id,
                "function": f"function-{number % 12}",
                "kind": "task",
                "trigger": "task",
                "status": "FAILED" if number % 10 == 0 else "OK",
                "failure": "LookupError: x" if number % 10 == 0 else "",
                "request_id": run_id,
                "chain": run_id,
                "trace": run_id,
                "attempt": 1,
                "started": iso(now - MOST_RUNS + number),
                "duration_ms": 12.3,
                "init_ms": None,
                "memory_mb": 40,
                "platform_calls": 5,
            },
        )
        details = {"event": {"data": "y" * 500}, "result": {"z": number}, "error": None}
        store.put(DETAILS, {"id": run_id, **details, "logs": [line] * 10, "calls": [{**call, "attempt": 1}] * 5})


def _documents(store: Store, now: float) -> None:
    """Documents of one schema, with a text, a number, a list and a status each."""
    properties: Document = {
        "device": {"type": "string"},
        "pulse": {"type": "number"},
        "samples": {"type": "array", "items": {"type": "number"}},
    }
    schema: Document = {
        "id": object_id(),
        "name": SCHEMA,
        "description": "What was measured at home",
        "properties": properties,
        "statuses": {"new": {}, "seen": {}},
        "creationTransition": {"type": "manual", "toStatus": "new"},
        "transitions": [],
        "indexes": [],
        "createMode": "allUsers",
        "readMode": ["linkedUsers", "linkedGroupStaff"],
        "updateMode": ["linkedUsers", "linkedGroupStaff"],
        "deleteMode": "permissionRequired",
        "groupSyncMode": "disabled",
        "defaultLimit": 20,
        "maximumLimit": 100,
        "creationTimestamp": iso(now - MANY),
        "updateTimestamp": iso(now - MANY),
    }
    store.put(SCHEMAS, schema)
    creator = object_id()
    for number in range(MANY):
        created = iso(now - MANY + number)
        store.put(
            documents_of(schema),
            {
                "id": _id(now - MANY + number),
                "creatorId": creator,
                "userIds": [creator],
                "groupIds": [],
                "status": "seen" if number % 4 else "new",
                "statusChangedTimestamp": created,
                "data": {"device": f"device-{number % 500}", "pulse": 50 + number % 90, "samples": [*range(40)]},
                "creationTimestamp": created,
                "updateTimestamp": created,
            },
        )


def _task(number: int, now: float) -> dict[str, Any]:
    """Most have ended; the newest begin tomorrow."""
    created = now - MANY + number
    is_later = number >= MANY - _LATER
    return {
        "id": _id(created),
        "functionName": f"function-{number % 12}",
        "status": "new" if is_later else _ENDED[number % len(_ENDED)],
        "statusChangedTimestamp": iso(created),
        "data": {"documentId": object_id(), "note": "z" * 200},
        "startTimestamp": iso(created + 86_400 * is_later),
        "priority": number % 3,
        "creationTimestamp": iso(created),
        "updateTimestamp": iso(created),
    }
