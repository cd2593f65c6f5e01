"""The Play Store: purchases and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.resource import Resource, own_data
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from extrahorizon.services.payments.types import PlayStorePurchase


class PlayStore(Resource):
    """`exh.payments.play_store`. Needs no permission."""

    def complete(self, **body: Unpack[PlayStorePurchase]) -> dict[str, Any]:
        """Complete a purchase of a subscription.

        Args:
            body: `packageName`, `subscriptionId` and `purchaseToken`, as the store gave them to the app.

        Returns:
            The purchase as Google answers, with Google's own members.

        Raises:
            InvalidReceiptDataError: it is no purchase (2707).
            NoConfiguredPlayStoreProductError: nothing is sold under the subscription's id (2719).
            PlayStoreTransactionAlreadyLinkedError: it belongs to another user (2720).
        """
        return self._object("POST", f"{BASE}/playStore/completePurchase", json=self._body("PlayStorePurchase", body))

    def process_developer_notification(self, notification: Mapping[str, Any]) -> dict[str, Any] | None:
        """Hand over a developer notification as Google pushed it: with `message` and `subscription`.

        Returns:
            What the platform says to it, None where that is nothing.

        Raises:
            InvalidReceiptDataError: it is about no purchase (2707).
            NoMatchingPlayStoreLinkedSubscriptionError: nobody has this subscription (2718).
            NoConfiguredPlayStoreProductError: nothing is sold under the subscription's id (2719).
        """
        answer: dict[str, Any] | None = self._session.call(
            "POST", f"{BASE}/playStore/processDeveloperNotification", json=own_data(notification)
        )
        return answer
