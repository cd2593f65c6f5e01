"""The Play Store: purchases, subscriptions, and Google's notifications about them.

Only the purchase token of a client or a notification is trusted: the local Play Store decides a subscription's status.
Requests and the store's answers are stored in the history.

Assumed: the answer to a purchase and to a notification is an empty object, as in the published examples; a notification
about a purchase that was not completed and replaces none is accepted without effect. Where the published examples have
other codes (2718 to 2721), those of the official SDK are used. Deleting and reevaluating a subscription are in the
published API, but not in the official SDK; a reevaluation with `republishLatestEvent` publishes the event again.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, parse_json, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.local_play_store import (
    BY_DEVELOPER,
    BY_SYSTEM,
    FREE_TRIAL,
    PENDING,
    REPLACED,
    LocalPlayStore,
    renewals_of,
)
from exh_dev.platform.payments.records import buyer, listed, own_or_all
from exh_dev.platform.payments.store_products import StoreProducts
from exh_dev.platform.payments.subscriptions import (
    ACTIVE,
    NO_RENEWAL,
    SUBSCRIPTIONS,
    SWITCHED,
    Standing,
    detach,
    evaluate_due,
    publish_again,
    record,
    subscription_at,
)
from exh_dev.platform.storage.ids import object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.payments.subscriptions import Offer, Source
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

SOURCE: Source = "playStore"
_COLLECTION, _OWNER = SUBSCRIPTIONS[SOURCE]
_NOTIFICATIONS, _RECEIPTS, _INFOS = "play_store_notifications", "play_store_receipts", "play_store_purchase_infos"
_RECEIPT = ("packageName", "subscriptionId", "purchaseToken")


class PlayStore:
    """The Play Store subscriptions of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._local = LocalPlayStore(store, clock=clock, deliver=self.receive)
        self._products = StoreProducts(
            store,
            clock=clock,
            word="PLAY_STORE",
            members=("playStorePackageName", "playStoreSubscriptionId"),
            identifying=("playStorePackageName", "playStoreSubscriptionId"),
        )
        store.index("play_store_subscriptions_token", _COLLECTION, [member("receipt.purchaseToken")])
        store.index("play_store_subscriptions_due", _COLLECTION, [member("_reevaluateDate")])

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints, and the paths of the local Play Store."""
        subscriptions, history = f"{base}/subscriptions", f"{base}/history"
        return [
            Route(f"{base}/completePurchase", self._complete, methods=["POST"]),
            Route(f"{base}/processDeveloperNotification", self._process, methods=["POST"]),
            Route(f"{history}/notifications", self._find_notifications, methods=["GET"]),
            Route(f"{history}/purchaseReceipts", self._find_receipts, methods=["GET"]),
            Route(f"{history}/purchaseInfos", self._find_infos, methods=["GET"]),
            Route(subscriptions, self._find, methods=["GET"]),
            *self._products.routes(f"{subscriptions}/products"),
            Route(f"{subscriptions}/{{id}}", self._remove, methods=["DELETE"]),
            Route(f"{subscriptions}/{{id}}/reevaluate", self._reevaluate_one, methods=["POST"]),
            *self._local.routes(),
        ]

    def look(self) -> None:
        """Evaluate subscriptions whose status is due to change."""
        evaluate_due(self._store, SOURCE, "_reevaluateDate", self._reevaluate, now=self._clock())

    def receive(self, push: Document) -> None:
        """Process a developer notification in the format of Pub/Sub.

        Raises:
            ErrorAnswer: 2707 when it cannot be read, or its token is not genuine; 2718 when it replaces a purchase that
                was not completed; 2719 when nothing is sold under the subscription's id.
        """
        notification = _notification(push)
        now = iso(self._clock())
        kept = {**notification, "id": object_id(), "creationTimestamp": now, "updateTimestamp": now}
        about = Fields(notification).optional_object("subscriptionNotification")
        if about is None:  # such as a test from Google's console
            self._store.put(_NOTIFICATIONS, kept)
            return
        receipt = {"packageName": notification.get("packageName"), **about}
        if not all(isinstance(receipt.get(name), str) for name in _RECEIPT):
            raise ErrorAnswer(2707, "The notification names no packageName, subscriptionId and purchaseToken")
        receipt = {name: receipt[name] for name in _RECEIPT}
        info = self._local.purchase(receipt)
        self._store.put(_NOTIFICATIONS, kept)
        self._keep_info(receipt, info)
        subscription = self._linked(receipt["purchaseToken"])
        if subscription is None and "linkedPurchaseToken" in info:
            subscription = self._linked(info["linkedPurchaseToken"])
            if subscription is None:
                raise ErrorAnswer(2718, "Could not match the linked purchase token to any subscription")
        if subscription is not None:
            with self._store.transaction():
                self._evaluate({**subscription, "receipt": receipt}, info)

    async def _complete(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        rights.require_user()
        fields = await read_json(request)
        receipt = {name: fields.text(name) for name in _RECEIPT}
        user_id = buyer(rights, fields, self._store)
        info = self._local.purchase(receipt)
        subscription = self._linked(receipt["purchaseToken"])
        if subscription is None and "linkedPurchaseToken" in info:
            subscription = self._linked(info["linkedPurchaseToken"])
        if subscription is not None and subscription["purchaserId"] != user_id:
            raise ErrorAnswer(2720, "The purchase belongs to another user; delete that subscription first")
        now = iso(self._clock())
        stamps = {"creationTimestamp": now, "updateTimestamp": now}
        with self._store.transaction():
            begun = subscription or {"id": object_id(), "purchaserId": user_id, "creationTimestamp": now}
            self._evaluate({**begun, "receipt": receipt}, info)
            self._store.put(_RECEIPTS, {"id": object_id(), "receipt": receipt, "userId": user_id, **stamps})
            self._keep_info(receipt, self._local.acknowledge(receipt))
        return JSONResponse({})

    async def _process(self, request: Request) -> JSONResponse:
        self.receive((await read_json(request)).members)
        return JSONResponse({})

    async def _find_notifications(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_PLAY_STORE_NOTIFICATIONS")
        return listed(request, self._store, _NOTIFICATIONS)

    async def _find_receipts(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_PLAY_STORE_PURCHASE_RECEIPTS")
        return listed(request, self._store, _RECEIPTS)

    async def _find_infos(self, request: Request) -> Response:
        rights_of(request, self._store).require("VIEW_PLAY_STORE_PURCHASE_INFOS")
        return listed(request, self._store, _INFOS)

    async def _find(self, request: Request) -> Response:
        visible = own_or_all(rights_of(request, self._store), "VIEW_PLAY_STORE_SUBSCRIPTIONS", _OWNER)
        self.look()
        return listed(request, self._store, _COLLECTION, visible=visible)

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_PLAY_STORE_SUBSCRIPTION")
        subscription = subscription_at(request, self._store, SOURCE)
        with self._store.transaction():
            detach(self._store, SOURCE, subscription["id"], now=self._clock())
        return JSONResponse({"affectedRecords": 1})

    async def _reevaluate_one(self, request: Request) -> Response:
        rights_of(request, self._store).require("TRIGGER_PLAY_STORE_SUBSCRIPTION_REEVALUATION")
        again = (await read_json(request)).optional_flag("republishLatestEvent")
        subscription = subscription_at(request, self._store, SOURCE)
        self._reevaluate(subscription)
        if again:
            with self._store.transaction():
                publish_again(self._store, subscription["id"], now=self._clock())
        return Response(status_code=204)

    def _linked(self, token: str) -> Document | None:
        """Return the subscription of a purchase, if a user has it."""
        of_token = Sql(f"{member('receipt.purchaseToken')} = ?", (token,))
        return next(iter(self._store.matching(_COLLECTION, of_token)), None)

    def _keep_info(self, receipt: Document, info: Document) -> None:
        now = iso(self._clock())
        stamps = {"creationTimestamp": now, "updateTimestamp": now}
        self._store.put(_INFOS, {"id": object_id(), "receipt": receipt, "purchaseInfo": info, **stamps})

    def _reevaluate(self, subscription: Document) -> None:
        info = self._local.purchase(subscription["receipt"])
        with self._store.transaction():
            self._evaluate(subscription, info)

    def _evaluate(self, subscription: Document, info: Document) -> None:
        """Update a new or known subscription to the store's status.

        Raises:
            ErrorAnswer: 2719 when nothing is sold under its id.
        """
        now, receipt = self._clock(), subscription["receipt"]
        product = self._products.sold_as(
            playStorePackageName=receipt["packageName"], playStoreSubscriptionId=receipt["subscriptionId"]
        )
        if product is None:
            raise ErrorAnswer(2719, f"Could not find the referenced Play Store product {receipt['subscriptionId']}")
        standing = _standing(info, now=now)
        record(self._store, subscription["id"], subscription["purchaserId"], product, standing, source=SOURCE, now=now)
        changed = {
            "expiryTimestamp": iso(standing.expires),
            "autoRenewing": info["autoRenewing"],
            "paymentState": info["paymentState"],
            "introductoryPriceInfo": info.get("introductoryPriceInfo"),
            "updateTimestamp": iso(now),
            "_reevaluateDate": None if standing.changes is None else iso(standing.changes),
        }
        subscription = {**subscription, **changed}
        self._store.put(_COLLECTION, {name: value for name, value in subscription.items() if value is not None})


def _notification(push: Document) -> Document:
    """Return what the message of a push says.

    Raises:
        ErrorAnswer: 2707 when it cannot be read.
    """
    data = (Fields(push).optional_object("message") or {}).get("data")
    notification: Any = None
    with suppress(ValueError, ErrorAnswer):
        notification = parse_json(base64.b64decode(data, validate=True)) if isinstance(data, str) else None
    if not isinstance(notification, dict):
        raise ErrorAnswer(2707, "The field message.data must be a developer notification, as JSON in Base64")
    return notification


def _standing(info: Document, *, now: float) -> Standing:
    """Return a subscription's status from Google's record."""
    expires, reason = int(info["expiryTimeMillis"]) / 1000, info.get("cancelReason")
    asked = info.get("priceChange", {}).get("state") == 0
    offer = _offer(info)
    changes: float | None = None
    if reason in {BY_DEVELOPER, REPLACED}:
        status = "revoked" if reason == BY_DEVELOPER else SWITCHED
    elif now < expires:
        changes = expires
        if info["paymentState"] == PENDING:
            status = "in_grace_period"
        elif not info["autoRenewing"]:
            status = NO_RENEWAL
        elif asked:
            status = "awaiting_price_change_confirmation"
        else:
            status = f"using_{offer}" if offer else ACTIVE
    elif info["autoRenewing"] and info["paymentState"] == PENDING:
        status = "in_billing_retry"
    elif asked:
        status = "failed_to_confirm_price_change"
    else:
        status = "expired_from_billing" if info["autoRenewing"] or reason == BY_SYSTEM else "expired_voluntarily"
    return Standing(status, expires, renewals_of(info), offer, changes=changes)


def _offer(info: Document) -> Offer | None:
    if info["paymentState"] == FREE_TRIAL:
        return "free_trial"
    if "promotionType" in info:
        return "promotion"
    return "introductory_pricing" if "introductoryPriceInfo" in info else None
