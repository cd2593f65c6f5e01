"""`/_dev/api/functions`: what can run, what starts it, how it went last; and running it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.platform.data.collections import SCHEMAS
from exh_dev.platform.events import events
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.tasks import built_in
from exh_dev.platform.tasks.records import FUNCTIONS, OWN_FUNCTIONS, create_task
from exh_dev.platform.tasks.schedules import SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

#: What a manifest says that a function's record on the platform says otherwise, or not at all.
_FROM_RECORD = {"timeLimit": "timeout", "memoryLimit": "memory", "entryPoint": "handler", "runtime": "runtime"}


def routes(base: str, context: Context, *, clock: Clock) -> list[Route]:
    """List, look at, and run functions."""

    async def find(_: Request) -> JsonAnswer:
        return JsonAnswer({"data": _functions(context)})

    async def show(request: Request) -> JsonAnswer:
        function = _function(request, context)
        name = function["name"]
        samples = await asyncio.to_thread(context.project.events, name) if context.project else []
        return JsonAnswer({**function, "events": samples})

    async def invoke(request: Request) -> JsonAnswer:
        """Run it, or with `queued` make a task of it, which the queue runs and its policy retries."""
        name = request.path_params["name"]
        on_platform = context.record_of(name) is not None
        fields = await read_json(request)
        if "event" not in fields.members:
            raise ErrorAnswer(14, "The field event is required")
        event = fields.members["event"]
        if fields.value("seeded") and context.project:
            try:
                await asyncio.to_thread(context.project.seed, name)
            except DevkitError as error:
                raise ErrorAnswer(26, str(error)) from None
        if fields.value("queued"):
            if not on_platform:
                raise ErrorAnswer(27, f"{name} is for AWS alone; the platform's queue does not run it")
            return JsonAnswer({"task_id": _queued(context, name, event, clock())}, 202)
        return JsonAnswer({"id": context.begin(name, event).record["id"]}, 202)

    return [
        Route(f"{base}/functions", find, methods=["GET"]),
        Route(f"{base}/functions/{{name}}", show, methods=["GET"]),
        Route(f"{base}/functions/{{name}}/invoke", invoke, methods=["POST"]),
    ]


def _queued(context: Context, name: str, event: Any, now: float) -> str:
    """Return the id of a task with an event's data, which the queue runs."""
    data = event.get("data") if isinstance(event, dict) else None
    if data is not None and not isinstance(data, dict):
        raise ErrorAnswer(15, "A task's data is an object")
    details = context.details()
    task = create_task(
        context.store,
        function_name=name,
        data=data,
        now=now,
        created_by_user_id=details["user_id"],
        created_by_application_id=details["application_id"],
    )
    return str(task["id"])


def _function(request: Request, context: Context) -> dict[str, Any]:
    wanted = request.path_params["name"]
    found = next((each for each in _functions(context) if each["name"] == wanted), None)
    if found is None:
        raise ErrorAnswer(16, f"There is no function {wanted}")
    return found


def _functions(context: Context) -> list[dict[str, Any]]:
    """List all functions: the project's in the manifest's order, then uploaded ones, then built-in ones."""
    store = context.store
    records = {each["name"]: each for each in store.matching(OWN_FUNCTIONS, EVERYTHING)}
    uploaded = {each["name"]: each for each in store.matching(FUNCTIONS, EVERYTHING)}
    described = {each["name"]: each for each in context.project.functions()} if context.project else {}
    problems = context.project.problems() if context.project else []
    triggers: dict[str, list[dict[str, Any]]] = {}
    for name, trigger in _triggers(store):
        triggers.setdefault(name, []).append(trigger)
    found = []
    for name in dict.fromkeys([*described, *records, *uploaded, *built_in.RECORDS]):
        record = uploaded.get(name) or records.get(name) or built_in.RECORDS.get(name)
        source = "uploaded" if name in uploaded else "project" if name in described or name in records else "platform"
        about = described.get(name, {}) if source == "project" else {}
        workers, idle = context.runner.workers(record) if record else (0, 0)
        found.append({
            **(_of_record(record) if record else {}),
            **about,
            "name": name,
            "source": source,
            "hides_project": name in uploaded and name in records,
            "triggers": [*about.get("triggers", []), *triggers.get(name, [])],
            "workers": {"all": workers, "idle": idle},
            "problems": [each for each in problems if name in each["functions"]],
            "last": context.runner.runs.newest(name),
        })  # fmt: skip
    return found


def _of_record(record: Document) -> dict[str, Any]:
    shown = {ours: record[theirs] for theirs, ours in _FROM_RECORD.items()}
    return {
        "description": record.get("description", ""),
        "targets": ["exh"],
        **shown,
        "retry_policy": record["retryPolicy"],
        "execution_permission": record["executionOptions"]["permissionMode"],
        "priority": record["executionOptions"].get("defaultPriority", 0),
        "variables": sorted(record["environmentVariables"]),
        "enabled": record["enabled"],
    }


def _triggers(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the triggers of functions that exist on the platform now."""
    for schema in store.matching(SCHEMAS, EVERYTHING):
        for transition in (schema["creationTransition"], *schema["transitions"]):
            for key in ("actions", "afterActions"):
                for action in transition.get(key, ()):
                    if action["type"] == "task":
                        name = transition.get("name", "creation")
                        yield action["functionName"], {"type": "transition", "schema": schema["name"], "name": name}
    for dispatcher in store.matching(events.DISPATCHERS, EVERYTHING):
        for action in dispatcher["actions"]:
            if action["type"] == "task":
                yield action["functionName"], {"type": "dispatcher", "event": dispatcher["eventType"]}
    for schedule in store.matching(SCHEDULES, EVERYTHING):
        about = {"interval": schedule["interval"], "next": schedule["nextTimestamp"]}
        yield schedule["functionName"], {"type": "schedule", **about}
