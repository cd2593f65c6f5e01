"""A local SideFX over HTTP: its token endpoint, its API endpoint, and the host that serves downloads."""

from __future__ import annotations

import asyncio
import inspect
import json
import traceback
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Router

from exh_dev.platform.faults.injection import FaultInjection
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.platform.http.bodies import LIMIT
from exh_dev.platform.http.connection import ConnectionCut
from exh_dev.platform.http.routing import Route, Routing
from exh_dev.sidefx.failures import crashed, debug_page, forbidden, unauthorized
from exh_dev.sidefx.functions import RefusedError
from exh_dev.sidefx.state import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from exh_dev.sidefx.failures import Failure, Where
    from exh_dev.sidefx.state import LocalSideFX

    Endpoint = Callable[[Request], Awaitable[Response]]

BASE = "/_sidefx"
TOKEN_PATH = f"{BASE}/oauth2/application_token"
API_PATH = f"{BASE}/api/"
_MALFORMED = (HTTPException, MultiPartException)  # as Starlette says it in an application, and without one
_CDN_PATH = f"{BASE}/cdn/download/download-build/{{id:int}}/cdn"


def routes(sidefx: LocalSideFX) -> list[Route]:
    """Return the routes under `/_sidefx`. Each path is served with and without a trailing slash, without a redirect."""

    def route(path: str, endpoint: Endpoint, method: str, where: Where) -> list[Route]:
        failing = _with_failures(endpoint, sidefx, where)
        return [Route(each, failing, methods=[method]) for each in (path.rstrip("/"), path.rstrip("/") + "/")]

    async def token(request: Request) -> Response:
        return await _token(request, sidefx)

    async def call(request: Request) -> Response:
        return await _call(request, sidefx)

    async def download(request: Request) -> Response:
        return _download(request, sidefx)

    return [
        *route(TOKEN_PATH, token, "POST", "token"),
        *route(API_PATH, call, "POST", "api"),
        *route(_CDN_PATH, download, "GET", "cdn"),
    ]


def standalone_app(sidefx: LocalSideFX) -> ASGIApp:
    """Return a server with only `sidefx`, for tests."""
    return FaultInjection(Router(default=Routing(routes(sidefx)), redirect_slashes=False), FaultRules())


async def _token(request: Request, sidefx: LocalSideFX) -> Response:
    if not sidefx.knows_client(request.headers.get("Authorization", "")):
        return PlainTextResponse("Invalid client id or client secret", 403)
    try:
        async with request.form() as form:
            grant_type = form.get("grant_type", "client_credentials")
    except _MALFORMED as error:
        return _malformed(error)
    if grant_type != "client_credentials":
        return PlainTextResponse("Unsupported grant type", 400)
    value, lifetime = sidefx.new_token()
    answer = {"access_token": value, "token_type": "Bearer", "expires_in": lifetime, "scope": "read write"}
    return JSONResponse(answer)


def _malformed(error: Exception) -> Response:
    return PlainTextResponse(f"Malformed form: {getattr(error, 'detail', error)}", 400)


async def _call(request: Request, sidefx: LocalSideFX) -> Response:
    if not sidefx.knows_token(request.headers.get("Authorization", "")):
        return _response(unauthorized())
    try:
        # Starlette's own limit on a field is 1 MB, which the arguments of a call may exceed.
        async with request.form(max_part_size=LIMIT) as form:
            name, args, kwargs = json.loads(str(form["json"]))
            files = {keyword: file for keyword, file in form.items() if isinstance(file, UploadFile)}
            contents = {keyword: await file.read() for keyword, file in files.items()}
        filenames = {keyword: file.filename or "" for keyword, file in files.items()}
        call = Call(name, tuple(args), {**kwargs, **contents}, filenames)
    except _MALFORMED as error:
        return _malformed(error)
    except (KeyError, ValueError, TypeError, RecursionError):
        return PlainTextResponse("Expected a form field json: [function, [arguments], {keyword arguments}]", 400)
    sidefx.base_url = str(request.base_url).rstrip("/")
    return _run(call, sidefx)


def _result(call: Call, sidefx: LocalSideFX) -> Any:
    function = sidefx.functions.get(call.function)
    if function is None:
        raise LookupError(f"There is no function {call.function!r}")
    inspect.signature(function).bind(*call.args, **call.kwargs)
    sidefx.calls.append(call)
    return function(*call.args, **call.kwargs)


def _run(call: Call, sidefx: LocalSideFX) -> Response:
    try:
        result = _result(call, sidefx)
        answer = None if isinstance(result, bytes) else JSONResponse(result)
    except RefusedError as error:
        return PlainTextResponse(str(error).encode("utf-8", "replace"), 422)
    except Exception:  # noqa: BLE001 - every error becomes an answer
        return _response(debug_page(_django_traceback()) if sidefx.debug else crashed(traceback.format_exc()))
    return answer or Response(result, media_type="application/octet-stream")


def _django_traceback() -> str:
    """Return the current exception in the words of Django's debug page, whose first line is not Python's."""
    first, _, rest = traceback.format_exc().partition("\n")
    assert first.startswith("Traceback")
    last = rest.rstrip().rpartition("\n")[2]
    kind, _, value = last.partition(": ")
    return f"Traceback:\n{rest}\nException Type: {kind} at /api/\nException Value: {value}"


def _download(request: Request, sidefx: LocalSideFX) -> Response:
    sidefx.downloads.append(f"{request.url.path}?{request.url.query}")
    build_id: int = request.path_params["id"]
    build = next((build for build in sidefx.builds if build.id == build_id), None)
    if build is None or not sidefx.is_signed(build_id, request.query_params):
        return _response(forbidden())
    return Response(build.content, media_type="application/octet-stream")


def _with_failures(endpoint: Endpoint, sidefx: LocalSideFX, where: Where) -> Endpoint:
    async def failing(request: Request) -> Response:
        if where == "token":
            sidefx.token_requests += 1
        failure = sidefx.next_failure(where)
        if failure is None:
            return await endpoint(request)
        await asyncio.sleep(failure.delay)
        answer = await endpoint(request) if failure.status is None else _response(failure)
        if failure.cut:
            raise ConnectionCut
        return answer

    return failing


def _response(failure: Failure) -> Response:
    return Response(failure.body, failure.status or 200, failure.headers, failure.media_type)
