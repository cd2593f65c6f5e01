"""The OpenAPI description of `/_dev/api`."""

from __future__ import annotations

from typing import Any

import extrahorizon

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_OBJECT: dict[str, Any] = {"type": "object"}

_RUN_MEMBERS = {
    "id": {**_TEXT, "description": "Later runs have greater ids."},
    "function": _TEXT,
    "kind": {**_TEXT, "enum": ["task", "direct", "api", "queue", "invoke"]},
    "trigger": {**_TEXT, "enum": ["task", "retry", "transition", "dispatcher", "direct", "api", "queue"]},
    "status": {**_TEXT, "enum": ["running", "OK", "FAILED"]},
    "failure": {**_TEXT, "description": "The error's name and message; empty when there is none."},
    "request_id": {**_TEXT, "description": "Lambda's, of this invocation."},
    "task_id": {**_TEXT, "description": "The platform's, of the task."},
    "chain": {**_TEXT, "description": "The same for all attempts at a task."},
    "attempt": {**_NUMBER, "minimum": 1},
    "again": {**_TEXT, "description": "The run that this one repeats."},
    "trace": {**_TEXT, "description": "The same for all that one thing set off: the first run's id, or a request's."},
    "caused_by_call": {**_NUMBER, "description": "The number of the call of that run which set this one off."},
    "event_id": {**_TEXT, "description": "The event that a dispatcher passed on to it."},
    "event_type": {**_TEXT, "description": "That event's type."},
    "caused_by": {**_TEXT, "description": "The run whose call, or whose failure, set this one off."},
    "started": {**_TEXT, "format": "date-time"},
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
    "memory_mb": {**_NUMBER, "description": "The most its worker was seen to use."},
    "platform_calls": _NUMBER,
    "fresh": {"type": "boolean", "description": "True where it was on a platform of its own."},
}
_SCHEMAS: dict[str, Any] = {
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
        "properties": {"timestamp": {**_TEXT, "format": "date-time"}, "text": _TEXT},
        "required": ["timestamp", "text"],
    },
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
    "Function": {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "source": {**_TEXT, "description": "project, uploaded or platform"},
            "hides_project": {"type": "boolean", "description": "Whether it runs instead of the project's own code."},
        },
        "required": ["name", "source", "hides_project"],
    },
    "Mail": {"type": "object", "properties": {"id": _TEXT, "subject": _TEXT}, "required": ["id", "subject"]},
    "Fault": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "name": _TEXT, "message": _TEXT},
        "required": ["name", "message"],
    },
}


def description() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The local control center",
            "version": extrahorizon.__version__,
            "description": "What the page at /_dev/ shows, for programs. It answers this machine alone, and needs no "
            "credentials. Names are in snake_case; what the platform itself stores is in its own.",
        },
        "paths": _paths(),
        "components": {"schemas": _SCHEMAS},
    }


def _paths() -> dict[str, Any]:
    run, function, mail = "Run", "Function", "Mail"
    filters = [
        _query("function", "Of this function alone."),
        _query("status", "running, OK or FAILED."),
        _query("kind", "Who asked: task, direct, api, queue or invoke."),
        _query("trigger", "What started it."),
        _query("chain", "Attempts at the task with this id."),
        _query("trace", "Of this trace."),
        _query("from", "Begun at this timestamp or later."),
        _query("to", "Begun before this timestamp."),
        _query(
            "search",
            "Text in the id, request id, task id (their beginnings), function or error, whatever its case; of the "
            "latest 10,000 also in the event, the result or the log.",
        ),
        _query("sort", "started, -started (the newest first, which is usual), duration or -duration."),
        _query("before", "Those before the run with this id, in ascending order: the next page of a descending one."),
        _query("after", "Those after the run with this id, in ascending order."),
        _query("limit", "How many; 50 unless it says.", _NUMBER),
        _query("offset", "How many to leave out before them; before and after are faster.", _NUMBER),
    ]
    whole = _query("full", "false: its record alone, as lists have it.")
    event = {"event": {"description": "What the function gets; any JSON value."}}
    invocation = {
        **event,
        "queued": {"type": "boolean", "description": "As a task of the queue, with the event's data."},
        "seeded": {"type": "boolean", "description": "After its seed has been put on the platform."},
    }
    started = _object({"id": {**_TEXT, "description": "The run."}, "task_id": {**_TEXT, "description": "The task."}})
    listed = _object(
        {
            "total": _NUMBER,
            "total_is_exact": {"type": "boolean", "description": "False where there may be more: total is the least."},
            "data": {"type": "array", "items": _ref(run)},
        },
        "total",
        "data",
    )
    many = {
        **dict.fromkeys(("function", "kind", "trigger", "chain", "trace", "from", "to", "search"), _TEXT),
        "status": {**_TEXT, "enum": ["OK", "FAILED"], "description": "FAILED unless it says."},
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "description": "Refused if more match; 100 usually.",
        },
    }
    replayed = _object(
        {
            "replayed": {"type": "array", "items": _object({"of": _TEXT, "id": _TEXT}, "of", "id")},
            "skipped": {"type": "array", "items": _object({"of": _TEXT, "reason": _TEXT}, "of", "reason")},
        },
        "replayed",
        "skipped",
    )
    every = ("get", "post", "put", "patch", "delete")
    served = _object({"url": _TEXT, "project": _TEXT, "retention": _ref("Retention")})
    return {
        "/_dev/api": {"get": _operation("What is served", served)},
        "/_dev/api/functions": {"get": _operation("List functions", _list(function))},
        "/_dev/api/functions/{name}": {"get": _operation("A function with its sample events", _ref(function), "name")},
        "/_dev/api/functions/{name}/invoke": {
            "post": _operation("Run a function", started, "name", body=_object(invocation, "event"), status="202")
        },
        "/_dev/api/runs": {
            "get": _operation("List runs, the newest first", listed, parameters=filters),
            "post": _operation("Take over a run of a fresh platform", started, body=_ref("RunInFull"), status="201"),
        },
        "/_dev/api/runs/{id}": {"get": _operation("A run in full", _ref("RunInFull"), "id", parameters=[whole])},
        "/_dev/api/runs/{id}/calls/{number}": {
            "get": _operation(
                "A call with its bodies", _ref("WholeCall"), "id", parameters=[_in_path("number", _NUMBER)]
            )
        },
        "/_dev/api/runs/replay": {
            "post": _operation("Run many again, each with its own event", replayed, body=_object(many), status="202")
        },
        "/_dev/api/traces/{id}": {
            "get": _operation("All that was set off with a run, a task, an event or a request", _ref("Trace"), "id")
        },
        "/_dev/api/runs/{id}/replay": {
            "post": _operation(
                "Run it again", started, "id", body=_object(event), status="202", is_body_required=False
            )
        },
        "/_dev/api/calls/{request_id}": {"get": _operation("What an invocation called", _list("Call"), "request_id")},
        "/_dev/api/mails": {
            "get": _operation(
                "List mails, the newest first", _list(mail), parameters=[_query("search", "Text anywhere in the mail.")]
            )
        },
        "/_dev/api/mails/{id}": {"get": _operation("A mail", _ref(mail), "id")},
        "/_dev/api/mails/{id}/body": {"get": _operation("Its body as mail programs show it", None, "id")},
        "/_dev/api/mails/{id}/attachments/{number}": {
            "get": _operation("An attachment", None, "id", parameters=[_in_path("number", _NUMBER)])
        },
        "/_dev/api/documents/{id}/history": {
            "get": _operation("What happened to a document, newest first", _object({"data": {"type": "array"}}), "id")
        },
        "/_dev/api/refusals": {
            "get": _operation("Calls that were refused, the newest first", _object({"data": {"type": "array"}}))
        },
        "/_dev/api/users/{id}/permissions": {
            "get": _operation("What a user may do", _object({"data": _OBJECT}), "id")
        },
        "/_dev/api/credentials": {"get": _operation("How to connect, secrets included", _OBJECT)},
        "/_dev/api/changes": {"get": _operation("Server-sent events about what changes", None)},
        "/_dev/api/openapi.json": {"get": _operation("This description", _OBJECT)},
        "/_dev/api/platform/{path}": {
            verb: _operation("Any endpoint of the platform, as its first user", None, "path") for verb in every
        },
    }  # fmt: skip


def _operation(
    summary: str,
    answer: dict[str, Any] | None,
    *in_path: str,
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    status: str = "200",
    is_body_required: bool = True,
) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": answer}}} if answer else {}
    refusal = {"content": {"application/json": {"schema": _ref("Fault")}}}
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": [*(_in_path(name, _TEXT) for name in in_path), *(parameters or [])],
        "responses": {status: {"description": summary, **content}, "default": {"description": "A refusal", **refusal}},
    }
    if body:
        found["requestBody"] = {"required": is_body_required, "content": {"application/json": {"schema": body}}}
    return found


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> dict[str, Any]:
    return _object({"total": _NUMBER, "data": {"type": "array", "items": _ref(name)}}, "data")


def _object(members: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": members, **({"required": list(required)} if required else {})}


def _query(name: str, meaning: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": meaning, "schema": schema or _TEXT}


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}
