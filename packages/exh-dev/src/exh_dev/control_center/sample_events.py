"""The shape of a function's events, and keeping one as a sample event of the project."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.runtime.event_schemas import event_schema

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context, LocalProject

_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 60  # characters
_TAKEN = "seed"  # events/NAME.seed.json is no event


def routes(base: str, context: Context) -> list[Route]:
    """Describe events, and keep them."""

    def project() -> LocalProject:
        if context.project is None:
            raise ErrorAnswer(27, "No project is being served, so that there is nowhere to keep an event")
        return context.project

    async def schema(request: Request) -> JsonAnswer:
        name = request.path_params["name"]
        samples = await asyncio.to_thread(context.project.events, name) if context.project else []
        described = context.project.functions() if context.project else []
        about = next((each for each in described if each["name"] == name), None)
        if about is None and context.record_of(name) is None:
            raise ErrorAnswer(16, f"There is no function {name}")
        kinds = [each["type"] for each in (about or {}).get("triggers", ())]
        kind = "queue" if "queue" in kinds else (about or {}).get("kind", "task")
        return JsonAnswer(event_schema(kind, [each["event"] for each in samples]))

    async def keep(request: Request) -> JsonAnswer:
        """Write `events/NAME.CASE.json`, in the place of an earlier one only where `replace` says so."""
        fields = await read_json(request)
        if "event" not in fields.members:
            raise ErrorAnswer(14, "The field event is required")
        case = fields.text("case")
        if not _CASE.fullmatch(case) or len(case) > _LONGEST or case == _TAKEN:
            raise ErrorAnswer(15, "A case is lower-case words with hyphens between them, such as no-data, and not seed")
        replace = fields.value("replace") is True
        name, event = request.path_params["name"], fields.members["event"]
        try:
            file = await asyncio.to_thread(project().keep_event, name, case, event, replace=replace)
        except DevkitError as error:
            raise ErrorAnswer(26, str(error)) from None
        return JsonAnswer({"file": file}, 201)

    return [
        Route(f"{base}/functions/{{name}}/event-schema", schema, methods=["GET"]),
        Route(f"{base}/functions/{{name}}/events", keep, methods=["POST"]),
    ]
