"""The JSON Schema of what a function gets, by what starts it: what an editor completes and checks an event by."""

from __future__ import annotations

from typing import Any

_ID = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
_TIMESTAMP = {"type": "string", "format": "date-time"}
_STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
_TASK: dict[str, Any] = {
    "id": {**_ID, "description": "The task's id."},
    "functionName": {"type": "string"},
    "status": {"type": "string", "enum": ["inProgress"]},
    "statusChangedTimestamp": _TIMESTAMP,
    "startTimestamp": _TIMESTAMP,
    "priority": {"type": "integer"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "data": {"type": "object", "description": "What the task was made with."},
    "retryForTaskIds": {"type": "array", "items": _ID, "description": "The tasks that failed before this one."},
    "createdByApplicationId": _ID,
    "createdByUserId": _ID,
    "creationTimestamp": _TIMESTAMP,
    "updateTimestamp": _TIMESTAMP,
}
_REQUEST: dict[str, Any] = {
    "version": {"type": "string", "enum": ["2.0"]},
    "routeKey": {"type": "string"},
    "rawPath": {"type": "string", "description": "The path below the function's own."},
    "rawQueryString": {"type": "string"},
    "headers": _STRINGS,
    "queryStringParameters": _STRINGS,
    "requestContext": {
        "type": "object",
        "properties": {
            "http": {
                "type": "object",
                "properties": {
                    "method": {"type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                    "path": {"type": "string"},
                },
                "required": ["method"],
            },
        },
        "required": ["http"],
    },
    "body": {"type": "string"},
    "isBase64Encoded": {"type": "boolean"},
}
_OF_A_TRANSITION = {
    "schemaId": {**_ID, "description": "The schema of the document that moved."},
    "documentId": {**_ID, "description": "The document that moved."},
}
_MOST_DEPTH = 6


def event_schema(kind: str, samples: list[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a function's events.

    Args:
        kind: `task`, `api`, `event`, `schedule`, or `queue` for what SQS sends.
        samples: the function's sample events: the members of their data are named too.
    """
    if kind == "api":
        return {"type": "object", "properties": _REQUEST, "required": ["requestContext", "rawPath"]}
    if kind == "queue":
        record = {"type": "object", "properties": {"messageId": {"type": "string"}, "body": {"type": "string"}}}
        records = {"type": "array", "items": record}
        return {"type": "object", "properties": {"Records": records}, "required": ["Records"]}
    data = [each["data"] for each in samples if isinstance(each, dict) and isinstance(each.get("data"), dict)]
    shape = {**_TASK["data"], "properties": _members_of(data)}
    if kind == "event":
        shape["properties"] = {**_OF_A_TRANSITION, **shape["properties"]}
    return {"type": "object", "properties": {**_TASK, "data": shape}}


def _members_of(objects: list[dict[str, Any]], depth: int = 0) -> dict[str, Any]:
    """Return the properties that these objects have, each with the types that were seen."""
    seen: dict[str, list[Any]] = {}
    for each in objects:
        for name, value in each.items():
            seen.setdefault(name, []).append(value)
    return {name: _shape_of(values, depth) for name, values in seen.items()}


def _shape_of(values: list[Any], depth: int) -> dict[str, Any]:
    types = list(dict.fromkeys(_type_of(value) for value in values))
    shape: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    inner = [value for value in values if isinstance(value, dict)]
    if inner and depth < _MOST_DEPTH:
        shape["properties"] = _members_of(inner, depth + 1)
    return shape


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"
