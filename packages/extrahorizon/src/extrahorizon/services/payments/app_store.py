"""The App Store: transactions, receipts, notifications and the secrets to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from extrahorizon import paging
from extrahorizon.resource import Resource, own_data, segment
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.payments.types import (
        AppStoreNotification,
        AppStoreReceipt,
        AppStoreSharedSecret,
        AppStoreSharedSecretCreation,
        AppStoreTransaction,
        ReceiptData,
    )

_STORE = f"{BASE}/appStore"


class AppStore(Resource):
    """`exh.payments.app_store`."""

    def complete_transaction(self, **body: Unpack[AppStoreTransaction]) -> dict[str, Any]:
        """Complete a transaction of a receipt. Needs no permission.

        `ASSUME_PAYMENT_ENTITY` allows another user or application.

        Args:
            body: `receiptData` in Base64, and the `transactionId` within it; `userId` and `applicationId` of another.

        Returns:
            Apple's answer, with Apple's member names.

        Raises:
            InvalidReceiptDataError: it is not a receipt (2707).
            UnknownReceiptTransactionError: the receipt has no such transaction (2708).
            NoConfiguredAppStoreProductError: the product's id is not configured (2716).
            AppStoreTransactionAlreadyLinkedError: it belongs to another user (2717).
        """
        return self._object("POST", f"{_STORE}/completeTransaction", json=self._body("AppStoreTransaction", body))

    def verify_transaction(self, **body: Unpack[ReceiptData]) -> dict[str, Any]:
        """Have Apple verify a receipt, given in Base64. Needs no permission.

        Returns:
            Apple's answer, with Apple's member names.

        Raises:
            InvalidReceiptDataError: it is not a receipt (2707).
        """
        return self._object("POST", f"{_STORE}/verifyReceipt", json=self._body("ReceiptData", body))

    def process_notification(self, notification: Mapping[str, Any]) -> bool:
        """Hand over a server notification as Apple sent it. Needs no permission.

        Returns:
            Whether it was processed.
        """
        return self._is_ok("POST", f"{_STORE}/processServerNotification", json=own_data(notification))

    def get_notifications(self, rql: Condition | None = None) -> Page[AppStoreNotification]:
        """Return a page of Apple's notifications that match. Needs `VIEW_APP_STORE_NOTIFICATIONS`."""
        return paging.find(self._session, f"{_STORE}/receivedNotifications/", rql)

    def get_receipts(self, rql: Condition | None = None) -> Page[AppStoreReceipt]:
        """Return a page of the verified receipts that match. Needs `VIEW_APP_STORE_RECEIPTS`."""
        return paging.find(self._session, f"{_STORE}/receivedReceipts/", rql)

    def get_shared_secrets(self, rql: Condition | None = None) -> Page[AppStoreSharedSecret]:
        """Return a page of shared secrets that match, without their values. Needs `VIEW_APP_STORE_SHARED_SECRETS`."""
        return paging.find(self._session, f"{_STORE}/sharedSecrets/", rql)

    def create_shared_secret(self, **body: Unpack[AppStoreSharedSecretCreation]) -> AppStoreSharedSecret:
        """Store the secret with which an app's receipts are verified. Needs `CREATE_APP_STORE_SHARED_SECRET`."""
        return cast(
            "AppStoreSharedSecret",
            self._object("POST", f"{_STORE}/sharedSecrets", json=self._body("AppStoreSharedSecretCreation", body)),
        )

    def remove_shared_secret(self, secret_id: str) -> int:
        """Delete a shared secret. Needs `DELETE_APP_STORE_SHARED_SECRET`."""
        return self._affected("DELETE", f"{_STORE}/sharedSecrets/{segment(secret_id)}")
