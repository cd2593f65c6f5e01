"""Page header data, refused calls, and connection details."""

from __future__ import annotations

from typing import TYPE_CHECKING

import extrahorizon
from exh_dev.control_center.entries import with_people
from exh_dev.hints import command
from exh_dev.platform.data.collections import SCHEMAS
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.sql import EVERYTHING

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.store import Document

_SECRETS = ("consumer_secret", "token_secret", "password", "oauth2_client_secret", "sidefx_client_secret")


def routes(base: str, context: Context) -> list[Route]:
    """Return the routes for status, refused calls and connection details."""
    store = context.store

    def schemas() -> list[Document]:
        return store.matching(SCHEMAS, EVERYTHING)

    async def state(_: Request) -> JsonAnswer:
        """Return what the page's frame shows."""
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

    async def refusals(_: Request) -> JsonAnswer:
        return JsonAnswer({"data": [with_people(context, each) for each in context.refusals.newest()]})

    return [
        Route(base, state, methods=["GET"]),
        Route(f"{base}/credentials", credentials, methods=["GET"]),
        Route(f"{base}/refusals", refusals, methods=["GET"]),
    ]
