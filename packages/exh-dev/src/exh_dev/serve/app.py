"""The local platform as one ASGI application."""

from __future__ import annotations

import atexit
import shutil
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route, Router

from exh_dev.control_center import routes as dashboard
from exh_dev.control_center.context import Desk, LocalProject
from exh_dev.platform.access_log import service as access_log
from exh_dev.platform.auth import service as auth
from exh_dev.platform.auth.bearer import BearerVerifier
from exh_dev.platform.configurations import service as configurations
from exh_dev.platform.data import service as data
from exh_dev.platform.data.schemas import Schemas
from exh_dev.platform.dev import recorded_writes as ledger
from exh_dev.platform.dev import seeding
from exh_dev.platform.dev.change_notifications import Changes
from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.dev.function_calls import Calls
from exh_dev.platform.dev.refused_calls import Refusals
from exh_dev.platform.dispatchers.service import BASE as DISPATCHERS
from exh_dev.platform.dispatchers.service import DispatcherService
from exh_dev.platform.events import service as event_endpoints
from exh_dev.platform.faults.control import FaultsControl
from exh_dev.platform.faults.injection import SKEW, Disturbance
from exh_dev.platform.faults.rules import Faults
from exh_dev.platform.files import service as files
from exh_dev.platform.http.gateway import Gateway, Nonces
from exh_dev.platform.http.oauth1 import OAuth1Verifier
from exh_dev.platform.localizations import service as localizations
from exh_dev.platform.mails import service as mails
from exh_dev.platform.notifications import v1 as notifications_v1
from exh_dev.platform.notifications import v2 as notifications_v2
from exh_dev.platform.profiles import service as profiles
from exh_dev.platform.tasks.runs import Runs
from exh_dev.platform.tasks.service import BASE as TASKS
from exh_dev.platform.tasks.service import TaskService
from exh_dev.platform.templates import pdf
from exh_dev.platform.templates import service as templates
from exh_dev.platform.users import service as users
from exh_dev.sidefx import control as sidefx_control
from exh_dev.sidefx import routes as sidefx_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.runner import OwnFunction
    from exh_dev.sidefx import LocalSideFX

#: Base paths of the services that exist here.
SERVICES = (
    access_log.BASE,
    auth.BASE,
    configurations.BASE,
    data.BASE,
    DISPATCHERS,
    event_endpoints.BASE,
    files.BASE,
    localizations.BASE,
    mails.BASE,
    notifications_v1.BASE,
    notifications_v2.BASE,
    profiles.BASE,
    TASKS,
    templates.BASE,
    users.BASE,
)
#: What serves tests and tools and is no part of a platform.
_LOCAL = ("/_dev", "/_sidefx")


def create_app(
    store: Store,
    *,
    clock: Clock = time.time,
    faults: Faults | None = None,
    sidefx: LocalSideFX | None = None,
    folder: Path | None = None,
    functions: Sequence[OwnFunction] = (),
    pace: float = 1.0,
    smtp: str | None = None,
    max_file_size: int = files.LARGEST,
    project: LocalProject | None = None,
    details: Callable[[], dict[str, Any]] | None = None,
) -> App:
    """The platform over `store`.

    Args:
        store: where everything is kept.
        clock: the time in epoch seconds.
        faults: what shall go wrong; more can be added at `/_dev/faults` while it runs.
        sidefx: a SideFX to serve beside it, under `/_sidefx`.
        folder: where uploaded code (`code/`) and files (`files/`) are kept; without one they are gone at the end.
        functions: what can run besides the functions that are uploaded.
        pace: how many times as fast the time of the task service goes by.
        smtp: HOST:PORT, where copies of mails go; without it nothing is sent anywhere.
        max_file_size: bytes of the largest file that is taken.
        project: what the control center says of `functions` besides what the platform knows.
        details: how to connect, for the control center.
    """
    folder = folder or _temporary_folder()
    faults = faults or Faults()
    nonces = Nonces()
    built_in = {pdf.NAME: pdf.HtmlToPdf(store, folder / "files", clock=clock)}
    changes = Changes()
    store.watch(changes.collection)
    calls, refusals = Calls(clock=clock), Refusals(changes)
    runs = Runs(store, calls, changes, clock=clock)
    tasks = TaskService(
        store, clock=clock, code=folder / "code", runs=runs, functions=functions, built_in=built_in, pace=pace
    )
    requests = access_log.AccessLog(store, clock=clock)
    desk = Desk(
        store=store,
        runner=tasks.runner,
        changes=changes,
        refusals=refusals,
        project=project,
        details=details or (lambda: _first_details(store)),
    )
    dispatchers = DispatcherService(store, tasks, clock=clock)
    router = Router(
        [
            *(Route(f"{base}/health", _health, methods=["GET"]) for base in SERVICES),
            *users.routes(store, clock=clock),
            *auth.routes(store, clock=clock),
            *data.routes(store, clock=clock),
            *files.routes(store, folder / "files", clock=clock, largest=max_file_size),
            *templates.routes(store, clock=clock),
            *localizations.routes(store, clock=clock),
            *mails.routes(store, clock=clock, smtp=smtp),
            *tasks.routes(),
            *event_endpoints.routes(store, clock=clock),
            *dispatchers.routes(),
            *notifications_v1.NotificationsV1(store, clock).routes(),
            *notifications_v2.NotificationsV2(store, clock).routes(),
            *configurations.Configurations(store, clock).routes(),
            *profiles.Profiles(store, clock).routes(),
            *requests.routes(),
            *ledger.routes(nonces, clock=clock),
            *FaultsControl(faults).routes(),
            *seeding.routes(store, folder / "files", Schemas(store, clock=clock).named, clock=clock),
            *((*sidefx_routes(sidefx), *sidefx_control.routes(sidefx)) if sidefx else ()),
        ],
        redirect_slashes=False,
        lifespan=lambda _: _running(tasks, dispatchers, requests),
    )
    router.routes.extend(dashboard.routes(desk, platform=router, clock=clock))
    gateway = Gateway(
        router,
        oauth1=OAuth1Verifier(store, clock=clock, skew=SKEW.get),
        bearer=BearerVerifier(store, clock=clock),
        nonces=nonces,
        bases=(*SERVICES, *_LOCAL),
        on_fault=refusals.note,
    )
    return App(calls.around(Disturbance(requests.around(gateway), faults)), tasks, changes, desk)


@dataclass(frozen=True)
class App:
    """The application, and what may be done to it besides sending requests.

    Attributes:
        served: what answers.
        tasks: the task service, which the project's functions can be changed in.
        changes: tells of changes, until it is ended.
        desk: what the control center works with.
    """

    served: ASGIApp
    tasks: TaskService
    changes: Changes
    desk: Desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self.served(scope, receive, send)


@asynccontextmanager
async def _running(
    tasks: TaskService, dispatchers: DispatcherService, requests: access_log.AccessLog
) -> AsyncIterator[None]:
    async with tasks.running(), dispatchers.running():
        yield
    requests.flush()


def _first_details(store: Store) -> dict[str, Any]:
    """How the first user connects, where nobody says at which address."""
    return {"host": None, **asdict(first_credentials(store))}


def _temporary_folder() -> Path:
    folder = mkdtemp(prefix="exh-dev-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


async def _health(_: Request) -> Response:
    return Response(status_code=200)
