"""`/_dev/api/platform/…`: every endpoint of the platform, called as its first user, who has all permissions.

The page needs no credentials: the gateway decides who may call `/_dev/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.oauth1 import Caller
from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.control_center.context import Context

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_NOT_THERE = "/_"


def route(base: str, context: Context, platform: ASGIApp) -> Route:
    """Return the endpoint; `platform` routes a request to its service."""
    return Route(
        f"{base}/platform/{{path:path}}", _AsFirstUser(f"{base}/platform", context, platform), methods=_METHODS
    )


class _AsFirstUser:
    def __init__(self, prefix: str, context: Context, platform: ASGIApp) -> None:
        self._prefix = prefix
        self._context = context
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(self._prefix)
        if path.startswith(_NOT_THERE):
            raise ErrorAnswer(903, "There is no such service on this cluster")
        known = self._context.details()
        caller = Caller(known["application_id"], known["user_id"])
        raw = scope["raw_path"].decode("latin-1").removeprefix(self._prefix).encode("latin-1")
        inner = {**scope, "path": path, "raw_path": raw, "state": {**scope["state"], "caller": caller}}

        async def harmless(message: Message) -> None:
            """Add headers that stop an uploaded page from running anything in a browser."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self._platform(inner, receive, harmless)
