"""API functions: `/api/{name}/any/path` answers with a function's result, and `/apiRequests` lists the requests.

Assumed: at most ten concurrent requests; the body is a string if its content type is textual and it is not compressed,
else base64; the answer to HEAD has no body.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from exh_dev.json_text import json_text
from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import LIMIT
from exh_dev.platform.http.error_answers import CodelessErrorAnswer, ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.listing import page
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks import logs
from exh_dev.platform.tasks.direct import LONGEST, may_run, runtime_error
from exh_dev.platform.tasks.functions import function_of
from exh_dev.platform.tasks.lifecycle import error_of
from exh_dev.platform.tasks.runner import MOST_API, NotInvocableError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.runner import Runner

_STEPS = len(["", "tasks", "v1", "api", "name", ""]) - 1  # slashes before the path of a function
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_TRUSTED = "x-exh-requesting-"
_TEXT = re.compile(r"text/.*|application/(.*\+)?(json|xml)|application/(javascript|x-www-form-urlencoded)|")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_HEADER_VALUE = re.compile(r"""[A-Za-z0-9_ :;.,/"'?!(){}\[\]@<>=\-+*#$&`|~^%]*""")
#: The server's own business.
_IGNORED = {"connection", "content-length", "transfer-encoding"}
_BODILESS = (204, 205, 304)  # statuses that HTTP gives no body
_TOO_LARGE = "Function.ResponseSizeTooLarge"
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("functionName", "method", "path", "userId", "applicationId"), "string"),
    "timestamp": "date-time",
    "statusCode": "number",
    "duration": "number",
}


def routes(base: str, store: Store, runner: Runner, *, clock: Clock) -> list[Route]:
    """Return the functions, for every method, and the list of the calls to them."""

    async def find(request: Request) -> Response:
        rights_of(request, store).require("VIEW_API_FUNCTION_REQUESTS")
        return page(request, store, logs.API_REQUESTS, shape=lambda path: _KINDS.get(path, "any"))

    functions = ApiFunctions(store, runner, clock)
    return [
        Route(f"{base}/apiRequests", find, methods=["GET"]),
        Route(f"{base}/api/{{name}}", functions),
        Route(f"{base}/api/{{name}}/{{path:path}}", functions),
    ]


class ApiFunctions:
    """ASGI application that answers requests with a function's result."""

    def __init__(self, store: Store, runner: Runner, clock: Clock) -> None:
        self._store = store
        self._runner = runner
        self._clock = clock
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        rights = rights_of(request, self._store)
        if request.method not in _METHODS:
            raise CodelessErrorAnswer(404, "ENDPOINT_EXCEPTION", f"An API function has no method {request.method}")
        function = function_of(request, self._store)
        may_run(rights, function, "EXECUTE_API_FUNCTION")
        if function["timeLimit"] > LONGEST:
            raise ErrorAnswer(1411, f"The function's time limit is over the {LONGEST} seconds of API functions")
        event = await self._event(request, rights)
        if self._running >= MOST_API:
            raise ErrorAnswer(1412, f"{MOST_API} API functions are running already; try again")
        self._running += 1
        try:
            return await self._run(function, event, rights)
        finally:
            self._running -= 1

    async def _run(self, function: Document, event: Document, rights: Rights) -> Response:
        method = event["requestContext"]["http"]["method"]
        members = {
            "id": object_id(),
            "functionName": function["name"],
            "method": method,
            "path": event["rawPath"] + event["rawQueryString"],
            "userId": rights.user_id,
            "applicationId": rights.application_id,
            "timestamp": iso(self._clock()),
        }
        record = {name: value for name, value in members.items() if value is not None}
        began = time.monotonic()
        status, error = 400, None
        try:
            try:
                reply = await self._invoke(record, function, event)
                status = reply.status
            except _Failure as failure:
                error = failure.error
                raise failure.answer from None
        finally:
            record |= {"statusCode": status, "duration": round(time.monotonic() - began, 3)}
            self._store.put(logs.API_REQUESTS, record | ({"error": error} if error else {}))
        body = b"" if method == "HEAD" or status in _BODILESS else reply.body
        return Response(body, status, reply.headers)

    async def _invoke(self, record: Document, function: Document, event: Document) -> Reply:
        try:
            invocation = await self._runner.invoke(function, event, "api")
        except NotInvocableError as reason:
            raise _not_invoked({"message": str(reason)}) from None
        logs.keep(self._store, logs.API_LOGS, record["id"], function, invocation)
        if invocation.ok:
            return parse_reply(invocation.result)
        error = error_of(invocation)
        if error.get("name") == _TOO_LARGE:
            raise _not_invoked(runtime_error(error))
        message = "Invoking the Lambda function resulted in a runtime error."
        raise _Failure(ErrorAnswer(1406, message, runtimeError=runtime_error(error)), error)

    async def _event(self, request: Request, rights: Rights) -> Document:
        headers: dict[str, str] = {}
        if rights.application_id:
            headers[f"{_TRUSTED}application-id"] = rights.application_id
        if rights.user_id:
            headers[f"{_TRUSTED}user-id"] = rights.user_id
        for raw_name, raw_value in request.scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            if not name.startswith(_TRUSTED):
                headers[name] = f"{headers[name]},{value}" if name in headers else value
        query = request.scope["query_string"].decode("latin-1")
        steps = request.scope["raw_path"].decode("latin-1").split("/", _STEPS)
        event: Document = {
            "version": "2.0",
            "rawPath": "/" + "".join(steps[_STEPS:]),
            "rawQueryString": f"?{query}" if query else "",
            "headers": headers,
            "requestContext": {"http": {"method": request.method}},
            "isBase64Encoded": False,
        }
        if body := await _raw_body(request):
            text = _as_text(body, headers)
            event["isBase64Encoded"] = text is None
            event["body"] = base64.b64encode(body).decode() if text is None else text
        return event


@dataclass(frozen=True)
class Reply:
    """A function's HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Failure(Exception):  # noqa: N818 - it carries an answer
    """A call that ends with `answer`, and with `error` in its record."""

    def __init__(self, answer: ErrorAnswer, error: Document) -> None:
        super().__init__()
        self.answer = answer
        self.error = error


def parse_reply(result: Any) -> Reply:
    """Parse a function's result.

    Raises:
        _Failure: 1409 when it is not a valid answer.
    """
    if not isinstance(result, dict):
        raise _invalid("The result is expected to be an object with a statusCode")
    return Reply(_status(result.get("statusCode")), _headers(result.get("headers")), _body(result))


def _status(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 200 <= value <= 499 or value != int(value):
        shown = json.dumps(value)[:100]
        raise _invalid(f"The status code is expected to be a number between 200 and 499. Returned value: {shown}")
    return int(value)


def _headers(value: Any) -> dict[str, str]:
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise _invalid("The headers are expected to be an object")
    found = {}
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name):
            raise _invalid("The name of a header has an invalid character, or is empty")
        if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
            raise _invalid(
                f"The value of the header {name} is not a string, or has a character that headers cannot have"
            )
        if name.lower() not in _IGNORED:
            found[name] = text
    if not any(name.lower() == "content-type" for name in found):
        found["Content-Type"] = "application/json"
    return found


def _body(result: Document) -> bytes:
    body, encoded = result.get("body"), result.get("isBase64Encoded", False)
    if not isinstance(encoded, bool):
        raise _invalid("isBase64Encoded is expected to be a boolean")
    if encoded:
        if not isinstance(body, str):
            raise _invalid("With isBase64Encoded the body is expected to be a string in base64")
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise _invalid("With isBase64Encoded the body is expected to be a string in base64") from None
    if body is None:
        return b""
    text = body if isinstance(body, str) else json_text(body)
    return text.encode(errors="replace")


def _invalid(message: str) -> _Failure:
    answer = ErrorAnswer(1409, message)
    return _Failure(answer, {"type": "response", "name": answer.body["name"], "message": message})


def _not_invoked(runtime: Document) -> _Failure:
    answer = ErrorAnswer(1405, "The Lambda function could not be invoked.", runtimeError=runtime)
    return _Failure(answer, {"type": "invocation", "name": answer.body["name"], "message": runtime["message"]})


async def _raw_body(request: Request) -> bytes:
    """Return the body as it was sent."""
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > LIMIT:
            raise CodelessErrorAnswer(413, "BODY_TOO_LARGE_EXCEPTION", f"A request body may have {LIMIT:,} bytes")
    return bytes(received)


def _as_text(body: bytes, headers: dict[str, str]) -> str | None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if "content-encoding" in headers or not _TEXT.fullmatch(media_type):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
