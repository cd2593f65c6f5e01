"""`/_dev/faults`: shows and changes the fault rules of a running platform. Open to everyone who can reach it, which is
this machine: it has to work when nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from devkit.errors import UsageError
from devkit.platform.bodies import read_json
from devkit.platform.faults import Fault

if TYPE_CHECKING:
    from starlette.requests import Request

    from devkit.platform.fault_rules import Faults

PATH = "/_dev/faults"


def routes(faults: Faults) -> list[Route]:
    """GET lists the rules, POST `{"rule": …}` or `{"rules": […]}` adds some, DELETE drops all. All answer the list."""

    def answer() -> JSONResponse:
        rules = [{"rule": each.rule.text, "matched": each.matched, "struck": each.struck} for each in faults.in_force]
        return JSONResponse({"rules": rules})

    async def show(_: Request) -> JSONResponse:
        return answer()

    async def add(request: Request) -> JSONResponse:
        fields = await read_json(request)
        try:
            faults.add(*(fields.optional_texts("rules") or [fields.text("rule")]))
        except UsageError as error:
            raise Fault(15, str(error)) from None
        return answer()

    async def clear(_: Request) -> JSONResponse:
        faults.clear()
        return answer()

    return [
        Route(PATH, show, methods=["GET"]),
        Route(PATH, add, methods=["POST"]),
        Route(PATH, clear, methods=["DELETE"]),
    ]
