"""Failures of tasks, kept in a document per function, error and hour, and the mail about each such document.

A mail has the names of function and error and the task's id, and never the error's message, which may quote a patient's
data. The id leads to the task's log.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ExtraHorizonError, ResourceAlreadyExistsError, ResourceUnknownError
from extrahorizon.query import rql
from extrahorizon.timestamps import parse

from shared.session import ExtraHorizon, logger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extrahorizon.services.data.types import Document

SCHEMA, TEMPLATE = "task-failures", "mail-task-failed"
MOST_MAILS = 10  # per hour, for all functions together
GIVEN_UP = timedelta(minutes=5)  # longer than all attempts of a task take


class FailuresGoneError(ExtraHorizonError):
    """The document of the failures was deleted between two calls. A retry creates it again."""


def report_failure(exh: ExtraHorizon, event: Mapping[str, Any], recipients: Sequence[str]) -> dict[str, Any]:
    """Add a failure to its document, and send a mail if it is the first one there.

    Args:
        exh: the client.
        event: an event of the type `task_failed`.
        recipients: the operators' addresses.

    Returns:
        `mailed`, and a `reason` when it is false.
    """
    failures = _keep(exh, event)
    if failures["status"] == "told":
        return {"mailed": False, "reason": "told before"}
    # Of runs at the same time, the one whose failure is first in the document mails; another one only after that run
    # has had time for all of its attempts.
    is_first = failures["data"]["failures"][0]["event"] == event["id"]
    if not is_first and datetime.now(UTC) - parse(failures["creationTimestamp"]) < GIVEN_UP:
        return {"mailed": False, "reason": "another run tells"}
    hour = rql.eq("data.hour", failures["data"]["hour"]).eq("status", "told")
    mails = exh.data.documents.find(SCHEMA, hour.limit(1)).total or 0
    if mails >= MOST_MAILS:
        logger.warning("not mailed: enough mails in this hour", extra={"document_id": failures["id"]})
        return {"mailed": False, "reason": "enough mails in this hour"}
    sent = rql.eq("template_name", TEMPLATE).eq("content.failuresId", failures["id"])
    mailed = exh.mails.find_first(sent) is None
    if mailed:
        content = {"failuresId": failures["id"], "taskId": event["content"]["id"], **group_of(event)}
        content["last"] = mails + 1 == MOST_MAILS
        exh.mails.send(recipients={"to": list(recipients)}, template_name=TEMPLATE, content=content)
        logger.info("mailed", extra={"document_id": failures["id"]})
    try:
        exh.data.documents.transition(SCHEMA, failures["id"], name="mark-as-told", rql=rql.eq("status", "open"))
    except ResourceUnknownError:
        logger.info("marked by another run", extra={"document_id": failures["id"]})
    return {"mailed": mailed, **({} if mailed else {"reason": "told before"})}


def _keep(exh: ExtraHorizon, event: Mapping[str, Any]) -> Document:
    """Return the document of this function, error and hour, with this failure in it."""
    group = group_of(event)
    same = rql.eq("data.functionName", group["functionName"]).eq("data.errorName", group["errorName"])
    same = same.eq("data.hour", group["hour"])
    try:
        document = exh.data.documents.create(SCHEMA, group)
    except ResourceAlreadyExistsError:
        document = _found(exh.data.documents.find_first(SCHEMA, same))
    if event["id"] not in [each["event"] for each in document["data"].get("failures", [])]:
        failure = {"event": event["id"], "task": event["content"]["id"]}
        exh.data.documents.append_object_to_array(SCHEMA, document["id"], "failures", failure)
        document = _found(exh.data.documents.find_first(SCHEMA, same))
    return document


def _found(document: Document | None) -> Document:
    if document is None:
        raise FailuresGoneError("the document of these failures was removed while it was looked at")
    return document


def group_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key of failures that share a document and a mail; the hour is in UTC."""
    error = event["content"].get("error") or {}
    # The timestamp is not documented for every event; an event without one has just happened.
    happened = parse(event["creation_timestamp"]) if "creation_timestamp" in event else datetime.now(UTC)
    return {
        "functionName": event["content"]["functionName"],
        # The error of a timeout has a type and no name.
        "errorName": error.get("name") or error.get("type") or "unknown",
        "hour": happened.replace(minute=0, second=0, microsecond=0).strftime("%Y-%m-%dT%H:00Z"),
    }
