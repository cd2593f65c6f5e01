"""`/_dev/faults`.

Shows and changes the fault rules of a running platform. It needs no credentials, because it must work while all other
requests fail; only this machine can reach it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.errors import UsageError
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.faults.rules import FaultRules, RuleInForce

PATH = "/_dev/faults"
_ONE = f"{PATH}/{{number:int}}"


class FaultControl:
    """The endpoints; each answers the list of rules."""

    def __init__(self, faults: FaultRules) -> None:
        self._faults = faults

    def routes(self) -> list[Route]:
        """GET lists the rules, POST `{"rule": …}` or `{"rules": […]}` adds some, DELETE drops all.

        `/NUMBER` is one of them, counted from 0: PUT `{"on": false}` switches it off, DELETE drops it.
        """
        return [
            Route(PATH, self._show, methods=["GET"]),
            Route(PATH, self._add, methods=["POST"]),
            Route(PATH, self._clear, methods=["DELETE"]),
            Route(_ONE, self._switch, methods=["PUT"]),
            Route(_ONE, self._remove, methods=["DELETE"]),
        ]

    async def _show(self, _: Request) -> JSONResponse:
        return self._answer()

    async def _add(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        try:
            self._faults.add(*(fields.optional_texts("rules") or [fields.text("rule")]))
        except UsageError as error:
            raise ErrorAnswer(15, str(error)) from None
        return self._answer()

    async def _clear(self, _: Request) -> JSONResponse:
        self._faults.clear()
        return self._answer()

    async def _switch(self, request: Request) -> JSONResponse:
        rule = self._chosen(request)
        on = (await read_json(request)).value("on")
        if not isinstance(on, bool):
            raise ErrorAnswer(15, "The field on must be true or false")
        rule.on = on
        return self._answer()

    async def _remove(self, request: Request) -> JSONResponse:
        self._faults.remove(self._chosen(request))
        return self._answer()

    def _chosen(self, request: Request) -> RuleInForce:
        number: int = request.path_params["number"]
        rules = self._faults.in_force
        if number >= len(rules):
            raise ErrorAnswer(16, f"There is no rule {number}; there are {len(rules)}, counted from 0")
        return rules[number]

    def _answer(self) -> JSONResponse:
        rules = [
            {"rule": each.rule.text, "on": each.on, "matched": each.matched, "struck": each.struck}
            for each in self._faults.in_force
        ]
        return JSONResponse({"rules": rules})
