"""Entitlements and events of subscriptions of all stores."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extrahorizon.resource import Collection, Resource
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from extrahorizon.services.payments.types import SubscriptionEntitlement, SubscriptionEvent


class Entitlements(Collection["SubscriptionEntitlement"]):
    """`exh.payments.subscriptions.entitlements`.

    Finding one's own needs no permission, finding everybody's needs `VIEW_SUBSCRIPTION_ENTITLEMENTS`.
    """

    _path = f"{BASE}/subscriptions/entitlements/"


class Events(Collection["SubscriptionEvent"]):
    """`exh.payments.subscriptions.events`.

    Finding one's own needs no permission, finding everybody's needs `VIEW_SUBSCRIPTION_EVENTS`.
    """

    _path = f"{BASE}/subscriptions/events/"


class Subscriptions(Resource):
    """`exh.payments.subscriptions`."""

    @cached_property
    def entitlements(self) -> Entitlements:
        """Current entitlements of users."""
        return Entitlements(self._session)

    @cached_property
    def events(self) -> Events:
        """Events of users' subscriptions."""
        return Events(self._session)
