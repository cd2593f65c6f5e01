"""Products that a store sells as subscriptions: the calls that are the same for each store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.resource import Collection, Item, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.services.payments.types import SubscriptionProductUpdate


class SubscriptionProducts(Collection[Item]):
    """Products of a store. Finding needs no permission."""

    def update(self, product_id: str, **body: Unpack[SubscriptionProductUpdate]) -> int:
        """Rename a product.

        Needs `UPDATE_APP_STORE_SUBSCRIPTION_PRODUCT` for the App Store, `UPDATE_PLAY_STORE_SUBSCRIPTION_PRODUCT` for
        the Play Store.

        Raises:
            ResourceUnknownError: the product does not exist (16).
        """
        return self._affected(
            "PUT", f"{self._path}{segment(product_id)}", json=self._body("SubscriptionProductUpdate", body)
        )

    def remove(self, product_id: str) -> int:
        """Delete a product.

        Needs `DELETE_APP_STORE_SUBSCRIPTION_PRODUCT` for the App Store, `DELETE_PLAY_STORE_SUBSCRIPTION_PRODUCT` for
        the Play Store.

        Raises:
            ResourceUnknownError: the product does not exist (16).
        """
        return self._affected("DELETE", f"{self._path}{segment(product_id)}")
