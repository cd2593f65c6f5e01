"""The task service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from exh_dev.platform.service import Service
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.tasks import api, direct, entries, functions, lifecycle, logs, schedules
from exh_dev.platform.tasks.functions import keep_own
from exh_dev.platform.tasks.queue import Queue
from exh_dev.platform.tasks.records import OWN_FUNCTIONS
from exh_dev.platform.tasks.runner import Runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from pathlib import Path

    from exh_dev.platform.http.routing import Route
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.built_in import BuiltIn
    from exh_dev.platform.tasks.runner import OwnFunction
    from exh_dev.platform.tasks.runs import Runs

BASE = "/tasks/v1"


class TaskService(Service):
    """Functions, tasks and schedules over one store."""

    base = BASE

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        code: Path,
        runs: Runs,
        functions: Sequence[OwnFunction],
        built_in: Mapping[str, BuiltIn],
        pace: float,
    ) -> None:
        """Create the service.

        Args:
            store: the store.
            clock: returns epoch seconds.
            code: the folder of uploaded code.
            runs: the run history.
            functions: the served project's functions.
            built_in: the platform's own functions.
            pace: speed of the clock, as a multiple of real time.
        """
        self._store = store
        self._clock = clock if pace == 1 else _paced(clock, pace)
        self._runner = Runner(code, runs, functions, built_in)
        self._runner.clean(store)
        lifecycle.clean_zombies(store, now=self._clock())
        self._queue = Queue(store, self._runner, self._clock)
        keep_own(store, functions, now=self._clock())

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        store, runner, clock = self._store, self._runner, self._clock
        return [
            *functions.routes(BASE, store, runner, clock=clock),
            *direct.routes(BASE, store, runner, clock=clock),
            *schedules.routes(BASE, store, check_data=entries.check_data, clock=clock),
            *api.routes(BASE, store, runner, clock=clock),
            *logs.routes(BASE, store),
            *entries.routes(BASE, store, clock=clock),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run tasks for as long as the block does. At its end what runs is killed; its tasks stay in progress, and
        are failed at the next start.
        """
        queue = asyncio.create_task(self._queue.run())
        try:
            yield
        finally:
            queue.cancel()
            with suppress(asyncio.CancelledError):
                await queue
            self._runner.close()

    @property
    def runner(self) -> Runner:
        return self._runner

    def replace_functions(self, functions: Sequence[OwnFunction], *, changed: Collection[str] = ()) -> list[str]:
        """Replace the project's functions.

        Active runs finish on the old code. Functions in `changed`, with changed settings, or new ones get new workers;
        for the first two kinds one is started immediately.

        Returns:
            The names of the functions with new workers.
        """
        before = self._own()
        self._runner.replace_functions(functions)
        renewed = keep_own(self._store, functions, now=self._clock(), before=before, changed=changed)
        names = {own.function.name for own in functions}
        for name, old in before.items():
            if name in renewed or name not in names:
                was_warm = self._runner.workers(old) != (0, 0)
                self._runner.retire(old, with_code=False)
                if was_warm and (function := self._store.get(OWN_FUNCTIONS, name)):
                    self._runner.warm(function)
        return renewed

    def retire(self, names: Collection[str]) -> None:
        """End the workers of functions of the project; the next run starts new ones."""
        for name, function in self._own().items():
            if name in names:
                self._runner.retire(function, with_code=False)

    def _own(self) -> dict[str, Document]:
        return {each["name"]: each for each in self._store.matching(OWN_FUNCTIONS, EVERYTHING)}

    @property
    def clock(self) -> Clock:
        """The service's clock in epoch seconds, speeded up by `pace`."""
        return self._clock

    def pending(self, until: float) -> int:
        """Return the number of tasks running, or due by a time in epoch seconds."""
        return self._queue.pending(until)

    async def settle(self) -> None:
        """Run due tasks until none is left."""
        await self._queue.settle()


def _paced(clock: Clock, pace: float) -> Clock:
    began = clock()
    return lambda: began + (clock() - began) * pace
