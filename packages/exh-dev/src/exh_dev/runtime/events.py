"""Event builders for tests: a task with any trigger, a request to an API function, or a batch of a queue.

All defaults are fixed, so that a builder returns the same event each time.
"""

from __future__ import annotations

import base64
import json as json_codec
from hashlib import md5
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TASK_ID = "6968c1b48ab34b7d6e6547f0"
RETRY_ID = "6968c22edc6db9e217d59b4f"
EVENT_ID = "6968c27029c638eee478c90c"
SCHEMA_ID = "67c81290fe7042cb74a5576f"
DOCUMENT_ID = "6968c223f7f029ecb98abe97"
USER_ID = "68498c63b1b0b8de8a6228f6"
APPLICATION_ID = "67c6b6844013589e0c8f274a"
_QUEUED, _BEGUN = "2026-01-15T10:30:12.104Z", "2026-01-15T10:30:13.482Z"
_QUEUED_MS = 1768473012104


def task_event(
    data: Mapping[str, Any] | None = None, *, function_name: str = "hello-world", **members: Any
) -> dict[str, Any]:
    """Return the event of a queued task.

    Args:
        data: the task's data; None leaves it out, as callers may.
        function_name: the task name of the function.
        members: members to set or replace, such as `priority=5` or `tags=["nightly"]`.

    **A task with data and tags**

        >>> event = task_event({"name": "Ada"}, tags=["nightly"])
        >>> event["functionName"], event["data"], event["tags"]
        ('hello-world', {'name': 'Ada'}, ['nightly'])
    """
    event = {
        "id": TASK_ID,
        "functionName": function_name,
        "status": "inProgress",
        "statusChangedTimestamp": _BEGUN,
        "startTimestamp": _QUEUED,
        "priority": 0,
        "createdByApplicationId": APPLICATION_ID,
        "createdByUserId": USER_ID,
        "creationTimestamp": _QUEUED,
        "updateTimestamp": _BEGUN,
    }
    return {**event, **({} if data is None else {"data": dict(data)}), **members}


def transition_event(
    data: Mapping[str, Any] | None = None,
    *,
    schema_id: str = SCHEMA_ID,
    document_id: str = DOCUMENT_ID,
    **members: Any,
) -> dict[str, Any]:
    """Return the event of a task that a document's transition started.

    Args:
        data: data of the transition's action.
        schema_id: schema of the document.
        document_id: the document.
        members: members to set or replace, as in `task_event`.

    **A transition of a document**

        >>> transition_event({"limit": 120}, document_id="6968c223f7f029ecb98abe97")["data"]
        {'limit': 120, 'schemaId': '67c81290fe7042cb74a5576f', 'documentId': '6968c223f7f029ecb98abe97'}
    """
    return task_event({**(data or {}), "schemaId": schema_id, "documentId": document_id}, **members)


def dispatcher_event(
    event_type: str, content: Mapping[str, Any], data: Mapping[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    """Return the event of a task that a dispatcher started.

    Args:
        event_type: type of the dispatched event, such as `user_deleted`.
        content: content of the dispatched event, with names in snake_case.
        data: data of the dispatcher's action.
        members: members to set or replace, as in `task_event`.

    **An event of the user service**

        >>> data = dispatcher_event("user_deleted", {"user_id": "57f3f2a1"}, {"reason": "account"})["data"]
        >>> data["reason"], data["event"]["type"], data["event"]["content"]
        ('account', 'user_deleted', {'user_id': '57f3f2a1'})
    """
    event = {"id": EVENT_ID, "type": event_type, "content": dict(content), "creation_timestamp": _QUEUED_MS}
    return task_event({**(data or {}), "event": event}, **members)


def retry_event(event: Mapping[str, Any], *, task_id: str = RETRY_ID) -> dict[str, Any]:
    """Return the event of the next attempt of a failed task: with a new id, and the ids of earlier attempts.

    **The second attempt**

        >>> first = task_event({"name": "Ada"})
        >>> second = retry_event(first)
        >>> second["data"], second["retryForTaskIds"] == [first["id"]]
        ({'name': 'Ada'}, True)
    """
    return {**event, "id": task_id, "retryForTaskIds": [*event.get("retryForTaskIds", ()), event["id"]]}


def queue_event(tasks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return an SQS batch with one task in each message.

    Args:
        tasks: the tasks, from `task_event({...})`; only their `id` and `data` are sent.

    **A batch of two messages**

        >>> batch = queue_event([task_event({"n": 1}), task_event({"n": 2}, id="6968c22edc6db9e217d59b4f")])
        >>> for record in batch["Records"]:
        ...     print(record["body"])
        {"id":"6968c1b48ab34b7d6e6547f0","data":{"n":1}}
        {"id":"6968c22edc6db9e217d59b4f","data":{"n":2}}
    """
    return {"Records": [_record(number, task) for number, task in enumerate(tasks)]}


def _record(number: int, task: Mapping[str, Any]) -> dict[str, Any]:
    body = json_codec.dumps({name: task[name] for name in ("id", "data") if name in task}, separators=(",", ":"))
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-{number:012x}",
        "receiptHandle": f"AQEB{number:04}wJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(_QUEUED_MS),
            "SenderId": "AROAEXAMPLE:sender",
            "ApproximateFirstReceiveTimestamp": str(_QUEUED_MS + 206),
        },
        "messageAttributes": {},
        "md5OfBody": md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:work-queue",
        "awsRegion": "eu-central-1",
    }


def api_event(
    method: str = "GET",
    path: str = "/",
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    body: str | bytes | None = None,
    base64_encoded: bool = False,
    user_id: str | None = USER_ID,
) -> dict[str, Any]:
    """Return a request to an API function.

    Args:
        method: HTTP method.
        path: the part of the URL after the function's name.
        query: the query string without its question mark, which the platform adds.
        headers: further headers; names become lower case.
        json: a body to send as JSON.
        body: a raw body; bytes arrive in base64.
        base64_encoded: send a string body in base64 too, as the platform may at any time.
        user_id: the caller; None for a call without credentials.

    **A request with JSON**

        >>> event = api_event("POST", "/visits", query="clinic=north", json={"day": "2026-01-15"})
        >>> event["requestContext"]["http"]["method"], event["rawPath"], event["rawQueryString"]
        ('POST', '/visits', '?clinic=north')
        >>> event["body"]
        '{"day": "2026-01-15"}'
    """
    sent = {"host": "api.dev.example.extrahorizon.io", "user-agent": "test"}
    if user_id is not None:
        sent |= {"x-exh-requesting-user-id": user_id, "x-exh-requesting-application-id": APPLICATION_ID}
    if json is not None:
        body, sent["content-type"] = json_codec.dumps(json), "application/json"
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": f"?{query}" if query else "",
        "headers": {**sent, **{name.lower(): value for name, value in (headers or {}).items()}},
        "requestContext": {"http": {"method": method}},
        "isBase64Encoded": isinstance(body, bytes) or (base64_encoded and body is not None),
    }
    if body is not None:
        raw = body if isinstance(body, bytes) else body.encode()
        event["headers"].setdefault("content-length", str(len(raw)))
        event["body"] = base64.b64encode(raw).decode() if event["isBase64Encoded"] else body
    return event
