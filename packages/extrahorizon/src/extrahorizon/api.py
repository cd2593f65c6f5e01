"""Functions that answer HTTP requests, written with Powertools' router.

    app = ApiFunction()

    @app.get("/patients/<patient_id>/measurements")
    def measurements(request: ApiRequest, exh: ExtraHorizon, patient_id: str) -> dict:
        return {"items": find_measurements(exh, patient_id)}

    handler = app.handler

Import this only where it is used: the router takes a hundred modules.

A raised exception is the platform's only sign of failure, so exceptions pass through, and an answer that the platform
cannot send is one. A refusal of the request is an `ApiError`, which is answered.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.api_gateway import (
    APIGatewayHttpResolver,
    BaseRouter,
    CORSConfig,
    Response,
)
from aws_lambda_powertools.event_handler.exceptions import ServiceError

from extrahorizon.api_request import USER_ID_CLAIM, ApiError, ApiRequest, Caller
from extrahorizon.characters import HALF_A_CHARACTER, has_half
from extrahorizon.client import ExtraHorizon
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ExtraHorizonError
from extrahorizon.log import add_to_invocation, begin_invocation, keep_keys, logger
from extrahorizon.transport.default import preload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from extrahorizon.deadline import LambdaContext

    Register: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

__all__ = ["LARGEST_FILE", "ApiError", "ApiFunction", "ApiRequest", "Caller", "InvalidApiResponseError", "Response"]

#: Bytes of a binary body that fit into an answer: 6 MB in base64, which adds a third, with room for the headers.
LARGEST_FILE = (6 * 1024 * 1024 - 8 * 1024) // 4 * 3

ORIGINS = "CORS_ORIGINS"
_JSON = "application/json"
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_HEADER_VALUE = re.compile(r"""[A-Za-z0-9_ :;.,/"'?!(){}\[\]@<>=\-+*#$&`|~^%]*""")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
#: Health data is for who asked: no cache keeps it, and no browser takes it for another type than it is.
_EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class InvalidApiResponseError(ExtraHorizonError):
    """A function answered with what the platform cannot send. A mistake in the function; the caller sees a failure."""


class ApiFunction:
    """Routes, and the handler that Lambda calls.

    A route's function takes the `ApiRequest`, the client, and the parameters of its path by name, decoded. It returns

    - a dict or a list: answered as JSON with 200; with another status, `(content, status)`;
    - None: answered with 204;
    - a `Response`, for other content: `Response(200, "application/pdf", content)`.

    Only authenticated users reach it, unless the route is `public`. HEAD is answered as GET is, without the body.

    **A route with a parameter**

        >>> from extrahorizon import ExtraHorizon
        >>> from extrahorizon.api import ApiFunction, ApiRequest
        >>> api = ApiFunction()
        >>> @api.get("/patients/<patient_id>")
        ... def patient(request: ApiRequest, exh: ExtraHorizon, patient_id: str) -> dict[str, str]:
        ...     return {"id": patient_id, "caller": request.user_id}
    """

    def __init__(
        self,
        *,
        origins: Sequence[str] | None = None,
        allow_headers: Sequence[str] = (),
        user_id_claim: str = USER_ID_CLAIM,
    ) -> None:
        """Answer for web pages of these origins too.

        Args:
            origins: such as `https://clinic.example.com`; by default what the variable `CORS_ORIGINS` lists, separated
                by commas. Without any, no page of another origin may call.
            allow_headers: request headers that those pages may send besides the usual ones.
            user_id_claim: behind AWS's HTTP API, the claim that holds the id of the Extra Horizon user. It has to be
                one that users cannot write. It is not `sub`, which is the identity provider's own id.

        Raises:
            ValueError: an origin is none; `*`, which would let every page of the web call, is none either.
        """
        keep_keys()
        preload()
        if origins is None:
            origins = [each.strip() for each in os.environ.get(ORIGINS, "").split(",") if each.strip()]
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is not an origin; expected scheme, host and port, as in https://example.com"
                )
        self._cors = bool(origins)
        # Without `debug` an environment variable could make the router print requests.
        self._router = APIGatewayHttpResolver(cors=_cors(origins, allow_headers) if origins else None, debug=False)
        self._router.not_found(lambda _: _refusal(ApiError(404, "no route matches this path and method")))
        self._user_id_claim = user_id_claim
        self._exh: ExtraHorizon | None = None

    def get(self, rule: str, *, public: bool = False) -> Register:
        """Register the function that answers GET and HEAD; see `route`."""
        return self.route("GET", rule, public=public)

    def post(self, rule: str, *, public: bool = False) -> Register:
        """Register the function that answers POST; see `route`."""
        return self.route("POST", rule, public=public)

    def put(self, rule: str, *, public: bool = False) -> Register:
        """Register the function that answers PUT; see `route`."""
        return self.route("PUT", rule, public=public)

    def patch(self, rule: str, *, public: bool = False) -> Register:
        """Register the function that answers PATCH; see `route`."""
        return self.route("PATCH", rule, public=public)

    def delete(self, rule: str, *, public: bool = False) -> Register:
        """Register the function that answers DELETE; see `route`."""
        return self.route("DELETE", rule, public=public)

    def route(self, method: str, rule: str, *, public: bool = False) -> Register:
        """Register the function for `method` at paths that match `rule`.

        Args:
            method: HTTP method.
            rule: a path with parameters, such as `/patients/<patient_id>`. A parameter is one segment of the path,
                which may contain an encoded slash; validate it, because it is the caller's input.
            public: also accept requests without credentials; `request.caller` may be None.
        """

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            def run(**parameters: str) -> Response[Any]:
                return self._router.context["call"].run(function, rule, parameters, public=public)  # type: ignore[no-any-return]  # a dict of anything

            self._router.route(rule, method)(run)
            return function

        return register

    def handler(self, event: object, context: LambdaContext) -> dict[str, Any]:
        """Answer an event of the platform or of AWS.

        The client is created once per process; nothing else is kept between requests.

        Raises:
            InvalidEventError: the event is not a request.
            InvalidApiResponseError: a function returned what the platform cannot send.
        """
        begin_invocation(function_request_id=getattr(context, "aws_request_id", None), cold_start=self._exh is None)
        self._exh = self._exh or ExtraHorizon()
        self._exh.session.deadline = Deadline.of(context)
        return self.answer(event, self._exh)

    def answer(self, event: object, exh: ExtraHorizon) -> dict[str, Any]:
        """Answer an event, with this client; `handler` without Lambda, for tests.

        Returns:
            What the platform, and AWS's HTTP API, turn into an HTTP response. Raises what `handler` raises.
        """
        request = ApiRequest.from_event(event, user_id_claim=self._user_id_claim)
        add_to_invocation(method=request.method, user_id=request.caller and request.caller.user_id)
        call = _Call(request, exh)
        self._router.context["call"] = call
        try:
            answer = self._router.resolve(_routed(request), None)  # type: ignore[arg-type]  # no route sees the context
        finally:
            self._forget()
        if call.error:
            raise call.error
        if self._cors:
            answer["headers"]["Vary"] = "Origin"
        if request.method == "HEAD":
            answer |= {"body": "", "isBase64Encoded": False}
        logger.info("answered", extra={"status": answer["statusCode"]})
        return {name: answer[name] for name in ("statusCode", "headers", "body", "isBase64Encoded")}

    def _forget(self) -> None:
        """Clear the event, which Powertools keeps as a class attribute that all routers share."""
        self._router.context.clear()
        for name in ("current_event", "lambda_context"):
            if name in vars(BaseRouter):
                delattr(BaseRouter, name)


class _Call:
    """A request while it is routed, and the exception that ended it."""

    def __init__(self, request: ApiRequest, exh: ExtraHorizon) -> None:
        self._request, self._exh = request, exh
        self.error: Exception | None = None

    def run(
        self, function: Callable[..., Any], rule: str, parameters: Mapping[str, str], *, public: bool
    ) -> Response[Any]:
        add_to_invocation(route=rule)  # the path itself may hold anything
        try:
            if not public:
                _ = self._request.user_id  # refused where there is none
            return _response(function(self._request, self._exh, **_decoded(parameters)))
        except ApiError as error:
            return _refusal(error)
        except ServiceError as error:  # the router's own; it would answer 500 too, which the platform cannot send
            if 400 <= error.status_code <= 499:
                return _refusal(ApiError(error.status_code, str(error.msg)))
            self.error = error
        except Exception as error:  # noqa: BLE001 - raised when the router, which would log it once more, is done
            self.error = error
        return Response(200)  # never sent


def _cors(origins: Sequence[str], allow_headers: Sequence[str]) -> CORSConfig:
    first, *others = origins
    # A page can read the headers of an answer only where they are named.
    return CORSConfig(first, others, list(allow_headers), expose_headers=["Location"], max_age=600)


def _routed(request: ApiRequest) -> dict[str, Any]:
    """Return the request in the format of Powertools' router: paths begin with the stage, unless it is `$default`."""
    return {
        "version": "2.0",
        "rawPath": request.path,
        "headers": dict(request.headers),
        "requestContext": {
            "stage": "$default",
            "http": {"method": "GET" if request.method == "HEAD" else request.method},
        },
    }


def _decoded(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the path parameters, decoded after the path is split, so that a slash stays inside of one."""
    with suppress(UnicodeDecodeError):
        return {name: unquote(value, errors="strict") for name, value in parameters.items()}
    # Outside of the block, as its error has the value.
    raise ApiError(400, "the path is expected to be UTF-8, percent-encoded")


def _refusal(error: ApiError) -> Response[Any]:
    return _response(Response(error.status, _JSON, error.body(), headers=error.headers))


def _response(result: Any) -> Response[Any]:
    """Return what a function answers with, as the router takes it.

    Raises:
        InvalidApiResponseError: the platform could not send it.
    """
    if result is None:
        result = Response(204)
    elif isinstance(result, dict | list):
        result = Response(200, _JSON, result)
    elif isinstance(result, tuple) and len(result) == 2:
        result = Response(result[1], _JSON, result[0])
    if not isinstance(result, Response):
        raise InvalidApiResponseError(
            f"a route returned {type(result).__name__}; expected a dict, a list, None, (content, status) or a Response"
        )
    if result.cookies:
        raise InvalidApiResponseError("the platform sends no cookies; leave them out of the response")
    status, headers = _status(result.status_code), _headers(result.headers)
    # A new one, for the router changes it, and a function may answer with the same object each time.
    return Response(status, headers=headers, body=_body(result.body, headers))


def _status(status: object) -> int:
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 499:
        shown = int(status) if isinstance(status, int) else type(status).__name__
        raise InvalidApiResponseError(
            f"the status is {shown}; the platform sends 200 to 499. Raise an exception where the function has failed"
        )
    return int(status)


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    names = {name.lower() for name in given if isinstance(name, str)}
    for name, value in given.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise InvalidApiResponseError("the name of a header is expected to be of letters, digits, `_`, `-` and `.`")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidApiResponseError(
                f"the header {name} is not a string, or has a character that the platform does not send: use ASCII "
                "without line breaks, and percent-encode other values"
            )
    return {**{name: value for name, value in _EVERY_ANSWER.items() if name.lower() not in names}, **given}


def _body(body: object, headers: dict[str, str]) -> str | bytes:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if body is None or isinstance(body, str):
        if body is not None and has_half(body):
            raise InvalidApiResponseError(f"the body holds {HALF_A_CHARACTER}; a dict or a list may hold it")
        return body or ""
    if isinstance(body, bytes):
        return body.decode() if kind.startswith(_JSON) else body  # the router takes no bytes for JSON
    if kind and not kind.startswith(_JSON):
        raise InvalidApiResponseError(f"a body of {type(body).__name__} is sent as JSON; expected a string or bytes")
    headers.setdefault("Content-Type", _JSON)
    return json.dumps(body, separators=(",", ":"), allow_nan=False)
