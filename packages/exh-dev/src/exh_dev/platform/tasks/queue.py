"""The task queue: start due tasks, at most five concurrently, and handle their results."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks import lifecycle
from exh_dev.platform.tasks.records import TASKS, when_created
from exh_dev.platform.tasks.runner import MOST_TASKS, NotInvocableError
from exh_dev.platform.tasks.schedules import SCHEDULES, create_due_tasks

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock
    from exh_dev.platform.tasks.runner import Runner

_LOOK = 0.05  # seconds between two looks at the clock while something is due later
_IS_NEW = f"{member('status')} = 'new'"
_ORDER = (f"{member('priority')} DESC", member("startTimestamp"), member("creationTimestamp"))

log = logging.getLogger("exh_dev.platform")


class Queue:
    """The tasks of a store. It lives on one event loop at a time."""

    def __init__(self, store: Store, runner: Runner, clock: Clock) -> None:
        """Run tasks with `runner`; nothing runs until `run` or `settle`."""
        self._store = store
        self._runner = runner
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._woken: asyncio.Event | None = None
        store.index("tasks_status", TASKS, [member("status"), member("startTimestamp")])
        store.index("tasks_order", TASKS, [member("status"), *_ORDER])
        self._later = self._has_later()
        when_created(store, self.wake)

    def wake(self) -> None:
        """Check for due tasks now."""
        self._later = True
        if self._woken is not None:
            self._woken.set()

    async def run(self) -> None:
        """Run tasks until cancelled; those in progress then stay so."""
        self._woken = asyncio.Event()
        try:
            while True:
                with suppress(TimeoutError):
                    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes as the wait ends.
                    async with asyncio.timeout(_LOOK if self._later else None):
                        await self._woken.wait()
                self._woken.clear()
                try:
                    self._start_due()
                except Exception:
                    log.exception("The queue of tasks failed; retrying in a second")
                    await asyncio.sleep(1)
        finally:
            self._woken = None
            for running in self._running:
                running.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def pending(self, until: float) -> int:
        """Return the number of tasks running, or due by a time in epoch seconds."""
        due = Sql(f"{_IS_NEW} AND {member('startTimestamp')} <= ?", (iso(until),))
        return len(self._running) + self._store.count(TASKS, due)

    async def settle(self) -> None:
        """Run all due tasks, including those that become due meanwhile."""
        while True:
            self._start_due()
            if not self._running:
                return
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    def _start_due(self) -> None:
        now = self._clock()
        create_due_tasks(self._store, now=now)
        while len(self._running) < MOST_TASKS and (task := self._next(now)) is not None:
            lifecycle.change(self._store, task, "inProgress", now=now)
            running = asyncio.create_task(self._perform(task))
            self._running.add(running)
            running.add_done_callback(self._done)
        self._later = self._has_later()

    def _next(self, now: float) -> Document | None:
        due = Sql(f"{_IS_NEW} AND {member('startTimestamp')} <= ?", (iso(now),))
        # One index says whether any is due, the other which comes first: the + keeps the first out of that.
        if not self._store.page(TASKS, due, (member("startTimestamp"),), 1, 0):
            return None
        due = Sql(f"{_IS_NEW} AND +{member('startTimestamp')} <= ?", (iso(now),))
        found = self._store.page(TASKS, due, _ORDER, 1, 0)
        return json.loads(found[0]) if found else None

    def _has_later(self) -> bool:
        if len(self._running) >= MOST_TASKS:
            return False  # the end of one wakes
        new = self._store.page(TASKS, Sql(_IS_NEW), (member("startTimestamp"),), 1, 0)
        return bool(new) or self._store.count(SCHEDULES, EVERYTHING) > 0

    async def _perform(self, task: Document) -> None:
        try:
            invocation = await lifecycle.attempt(self._store, self._runner, task, "task")
        except NotInvocableError as error:
            failure = {"type": "invocation", "message": str(error)}
            lifecycle.fail(self._store, task, failure, now=self._clock())
            return
        if invocation.ok:
            lifecycle.change(self._store, task, "complete", now=self._clock())
        else:
            lifecycle.fail_or_retry(self._store, task, lifecycle.error_of(invocation), now=self._clock())

    def _done(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        self.wake()
        if not running.cancelled() and (error := running.exception()) is not None:
            log.error("A task could not be ended; it stays in progress", exc_info=error)
