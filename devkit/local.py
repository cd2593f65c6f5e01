"""The local platform as the commands use it: listening at once, answering soon, and known by its credentials."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from devkit.datadir import DataDir
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

    def __init__(self, *, port: int = 0, data_dir: Path | None = None, ephemeral: bool = False) -> None:
        """Listen on `port` (0: any), keeping state in `data_dir`; `ephemeral` keeps only the credentials there.

        Raises:
            DevkitError: the port is taken, or a platform runs on this data directory already.
        """
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

        self._resources.enter_context(Server(create_app(self._store), self._sockets))
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

    def details(self) -> dict[str, str | None]:
        """Everything a client can connect with; None where this platform lacks the service."""
        known = self.credentials
        return {
            "host": self.url,
            "consumer_key": known.consumer_key,
            "consumer_secret": known.consumer_secret,
            "token": known.token,
            "token_secret": known.token_secret,
            "email": known.email,
            "password": known.password,
            "oauth2_client_id": None,
            "oauth2_client_secret": None,
            "user_id": known.user_id,
            "application_id": known.application_id,
            "sidefx_client_id": None,
            "sidefx_client_secret": None,
            "sidefx_token_url": None,
            "sidefx_api_url": None,
        }
