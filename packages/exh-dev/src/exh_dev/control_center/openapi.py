"""The OpenAPI description of `/_dev/api`."""

from __future__ import annotations

from typing import Any

import extrahorizon
from exh_dev.control_center.openapi_calls import CALL_SCHEMAS

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
    **CALL_SCHEMAS,
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
