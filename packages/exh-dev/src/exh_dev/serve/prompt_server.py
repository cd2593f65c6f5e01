"""A uvicorn server that is woken to stop instead of polling.

uvicorn checks every 100 ms whether to stop and then waits another 100 ms. It takes 150 ms to end, this 1 to 8 ms, and
each test of a project that has a platform of its own waits for it.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_LONGEST_WAIT = 30  # seconds
_LOOK = 0.005  # seconds between two looks whether the last requests are done


class PromptServer(uvicorn.Server):
    """A uvicorn.Server that `stop` wakes up, in place of looking every 100 ms whether it should end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_asked = asyncio.Event()
        self._ready = threading.Event()

    def stop(self) -> None:
        """Stop accepting, finish what runs, and end; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stop_asked.set)

    def call(self, do: Callable[[], T]) -> T:
        """Return `do()`, called on the thread of the event loop between two requests. Raises what `do` raises.

        Called from any other thread, while the server runs.

        Raises:
            TimeoutError: the event loop was busy for too long.
        """

        async def done() -> T:
            return do()

        return self.wait_for(done(), _LONGEST_WAIT)

    def wait_for(self, result: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Run something alongside the requests, and wait for its result; like `call`."""
        if not self._ready.wait(_LONGEST_WAIT) or self._loop is None:
            raise TimeoutError("the local platform has not started")
        return asyncio.run_coroutine_threadsafe(result, self._loop).result(seconds)

    async def main_loop(self) -> None:
        """Wait until `stop` is called."""
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        while not await self.on_tick(counter=0):  # keeps the Date header right
            with suppress(TimeoutError):  # a second has passed
                await asyncio.wait_for(self._stop_asked.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close idle connections, and give active requests time to finish."""
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):  # the rest is cancelled
            await asyncio.wait_for(self._finished(), self.config.timeout_graceful_shutdown)
        for task in self.server_state.tasks:
            task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _finished(self) -> None:
        while (self.server_state.tasks or self.server_state.connections) and not self.force_exit:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(_LOOK)  # uvicorn has no event for it
