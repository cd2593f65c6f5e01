"""The local platform as the commands use it: listening at once, answering soon, and known by its credentials."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from devkit.datadir import DataDir
from devkit.platform.fault_rules import Faults
from devkit.platform.first_start import first_credentials
from devkit.platform.server import Server, listen
from devkit.platform.store import Store

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class LocalPlatform:
    """A local Extra Horizon on a loopback port.

    It listens as soon as it is made, so that functions may be started with its address at once; requests wait until
    `start()`. With a data directory, what it stores outlives it; without one, nothing does.
    """

    def __init__(
        self, *, port: int = 0, data_dir: Path | None = None, ephemeral: bool = False, faults: Faults | None = None
    ) -> None:
        """Listen on `port` (0: any), keeping state in `data_dir`; `ephemeral` keeps only the credentials there.

        `faults` is what shall go wrong; it can be changed while the platform runs.

        Raises:
            DevkitError: the port is taken, a platform runs on this data directory already, or its file is damaged.
        """
        self.faults = faults or Faults()
        self._data_dir = DataDir(data_dir) if data_dir else None
        with ExitStack() as resources:
            if self._data_dir:
                resources.enter_context(self._data_dir.locked())
            self._sockets = listen(port)
            for listener in self._sockets:
                resources.callback(listener.close)
            self._store = Store(self._data_dir.database if self._data_dir and not ephemeral else None)
            resources.callback(self._store.close)
            self.url = f"http://localhost:{self._sockets[0].getsockname()[1]}"
            self.credentials = first_credentials(self._store)
            self._resources = resources.pop_all()

    def __enter__(self) -> Self:
        """Nothing more; the block's end stops everything."""
        return self

    def start(self) -> None:
        """Start answering requests."""
        from devkit.platform.app import create_app
        from devkit.sidefx import LocalSideFX

        sidefx = LocalSideFX(self.credentials.sidefx_client_id, self.credentials.sidefx_client_secret)
        app = create_app(self._store, faults=self.faults, sidefx=sidefx)
        self._resources.enter_context(Server(app, self._sockets))
        self._resources.callback(self.faults.end_pauses)
        if self._data_dir:
            self._resources.enter_context(self._data_dir.announced(self.details(), self.environment()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._resources.close()

    def environment(self) -> dict[str, str]:
        """The five `API_*` variables for a function."""
        return self.credentials.environment(self.url)

    def sidefx_environment(self) -> dict[str, str]:
        """The four `SIDEFX_*` variables for a function, for the local SideFX."""
        return {
            "SIDEFX_CLIENT_ID": self.credentials.sidefx_client_id,
            "SIDEFX_CLIENT_SECRET": self.credentials.sidefx_client_secret,
            "SIDEFX_TOKEN_URL": f"{self.url}/_sidefx/oauth2/application_token",
            "SIDEFX_API_URL": f"{self.url}/_sidefx/api/",
        }

    def details(self) -> dict[str, str]:
        """Everything a client can connect with."""
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
