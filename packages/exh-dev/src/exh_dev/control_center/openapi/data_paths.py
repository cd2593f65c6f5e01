"""The paths of the overview, the queue, documents, users and their permissions, sample events and the search."""

from __future__ import annotations

from typing import Any

from exh_dev.control_center.openapi.parts import NUMBER, OBJECT, TEXT, in_query, object_of, operation

_ARRAY: dict[str, Any] = {"type": "array", "items": OBJECT}
_TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
_MADE = object_of({"id": TEXT}, "id")
_FLAG = {"type": "boolean"}


def paths() -> dict[str, Any]:
    """Return the operations by path and method."""
    return {
        "/_dev/api/overview": {"get": operation("What went on in the last hour, and what there is", _OVERVIEW)},
        "/_dev/api/search": {
            "get": operation(
                "Find things by id, or by words in their names",
                object_of({"data": {"type": "array", "items": _RESULT}}, "data"),
                parameters=[in_query("q", "What is searched for; at most 200 characters.")],
            )
        },
        "/_dev/api/queue": {
            "get": operation(
                "Tasks in the queue by state, those that ended last, and schedules",
                _QUEUE,
                parameters=[in_query("limit", "Tasks of each state; 200 at most, which is usual.")],
            )
        },
        "/_dev/api/queue/tasks/{id}/start": {"post": operation("Start a task now", _MADE, "id", status="202")},
        "/_dev/api/queue/schedules/{id}/run": {
            "post": operation("Create the next task of a schedule now", _MADE, "id", status="202")
        },
        "/_dev/api/documents/{id}/history": {
            "get": operation(
                "What happened to a document, the newest first, with its data after each change",
                object_of({"data": _ARRAY}, "data"),
                "id",
            )
        },
        "/_dev/api/documents/{id}/transitions": {
            "get": operation(
                "Each transition of a document's schema, and why it cannot be made now",
                object_of({"data": {"type": "array", "items": _TRANSITION}}, "data"),
                "id",
            )
        },
        "/_dev/api/documents/{id}/related": {"get": operation("Records related to a document", _RELATED, "id")},
        "/_dev/api/users/{id}/permissions": {"get": operation("What a user may do", object_of({"data": OBJECT}), "id")},
        "/_dev/api/users/{id}/permissions/{name}": {
            "get": operation("By which roles a user has a permission, and which would give it", _WHY, "id", "name")
        },
        "/_dev/api/users/{id}/credentials": {
            "post": operation("Make an OAuth1 token of a user", OBJECT, "id", status="201")
        },
        "/_dev/api/groups": {
            "get": operation(
                "Every group, with its roles and how many staff and patients it has",
                object_of({"data": _ARRAY}, "data"),
            )
        },
        "/_dev/api/permissions": {
            "get": operation("Every permission, with the roles that have it", object_of({"data": _ARRAY}, "data"))
        },
        "/_dev/api/permissions/{name}/holders": {
            "get": operation("Who has a permission, by which role", object_of({"data": _ARRAY}, "data"), "name")
        },
        "/_dev/api/functions/{name}/event-schema": {
            "get": operation("The JSON Schema of a function's events", OBJECT, "name")
        },
        "/_dev/api/functions/{name}/events": {
            "post": operation(
                "Keep an event as a sample event of the project",
                object_of({"file": TEXT}, "file"),
                "name",
                body=object_of({"case": TEXT, "event": {}, "replace": _FLAG}, "case", "event"),
                status="201",
            )
        },
        "/_dev/api/previews": {
            "post": operation(
                "Keep HTML for a while, to be shown in a frame", _MADE, body=object_of({"html": TEXT}, "html"),
                status="201",
            )
        },
        "/_dev/api/previews/{id}": {"get": operation("That HTML, sandboxed", None, "id")},
    }  # fmt: skip


_TALLY = {"runs": NUMBER, "failed": NUMBER}
_MS = {"type": ["number", "null"]}
_OVERVIEW = object_of(
    {
        "minutes": {"type": "array", "items": object_of({"timestamp": TEXT, **_TALLY})},
        "is_cut": {**_FLAG, "description": "Whether there were more runs than are counted."},
        "functions": {"type": "array", "items": object_of({"name": TEXT, **_TALLY, "p50_ms": _MS, "p95_ms": _MS})},
        "mails": _ARRAY,
        "counts": {**OBJECT, "description": "Of documents, users, files and mails; at most 10,000."},
        "reloads": {
            "type": "array",
            "items": object_of({"timestamp": TEXT, "files": _TEXTS, "problems": NUMBER}),
        },
    },
    "minutes",
    "functions",
)
_RESULT = object_of(dict.fromkeys(("kind", "id", "title", "subtitle", "href"), TEXT), "kind", "id", "title", "href")
_QUEUE = object_of(
    {
        "timestamp": TEXT,
        "most_at_once": NUMBER,
        "counts": object_of(dict.fromkeys(("running", "waiting", "retrying", "scheduled"), NUMBER)),
        "tasks": {**_ARRAY, "description": "As the platform stores them, with their state and attempt."},
        "ended": {**_ARRAY, "description": "Those that ended last, the latest first; 50 at most."},
        "schedules": _ARRAY,
    },
    "counts",
    "tasks",
    "ended",
    "schedules",
)
_TRANSITION = object_of(
    {
        "id": TEXT,
        "name": TEXT,
        "type": {**TEXT, "enum": ["manual", "automatic"]},
        "fromStatuses": _TEXTS,
        "toStatus": TEXT,
        "input": {"type": ["object", "null"], "description": "The JSON Schema that its data has to meet."},
        "obstacles": {**_TEXTS, "description": "Why it cannot be made now; empty where it can."},
    },
    "id",
    "name",
    "obstacles",
)
_RELATED = object_of(
    {"schema": TEXT, "runs": _TEXTS, **dict.fromkeys(("users", "tasks", "files", "mails"), _ARRAY)}, "schema"
)
_WHY = object_of(
    {
        "permission": TEXT,
        "known": {**_FLAG, "description": "Whether the platform knows a permission of this name."},
        "everywhere": _FLAG,
        "groups": {**_TEXTS, "description": "Where it counts."},
        "by": {**_ARRAY, "description": "The user's roles that grant it."},
        "would_give": {**_ARRAY, "description": "Other roles that grant it."},
    },
    "permission",
    "everywhere",
    "groups",
)
