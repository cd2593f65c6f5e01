"""The local platform as one ASGI application."""

from __future__ import annotations

import atexit
import shutil
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Router

from exh_dev.control_center import routes as control_center
from exh_dev.control_center.context import Context, LocalProject
from exh_dev.errors import UsageError
from exh_dev.platform.access_log.service import AccessLogService
from exh_dev.platform.auth.oauth2 import BearerVerifier
from exh_dev.platform.auth.service import AuthService
from exh_dev.platform.configurations.service import ConfigurationService
from exh_dev.platform.data.schemas import Schemas
from exh_dev.platform.data.service import DataService
from exh_dev.platform.dev import effects, recorded_writes, seeding
from exh_dev.platform.dev.change_notifications import Changes
from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.dev.function_calls import Calls
from exh_dev.platform.dev.refused_calls import Refusals
from exh_dev.platform.dispatchers.service import DispatcherService
from exh_dev.platform.events.service import EventService
from exh_dev.platform.faults.control import FaultControl
from exh_dev.platform.faults.injection import SKEW, FaultInjection
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.platform.files.service import LARGEST, FileService
from exh_dev.platform.http.gateway import Gateway, Nonces
from exh_dev.platform.http.oauth1 import OAuth1Verifier
from exh_dev.platform.http.routing import Route, Routing
from exh_dev.platform.localizations.service import LocalizationService
from exh_dev.platform.mails.service import MailService
from exh_dev.platform.notifications.v1 import NotificationServiceV1
from exh_dev.platform.notifications.v2 import NotificationServiceV2
from exh_dev.platform.payments.service import PaymentService
from exh_dev.platform.profiles.service import ProfileService
from exh_dev.platform.tasks.runs import Runs
from exh_dev.platform.tasks.service import TaskService
from exh_dev.platform.templates import pdf
from exh_dev.platform.templates.service import TemplateService
from exh_dev.platform.templates_v1.service import TemplateServiceV1
from exh_dev.platform.users.service import UserService
from exh_dev.sidefx import control as sidefx_control
from exh_dev.sidefx import routes as sidefx_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from exh_dev.platform.service import Service
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.run_retention import Limits
    from exh_dev.platform.tasks.runner import OwnFunction
    from exh_dev.sidefx import LocalSideFX

#: Paths for tests and tools, which the real platform does not have.
_LOCAL = ("/_dev", "/_sidefx")


def create_app(
    store: Store,
    *,
    clock: Clock = time.time,
    faults: FaultRules | None = None,
    sidefx: LocalSideFX | None = None,
    folder: Path | None = None,
    functions: Sequence[OwnFunction] = (),
    pace: float = 1.0,
    smtp: str | None = None,
    max_file_size: int = LARGEST,
    project: LocalProject | None = None,
    details: Callable[[], dict[str, Any]] | None = None,
    without: Collection[str] = (),
    limits: Limits | None = None,
) -> App:
    """Return the local platform as an application, composed of its services, the gateway and the control center.

    Args:
        store: the platform's database.
        clock: returns the time in epoch seconds.
        faults: fault injection rules; more can be added at `/_dev/faults` while the platform runs.
        sidefx: a local SideFX to serve under `/_sidefx`.
        folder: folder for uploaded code (`code/`) and files (`files/`); by default one that is deleted at exit.
        functions: functions of the project, which run besides the uploaded ones.
        pace: speed-up of the clock of tasks and schedules.
        smtp: HOST:PORT of a server that gets a copy of each mail; by default no mail is sent.
        max_file_size: maximum size of an uploaded file in bytes.
        project: the served project, for the control center.
        details: returns the connection details that the control center shows.
        without: base paths of services that this cluster does not have, such as `/payments/v1`: they answer 903.
        limits: how many runs of functions are kept.

    Raises:
        UsageError: `without` has the base path of no service.
    """
    folder = folder or _temporary_folder()
    faults = faults or FaultRules()
    nonces = Nonces()
    built_in = {pdf.NAME: pdf.HtmlToPdf(store, folder / "files", clock=clock)}
    changes = Changes()

    def note_change(collection: str, document_id: str | None) -> None:
        changes.collection(collection)
        effects.stored(collection, document_id)

    store.watch(note_change)
    calls, refusals = Calls(clock=clock), Refusals(changes)
    runs = Runs(store, calls, changes, clock=clock, limits=limits)
    tasks = TaskService(
        store, clock=clock, code=folder / "code", runs=runs, functions=functions, built_in=built_in, pace=pace
    )
    context = Context(
        store=store,
        runner=tasks.runner,
        changes=changes,
        refusals=refusals,
        project=project,
        details=details or (lambda: _first_details(store)),
    )
    access_log = AccessLogService(store, clock=clock)
    # Background work starts in this order and ends in reverse: the access log is the last to end, so that it stores the
    # requests of all others.
    services: tuple[Service, ...] = (
        access_log,
        tasks,
        DispatcherService(store, tasks, clock=clock),
        UserService(store, clock=clock),
        AuthService(store, clock=clock),
        DataService(store, clock=clock),
        FileService(store, folder / "files", clock=clock, largest=max_file_size),
        TemplateServiceV1(store, clock=clock),
        TemplateService(store, clock=clock),
        LocalizationService(store, clock=clock),
        MailService(store, clock=clock, smtp=smtp),
        EventService(store, clock=clock),
        NotificationServiceV1(store, clock=clock),
        NotificationServiceV2(store, clock=clock),
        ConfigurationService(store, clock=clock),
        ProfileService(store, clock=clock),
        PaymentService(store, clock=clock),
    )
    if unknown := sorted(set(without) - {each.base for each in services}):
        known = ", ".join(sorted(each.base for each in services))
        raise UsageError(f"there is no service {', '.join(unknown)}; there are {known}")
    served = [each for each in services if each.base not in without]
    routing = Routing(
        [
            *(Route(f"{each.base}/health", _health, methods=["GET"]) for each in served),
            *(route for each in served for route in each.routes()),
            *recorded_writes.routes(nonces, clock=clock),
            *FaultControl(faults).routes(),
            *seeding.routes(store, folder / "files", Schemas(store, clock=clock).named, clock=clock),
            *((*sidefx_routes(sidefx), *sidefx_control.routes(sidefx)) if sidefx else ()),
        ]
    )
    routing.extend(control_center.routes(context, platform=routing, clock=clock))
    gateway = Gateway(
        Router(default=routing, redirect_slashes=False, lifespan=lambda _: _running(services)),
        oauth1=OAuth1Verifier(store, clock=clock, skew=SKEW.get),
        bearer=BearerVerifier(store, clock=clock),
        nonces=nonces,
        bases=(*(each.base for each in served), *_LOCAL),
        on_error=refusals.note,
    )
    answer = calls.around(FaultInjection(access_log.around(gateway), faults))
    return App(answer, services, tasks, changes, context)


@dataclass(frozen=True)
class App:
    """The ASGI application, with access to its parts.

    Attributes:
        answer: the ASGI callable.
        services: all services of the platform.
        tasks: the task service, where the project's functions are replaced on a hot reload.
        changes: change notifications for the control center.
        context: dependencies of the control center.
    """

    answer: ASGIApp
    services: tuple[Service, ...]
    tasks: TaskService
    changes: Changes
    context: Context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI request."""
        await self.answer(scope, receive, send)


@asynccontextmanager
async def _running(services: Sequence[Service]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for each in services:
            await stack.enter_async_context(each.running())
        yield


def _first_details(store: Store) -> dict[str, Any]:
    """Return the connection details of the first user, for an application without an address."""
    return {"host": None, **asdict(first_credentials(store))}


def _temporary_folder() -> Path:
    folder = mkdtemp(prefix="exh-dev-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


async def _health(_: Request) -> Response:
    return Response(status_code=200)
