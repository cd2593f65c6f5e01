"""`/_dev/sidefx`: switches the failures of a running local SideFX on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.sidefx import failures
from exh_dev.sidefx.failures import Failure, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.sidefx.state import LocalSideFX

PATH = "/_dev/sidefx"
_WHERE: tuple[Where, ...] = get_args(Where)
_MOST = 10_000  # failures enabled in one request

_PLAIN: dict[str, Callable[[], Failure]] = {
    "unauthorized": failures.unauthorized,
    "forbidden": failures.forbidden,
    "eula-not-accepted": failures.eula_not_accepted,
    "unavailable": failures.unavailable,
    "cut-connection": failures.cut_connection,
    "web-page": failures.web_page,
}
#: These take a text: the message, or the header's value.
_WITH_TEXT: dict[str, Callable[[str], Failure]] = {
    "refused": failures.refused,
    "debug-page": failures.debug_page,
    "crashed": failures.crashed,
    "rate-limited": failures.rate_limited,
    "redirect": failures.redirect,
    "slow": lambda seconds: failures.slow(float(seconds)),
}


def routes(sidefx: LocalSideFX) -> list[Route]:
    """Return the routes that control fault injection.

    GET returns the recorded requests. POST `{"failure", "text"?, "where"?, "times"?}` makes the next requests fail.
    DELETE clears all failures and tokens, as a restart would.
    """

    async def show(_: Request) -> JSONResponse:
        names = sorted({*_PLAIN, *_WITH_TEXT})
        counts = {"tokenRequests": sidefx.token_requests, "calls": len(sidefx.calls), "issues": len(sidefx.issues)}
        return JSONResponse({"failures": names, **counts})

    async def fail(request: Request) -> JSONResponse:
        fields = await read_json(request)
        given = fields.optional_text("where") or "api"
        where: Where | None = next((each for each in _WHERE if each == given), None)
        times = fields.optional_integer("times")
        if where is None or not 1 <= (times or 1) <= _MOST:
            raise ErrorAnswer(15, f"where is one of {', '.join(_WHERE)}, times from 1 to {_MOST}")
        sidefx.fail(_failure(fields), times=times or 1, where=where)
        return await show(request)

    async def reset(request: Request) -> JSONResponse:
        sidefx.clear_failures()
        sidefx.forget_tokens()
        return await show(request)

    return [
        Route(PATH, show, methods=["GET"]),
        Route(PATH, fail, methods=["POST"]),
        Route(PATH, reset, methods=["DELETE"]),
    ]


def _failure(fields: Fields) -> Failure:
    name = fields.text("failure")
    if name in _PLAIN:
        return _PLAIN[name]()
    if name in _WITH_TEXT:
        try:
            return _WITH_TEXT[name](fields.text("text"))
        except ValueError:
            raise ErrorAnswer(15, "text is the seconds to wait, such as 0.5") from None
    raise ErrorAnswer(15, f"failure is one of {', '.join(sorted({*_PLAIN, *_WITH_TEXT}))}")
