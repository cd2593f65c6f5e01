"""Tells the operators that a function fails: one mail for each function and error in an hour, and not too many in all.

A document per function, error and hour keeps the failures; its mail is sent when the first of them is kept. What went
wrong in detail is not told: messages may quote records. The task's id leads to its log.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import ExtraHorizonError, InvalidEventError, ResourceAlreadyExistsError, ResourceUnknownError
from extrahorizon.query import rql
from extrahorizon.timestamps import parse

from shared.session import ExtraHorizon, Task, logger, task_handler

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extrahorizon.services.data.types import Document

OWN_NAME = "on-task-failed"
SCHEMA, TEMPLATE = "task-failures", "mail-task-failed"
MOST_MAILS = 10  # in an hour, whatever fails
GIVEN_UP = timedelta(minutes=5)  # longer than all attempts of a task take


class FailuresGoneError(ExtraHorizonError):
    """Somebody removed a document between two calls. Trying again makes it anew."""


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, Any]:
    event, recipients = task.data.get("event"), task.data.get("recipients")
    content = event.get("content") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(content, dict) or not isinstance(content.get("functionName"), str):
        raise InvalidEventError("the task's data needs event, as a dispatcher of task_failed adds it")
    if content["functionName"] == OWN_NAME:
        # Before anything can fail: a failure here would be told here, and so on for ever.
        logger.warning("not telling of its own failure", extra={"event_id": event.get("id")})
        return {"mailed": False, "reason": "its own failure"}
    if not isinstance(event.get("id"), str) or not isinstance(content.get("id"), str):
        raise InvalidEventError("the event of the task's data needs an id, and so does the task in its content")
    if not isinstance(recipients, list) or not recipients:
        raise InvalidEventError("the task's data needs recipients, the operators' addresses: see dispatchers.json")
    return tell(exh, event, recipients)


def tell(exh: ExtraHorizon, event: Mapping[str, Any], recipients: Sequence[str]) -> dict[str, Any]:
    """Keep a failure, and mail it if it is the first of its kind in this hour.

    Args:
        exh: the client.
        event: of the type `task_failed`.
        recipients: addresses of the operators.

    Returns:
        `mailed`; when it is false `reason` says why.
    """
    failures = _keep(exh, event)
    if failures["status"] == "told":
        return {"mailed": False, "reason": "told before"}
    # Of failures at the same time, the one that was kept first is told; unless its run has come to nothing.
    is_first = failures["data"]["failures"][0]["event"] == event["id"]
    if not is_first and datetime.now(UTC) - parse(failures["creationTimestamp"]) < GIVEN_UP:
        return {"mailed": False, "reason": "another run tells"}
    hour = rql.eq("data.hour", failures["data"]["hour"]).eq("status", "told")
    told = exh.data.documents.find(SCHEMA, hour.limit(1)).total or 0
    if told >= MOST_MAILS:
        logger.warning("not telling: enough mails in this hour", extra={"document_id": failures["id"]})
        return {"mailed": False, "reason": "enough mails in this hour"}
    sent = rql.eq("template_name", TEMPLATE).eq("content.failuresId", failures["id"])
    mailed = exh.mails.find_first(sent) is None
    if mailed:
        content = {"failuresId": failures["id"], "taskId": event["content"]["id"], **group_of(event)}
        content["last"] = told + 1 == MOST_MAILS
        exh.mails.send(recipients={"to": list(recipients)}, template_name=TEMPLATE, content=content)
        logger.info("mailed", extra={"document_id": failures["id"]})
    try:
        exh.data.documents.transition(SCHEMA, failures["id"], name="mark-as-told", rql=rql.eq("status", "open"))
    except ResourceUnknownError:
        logger.info("marked by another run", extra={"document_id": failures["id"]})
    return {"mailed": mailed, **({} if mailed else {"reason": "told before"})}


def _keep(exh: ExtraHorizon, event: Mapping[str, Any]) -> Document:
    """Return the document of this kind of failure in this hour, as it is with this one in it."""
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
    """Return the key of failures that are reported together; the hour is in UTC."""
    error = event["content"].get("error") or {}
    # Its moment is not documented for every event; then it has only just happened.
    happened = parse(event["creation_timestamp"]) if "creation_timestamp" in event else datetime.now(UTC)
    return {
        "functionName": event["content"]["functionName"],
        # A timeout has no name.
        "errorName": error.get("name") or error.get("type") or "unknown",
        "hour": happened.replace(minute=0, second=0, microsecond=0).strftime("%Y-%m-%dT%H:00Z"),
    }
