"""What stands before every service: authentication, path normalisation, and the shape of error answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from devkit.platform.faults import Fault
from devkit.platform.oauth1 import SignedRequest

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from devkit.platform.oauth1 import Caller, OAuth1Verifier


class Gateway:
    """ASGI middleware: identifies the caller, drops trailing slashes, and answers a `Fault` as the platform does.

    A request with credentials that are refused never reaches a service. One without any does: each endpoint says
    whether it needs a caller, by `application_of` or `user_of`.
    """

    def __init__(self, app: ASGIApp, verifier: OAuth1Verifier) -> None:
        """Guard `app`."""
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
            await send(message)

        try:
            scope["state"] = {**scope.get("state", {}), "caller": self._identify(scope)}
            scope["path"] = scope["path"].rstrip("/") or "/"
            await self._app(scope, receive, send_with_headers)
        except Fault as fault:
            await fault.response()(scope, receive, send_with_headers)

    def _identify(self, scope: Scope) -> Caller | None:
        headers = Headers(scope=scope)
        authorization = headers.get("authorization", "").strip()
        scheme = authorization.partition(" ")[0].lower()
        if scheme == "bearer":
            raise Fault(117, "The access token is unknown")
        if scheme != "oauth":
            return None
        server_scheme = headers.get("x-forwarded-proto", scope["scheme"])
        path = scope["raw_path"].decode("latin-1")
        url = f"{server_scheme}://{headers.get('host', '')}{path}"
        query = scope["query_string"].decode("latin-1")
        return self._verifier.verify(SignedRequest(authorization, scope["method"], url, query))


def application_of(request: Request) -> Caller:
    """The caller, with or without a user.

    Raises:
        Fault: 101 without an application.
    """
    caller: Caller | None = request.state.caller
    if caller is None:
        raise Fault(101, "This call needs an authenticated application")
    return caller


def user_of(request: Request) -> str:
    """The id of the calling user.

    Raises:
        Fault: 104 without a user.
    """
    caller: Caller | None = request.state.caller
    if caller is None or caller.user_id is None:
        raise Fault(104, "This call needs an authenticated user")
    return caller.user_id
