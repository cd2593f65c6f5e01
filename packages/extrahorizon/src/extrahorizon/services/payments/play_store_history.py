"""Data received from the Play Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon import paging
from extrahorizon.resource import Resource
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from extrahorizon.paging import Page
    from extrahorizon.query import Condition
    from extrahorizon.services.payments.types import (
        PlayStoreNotification,
        PlayStorePurchaseInfo,
        PlayStorePurchaseReceipt,
    )

_HISTORY = f"{BASE}/playStore/history"


class PlayStoreHistory(Resource):
    """`exh.payments.play_store_history`."""

    def purchase_receipts(self, rql: Condition | None = None) -> Page[PlayStorePurchaseReceipt]:
        """Return a page of the receipts that match, as apps sent them. Needs `VIEW_PLAY_STORE_PURCHASE_RECEIPTS`."""
        return paging.find(self._session, f"{_HISTORY}/purchaseReceipts/", rql)

    def notifications(self, rql: Condition | None = None) -> Page[PlayStoreNotification]:
        """Return a page of Google's notifications that match. Needs `VIEW_PLAY_STORE_NOTIFICATIONS`."""
        return paging.find(self._session, f"{_HISTORY}/notifications/", rql)

    def purchase_infos(self, rql: Condition | None = None) -> Page[PlayStorePurchaseInfo]:
        """Return a page of Google's purchase details that match. Needs `VIEW_PLAY_STORE_PURCHASE_INFOS`."""
        return paging.find(self._session, f"{_HISTORY}/purchaseInfos/", rql)
