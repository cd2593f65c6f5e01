"""Subscriptions of the Play Store and their products."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Collection, Resource
from extrahorizon.services.payments import BASE
from extrahorizon.services.payments.subscription_products import SubscriptionProducts

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.payments.types import (
        PlayStoreSubscription,
        PlayStoreSubscriptionProduct,
        PlayStoreSubscriptionProductCreation,
    )


class Products(SubscriptionProducts["PlayStoreSubscriptionProduct"]):
    """`exh.payments.play_store_subscriptions.products`. Finding needs no permission."""

    _path = f"{BASE}/playStore/subscriptions/products/"

    def create(self, **body: Unpack[PlayStoreSubscriptionProductCreation]) -> PlayStoreSubscriptionProduct:
        """Define a product of the store and its entitlement. Needs `CREATE_PLAY_STORE_SUBSCRIPTION_PRODUCT`.

        Raises:
            ResourceAlreadyExistsError: the store's product is defined already (17).
        """
        return cast(
            "PlayStoreSubscriptionProduct",
            self._object(
                "POST",
                f"{BASE}/playStore/subscriptions/products",
                json=self._body("PlayStoreSubscriptionProductCreation", body),
            ),
        )


class Subscriptions(Collection["PlayStoreSubscription"]):
    """`exh.payments.play_store_subscriptions.subscriptions`.

    Finding one's own needs no permission, finding everybody's needs `VIEW_PLAY_STORE_SUBSCRIPTIONS`.
    """

    _path = f"{BASE}/playStore/subscriptions/"


class PlayStoreSubscriptions(Resource):
    """`exh.payments.play_store_subscriptions`."""

    @cached_property
    def products(self) -> Products:
        """Subscription products of the store."""
        return Products(self._session)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Users' subscriptions."""
        return Subscriptions(self._session)
