"""The dispatcher service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.dispatchers import api
from exh_dev.platform.dispatchers.deliveries import Deliveries
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.service import TaskService

_MOST_ROUNDS = 100  # of due tasks, then of the actions that these set off: more is a loop


class DispatcherService(Service):
    """Dispatchers over one store; the tasks that they start are those of `tasks`."""

    base = api.BASE

    def __init__(self, store: Store, tasks: TaskService, *, clock: Clock) -> None:
        """Create the service; `clock` is for timestamps, while deliveries use the clock of the task service."""
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._deliveries = Deliveries(store, tasks.clock)

    def routes(self) -> list[Route]:
        """Return the endpoints of the service, and two for tests and tools.

        `/_dev/tasks/settle` runs due tasks and delivers due events until none is left. `/_dev/pending` counts running
        tasks, and tasks and deliveries due within some seconds.
        """
        return [
            *api.Dispatchers(self._store, self._clock).routes(),
            Route("/_dev/tasks/settle", self._settle, methods=["POST"]),
            Route("/_dev/pending", self._count_pending, methods=["GET"]),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver events for as long as the block does."""
        deliveries = asyncio.create_task(self._deliveries.run())
        try:
            yield
        finally:
            deliveries.cancel()
            with suppress(asyncio.CancelledError):
                await deliveries

    async def _count_pending(self, request: Request) -> JSONResponse:
        within = request.query_params.get("within", "")
        until = self._tasks.clock() + (int(within) if within.isdecimal() else 0)
        return JSONResponse({"pending": self._tasks.pending(until) + self._deliveries.pending(until)})

    async def _settle(self, _: Request) -> JSONResponse:
        for _round in range(_MOST_ROUNDS):
            await self._tasks.settle()
            if not await self._deliveries.deliver_due():
                return JSONResponse({})
        raise ErrorAnswer(27, f"After {_MOST_ROUNDS} rounds dispatchers still start tasks: they may set each other off")
