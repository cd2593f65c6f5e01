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
            body: `packageName`, `subscriptionId` and `purchaseToken`, from the store's answer to the app.

        Returns:
            Google's answer, with Google's member names.

        Raises:
            InvalidReceiptDataError: it is not a purchase (2707).
            NoConfiguredPlayStoreProductError: the subscription's id is not configured (2719).
            PlayStoreTransactionAlreadyLinkedError: it belongs to another user (2720).
        """
        return self._object("POST", f"{BASE}/playStore/completePurchase", json=self._body("PlayStorePurchase", body))

    def process_developer_notification(self, notification: Mapping[str, Any]) -> dict[str, Any] | None:
        """Process a developer notification in Google's format: with `message` and `subscription`.

        Returns:
            The platform's answer, or None.

        Raises:
            InvalidReceiptDataError: it has no valid purchase (2707).
            NoMatchingPlayStoreLinkedSubscriptionError: no user has this subscription (2718).
            NoConfiguredPlayStoreProductError: the subscription's id is not configured (2719).
        """
        answer: dict[str, Any] | None = self._session.call(
            "POST", f"{BASE}/playStore/processDeveloperNotification", json=own_data(notification)
        )
        return answer
