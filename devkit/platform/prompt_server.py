"""A uvicorn server that stops as soon as it is told to.

uvicorn looks every 100 ms whether it has to stop, and then waits another 100 ms. Tests start and stop hundreds of
platforms.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket

_LOOK = 0.005  # seconds between two looks whether the last requests are done


class PromptServer(uvicorn.Server):
    """What `uvicorn.Server` is, but prompt."""

    def __init__(self, config: uvicorn.Config) -> None:
        """Serve as `config` says."""
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Stop accepting, finish what runs, and end; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Wait to be told."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(counter=0):  # keeps the Date header right
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is idle, and give what runs its time."""
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._finished(), self.config.timeout_graceful_shutdown)
        for task in self.server_state.tasks:
            task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _finished(self) -> None:
        while (self.server_state.tasks or self.server_state.connections) and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)  # uvicorn has no event for it
