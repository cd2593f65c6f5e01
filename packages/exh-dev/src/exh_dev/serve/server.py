"""The local platform on loopback sockets, in a thread of its own."""

from __future__ import annotations

import errno
import gc
import socket
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from exh_dev.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from starlette.types import ASGIApp

T = TypeVar("T")

KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than clients keep one (50 for ours), or a request and its end meet
on the way."""
_GRACE = 2  # seconds for running requests to finish
_STOP_TIMEOUT = 5.0  # seconds for the server to end


def listen(port: int = 0) -> list[socket.socket]:
    """Return sockets on 127.0.0.1 and, where the machine has it, ::1, on the same port; 0 picks a free one.

    Both, because `localhost` is either, depending on the client: Node 18 tries ::1 only.

    Raises:
        DevkitError: the port is taken.
    """
    try:
        v4 = _listening(socket.AF_INET, "127.0.0.1", port)
    except OSError as error:
        raise DevkitError(f"port {port} cannot be used ({error.strerror}); try --port 0 for a free one") from error
    found = v4.getsockname()[1]
    try:
        return [v4, _listening(socket.AF_INET6, "::1", found)]
    except OSError as error:
        if error.errno != errno.EADDRINUSE:  # no IPv6 here
            return [v4]
        # Listening on another address would let others receive requests for `localhost`.
        v4.close()
        if port == 0:
            return listen()
        raise DevkitError(f"port {port} is taken on ::1; try --port 0 for a free one") from error


def _listening(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it every answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


class Server:
    """Serves an application on sockets that already listen, until the `with` block ends."""

    def __init__(self, app: ASGIApp, sockets: list[socket.socket], at_end: Callable[[], object] | None = None) -> None:
        """Prepare to serve `app`; the sockets are closed at the end.

        `at_end` is called on the server's thread when nothing uses the application any more. That may be after the
        `with` block, which waits ten seconds at most.
        """
        import uvicorn

        from exh_dev.serve.bounded_protocol import BoundedProtocol
        from exh_dev.serve.prompt_server import PromptServer

        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            loop="asyncio",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = PromptServer(config)
        self._sockets = sockets
        self._at_end = at_end
        self._thread = threading.Thread(target=self._serve, name="local platform", daemon=True)

    def __enter__(self) -> Self:
        """Start answering; requests sent before that wait, for the sockets listen already."""
        gc.freeze()  # what was loaded stays, and is not gone through at each look for garbage
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the running requests and stop."""
        self._server.stop()
        self._thread.join(_STOP_TIMEOUT)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_STOP_TIMEOUT)

    def call(self, do: Callable[[], T]) -> T:
        """Do something between two requests, on the thread that answers them. See `PromptServer.call`."""
        return self._server.call(do)

    def wait_for(self, result: Coroutine[Any, Any, T]) -> T:
        """Run something on the requests' thread, and wait for its result."""
        return self._server.wait_for(result)

    def _serve(self) -> None:
        try:
            self._server.run(sockets=self._sockets)
        finally:
            if self._at_end:
                self._at_end()
