"""The App Store: transactions and receipts, subscriptions, and Apple's notifications about them.

Apple's own members are in snake_case, all others in camelCase. Clients are not trusted: the local App Store decides a
subscription's status from its receipt.

Assumed: a receipt has one subscription; an application with shared secrets accepts only receipts of their bundles
(2707), one without accepts all; a notification must carry its bundle's secret, if there is one. `state` is the latest
event in capitals. A subscription is never locked here, because changes are immediate. Deleting and reevaluating a
subscription are in the published API but not in the official SDK.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.local_app_store import LocalAppStore
from exh_dev.platform.payments.records import ASSUME, buyer, listed, own_or_all
from exh_dev.platform.payments.shared_secrets import SharedSecrets
from exh_dev.platform.payments.store_products import StoreProducts
from exh_dev.platform.payments.subscriptions import (
    ACTIVE,
    NO_RENEWAL,
    SUBSCRIPTIONS,
    Standing,
    detach,
    evaluate_due,
    record,
    subscription_at,
)
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.payments.subscriptions import Offer, Source
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

SOURCE: Source = "appStore"
_COLLECTION, _OWNER = SUBSCRIPTIONS[SOURCE]
_NOTIFICATIONS, _RECEIPTS = "app_store_notifications", "app_store_receipts"
#: Why a subscription has ended, as Apple numbers it.
_EXPIRED = {"1": "expired_voluntarily", "2": "expired_from_billing", "3": "failed_to_confirm_price_change"}
_REFUNDED_FOR_ISSUE, _FAMILY_SHARED = "1", "FAMILY_SHARED"
_STATES = {"billing_retry_started": "BILLING_RETRY"}  # as in the published example


class AppStore:
    """The App Store subscriptions of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._secrets = SharedSecrets(store, clock=clock)
        self._local = LocalAppStore(store, clock=clock, deliver=self.receive, password=self._secrets.of_bundle)
        self._products = StoreProducts(
            store,
            clock=clock,
            word="APP_STORE",
            members=("appStoreAppBundleId", "appStoreProductId"),
            identifying=("appStoreProductId",),  # "will lookup the product in the database by" it
        )
        store.index("app_store_subscriptions_original", _COLLECTION, [member("originalTransactionId")])
        store.index("app_store_subscriptions_due", _COLLECTION, [member("reevaluateDate")])

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints, and the paths of the local App Store."""
        subscriptions = f"{base}/subscriptions"
        return [
            Route(f"{base}/completeTransaction", self._complete, methods=["POST"]),
            Route(f"{base}/verifyReceipt", self._verify, methods=["POST"]),
            Route(f"{base}/processServerNotification", self._process, methods=["POST"]),
            Route(f"{base}/receivedNotifications", self._find_notifications, methods=["GET"]),
            Route(f"{base}/receivedReceipts", self._find_receipts, methods=["GET"]),
            *self._secrets.routes(f"{base}/sharedSecrets"),
            Route(subscriptions, self._find, methods=["GET"]),
            *self._products.routes(f"{subscriptions}/products"),
            Route(f"{subscriptions}/{{id}}", self._remove, methods=["DELETE"]),
            Route(f"{subscriptions}/{{id}}/reevaluate", self._reevaluate_one, methods=["POST"]),
            *self._local.routes(),
        ]

    def look(self) -> None:
        """Evaluate subscriptions whose status is due to change."""
        evaluate_due(self._store, SOURCE, "reevaluateDate", self._reevaluate, now=self._clock())

    def receive(self, notification: Document) -> int:
        """Process a notification in Apple's format.

        Returns:
            200 when it changed a subscription, 202 when no user has the subscription.

        Raises:
            ErrorAnswer: 2707 when its receipt is not genuine, or its password not the secret of the bundle; 2716 when
                nothing is sold under the product's id.
        """
        receipt_data = (Fields(notification).optional_object("unified_receipt") or {}).get("latest_receipt")
        if not isinstance(receipt_data, str):
            raise ErrorAnswer(2707, "The notification has no unified_receipt.latest_receipt")
        response = self._local.verify(receipt_data)
        secret, password = self._secrets.of_bundle(response["receipt"]["bundle_id"]), notification.get("password")
        sent = password.encode() if isinstance(password, str) else b""
        if secret is not None and not hmac.compare_digest(sent, secret.encode()):
            raise ErrorAnswer(2707, "The password of the notification is not the shared secret of the bundle")
        now = self._clock()
        stamps = {"creationTimestamp": iso(now), "updateTimestamp": iso(now)}
        # The secret is only in shared_secrets.py, where no query can ask for it.
        kept = {name: value for name, value in notification.items() if name != "password"}
        self._store.put(_NOTIFICATIONS, {"id": object_id(), **stamps, "data": kept})
        subscription = self._linked(response)
        if subscription is None:
            return 202
        with self._store.transaction():
            self._evaluate(subscription, response)
        return 200

    async def _complete(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        rights.require_user()
        fields = await read_json(request)
        receipt_data, transaction_id = fields.text("receiptData"), fields.text("transactionId")
        user_id = buyer(rights, fields, self._store)
        response = self._verified(receipt_data, fields, rights)
        if all(each["transaction_id"] != transaction_id for each in response["latest_receipt_info"]):
            raise ErrorAnswer(2708, f"The receipt has no transaction {transaction_id}")
        subscription = self._linked(response)
        if subscription is not None and subscription["userId"] != user_id:
            raise ErrorAnswer(2717, "The transaction belongs to another user; delete that subscription first")
        now = iso(self._clock())
        with self._store.transaction():
            self._evaluate(subscription or {"id": object_id(), "userId": user_id}, response)
            stamps = {"creationTimestamp": now, "updateTimestamp": now}
            receipt = {"userId": user_id, "transactionId": transaction_id, "receiptResponse": response}
            self._store.put(_RECEIPTS, {"id": object_id(), **stamps, **receipt})
        return JSONResponse(response)

    async def _verify(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        rights.require_user()
        fields = await read_json(request)
        return JSONResponse(self._verified(fields.text("receiptData"), fields, rights))

    async def _process(self, request: Request) -> Response:
        return Response(status_code=self.receive((await read_json(request)).members))

    async def _find_notifications(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_APP_STORE_NOTIFICATIONS")
        return listed(request, self._store, _NOTIFICATIONS)

    async def _find_receipts(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_APP_STORE_RECEIPTS")
        return listed(request, self._store, _RECEIPTS)

    async def _find(self, request: Request) -> Response:
        visible = own_or_all(rights_of(request, self._store), "VIEW_APP_STORE_SUBSCRIPTIONS", _OWNER)
        self.look()
        return listed(request, self._store, _COLLECTION, visible=visible)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_APP_STORE_SUBSCRIPTION")
        subscription = subscription_at(request, self._store, SOURCE)
        with self._store.transaction():
            detach(self._store, SOURCE, subscription["id"], now=self._clock())
        return JSONResponse({"affectedRecords": 1})

    async def _reevaluate_one(self, request: Request) -> Response:
        rights_of(request, self._store).require("TRIGGER_APP_STORE_SUBSCRIPTION_REEVALUATION")
        self._reevaluate(subscription_at(request, self._store, SOURCE))
        return Response(status_code=204)

    def _verified(self, receipt_data: str, fields: Fields, rights: Rights) -> Document:
        """Return what Apple says to a receipt that the caller's application, or the one that is named, may use."""
        application_id = fields.optional_text("applicationId") or rights.application_id
        if application_id != rights.application_id:
            rights.require(ASSUME)
        response = self._local.verify(receipt_data)
        bundles = self._secrets.bundles_of(str(application_id))
        if bundles and response["receipt"]["bundle_id"] not in bundles:
            raise ErrorAnswer(2707, "The receipt is of an app for which the application has no shared secret")
        return response

    def _linked(self, response: Document) -> Document | None:
        """Return the subscription of a receipt, if a user has it."""
        original = response["latest_receipt_info"][0]["original_transaction_id"]
        of_original = Sql(f"{member('originalTransactionId')} = ?", (original,))
        return next(iter(self._store.matching(_COLLECTION, of_original)), None)

    def _reevaluate(self, subscription: Document) -> None:
        response = self._local.verify(subscription["latestReceipt"])
        with self._store.transaction():
            self._evaluate(subscription, response)

    def _evaluate(self, subscription: Document, response: Document) -> None:
        """Update a new or known subscription to the store's status.

        Raises:
            ErrorAnswer: 2716 when nothing is sold under the product's id.
        """
        now = self._clock()
        latest, renewal = response["latest_receipt_info"][0], response["pending_renewal_info"][0]
        product = self._products.sold_as(appStoreProductId=latest["product_id"])
        if product is None:
            raise ErrorAnswer(2716, f"Could not find the referenced App Store product {latest['product_id']}")
        following = self._products.sold_as(appStoreProductId=renewal["auto_renew_product_id"])
        standing = _standing(latest, renewal, following, now=now)
        events = record(
            self._store, subscription["id"], subscription["userId"], product, standing, source=SOURCE, now=now
        )
        renews = renewal["auto_renew_status"] == "1"
        switches = renewal["auto_renew_product_id"] != latest["product_id"]
        changed: Document = {
            "productId": latest["product_id"],
            "bundleId": response["receipt"]["bundle_id"],
            "originalPurchaseDate": _iso(latest["original_purchase_date_ms"]),
            "originalTransactionId": latest["original_transaction_id"],
            "lastPurchaseDate": _iso(latest["purchase_date_ms"]),
            "expiresDate": _iso(latest["expires_date_ms"]),
            "autoRenewStatus": renews,
            "latestReceipt": response["latest_receipt"],
            "lastReceiptTimestamp": iso(now),
            "lastTransactionId": latest["transaction_id"],
            "lastWebOrderId": latest["web_order_line_item_id"],
            "reevaluateDate": None if standing.changes is None else iso(standing.changes),
            "newProductId": renewal["auto_renew_product_id"] if switches else None,
        }
        if subscription.get("autoRenewStatus") != renews:
            changed["autoRenewStatusChange"] = iso(now)
        if events:
            changed["state"] = _STATES.get(events[-1], events[-1].upper())
        subscription = {**subscription, **changed}
        self._store.put(_COLLECTION, {name: value for name, value in subscription.items() if value is not None})


def _standing(latest: Document, renewal: Document, following: Document | None, *, now: float) -> Standing:
    """Return a subscription's status from its latest payment and renewal settings."""
    expires = int(latest["expires_date_ms"]) / 1000
    grace = int(renewal.get("grace_period_expires_date_ms", 0)) / 1000
    offer = _offer(latest)
    switches = renewal["auto_renew_product_id"] != latest["product_id"]
    changes: float | None = None
    if "cancellation_date_ms" in latest:
        expires = int(latest["cancellation_date_ms"]) / 1000
        for_issue = latest["cancellation_reason"] == _REFUNDED_FOR_ISSUE
        status = "refunded_for_issue" if for_issue else "refunded"
        if latest["in_app_ownership_type"] == _FAMILY_SHARED:
            status = "revoked"
    elif now < expires:
        changes = expires
        if renewal.get("price_consent_status") == "0":
            status = "awaiting_price_change_confirmation"
        elif renewal["auto_renew_status"] == "0":
            status = NO_RENEWAL
        elif switches:
            status = "switching_product"
        else:
            status = f"using_{offer}" if offer else ACTIVE
    elif now < grace:
        expires = changes = grace
        status = "in_grace_period"
    elif renewal.get("is_in_billing_retry_period") == "1":
        status = "in_billing_retry"
    else:
        refused = "3" if renewal.get("price_consent_status") == "0" else "2"
        intent = "1" if renewal["auto_renew_status"] == "0" else refused  # where the store does not say why
        status = _EXPIRED[renewal.get("expiration_intent", intent)]
    new_product = following["id"] if switches and following else None
    return Standing(status, expires, int(latest["purchase_date_ms"]) / 1000, offer, new_product, changes)


def _offer(latest: Document) -> Offer | None:
    if latest["is_trial_period"] == "true":
        return "free_trial"
    if latest["is_in_intro_offer_period"] == "true":
        return "introductory_pricing"
    return "promotion" if "offer_code_ref_name" in latest else None


def _iso(milliseconds: str) -> str:
    return iso(int(milliseconds) / 1000)
