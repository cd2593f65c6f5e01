"""`/_dev/api/documents`: what happened to a document, how it can move on, and what else has to do with it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from exh_dev.control_center.entries import among_newest, with_people
from exh_dev.platform.data import history
from exh_dev.platform.data.collections import SCHEMAS, documents_of
from exh_dev.platform.data.transitions import Engine
from exh_dev.platform.http.access import rights_of_user
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.mails.sending import COLLECTION as MAILS
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.tasks.records import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_MOST = 50  # of each kind that are listed with a document
_TASKS_OF = "tasks_document"
_MAILS_LOOKED_THROUGH = 5_000  # the newest
_ID = re.compile(r"[0-9a-f]{24}")


def routes(base: str, context: Context, *, clock: Clock) -> list[Route]:
    """Return the routes for document history and transitions."""
    store, engine = context.store, Engine(context.store, clock=clock)
    store.index(_TASKS_OF, TASKS, [member("data.documentId"), "id"])

    async def past(request: Request) -> JsonAnswer:
        entries = history.of(store, request.path_params["id"])
        return JsonAnswer({"data": [with_people(context, each) for each in entries]})

    async def transitions(request: Request) -> JsonAnswer:
        """List every transition of the schema, and why one cannot be made now."""
        schema, document = _found(store, request.path_params["id"])
        user = store.get("users", context.details()["user_id"])
        rights = rights_of_user(user, store) if user else None
        listed = (_transition(engine, each, document, rights) for each in schema["transitions"])
        return JsonAnswer({"data": list(listed)})

    async def related(request: Request) -> JsonAnswer:
        schema, document = _found(store, request.path_params["id"])
        return JsonAnswer({"schema": schema["name"], **_related(context, document)})

    one = f"{base}/documents/{{id}}"
    return [
        Route(f"{one}/history", past, methods=["GET"]),
        Route(f"{one}/transitions", transitions, methods=["GET"]),
        Route(f"{one}/related", related, methods=["GET"]),
    ]


def _found(store: Store, wanted: str) -> tuple[Document, Document]:
    for schema in store.matching(SCHEMAS, EVERYTHING):
        if document := store.get(documents_of(schema), wanted):
            return schema, document
    raise ErrorAnswer(16, f"There is no document {wanted}")


def _transition(engine: Engine, transition: Document, document: Document, rights: Rights | None) -> dict[str, Any]:
    conditions = transition.get("conditions", [])
    input_data = [each["configuration"] for each in conditions if each["type"] == "input"]
    return {
        "id": transition["id"],
        "name": transition["name"],
        "type": transition["type"],
        "fromStatuses": transition["fromStatuses"],
        "toStatus": transition["toStatus"],
        "input": input_data[0] if input_data else None,
        "obstacles": list(_obstacles(engine, transition, document, rights)),
    }


def _obstacles(engine: Engine, transition: Document, document: Document, rights: Rights | None) -> Iterator[str]:
    """Yield why a transition cannot be made now.

    Conditions on its data are skipped, because no data is given yet.
    """
    if transition["type"] != "manual":
        yield "it is automatic: the platform makes it as soon as its conditions hold"
    if document["status"] not in transition["fromStatuses"]:
        yield f"it starts from {' or '.join(transition['fromStatuses'])}, and the document is {document['status']}"
    if "transitionLock" in document:
        yield "the document is locked: automatic transitions are being made"
    for number, condition in enumerate(transition.get("conditions", ()), 1):
        if condition["type"] == "document" and rights is not None:
            reason = engine.obstacle(condition, document, {}, rights)
            if reason is not None:
                yield f"condition {number} ({condition['type']}): {reason}"


def _related(context: Context, document: Document) -> dict[str, Any]:
    """Find what relates to a document: its user, the runs it triggered, and the ids in its data."""
    store = context.store
    tasks = Sql(f"{member('data.documentId')} = ?", (document["id"],))
    started = [json.loads(text) for text in store.page(TASKS, tasks, ("id DESC",), _MOST, 0, _TASKS_OF)]
    traces = {each["trace"] for each in history.of(store, document["id"]) if each.get("trace")}
    runs = [run for trace in traces if (run := context.runner.runs.run_of(trace))]
    runs += [run["id"] for task in started for run in context.runner.runs.of_task(task["id"])]
    named = list(dict.fromkeys(_strings(document.get("data"))))
    people = dict.fromkeys([document["creatorId"], *document["userIds"], *filter(_ID.fullmatch, named)])
    users = (store.get("users", each) for each in people if each)
    files = (store.get("files", each.partition("-")[0]) for each in named)
    about = among_newest(MAILS, _MAILS_LOOKED_THROUGH, Sql("instr(body, ?)", (document["id"],)))
    mails = [json.loads(text) for text in store.page(MAILS, about, ("id DESC",), _MOST, 0)]
    return {
        "users": _listed([each for each in users if each], "id", "email"),
        "tasks": _listed(started, "id", "functionName", "status"),
        "runs": list(dict.fromkeys(runs))[:_MOST],
        "files": _listed([each for each in files if each], "id", "name", "mimetype", "size"),
        "mails": _listed(mails, "id", "subject", "recipients"),
    }


def _listed(documents: list[Document], *names: str) -> list[dict[str, Any]]:
    return [{name: each.get(name) for name in names} for each in documents[:_MOST]]


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings in JSON, at any depth."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case list(items):
                waiting += items
            case dict(members):
                waiting += members.values()
