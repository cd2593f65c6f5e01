"""The local platform as one ASGI application."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devkit.platform import users
from devkit.platform.faults import Fault
from devkit.platform.gateway import Gateway
from devkit.platform.oauth1 import OAuth1Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from devkit.platform.store import Store

log = logging.getLogger(__name__)

#: Base paths of the services that exist here. Any other path is a service this cluster does not have (903).
SERVICES = (users.BASE,)


def create_app(store: Store, *, clock: Callable[[], float] = time.time) -> Starlette:
    """The platform over `store`; `clock` is the time in epoch seconds."""
    return Starlette(
        routes=[*(Route(f"{base}/health", _health, methods=["GET"]) for base in SERVICES), *users.routes(store)],
        middleware=[Middleware(Gateway, verifier=OAuth1Verifier(store, clock=clock))],
        exception_handlers={HTTPException: _no_such_endpoint, Exception: _unexpected},
    )


async def _health(_: Request) -> Response:
    return Response(status_code=200)


async def _no_such_endpoint(request: Request, error: Exception) -> Response:
    path = request.url.path
    if not any(path == base or path.startswith(f"{base}/") for base in SERVICES):
        raise Fault(903, "There is no such service on this cluster")
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = f"The service has no endpoint {request.method} {path}"
    return JSONResponse({"name": "ENDPOINT_EXCEPTION", "message": message}, status_code=status)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Fault(1, "Something went wrong inside the local platform; its log has the reason").response()
