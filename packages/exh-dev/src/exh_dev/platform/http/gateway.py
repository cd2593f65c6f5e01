"""The gateway in front of every service: authentication, path normalisation, and error answers."""

from __future__ import annotations

import errno
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from exh_dev.platform.http.browsers import headers_for, is_dev, refuse_pages
from exh_dev.platform.http.connection import ConnectionCut
from exh_dev.platform.http.error_answers import CodelessErrorAnswer, ErrorAnswer
from exh_dev.platform.http.json_answer import JsonAnswer
from exh_dev.platform.http.oauth1 import SignedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.platform.http.oauth1 import Caller, OAuth1Verifier

#: No parts of the platform: they authenticate their callers themselves.
_SLASH = re.compile("%2f", re.IGNORECASE)
_OTHERS = ("/_sidefx/", "/_dev/oidc/")
_STRICT_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

log = logging.getLogger("exh_dev.platform")


@dataclass
class Nonces:
    """Outcomes of the OAuth1 nonces of valid signatures."""

    seen: int = 0
    duplicates_refused: int = 0


class TokenVerifier(Protocol):
    """Verifies the access tokens of Bearer headers; `auth.oauth2.BearerVerifier` does."""

    def verify(self, access_token: str) -> Caller:
        """Return the application and the user of this token.

        Raises:
            ErrorAnswer: the token is unknown or has expired.
        """
        ...


class Gateway:
    """ASGI middleware: identifies the caller, drops trailing slashes, and answers every error as the platform does.

    A request with credentials that are refused never reaches a service. One without any does: each endpoint says
    whether it needs a caller, by `application_of` or `user_of`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        oauth1: OAuth1Verifier,
        bearer: TokenVerifier,
        nonces: Nonces,
        bases: Sequence[str],
        on_error: Callable[[Scope, ErrorAnswer, Caller | None], object],
    ) -> None:
        """Guard `app`, whose services have the base paths `bases`; any other path is a service that this cluster
        does not have. `on_error` hears of every error that is answered.
        """
        self._app = app
        self._oauth1 = oauth1
        self._bearer = bearer
        self._nonces = nonces
        self._bases = tuple(bases)
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_header(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = {name for name, _ in message.get("headers", ())} if is_dev(scope["path"]) else ()
                apart = (each for each in headers_for(scope) if each[0] not in own)
                message["headers"] = [*message.get("headers", ()), _STRICT_TRANSPORT_SECURITY, *apart]
            await send(message)

        try:
            if is_dev(scope["path"]):
                refuse_pages(scope)
            scope["app"] = self  # else routes answer a wrong method themselves
            caller = None
            if not scope["path"].startswith(_OTHERS):
                caller = self._identify(scope)
                scope["path"] = _path(scope).rstrip("/") or "/"
            scope["state"] = {**scope.get("state", {}), "caller": caller}
            await self._app(scope, receive, send_with_header)
        except ClientDisconnect:
            pass  # the client has disconnected
        except ConnectionCut:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails is answered, and logged by `_answer_to`
            answer = self._answer_to(scope, error)
            try:
                self._on_error(scope, answer, scope.get("state", {}).get("caller"))
                if started:
                    raise ConnectionCut from error
                await JsonAnswer(answer.body, answer.status)(scope, receive, send_with_header)
            finally:
                # Its traceback holds this frame, and those that have the request's body. Without this they would be a
                # cycle, megabytes of it for each refused body, until Python looks for cycles.
                del answer

    def _identify(self, scope: Scope) -> Caller | None:
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization", b"").decode("latin-1").strip()
        scheme, _, credentials = authorization.partition(" ")
        match scheme.lower():
            case "oauth":
                server_scheme = headers.get(b"x-forwarded-proto", b"").decode("latin-1") or scope["scheme"]
                host = headers.get(b"host", b"").decode("latin-1")
                url = f"{server_scheme}://{host}{scope['raw_path'].decode('latin-1')}"
                query = scope["query_string"].decode("latin-1")
                return self._verified(SignedRequest(authorization, scope["method"], url, query))
            case "bearer":
                return self._bearer.verify(credentials.strip())
            case _:
                return None

    def _verified(self, request: SignedRequest) -> Caller:
        try:
            caller = self._oauth1.verify(request)
        except ErrorAnswer as answer:
            self._nonces.duplicates_refused += answer.code == 110
            raise
        self._nonces.seen += 1
        return caller

    def _answer_to(self, scope: Scope, error: Exception) -> ErrorAnswer:
        if isinstance(error, ErrorAnswer):
            return error
        path = scope["path"]
        if isinstance(error, HTTPException):
            if not any(path == base or path.startswith(f"{base}/") for base in self._bases):
                return ErrorAnswer(903, f"There is no service at {path} on this cluster")
            message = f"The service has no endpoint {scope['method']} {path}"
            return CodelessErrorAnswer(error.status_code, "ENDPOINT_EXCEPTION", message)
        log.error("%s %s failed", scope["method"], path, exc_info=error)
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or "disk is full" in str(error):
            return ErrorAnswer(1, "The disk of the local platform is full: make room on it, and send this again")
        return ErrorAnswer(1, "Something went wrong inside the local platform; its log has the reason")


def application_of(request: Request) -> Caller:
    """Return the caller, with or without a user.

    Raises:
        ErrorAnswer: 101 without an application.
    """
    caller: Caller | None = request.state.caller
    if caller is None:
        raise ErrorAnswer(101, "This call needs an authenticated application")
    return caller


def user_of(request: Request) -> str:
    """Return the id of the calling user.

    Raises:
        ErrorAnswer: 104 without a user.
    """
    caller: Caller | None = request.state.caller
    if caller is None or caller.user_id is None:
        raise ErrorAnswer(104, "This call needs an authenticated user")
    return caller.user_id


def _path(scope: Scope) -> str:
    """Return the path, keeping `%2F` encoded: it is part of a name, not a separator."""
    raw = scope["raw_path"].decode("latin-1")
    return unquote(_SLASH.sub("%252F", raw)) if _SLASH.search(raw) else str(scope["path"])
