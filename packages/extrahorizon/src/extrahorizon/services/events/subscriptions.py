"""Subscriptions: which services are notified of which events."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId
from extrahorizon.services.events import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.events.types import Subscription, SubscriptionCreation


class Subscriptions(WithId["Subscription"]):
    """`exh.events.subscriptions`. Finding needs `VIEW_SUBSCRIPTIONS`."""

    _path = f"{BASE}/subscriptions"

    def create(self, **body: Unpack[SubscriptionCreation]) -> Subscription:
        """Subscribe a service to events. Needs `CREATE_SUBSCRIPTIONS`.

        Deprecated by the platform: its services subscribe by themselves. To act on events, see `exh.dispatchers`.
        """
        return cast("Subscription", self._object("POST", self._path, json=self._body("SubscriptionCreation", body)))
