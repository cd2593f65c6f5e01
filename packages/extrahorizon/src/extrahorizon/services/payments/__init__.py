"""The payment service, `/payments/v1`: orders by Stripe, subscriptions by the App Store and the Play Store.

camelCase members, ISO 8601 timestamps; what Apple and Google send is as they send it. A call that needs an App Store
subscription that is being worked on is refused with code 10 too: `NoPermissionError` with HTTP 400 and the name
`LOCKED_APP_STORE_SUBSCRIPTION_EXCEPTION`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extrahorizon.resource import Service

if TYPE_CHECKING:
    from extrahorizon.services.payments.app_store import AppStore
    from extrahorizon.services.payments.app_store_subscriptions import AppStoreSubscriptions
    from extrahorizon.services.payments.orders import Orders
    from extrahorizon.services.payments.play_store import PlayStore
    from extrahorizon.services.payments.play_store_history import PlayStoreHistory
    from extrahorizon.services.payments.play_store_subscriptions import PlayStoreSubscriptions
    from extrahorizon.services.payments.products import Products
    from extrahorizon.services.payments.stripe import Stripe
    from extrahorizon.services.payments.subscriptions import Subscriptions

BASE = "/payments/v1"


class Payments(Service):
    """`exh.payments`."""

    _base = BASE

    @cached_property
    def app_store(self) -> AppStore:
        """Transactions, receipts and notifications of the App Store."""
        from extrahorizon.services.payments.app_store import AppStore

        return AppStore(self._session)

    @cached_property
    def app_store_subscriptions(self) -> AppStoreSubscriptions:
        """Subscriptions of the App Store and their products."""
        from extrahorizon.services.payments.app_store_subscriptions import AppStoreSubscriptions

        return AppStoreSubscriptions(self._session)

    @cached_property
    def orders(self) -> Orders:
        """Orders of users."""
        from extrahorizon.services.payments.orders import Orders

        return Orders(self._session)

    @cached_property
    def play_store(self) -> PlayStore:
        """Purchases and notifications of the Play Store."""
        from extrahorizon.services.payments.play_store import PlayStore

        return PlayStore(self._session)

    @cached_property
    def play_store_history(self) -> PlayStoreHistory:
        """History of the Play Store."""
        from extrahorizon.services.payments.play_store_history import PlayStoreHistory

        return PlayStoreHistory(self._session)

    @cached_property
    def play_store_subscriptions(self) -> PlayStoreSubscriptions:
        """Subscriptions of the Play Store and their products."""
        from extrahorizon.services.payments.play_store_subscriptions import PlayStoreSubscriptions

        return PlayStoreSubscriptions(self._session)

    @cached_property
    def products(self) -> Products:
        """One-time products."""
        from extrahorizon.services.payments.products import Products

        return Products(self._session)

    @cached_property
    def stripe(self) -> Stripe:
        """Payment methods and intents."""
        from extrahorizon.services.payments.stripe import Stripe

        return Stripe(self._session)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Entitlements and events of subscriptions of all stores."""
        from extrahorizon.services.payments.subscriptions import Subscriptions

        return Subscriptions(self._session)
