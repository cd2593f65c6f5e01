"""The local platform as commands use it: a server on a loopback port, its database and its credentials."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self, TypeVar

from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks.execution_credentials import grant
from exh_dev.platform.tasks.foreign_runs import export
from exh_dev.platform.tasks.records import FUNCTIONS, OWN_FUNCTIONS
from exh_dev.serve.datadir import DataDir
from exh_dev.serve.server import Server, listen
from extrahorizon.settings import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import TracebackType

    from exh_dev.control_center.context import LocalProject
    from exh_dev.platform.storage.store import Document
    from exh_dev.platform.tasks.runner import OwnFunction
    from exh_dev.runtime import Invocation
    from exh_dev.serve.app import App


T = TypeVar("T")


class LocalPlatform:
    """A local Extra Horizon on a loopback port.

    It listens as soon as it is created, so that its URL is known to the functions that start beside it; requests wait
    until `start()`. Data is kept in a data directory, or else only in memory.

    Methods documented as "Called while the platform runs" need `start()` first.

    **Start a platform in memory**

        >>> from exh_dev.testing import LocalPlatform, client_of
        >>> with LocalPlatform() as platform:
        ...     platform.start()
        ...     with client_of(platform.environment()) as exh:
        ...         exh.users.me()["id"] == platform.credentials.user_id
        True
    """

    def __init__(
        self,
        *,
        port: int = 0,
        data_dir: Path | None = None,
        ephemeral: bool = False,
        faults: FaultRules | None = None,
        pace: float = 1.0,
        smtp: str | None = None,
        max_file_size: int | None = None,
        image: bytes | None = None,
        without: Collection[str] = (),
        keep_runs: int | None = None,
        keep_bytes: int | None = None,
    ) -> None:
        """Open the database and listen.

        Args:
            port: TCP port; 0 for any free one.
            data_dir: folder for the database, files and credentials; by default everything is kept in memory.
            ephemeral: keep only the credentials in `data_dir`.
            faults: fault injection rules, which may be changed while the platform runs.
            pace: speed-up of the clock of tasks and schedules.
            smtp: HOST:PORT of a server that gets a copy of each mail.
            max_file_size: maximum size of an uploaded file in bytes; by default 8 MiB, as on the real platform.
            image: initial content of a platform in memory: the `image()` of another one.
            without: base paths of services that this cluster does not have, such as `/payments/v1`.
            keep_runs: how many runs of functions are kept; by default 100,000.
            keep_bytes: how many bytes of their events, results, logs and calls are kept; by default 512 MiB.

        Raises:
            ValueError: `max_file_size`, `keep_runs` or `keep_bytes` is less than 1.
            DevkitError: the port is in use, another platform runs on this data directory, or its database is damaged.
        """
        if max_file_size is not None and max_file_size < 1:
            raise ValueError(f"max_file_size is a number of bytes from 1 on, not {max_file_size}")
        for name, value in (("keep_runs", keep_runs), ("keep_bytes", keep_bytes)):
            if value is not None and value < 1:
                raise ValueError(f"{name} is a number from 1 on, not {value}")
        self._keep_runs, self._keep_bytes = keep_runs, keep_bytes
        self.faults = faults or FaultRules()
        self._max_file_size = max_file_size
        self._pace = pace
        self._without = without
        self._smtp = smtp
        self._data_dir = DataDir(data_dir) if data_dir else None
        self._has_started = False
        with ExitStack() as resources:
            if self._data_dir:
                resources.enter_context(self._data_dir.locked())
            self._sockets = listen(port)
            for listener in self._sockets:
                resources.callback(listener.close)
            self._store = Store(self._data_dir.database if self._data_dir and not ephemeral else None, image=image)
            resources.callback(self._close_unstarted)
            if self._data_dir and not ephemeral:
                self._folder = self._data_dir.path
            else:
                self._folder = Path(resources.enter_context(TemporaryDirectory(prefix="exh-dev-")))
            self.url = f"http://localhost:{self._sockets[0].getsockname()[1]}"
            self.credentials = first_credentials(self._store)
            self._environments: dict[str, dict[str, str]] = {}
            self._app: App
            self._server: Server
            self._resources = resources.pop_all()

    def __enter__(self) -> Self:
        """Return self; leaving the block stops the platform."""
        return self

    def start(self, functions: Sequence[OwnFunction] = (), project: LocalProject | None = None) -> None:
        """Start answering requests and running tasks.

        Args:
            functions: functions of the project, which run besides the uploaded ones.
            project: the project, for the control center.
        """
        from exh_dev.platform.files.service import LARGEST
        from exh_dev.platform.tasks.run_retention import MOST_BYTES, MOST_RUNS, Limits
        from exh_dev.serve.app import create_app
        from exh_dev.sidefx import LocalSideFX

        sidefx = LocalSideFX(self.credentials.sidefx_client_id, self.credentials.sidefx_client_secret)
        self._app = create_app(
            self._store,
            faults=self.faults,
            sidefx=sidefx,
            folder=self._folder,
            functions=functions,
            pace=self._pace,
            without=self._without,
            smtp=self._smtp,
            max_file_size=self._max_file_size or LARGEST,
            project=project,
            details=self.details,
            limits=Limits(self._keep_runs or MOST_RUNS, self._keep_bytes or MOST_BYTES),
        )
        self._has_started = True
        # The server's thread closes the store: SQLite crashes the process when that is done while it is in use.
        self._server = self._resources.enter_context(Server(self._app, self._sockets, self._store.close))
        self._resources.callback(self.faults.end_pauses)
        self._resources.callback(lambda: self._server.call(self._app.changes.end))
        if self._data_dir:
            self._resources.enter_context(self._data_dir.announced(self.details(), self.environment()))

    def _close_unstarted(self) -> None:
        if not self._has_started:
            self._store.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server, its tasks and workers, and close the database."""
        self._resources.close()

    def replace_functions(
        self, functions: Callable[[], Sequence[OwnFunction]], *, changed: Collection[str] = ()
    ) -> list[str]:
        """Replace the project's functions while the platform runs; see `TaskService.replace_functions`.

        `functions` is called on the platform's own thread, so that it can use `grant`.
        """
        return self._server.call(lambda: self._app.tasks.replace_functions(functions(), changed=changed))

    def uploaded(self) -> set[str]:
        """Return the names of the uploaded functions. Called while the platform runs."""
        return self.call(lambda: {each["name"] for each in self._store.matching(FUNCTIONS, EVERYTHING)})

    def own(self) -> set[str]:
        """Return the names of the project's functions. Called while the platform runs."""
        return self.call(lambda: {each["name"] for each in self._store.matching(OWN_FUNCTIONS, EVERYTHING)})

    def retire(self, functions: Collection[str]) -> None:
        """Stop the workers of functions of the project; see `TaskService.retire`. Called on the platform's thread."""
        self._app.tasks.retire(functions)

    def mark_changed(self, topic: str) -> None:
        """Notify the control center that a topic, such as `functions`, has changed. Called while the platform runs."""
        self._server.call(lambda: self._app.changes.mark(topic))

    def call(self, do: Callable[[], T]) -> T:
        """Return `do()`, called on the platform's own thread between two requests. Called while the platform runs."""
        return self._server.call(do)

    def run_on_aws(self, function: str, event: Any) -> Invocation:
        """Run an AWS-only function with a batch of a queue, and record the run. Not called on the platform's thread.

        Raises:
            DevkitError: the function cannot run.
        """
        return self._server.wait_for(self._app.context.batch(function, event))

    def watch_runs(self, call: Callable[[Document], object]) -> None:
        """Call `call` with the record of each run that ends, on the platform's own thread."""
        self._server.call(lambda: self._app.tasks.runner.runs.watch(call))

    def recorded(self, function: str, event: Any, perform: Callable[[str], Invocation]) -> tuple[Invocation, str]:
        """Record a run that another part of the toolkit performs, with the calls that the function makes.

        Args:
            function: name of the function.
            event: event of the function.
            perform: runs the function; gets the id of the request.

        Returns:
            The result, and the id of the run.
        """
        runs = self._app.tasks.runner.runs
        run = self.call(lambda: runs.begin(function, event, kind="invoke"))
        token = self.function_environment(function).get("API_OAUTH_TOKEN")
        try:
            with runs.calls.made_with(token, run.request_id):
                invocation = perform(run.request_id)
        except BaseException as error:
            message = str(error) or type(error).__name__
            self.call(lambda: runs.fail(run, message))
            raise
        self._server.wait_for(runs.end(run, invocation))
        return invocation, run.record["id"]

    def runs(self) -> list[Document]:
        """Return all ended runs with their details, oldest first. Called while the platform runs."""
        return self.call(lambda: export(self._store))

    def adopt_runs(self, runs: Sequence[Document]) -> None:
        """Add runs of another platform, as its `runs()` returned them. Called while the platform runs."""
        self.call(lambda: self._app.tasks.runner.runs.adopt(runs))

    def grant(self, function: str, permissions: Sequence[str], email: str | None = None) -> None:
        """Create a user for a function, with exactly these permissions.

        Called before `start()`, or on the platform's own thread.
        """
        known = self.credentials
        token = grant(self._store, known.application_id, function, permissions, email, time.time())
        tokens = {"API_OAUTH_TOKEN": token["token"], "API_OAUTH_TOKEN_SECRET": token["tokenSecret"]}
        self._environments[function] = {**known.environment(self.url), **tokens}

    def image(self) -> bytes:
        """Return a copy of the database, without the contents of files, as the `image` of another platform."""
        return self._store.image()

    def environment(self) -> dict[str, str]:
        """Return the five `API_*` environment variables of the first user."""
        return self.credentials.environment(self.url)

    def environment_without_faults(self) -> dict[str, str]:
        """Return the same variables with a host to which fault rules do not apply, for the toolkit's own calls."""
        return {**self.environment(), HOST: f"{self.url}/_dev/api/platform"}

    def function_environment(self, function: str) -> dict[str, str]:
        """Return the five `API_*` environment variables of the user that `grant` created for a function.

        The result is empty for a function without a user, which has no credentials on a real cluster either.
        """
        return dict(self._environments.get(function, {}))

    def sidefx_environment(self) -> dict[str, str]:
        """Return the four `SIDEFX_*` environment variables for the local SideFX."""
        return {
            "SIDEFX_CLIENT_ID": self.credentials.sidefx_client_id,
            "SIDEFX_CLIENT_SECRET": self.credentials.sidefx_client_secret,
            "SIDEFX_TOKEN_URL": f"{self.url}/_sidefx/oauth2/application_token",
            "SIDEFX_API_URL": f"{self.url}/_sidefx/api/",
        }

    def details(self) -> dict[str, str]:
        """Return the connection details that `exh-dev credentials` prints."""
        known = self.credentials
        return {
            "host": self.url,
            "consumer_key": known.consumer_key,
            "consumer_secret": known.consumer_secret,
            "token": known.token,
            "token_secret": known.token_secret,
            "email": known.email,
            "password": known.password,
            "oauth2_client_id": known.oauth2_client_id,
            "oauth2_client_secret": known.oauth2_client_secret,
            "user_id": known.user_id,
            "application_id": known.application_id,
            **{name.lower(): value for name, value in self.sidefx_environment().items()},
        }
