"""What the OpenAPI description of `/_dev/api` says of calls, of traces, and of how much is kept."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_OBJECT: dict[str, Any] = {"type": "object"}

CALL_SCHEMAS: dict[str, Any] = {
    "Call": {
        "type": "object",
        "properties": {
            "timestamp": {**_TEXT, "format": "date-time"},
            "method": _TEXT,
            "number": {**_NUMBER, "minimum": 1, "description": "Which call of its run it is, in the order they began."},
            "path": {**_TEXT, "description": "Without its query."},
            "query": {**_TEXT, "description": "As it was sent; [redacted] as a whole where a secret is in it."},
            "rql": {
                "type": ["object", "null"],
                "description": "The query, read as RQL; null where it is none.",
                "properties": {
                    "text": _TEXT,
                    "terms": {"type": "array", "items": {"$ref": "#/components/schemas/Term"}},
                },
            },
            "status": {**_NUMBER, "description": "0 when there was no whole answer."},
            "request": {"$ref": "#/components/schemas/Message"},
            "answer": {"$ref": "#/components/schemas/Message"},
            "error": {
                "type": "object",
                "description": "An error's answer, and under check what was not the case where it is a refusal.",
                "properties": {
                    "code": {"type": "integer"},
                    "name": _TEXT,
                    "message": _TEXT,
                    "check": {"type": "object"},
                },
            },
            "checks": {"type": "array", "items": {"$ref": "#/components/schemas/Check"}},
            "schema": {"type": "object", "description": "Of documents.", "properties": {"id": _TEXT, "name": _TEXT}},
            "changes": {
                "type": "array",
                "description": "What the call created, changed or deleted.",
                "items": {"$ref": "#/components/schemas/Change"},
            },
            "more_changes": {**_NUMBER, "description": "How many changes there are beyond those."},
            "transitions": {"type": "array", "items": {"$ref": "#/components/schemas/Move"}},
            "duration_ms": {"type": "number"},
            "attempt": {**_NUMBER, "minimum": 1},
            "waited_ms": {"type": ["integer", "null"], "description": "Since the attempt before it."},
        },
        "required": ["timestamp", "method", "path", "status", "duration_ms", "attempt"],
    },
    "WholeCall": {
        "allOf": [{"$ref": "#/components/schemas/Call"}],
        "type": "object",
        "description": "A call with the bodies of its request and its answer.",
        "properties": {"run": _TEXT},
    },
    "Message": {
        "type": "object",
        "properties": {
            "headers": {**_OBJECT, "description": "Of a request, those that say how it is meant; never Authorization."},
            "type": {"type": ["string", "null"], "description": "The content type."},
            "size": {**_NUMBER, "description": "Bytes of the body."},
            "unread": {"type": "boolean", "description": "True where it was answered before its body was read."},
            "body": {
                "type": "object",
                "description": "In a whole call: json, or text; neither for what is no text. Without secrets.",
                "properties": {
                    "json": {"description": "Any JSON value; a form as an object."},
                    "text": _TEXT,
                    "cut": {"type": "boolean", "description": "True where it is only the beginning."},
                    "left_out": {"type": "boolean", "description": "True where its run has too many bodies."},
                },
            },
        },
    },
    "Term": {
        "type": "object",
        "properties": {
            "operator": _TEXT,
            "field": _TEXT,
            "value": {},
            "fields": {"type": "array"},
            "values": {"type": "array"},
            "terms": {"type": "array", "items": {"$ref": "#/components/schemas/Term"}},
        },
        "required": ["operator"],
    },
    "Check": {
        "type": "object",
        "properties": {
            "permission": {**_TEXT, "description": "NAME, or NAME:schema where it was narrowed."},
            "outcome": {
                **_TEXT,
                "enum": ["globally", "by group", "own data", "refused"],
                "description": "own data: not held, and not needed for what is the caller's own or open to all.",
            },
            "groups": {"type": "array", "items": _TEXT, "description": "That grant it."},
        },
        "required": ["permission", "outcome"],
    },
    "Change": {
        "type": "object",
        "properties": {
            "kind": {**_TEXT, "description": "document, user, file, mail, task, event, …"},
            "id": _TEXT,
            "change": {**_TEXT, "enum": ["created", "changed", "deleted"]},
            "name": _TEXT,
            "schema": {**_TEXT, "description": "The name of a document's schema."},
            "transition": {**_NUMBER, "description": "Inside of which of the transitions it was made, from 0."},
        },
        "required": ["kind", "id", "change"],
    },
    "Move": {
        "type": "object",
        "description": "A transition that a call made.",
        "properties": {
            "document_id": _TEXT,
            "schema": _TEXT,
            "name": _TEXT,
            "before": {"type": ["string", "null"]},
            "after": _TEXT,
            "timestamp": {**_TEXT, "format": "date-time"},
        },
    },
    "Trace": {
        "type": "object",
        "properties": {
            "id": _TEXT,
            "started": {"type": ["string", "null"]},
            "ended": {"type": ["string", "null"]},
            "runs": _NUMBER,
            "failed": _NUMBER,
            "cut": {"type": "boolean", "description": "Whether there is more than this."},
            "nodes": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
        "required": ["id", "nodes"],
    },
    "Node": {
        "type": "object",
        "properties": {
            "id": _TEXT,
            "parent": {"type": ["string", "null"], "description": "It stands before this one."},
            "kind": {**_TEXT, "enum": ["request", "run", "call", "transition", "task", "event", "mail"]},
            "label": {**_TEXT, "description": "For people."},
            "name": {**_TEXT, "description": "The function, the path, the transition, the type of the event."},
            "started": {**_TEXT, "format": "date-time"},
            "ended": {"type": ["string", "null"]},
            "status": {**_TEXT, "enum": ["running", "waiting", "OK", "FAILED"]},
            "detail": {"type": ["string", "null"], "description": "The HTTP status, the task's status, the error."},
            "ref": {**_OBJECT, "description": "Ids of what it is: run, call, task, document, schema, event, mail."},
        },
        "required": ["id", "parent", "kind", "label", "started", "status", "ref"],
    },
    "Retention": {
        "type": "object",
        "properties": {
            "runs": _NUMBER,
            "most_runs": _NUMBER,
            "bytes": {**_NUMBER, "description": "Of events, results, logs and calls."},
            "most_bytes": _NUMBER,
            "oldest": {"type": ["string", "null"], "description": "When the oldest run began."},
            "oldest_in_full": {"type": ["string", "null"], "description": "And the oldest with its details."},
        },
    },
}
