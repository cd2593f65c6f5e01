"""The schemas of the OpenAPI description: runs, their calls and traces, functions and mails."""

from __future__ import annotations

from typing import Any

from exh_dev.control_center.openapi.parts import NUMBER, OBJECT, TEXT
from exh_dev.runtime.triggers import TRIGGERS

_RUN_MEMBERS = {
    "id": {**TEXT, "description": "Later runs have greater ids."},
    "function": TEXT,
    "kind": {**TEXT, "enum": ["task", "direct", "api", "queue", "invoke"]},
    "trigger": {**TEXT, "enum": list(TRIGGERS)},
    "status": {**TEXT, "enum": ["running", "OK", "FAILED"]},
    "failure": {**TEXT, "description": "The error's name and message; empty when there is none."},
    "request_id": {**TEXT, "description": "Lambda's, of this invocation."},
    "task_id": {**TEXT, "description": "The platform's, of the task."},
    "chain": {**TEXT, "description": "The same for all attempts at a task."},
    "attempt": {**NUMBER, "minimum": 1},
    "again": {**TEXT, "description": "The run that this one repeats."},
    "trace": {**TEXT, "description": "The same for all that one thing set off: the first run's id, or a request's."},
    "caused_by_call": {**NUMBER, "description": "The number of the call of that run which set this one off."},
    "event_id": {**TEXT, "description": "The event that a dispatcher passed on to it."},
    "event_type": {**TEXT, "description": "That event's type."},
    "caused_by": {**TEXT, "description": "The run whose call, or whose failure, set this one off."},
    "started": {**TEXT, "format": "date-time"},
    "duration_ms": {"type": "number", "description": "In the handler."},
    "init_ms": {"type": ["number", "null"], "description": "The cold start; null when the worker was warm."},
    "init": {
        "type": "object",
        "description": "What of the cold start is known: of what it was made, in milliseconds.",
        "properties": {
            "runtime_ms": {"type": "number", "description": "Until the language and its runtime client had started."},
            "import_ms": {"type": "number", "description": "In the function's module and all that it imports."},
        },
    },
    "waited_ms": {"type": "number", "description": "Until the handler began; less than init_ms when it was warmed."},
    "memory_mb": {**NUMBER, "description": "The most its worker was seen to use."},
    "platform_calls": NUMBER,
    "fresh": {"type": "boolean", "description": "True where it was on a platform of its own."},
}
SCHEMAS: dict[str, Any] = {
    "Run": {
        "type": "object",
        "properties": _RUN_MEMBERS,
        "required": ["id", "function", "kind", "trigger", "status", "chain", "attempt", "started"],
    },
    "RunInFull": {
        "allOf": [{"$ref": "#/components/schemas/Run"}],
        "type": "object",
        "properties": {
            "event": {"description": "What the function got."},
            "result": {"description": "What it returned."},
            "error": {"type": ["object", "null"], "description": "Lambda's error object."},
            "logs": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
            "calls": {"type": "array", "items": {"$ref": "#/components/schemas/Call"}},
            "attempts": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
            "cause": {"oneOf": [{"$ref": "#/components/schemas/Run"}, {"type": "null"}]},
            "set_off": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
            "in_full": {"type": "boolean", "description": "False where of a run that is old only its record is kept."},
        },
    },
    "Line": {
        "type": "object",
        "properties": {"timestamp": {**TEXT, "format": "date-time"}, "text": TEXT},
        "required": ["timestamp", "text"],
    },
    "Call": {
        "type": "object",
        "properties": {
            "timestamp": {**TEXT, "format": "date-time"},
            "method": TEXT,
            "number": {**NUMBER, "minimum": 1, "description": "Which call of its run it is, in the order they began."},
            "path": {**TEXT, "description": "Without its query; of a file's token with the file's id alone."},
            "query": {**TEXT, "description": "As it was sent; [redacted] if it contains a secret."},
            "rql": {
                "type": ["object", "null"],
                "description": "The query, read as RQL; null where it is none.",
                "properties": {
                    "text": TEXT,
                    "terms": {"type": "array", "items": {"$ref": "#/components/schemas/Term"}},
                },
            },
            "status": {**NUMBER, "description": "0 when there was no complete answer."},
            "request": {"$ref": "#/components/schemas/Message"},
            "answer": {"$ref": "#/components/schemas/Message"},
            "error": {
                "type": "object",
                "description": "An error's answer, and under check what was not the case where it is a refusal.",
                "properties": {
                    "code": {"type": "integer"},
                    "name": TEXT,
                    "message": TEXT,
                    "check": {"type": "object"},
                },
            },
            "checks": {"type": "array", "items": {"$ref": "#/components/schemas/Check"}},
            "schema": {"type": "object", "description": "Of documents.", "properties": {"id": TEXT, "name": TEXT}},
            "changes": {
                "type": "array",
                "description": "What the call created, changed or deleted.",
                "items": {"$ref": "#/components/schemas/Change"},
            },
            "more_changes": {**NUMBER, "description": "How many changes there are beyond those."},
            "transitions": {"type": "array", "items": {"$ref": "#/components/schemas/Move"}},
            "duration_ms": {"type": "number"},
            "attempt": {**NUMBER, "minimum": 1},
            "waited_ms": {"type": ["integer", "null"], "description": "Since the attempt before it."},
        },
        "required": ["timestamp", "method", "path", "status", "duration_ms", "attempt"],
    },
    "WholeCall": {
        "allOf": [{"$ref": "#/components/schemas/Call"}],
        "type": "object",
        "description": "A call with the bodies of its request and its answer.",
        "properties": {"run": TEXT},
    },
    "Message": {
        "type": "object",
        "properties": {
            "headers": {**OBJECT, "description": "Of a request, those that say how it is meant; never Authorization."},
            "type": {"type": ["string", "null"], "description": "The content type."},
            "size": {**NUMBER, "description": "Bytes of the body."},
            "unread": {"type": "boolean", "description": "True where it was answered before its body was read."},
            "body": {
                "type": "object",
                "description": "In a complete call: json, or text; neither for binary data. Without secrets.",
                "properties": {
                    "json": {"description": "Any JSON value; a form as an object."},
                    "text": TEXT,
                    "cut": {"type": "boolean", "description": "True where it is only the beginning."},
                    "left_out": {"type": "boolean", "description": "True where its run has too many bodies."},
                },
            },
        },
    },
    "Term": {
        "type": "object",
        "properties": {
            "operator": TEXT,
            "field": TEXT,
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
            "permission": {**TEXT, "description": "NAME, or NAME:schema where it was narrowed."},
            "outcome": {
                **TEXT,
                "enum": ["globally", "by group", "own data", "refused"],
                "description": "own data: not held, and not needed for what is the caller's own or open to all.",
            },
            "groups": {"type": "array", "items": TEXT, "description": "That grant it."},
        },
        "required": ["permission", "outcome"],
    },
    "Change": {
        "type": "object",
        "properties": {
            "kind": {**TEXT, "description": "document, user, file, mail, task, event, …"},
            "id": TEXT,
            "change": {**TEXT, "enum": ["created", "changed", "deleted"]},
            "name": TEXT,
            "schema": {**TEXT, "description": "The name of a document's schema."},
            "transition": {**NUMBER, "description": "Inside of which of the transitions it was made, from 0."},
        },
        "required": ["kind", "id", "change"],
    },
    "Move": {
        "type": "object",
        "description": "A transition that a call made.",
        "properties": {
            "document_id": TEXT,
            "schema": TEXT,
            "name": TEXT,
            "before": {"type": ["string", "null"]},
            "after": TEXT,
            "timestamp": {**TEXT, "format": "date-time"},
        },
    },
    "Trace": {
        "type": "object",
        "properties": {
            "id": TEXT,
            "started": {"type": ["string", "null"]},
            "ended": {"type": ["string", "null"]},
            "runs": NUMBER,
            "failed": NUMBER,
            "cut": {"type": "boolean", "description": "Whether there is more than this."},
            "nodes": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
        "required": ["id", "nodes"],
    },
    "Node": {
        "type": "object",
        "properties": {
            "id": TEXT,
            "parent": {"type": ["string", "null"], "description": "The previous item."},
            "kind": {**TEXT, "enum": ["request", "run", "call", "transition", "task", "event", "mail"]},
            "label": {**TEXT, "description": "For people."},
            "name": {**TEXT, "description": "The function, the path, the transition, the type of the event."},
            "started": {**TEXT, "format": "date-time"},
            "ended": {"type": ["string", "null"]},
            "status": {**TEXT, "enum": ["running", "waiting", "OK", "FAILED"]},
            "detail": {"type": ["string", "null"], "description": "The HTTP status, the task's status, the error."},
            "ref": {**OBJECT, "description": "Ids of what it is: run, call, task, document, schema, event, mail."},
        },
        "required": ["id", "parent", "kind", "label", "started", "status", "ref"],
    },
    "Retention": {
        "type": "object",
        "properties": {
            "runs": NUMBER,
            "most_runs": NUMBER,
            "bytes": {**NUMBER, "description": "Of events, results, logs and calls."},
            "most_bytes": NUMBER,
            "oldest": {"type": ["string", "null"], "description": "When the oldest run began."},
            "oldest_in_full": {"type": ["string", "null"], "description": "And the oldest with its details."},
        },
    },
    "Function": {
        "type": "object",
        "properties": {
            "name": TEXT,
            "source": {**TEXT, "description": "project, uploaded or platform"},
            "hides_project": {"type": "boolean", "description": "Whether it runs instead of the project's own code."},
        },
        "required": ["name", "source", "hides_project"],
    },
    "Mail": {"type": "object", "properties": {"id": TEXT, "subject": TEXT}, "required": ["id", "subject"]},
    "Fault": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "name": TEXT, "message": TEXT},
        "required": ["name", "message"],
    },
}
