"""The payment service: camelCase members, timestamps in ISO 8601.

Stripe, Apple and Google are replaced by stand-ins (`local_stripe.py`, `local_app_store.py`, `local_play_store.py`):
they sign their messages, and the service verifies the signatures. Each module lists its assumptions.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from exh_dev.platform.payments.app_store import AppStore
from exh_dev.platform.payments.orders import Orders
from exh_dev.platform.payments.play_store import PlayStore
from exh_dev.platform.payments.products import Products
from exh_dev.platform.payments.stripe import Stripe
from exh_dev.platform.payments.subscriptions import Subscriptions
from exh_dev.platform.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from exh_dev.platform.http.routing import Route
    from exh_dev.platform.storage.store import Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/payments/v1"
_LOOK = 1.0  # seconds between two looks at the clock

log = logging.getLogger("exh_dev.platform")


class PaymentService(Service):
    """The payments of a store."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._products = Products(store)
        self._orders = Orders(store, clock=clock)
        self._stripe = Stripe(store, clock=clock)
        self._app_store = AppStore(store, clock=clock)
        self._play_store = PlayStore(store, clock=clock)
        self._subscriptions = Subscriptions(store, self._look)

    def routes(self) -> list[Route]:
        """Return the endpoints of the service, and the stand-ins' paths below `/_dev/`."""
        return [
            *self._products.routes(f"{BASE}/products"),
            *self._orders.routes(f"{BASE}/orders"),
            *self._stripe.routes(f"{BASE}/stripe"),
            *self._app_store.routes(f"{BASE}/appStore"),
            *self._play_store.routes(f"{BASE}/playStore"),
            *self._subscriptions.routes(f"{BASE}/subscriptions"),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Expire subscriptions when they are due, during the block."""
        looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            try:
                self._look()
            except Exception:
                log.exception("The evaluation of subscriptions failed; retrying in a second")

    def _look(self) -> None:
        self._app_store.look()
        self._play_store.look()
