"""What the platform's own services do not show: what happened to documents, refused calls, how to connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

import extrahorizon
from exh_dev.hints import command
from exh_dev.platform.data import history
from exh_dev.platform.data.collections import SCHEMAS
from exh_dev.platform.http.access import rights_of_user
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.storage.sql import EVERYTHING

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document

_SECRETS = ("consumer_secret", "token_secret", "password", "oauth2_client_secret", "sidefx_client_secret")


def routes(base: str, context: Context) -> list[Route]:
    """Look at things."""
    store = context.store

    def schemas() -> list[Document]:
        return store.matching(SCHEMAS, EVERYTHING)

    async def state(_: Request) -> JsonAnswer:
        """What the page's frame shows."""
        project = context.project
        details = context.details()
        return JsonAnswer({
            "project": project.name if project else None,
            "root": str(project.root) if project else None,
            "url": details["host"],
            "version": extrahorizon.__version__,
            "command": command(),
            "retention": context.runner.runs.retention.state(),
            "problems": [*project.problems(), *project.changed_schemas(schemas())] if project else [],
            "credentials": {name: value for name, value in details.items() if name not in _SECRETS},
        })  # fmt: skip

    async def credentials(_: Request) -> JsonAnswer:
        return JsonAnswer(context.details(), headers={"Cache-Control": "no-store"})

    async def document_history(request: Request) -> JsonAnswer:
        entries = history.of(store, request.path_params["id"])
        return JsonAnswer({"data": [_with_people(context, each) for each in entries]})

    async def refusals(_: Request) -> JsonAnswer:
        return JsonAnswer({"data": [_with_people(context, each) for each in context.refusals.newest()]})

    async def permissions(request: Request) -> JsonAnswer:
        """What a user may do, everywhere and in groups."""
        user = store.get("users", request.path_params["id"])
        if user is None:
            raise ErrorAnswer(16, "There is no such user")
        return JsonAnswer({"data": rights_of_user(user, store).held()})

    return [
        Route(base, state, methods=["GET"]),
        Route(f"{base}/credentials", credentials, methods=["GET"]),
        Route(f"{base}/documents/{{id}}/history", document_history, methods=["GET"]),
        Route(f"{base}/refusals", refusals, methods=["GET"]),
        Route(f"{base}/users/{{id}}/permissions", permissions, methods=["GET"]),
    ]


def _with_people(context: Context, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with the name of its user, and the run whose call it was."""
    user = context.store.get("users", entry["userId"]) if entry.get("userId") else None
    run = context.runner.runs.run_of(entry["trace"]) if entry.get("trace") else None
    found = {name: value for name, value in entry.items() if name != "trace"}
    return {**found, "user": user and user["email"], "run": run}
