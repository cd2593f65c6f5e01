"""The paths of runs, calls, traces, functions and mails."""

from __future__ import annotations

from typing import Any

from exh_dev.control_center.openapi.parts import (
    NUMBER,
    OBJECT,
    TEXT,
    in_path,
    in_query,
    list_of,
    object_of,
    operation,
    ref,
)


def paths() -> dict[str, Any]:
    run, function, mail = "Run", "Function", "Mail"
    filters = [
        in_query("function", "Of this function alone."),
        in_query("status", "running, OK or FAILED."),
        in_query("kind", "Who asked: task, direct, api, queue or invoke."),
        in_query("trigger", "What started it."),
        in_query("chain", "Attempts at the task with this id."),
        in_query("trace", "Of this trace."),
        in_query("task_id", "Of this task."),
        in_query("event_id", "That a dispatcher started because of this event."),
        in_query("from", "Begun at this timestamp or later."),
        in_query("to", "Begun before this timestamp."),
        in_query(
            "search",
            "Text in the id, request id, task id (prefixes), function or error, ignoring case; for the latest 10,000 "
            "also in the event, result or log.",
        ),
        in_query("sort", "started, -started (the newest first, which is usual), duration or -duration."),
        in_query("before", "Those before the run with this id, in ascending order: the next page of a descending one."),
        in_query("after", "Those after the run with this id, in ascending order."),
        in_query("limit", "How many; 50 unless it says.", NUMBER),
        in_query("offset", "How many to leave out before them; before and after are faster.", NUMBER),
    ]
    full = in_query("full", "false: its record alone, as lists have it.")
    called = in_query("calls", "false: without its calls, of which there may be thousands.")
    event = {"event": {"description": "What the function gets; any JSON value."}}
    invocation = {
        **event,
        "queued": {"type": "boolean", "description": "As a task of the queue, with the event's data."},
        "seeded": {"type": "boolean", "description": "After its seed has been put on the platform."},
    }
    started = object_of({"id": {**TEXT, "description": "The run."}, "task_id": {**TEXT, "description": "The task."}})
    listed = object_of(
        {
            "total": NUMBER,
            "total_is_exact": {"type": "boolean", "description": "False where there may be more: total is the least."},
            "searched_since": {**TEXT, "description": "When the oldest run began that was searched, if not all were."},
            "data": {"type": "array", "items": ref(run)},
        },
        "total",
        "data",
    )
    many = {
        **dict.fromkeys(
            ("function", "kind", "trigger", "chain", "trace", "task_id", "event_id", "from", "to", "search"), TEXT
        ),
        "status": {**TEXT, "enum": ["OK", "FAILED"], "description": "FAILED unless it says."},
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "description": "Refused if more match; 100 usually.",
        },
    }
    replayed = object_of(
        {
            "replayed": {"type": "array", "items": object_of({"of": TEXT, "id": TEXT}, "of", "id")},
            "skipped": {"type": "array", "items": object_of({"of": TEXT, "reason": TEXT}, "of", "reason")},
        },
        "replayed",
        "skipped",
    )
    every = ("get", "post", "put", "patch", "delete")
    served = object_of({"url": TEXT, "project": TEXT, "retention": ref("Retention")})
    return {
        "/_dev/api": {"get": operation("What is served", served)},
        "/_dev/api/functions": {"get": operation("List functions", list_of(function))},
        "/_dev/api/functions/{name}": {"get": operation("A function with its sample events", ref(function), "name")},
        "/_dev/api/functions/{name}/invoke": {
            "post": operation("Run a function", started, "name", body=object_of(invocation, "event"), status="202")
        },
        "/_dev/api/runs": {
            "get": operation("List runs, the newest first", listed, parameters=filters),
            "post": operation("Take over a run of a fresh platform", started, body=ref("RunInFull"), status="201"),
        },
        "/_dev/api/runs/{id}": {"get": operation("A run in full", ref("RunInFull"), "id", parameters=[full, called])},
        "/_dev/api/runs/{id}/calls/{number}": {
            "get": operation(
                "A call with its bodies", ref("WholeCall"), "id", parameters=[in_path("number", NUMBER)]
            )
        },
        "/_dev/api/runs/replay": {
            "post": operation("Run many again, each with its own event", replayed, body=object_of(many), status="202")
        },
        "/_dev/api/traces/{id}": {
            "get": operation("All that was set off with a run, a task, an event or a request", ref("Trace"), "id")
        },
        "/_dev/api/runs/{id}/replay": {
            "post": operation(
                "Run it again", started, "id", body=object_of(event), status="202", is_body_required=False
            )
        },
        "/_dev/api/calls/{request_id}": {"get": operation("What an invocation called", list_of("Call"), "request_id")},
        "/_dev/api/mails": {
            "get": operation(
                "List mails, the newest first", list_of(mail), parameters=[in_query("search", "Text in the mail.")]
            )
        },
        "/_dev/api/mails/{id}": {"get": operation("A mail", ref(mail), "id")},
        "/_dev/api/mails/{id}/body": {"get": operation("Its body as mail programs show it", None, "id")},
        "/_dev/api/mails/{id}/attachments/{number}": {
            "get": operation("An attachment", None, "id", parameters=[in_path("number", NUMBER)])
        },
        "/_dev/api/refusals": {
            "get": operation("Calls that were refused, the newest first", object_of({"data": {"type": "array"}}))
        },
        "/_dev/api/credentials": {"get": operation("How to connect, secrets included", OBJECT)},
        "/_dev/api/changes": {"get": operation("Server-sent events about what changes", None)},
        "/_dev/api/openapi.json": {"get": operation("This description", OBJECT)},
        "/_dev/api/platform/{path}": {
            verb: operation("Any endpoint of the platform, as its first user", None, "path") for verb in every
        },
    }  # fmt: skip
