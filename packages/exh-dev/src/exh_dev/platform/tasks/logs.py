"""Logs of functions, one record for each line, and their endpoints.

The lines are those of CloudWatch Logs, START, END and REPORT included. They are stored after each invocation.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.listing import query_of
from exh_dev.platform.storage.rql import RqlError, Term, Word, parse
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_seconds, iso
from exh_dev.platform.tasks.records import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.runtime import Invocation

TASK_LOGS, API_LOGS = "task_logs", "api_request_logs"
_OF = "{collection}_of"  # the index of a collection by what its lines are of: left to itself, SQLite reads all of them
_OF_FUNCTION = "task_logs_function"
API_REQUESTS = "api_requests"
_PAGE = 100  # lines
_LONGEST_SPAN = 24 * 60 * 60  # time span of one query, in seconds


def routes(base: str, store: Store) -> list[Route]:
    """Return the endpoints that show log lines."""
    for collection in (TASK_LOGS, API_LOGS):
        store.index(_OF.format(collection=collection), collection, [member("of"), member("timestamp")])
    store.index(_OF_FUNCTION, TASK_LOGS, [member("functionName"), member("timestamp")])

    async def of_task(request: Request) -> JsonAnswer:
        rights_of(request, store).require("VIEW_TASK_LOGS")
        task = store.get(TASKS, checked_id(request.path_params["id"]))
        if task is None:
            raise ErrorAnswer(16, "There is no such task")
        if task["status"] in {"new", "canceled"}:
            raise ErrorAnswer(27, "The task has not run")
        return _page(
            request, store, TASK_LOGS, task["id"], ErrorAnswer(1408, "There are no log lines of this task yet")
        )

    async def of_api_request(request: Request) -> JsonAnswer:
        rights_of(request, store).require("VIEW_API_FUNCTION_REQUEST_LOGS")
        record = store.get(API_REQUESTS, checked_id(request.path_params["id"]))
        if record is None:
            raise ErrorAnswer(16, "There is no such API request")
        missing = ErrorAnswer(1413, "There are no log lines of this API request yet")
        return _page(request, store, API_LOGS, record["id"], missing)

    async def of_function(request: Request) -> JsonAnswer:
        rights_of(request, store).require("VIEW_TASK_FUNCTION_LOGS")
        bounds = _bounds(request, "eventTimestamp", ("ge", "le"))
        least, most = bounds.get("ge"), bounds.get("le")
        if least is None or most is None or most - least > _LONGEST_SPAN:
            raise ErrorAnswer(
                19, "The logs of a function need eventTimestamp>= and eventTimestamp<=, at most 24 hours apart"
            )
        condition = Sql(
            f"{member('functionName')} = ? AND {member('timestamp')} BETWEEN ? AND ?",
            (request.path_params["name"], iso(least), iso(most)),
        )
        lines = _lines(store, TASK_LOGS, condition, _OF_FUNCTION)
        shown = [{"message": line["message"], "eventTimestamp": line["timestamp"]} for line in lines]
        return JsonAnswer({"page": {"offset": 0, "limit": _PAGE}, "data": shown})

    return [
        Route(f"{base}/functions/{{name}}/logs", of_function, methods=["GET"]),
        Route(f"{base}/apiRequests/{{id}}/logs", of_api_request, methods=["GET"]),
        Route(f"{base}/{{id}}/logs", of_task, methods=["GET"]),
    ]


def keep(store: Store, collection: str, of: str, function: Document, invocation: Invocation) -> None:
    """Store the lines of an invocation, for a task or an API request."""
    request_id, began = invocation.request_id, invocation.started
    done = began + timedelta(seconds=(invocation.init_duration or 0) + invocation.duration)
    ended = max([done, *(line.timestamp for line in invocation.logs)])
    spent = invocation.duration * 1000
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {spent:.2f} ms\tBilled Duration: {int(spent) + 1} ms\t"
        f"Memory Size: {function['memoryLimit']} MB\tMax Memory Used: {invocation.peak_memory} MB\t"
    )
    if invocation.init_duration is not None:
        report += f"Init Duration: {invocation.init_duration * 1000:.2f} ms\t"
    lines = [
        (began, f"START RequestId: {request_id} Version: $LATEST"),
        *((line.timestamp, line.text) for line in invocation.logs),
        (ended, f"END RequestId: {request_id}"),
        (ended, report),
    ]
    with store.transaction():
        for timestamp, text in lines:
            line = {"id": object_id(), "of": of, "functionName": function["name"], "message": f"{text}\n"}
            store.put(collection, {**line, "timestamp": iso(timestamp.timestamp())})


def _page(request: Request, store: Store, collection: str, of: str, missing: ErrorAnswer) -> JsonAnswer:
    """Return the first lines from the requested timestamp on. A page that begins after the last line is empty."""
    condition = Sql(f"{member('of')} = ?", (of,))
    index = _OF.format(collection=collection)
    if not store.count_up_to(1, collection, condition, index):
        raise missing
    least = _bounds(request, "timestamp", ("ge",)).get("ge")
    if least is not None:
        condition &= Sql(f"{member('timestamp')} >= ?", (iso(least),))
    shown = [
        {"message": line["message"], "timestamp": line["timestamp"]}
        for line in _lines(store, collection, condition, index)
    ]
    return JsonAnswer({"page": {"offset": 0, "limit": _PAGE}, "data": shown})


def _lines(store: Store, collection: str, condition: Sql, index: str) -> list[Document]:
    return [json.loads(text) for text in store.page(collection, condition, (member("timestamp"),), _PAGE, 0, index)]


def _bounds(request: Request, name: str, operators: Sequence[str]) -> dict[str, float]:
    """Return the bounds of a member in the request's RQL, which may contain nothing else.

    Raises:
        ErrorAnswer: 19 for other RQL.
    """
    refusal = ErrorAnswer(19, f"The RQL of logs can only compare {name} with a timestamp, by {' and '.join(operators)}")
    try:
        terms = parse(query_of(request)).arguments
    except RqlError as error:
        raise ErrorAnswer(19, f"The RQL cannot be read: {error}") from None
    found = {}
    for term in terms:
        if not isinstance(term, Term) or term.operator not in operators or len(term.arguments) != 2:
            raise refusal
        asked, value = term.arguments
        if not isinstance(asked, Word) or asked.text != name or not isinstance(value, Word):
            raise refusal
        try:
            found[term.operator] = epoch_seconds(value.text)
        except ValueError:
            raise refusal from None
    return found
