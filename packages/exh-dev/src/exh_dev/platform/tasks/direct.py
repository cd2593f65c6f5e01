"""Direct execution: `/functions/{name}/execute` runs a function while the caller waits.

Assumed: at most five concurrent runs, separate from the queue; no retries; a failure is published as for any task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, parse_json, read_body
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks import lifecycle
from exh_dev.platform.tasks.entries import check_data
from exh_dev.platform.tasks.functions import function_of
from exh_dev.platform.tasks.records import TASKS
from exh_dev.platform.tasks.runner import MOST_DIRECT, NotInvocableError

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.runner import Runner

LONGEST = 30  # seconds that a function may take while a caller waits


def routes(base: str, store: Store, runner: Runner, *, clock: Clock) -> list[Route]:
    running = 0

    async def execute(request: Request) -> JsonAnswer:
        nonlocal running
        rights = rights_of(request, store)
        function = function_of(request, store)
        may_run(rights, function, "EXECUTE_TASK_FUNCTION")
        data = await _data(request)
        if function["timeLimit"] > LONGEST:
            raise ErrorAnswer(1404, f"The function's time limit is over the {LONGEST} seconds of direct execution")
        if running >= MOST_DIRECT:
            raise ErrorAnswer(1403, f"{MOST_DIRECT} functions are executed directly already; try again")
        task = _task(function, data, rights, now=clock())
        store.put(TASKS, task)
        running += 1
        try:
            result = await _outcome(store, runner, clock, task)
        finally:
            running -= 1
        return JsonAnswer({**task, "result": result})

    return [Route(f"{base}/functions/{{name}}/execute", execute, methods=["POST"])]


def may_run(rights: Rights, function: Document, permission: str) -> None:
    """Check that the caller may run the function now.

    Raises:
        ErrorAnswer: 104 or 10 for lack of rights, 27 when the function is disabled.
    """
    mode = function["executionOptions"]["permissionMode"]
    if mode == "permissionRequired":
        rights.require(permission, function["name"])
    elif mode == "allUsers":
        rights.require_user()
    if not function["enabled"]:
        raise ErrorAnswer(27, f"The function {function['name']} is disabled")


async def _outcome(store: Store, runner: Runner, clock: Clock, task: Document) -> object:
    """Return what the function of a task in progress returned; the task is complete then, or failed."""
    try:
        invocation = await lifecycle.attempt(store, runner, task, "direct")
    except NotInvocableError as failure:
        error = {"type": "invocation", "message": str(failure)}
        lifecycle.fail(store, task, error, now=clock())
        message = "The Lambda function could not be invoked."
        raise ErrorAnswer(1405, message, taskId=task["id"], runtimeError={"message": str(failure)}) from None
    if invocation.ok:
        lifecycle.change(store, task, "complete", now=clock())
        return invocation.result
    error = lifecycle.error_of(invocation)
    lifecycle.fail(store, task, error, now=clock())
    message = "Invoking the Lambda function resulted in a runtime error."
    raise ErrorAnswer(1406, message, taskId=task["id"], runtimeError=runtime_error(error))


def runtime_error(error: Document) -> Document:
    """Return a task's error for the answer."""
    return {name: error[name] for name in ("name", "message") if name in error}


def _task(function: Document, data: Document | None, rights: Rights, *, now: float) -> Document:
    stamp = iso(now)
    members = {
        "id": object_id(),
        "functionName": function["name"],
        "status": "inProgress",
        "statusChangedTimestamp": stamp,
        "data": data,
        "startTimestamp": stamp,
        "priority": 0,
        "createdByApplicationId": rights.application_id,
        "createdByUserId": rights.user_id,
        "creationTimestamp": stamp,
        "updateTimestamp": stamp,
    }
    return {name: value for name, value in members.items() if value is not None}


async def _data(request: Request) -> Document | None:
    body = await read_body(request)
    if not body.strip():
        return None
    members = parse_json(body)
    if not isinstance(members, dict):
        raise ErrorAnswer(22, "The request body is malformed: it must be a JSON object")
    data = Fields(members).optional_object("data")
    check_data(data)
    return data
