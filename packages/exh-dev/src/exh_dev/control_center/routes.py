"""Every endpoint of the control center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exh_dev.control_center import (
    as_first_user,
    calls,
    documents,
    functions,
    live,
    mails,
    overview,
    page,
    people,
    previews,
    queue,
    records,
    runs,
    sample_events,
    search,
)
from exh_dev.control_center.openapi import description
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.remote.dev_api import BASE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from exh_dev.control_center.context import Context
    from exh_dev.platform.storage.timestamps import Clock


def routes(context: Context, *, platform: ASGIApp, clock: Clock) -> list[Route]:
    """Return the page and its JSON; `platform` routes a request to the service that answers it."""

    async def describe(_: Request) -> JsonAnswer:
        return JsonAnswer(description())

    return [
        *page.routes(context),
        *records.routes(BASE, context),
        overview.route(BASE, context, clock=clock),
        *search.routes(BASE, context),
        *documents.routes(BASE, context, clock=clock),
        *people.routes(BASE, context),
        *mails.routes(BASE, context),
        *previews.routes(BASE),
        *queue.routes(BASE, context, clock=clock),
        *runs.routes(BASE, context),
        *calls.routes(BASE, context),
        *functions.routes(BASE, context, clock=clock),
        *sample_events.routes(BASE, context),
        live.route(BASE, context.changes),
        as_first_user.route(BASE, context, platform),
        Route(f"{BASE}/openapi.json", describe, methods=["GET"]),
    ]
