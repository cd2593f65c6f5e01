"""Events that services publish, and their deliveries.

A delivery is one action of one dispatcher for one event. It is stored with the event, and deleted when done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev import origin
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exh_dev.platform.storage.store import Document, Store

#: Seconds until it is delivered that an alarm has failed: a task started by `task_failed`. One that can never succeed
#: would fill the machine.
FAILED_ALARM_DELAY = 30

COLLECTION = "events"
DISPATCHERS, DELIVERIES = "dispatchers", "event_deliveries"


def when_published(store: Store, call: Callable[[], None]) -> None:
    """Call `call` whenever an event of `store` has deliveries, perhaps inside a transaction."""
    store.listeners["event"] = call


def publish(store: Store, event_type: str, content: Mapping[str, Any] | None, *, now: float) -> Document:
    """Record an event and its deliveries; `now` in epoch seconds.

    Call it inside a transaction, so that both are stored or neither.
    """
    event: Document = {"id": object_id(), "type": event_type}
    if content is not None:
        event["content"] = dict(content)
    event["creation_timestamp"] = epoch_ms(now)
    store.put(COLLECTION, event)
    origin.note(store, event["id"])
    deliver(store, event)
    return event


def deliver(store: Store, event: Document) -> int:
    """Store a delivery for every action of the event type's dispatchers, due immediately except for failed alarms.

    Returns:
        The number of deliveries.
    """
    due = event["creation_timestamp"] + FAILED_ALARM_DELAY * 1000 if _is_failed_alarm(store, event) else 0
    dispatchers = store.matching(DISPATCHERS, Sql(f"{member('eventType')} = ?", (event["type"],)))
    actions = [(dispatcher["id"], action["id"]) for dispatcher in dispatchers for action in dispatcher["actions"]]
    for dispatcher_id, action_id in actions:
        delivery = {
            "id": object_id(),
            "eventId": event["id"],
            "dispatcherId": dispatcher_id,
            "actionId": action_id,
            "failures": 0,
            "due": due,
        }
        store.put(DELIVERIES, delivery)
    if actions and (call := store.listeners.get("event")):
        call()
    return len(actions)


def _is_failed_alarm(store: Store, event: Document) -> bool:
    """Return whether the task that failed was started because another had failed."""
    if event["type"] != "task_failed":
        return False
    failed = store.get("tasks", str(event.get("content", {}).get("id", ""))) or {}
    cause = failed.get("data", {}).get("event")
    return isinstance(cause, dict) and cause.get("type") == "task_failed"
