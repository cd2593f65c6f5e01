"""The local platform as one ASGI application."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route, Router

from devkit.platform import faults_control, ledger, users
from devkit.platform.auth import service as auth
from devkit.platform.auth.bearer import BearerVerifier
from devkit.platform.disturbance import SKEW, Disturbance
from devkit.platform.fault_rules import Faults
from devkit.platform.gateway import Gateway, Nonces
from devkit.platform.oauth1 import OAuth1Verifier
from devkit.sidefx import control as sidefx_control
from devkit.sidefx import routes as sidefx_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from devkit.platform.store import Store
    from devkit.platform.timestamps import Clock
    from devkit.sidefx import LocalSideFX

#: Base paths of the services that exist here.
SERVICES = (auth.BASE, users.BASE)
#: What serves tests and tools and is no part of a platform.
_LOCAL = ("/_dev", "/_sidefx")


def create_app(
    store: Store, *, clock: Clock = time.time, faults: Faults | None = None, sidefx: LocalSideFX | None = None
) -> ASGIApp:
    """The platform over `store`.

    Args:
        store: where everything is kept.
        clock: the time in epoch seconds.
        faults: what shall go wrong; more can be added at `/_dev/faults` while it runs.
        sidefx: a SideFX to serve beside it, under `/_sidefx`.
    """
    faults = faults or Faults()
    nonces = Nonces()
    router = Router(
        [
            *(Route(f"{base}/health", _health, methods=["GET"]) for base in SERVICES),
            *users.routes(store),
            *auth.routes(store, clock=clock),
            *ledger.routes(nonces, clock=clock),
            *faults_control.routes(faults),
            *((*sidefx_routes(sidefx), *sidefx_control.routes(sidefx)) if sidefx else ()),
        ],
        redirect_slashes=False,
    )
    gateway = Gateway(
        router,
        oauth1=OAuth1Verifier(store, clock=clock, skew=SKEW.get),
        bearer=BearerVerifier(store, clock=clock),
        nonces=nonces,
        bases=(*SERVICES, *_LOCAL),
    )
    return Disturbance(gateway, faults)


async def _health(_: Request) -> Response:
    return Response(status_code=200)
