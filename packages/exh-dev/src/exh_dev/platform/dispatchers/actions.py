"""Actions of dispatchers: validation and execution.

A task gets the action's data and, as `event`, the complete event; a mail's template gets the event as `event`. A task
belongs to the dispatcher's creator.

Assumed: an action that cannot be done (an unknown template, data over the limit) counts as failed and is retried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.events import events
from exh_dev.platform.http.bodies import Fields
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.tasks.entries import check_data
from exh_dev.platform.tasks.records import create_task

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store

_RECIPIENTS = ("to", "cc", "bcc")


def read_action(fields: Fields, known: Document | None = None) -> Document:
    """Return the action that a client sends, in place of the `known` one; of that, members that are not sent stay.

    Raises:
        ErrorAnswer: 14 or 15.
    """
    sent = {**(known or {}), **{name: value for name, value in fields.members.items() if value is not None}}
    fields = Fields(sent)
    action_type = fields.text("type")
    action: Document = {
        "id": known["id"] if known else object_id(),
        "type": action_type,
        "name": fields.optional_text("name"),
        "description": fields.optional_text("description"),
    }
    match action_type:
        case "task":
            _start_timestamp(fields)
            action |= {
                "functionName": fields.text("functionName"),
                "data": fields.optional_object("data"),
                "tags": fields.optional_texts("tags"),
                "startTimestamp": fields.value("startTimestamp"),
            }
        case "mail":
            action |= {"recipients": _recipients(fields), "templateId": checked_id(fields.text("templateId"))}
        case _:
            raise ErrorAnswer(15, "The field type must be task or mail")
    return {name: value for name, value in action.items() if value is not None}


def check_names(actions: list[Document]) -> None:
    """Judge the names of a dispatcher's actions.

    Raises:
        ErrorAnswer: 17 when two have the same.
    """
    names = [action["name"] for action in actions if "name" in action]
    if len(set(names)) < len(names):
        raise ErrorAnswer(17, "Two actions of the dispatcher have the same name")


async def perform(
    store: Store, delivery: Document, *, event: Document, dispatcher: Document, action: Document, now: float
) -> None:
    """Perform an action for an event, and delete the delivery.

    For a task both happen in one transaction; a mail that was interrupted by the platform's end is sent again.

    Raises:
        ErrorAnswer: the action failed.
    """
    if action["type"] == "mail":
        from exh_dev.platform.mails.sending import send_by_template

        await send_by_template(
            store,
            template_id=action["templateId"],
            recipients=action["recipients"],
            content={"event": event},
            now=now,
            creator_id=dispatcher.get("createdByUserId"),
        )
        store.delete(events.DELIVERIES, delivery["id"])
        return
    data = {**action.get("data", {}), "event": event}
    check_data(data)
    with store.transaction():
        create_task(
            store,
            function_name=action["functionName"],
            data=data,
            now=now,
            created_by_user_id=dispatcher.get("createdByUserId"),
            created_by_application_id=dispatcher.get("createdByApplicationId"),
            tags=action.get("tags"),
            start=_start_timestamp(Fields(action)),
        )
        store.delete(events.DELIVERIES, delivery["id"])


def _start_timestamp(fields: Fields) -> float | None:
    """Return a task's start time: ISO 8601, or epoch milliseconds as in the service's own answers."""
    value = fields.value("startTimestamp")
    if isinstance(value, bool) or not isinstance(value, int):
        return fields.optional_timestamp("startTimestamp")
    if not 0 <= value < 253_402_300_800_000:
        raise ErrorAnswer(15, "The field startTimestamp must be a timestamp")
    return value / 1000


def _recipients(fields: Fields) -> Document:
    recipients = fields.optional_object("recipients")
    if recipients is None:
        raise ErrorAnswer(14, "The field recipients is required")
    kinds = {name: Fields(recipients).optional_texts(name) for name in _RECIPIENTS}
    if not kinds["to"]:
        raise ErrorAnswer(14, "The field recipients.to is required")
    return {name: addresses for name, addresses in kinds.items() if addresses is not None}
