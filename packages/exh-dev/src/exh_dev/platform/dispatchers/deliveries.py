"""Perform deliveries at least once, with retries.

A failed delivery is retried three times, then logged and dropped. It is also dropped if its dispatcher or action was
deleted. Like the platform, this does not limit dispatchers that trigger each other: a dispatcher of `task_failed` whose
task fails loops forever unless its function checks the event's `functionName`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from exh_dev.platform.dev.origin import dispatching
from exh_dev.platform.dispatchers.actions import perform
from exh_dev.platform.events import events
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

#: Seconds from a failure to the next attempt.
RETRY_DELAYS = (1, 5, 30)
_LOOK = 0.05  # seconds between two looks at the clock while something is due later

log = logging.getLogger("exh_dev.platform")


class Deliveries:
    """The deliveries of a store. They are carried out on one event loop at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Prepare deliveries, which `run` or `deliver_due` performs; `clock` is that of the task service."""
        self._store = store
        self._clock = clock
        self._woken: asyncio.Event | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        store.index("event_deliveries_due", events.DELIVERIES, [member("due")])
        events.when_published(store, self.wake)

    def wake(self) -> None:
        """Check for due deliveries now."""
        if self._woken is not None:
            self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is left is delivered at the next start."""
        self._woken = asyncio.Event()
        self._woken.set()
        try:
            while True:
                later = self._store.count(events.DELIVERIES, EVERYTHING) > 0
                with suppress(TimeoutError):
                    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes as the wait ends.
                    async with asyncio.timeout(_LOOK if later else None):
                        await self._woken.wait()
                self._woken.clear()
                try:
                    await self.deliver_due()
                except Exception:
                    log.exception("The delivery of events failed; retrying in a second")
                    await asyncio.sleep(1)
        finally:
            self._woken = None
            for attempt in self._running.values():
                attempt.cancel()

    def pending(self, until: float) -> int:
        """Return the number of deliveries due by a time in epoch seconds."""
        return self._store.count(events.DELIVERIES, Sql(f"{member('due')} <= ?", (epoch_ms(until),)))

    async def deliver_due(self) -> bool:
        """Perform all due deliveries, oldest first. Return True if there were any."""
        found = False
        while (delivery := self._next()) is not None:
            attempt = self._running.get(delivery["id"])  # another caller may already be performing it
            if attempt is None:
                attempt = self._begun(delivery)
            await asyncio.wait([attempt])  # requests come between
            attempt.result()
            found = True
        return found

    def _begun(self, delivery: Document) -> asyncio.Task[None]:
        """Attempt a delivery once, however many wait for it."""
        attempt = asyncio.create_task(self._attempt(delivery))
        self._running[delivery["id"]] = attempt
        attempt.add_done_callback(lambda _: self._running.pop(delivery["id"]))
        return attempt

    def _next(self) -> Document | None:
        due = Sql(f"{member('due')} <= ?", (epoch_ms(self._clock()),))
        found = self._store.page(events.DELIVERIES, due, (member("due"),), 1, 0)
        return json.loads(found[0]) if found else None

    async def _attempt(self, delivery: Document) -> None:
        event = self._store.get(events.COLLECTION, delivery["eventId"])
        dispatcher = self._store.get(events.DISPATCHERS, delivery["dispatcherId"]) or {"actions": ()}
        action = next((each for each in dispatcher["actions"] if each["id"] == delivery["actionId"]), None)
        if event is None or action is None:
            self._store.delete(events.DELIVERIES, delivery["id"])
            return
        now = self._clock()
        try:
            with dispatching(self._store, event, iso(now)):
                await perform(self._store, delivery, event=event, dispatcher=dispatcher, action=action, now=now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may do better
            self._failed(delivery, error, now)

    def _failed(self, delivery: Document, error: Exception, now: float) -> None:
        failures = delivery["failures"]
        if failures < len(RETRY_DELAYS):
            due = epoch_ms(now + RETRY_DELAYS[failures])
            self._store.put(events.DELIVERIES, delivery | {"failures": failures + 1, "due": due})
            return
        log.error(
            "The action %s of the dispatcher %s could not be done for the event %s",
            *(delivery[name] for name in ("actionId", "dispatcherId", "eventId")),
            exc_info=error,
        )
        self._store.delete(events.DELIVERIES, delivery["id"])
