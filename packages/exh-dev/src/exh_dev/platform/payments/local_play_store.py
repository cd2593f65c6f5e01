"""A Play Store of this platform's own: subscriptions that a test buys and changes, and Google's notifications.

A purchase token is a JWS, signed with a key that this platform made. Asked for it, the store tells where the
subscription stands now, with the members of Google's `purchases.subscriptions.get` (developers.google.com/android-
publisher). A change is told to the platform as Cloud Pub/Sub pushes a real-time developer notification.

Nothing renews or ends by itself here but what is paid for: `expiryTimeMillis` passes as time does.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.purchases import DELIVER, Changed, offer_of, period_of, writable
from exh_dev.platform.payments.signing import ForgedError, claims_of, jws, key_of
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

PATH = "/_dev/play_store/purchases"
GRACE_PERIOD = 7 * 86_400  # seconds; one of those that Google offers
_PURCHASES, _KEY = "local_play_store_purchases", "playStore"
#: Google's numbers: of payments (paymentState), and of why a subscription ends (cancelReason).
PENDING, RECEIVED, FREE_TRIAL = 0, 1, 2
BY_USER, BY_SYSTEM, REPLACED, BY_DEVELOPER = 0, 1, 2, 3
_PURCHASED = 4
_MICROS = "4990000"
_INTRODUCTORY = {
    "introductoryPriceCurrencyCode": "EUR",
    "introductoryPriceAmountMicros": "1000000",
    "introductoryPricePeriod": "P1M",
    "introductoryPriceCycles": "1",
}
_RENEWALS = re.compile(r"\.\.(\d+)")


class LocalPlayStore:
    """The Play Store beside a store."""

    def __init__(self, store: Store, *, clock: Clock, deliver: Callable[[Document], object]) -> None:
        """Keep purchases in `store`; `deliver` takes a push of Pub/Sub's."""
        self._store = store
        self._clock = clock
        self._deliver = deliver

    def routes(self) -> list[Route]:
        """Return the paths for developers and tests: one buys a subscription, one changes it; see the docs' page."""
        return [
            Route(PATH, self._buy, methods=["POST"]),
            Route(f"{PATH}/{{id}}/changes", self._change, methods=["POST"]),
        ]

    def purchase(self, receipt: Document) -> Document:
        """Return what Google says of a purchase.

        Raises:
            ErrorAnswer: 2707 when the token was not signed here, or is of another app or subscription.
        """
        known = self._known(receipt["purchaseToken"])
        if any(known[name] != receipt[name] for name in ("packageName", "subscriptionId")):
            raise ErrorAnswer(2707, "The provided receipt data is not valid: the token is of another subscription")
        info: Document = known["info"]
        return info

    def acknowledge(self, receipt: Document) -> Document:
        """Return what Google says of a purchase, and tell it that the purchase was taken; raises as `purchase`."""
        known = self._known(receipt["purchaseToken"])
        self._store.put(_PURCHASES, {**known, "info": {**self.purchase(receipt), "acknowledgementState": 1}})
        return self.purchase(receipt)

    def _known(self, token: str) -> Document:
        try:
            claims = claims_of(token, key_of(self._store, _KEY))
        except ForgedError as error:
            raise ErrorAnswer(2707, f"The provided receipt data is not valid: {error}") from None
        known = self._store.get(_PURCHASES, str(claims.get("orderId")))
        if known is None:
            raise ErrorAnswer(2707, "The provided receipt data is not valid: the purchase is not known any more")
        return known

    async def _buy(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        receipt = {name: fields.text(name) for name in ("packageName", "subscriptionId")}
        linked, deliver = fields.optional_text("linkedPurchaseToken"), fields.optional_flag(DELIVER)
        replaced = None if linked is None else self._known(linked)
        now, period, offer = self._clock(), period_of(fields), offer_of(fields)
        order_id = "GPA." + "-".join(str(1000 + secrets.randbelow(9000)) for _ in range(4))
        info: Document = {
            "kind": "androidpublisher#subscriptionPurchase",
            "startTimeMillis": str(epoch_ms(now)),
            "expiryTimeMillis": str(epoch_ms(writable(now + period))),
            "autoRenewing": True,
            "priceCurrencyCode": "EUR",
            "priceAmountMicros": _MICROS,
            "countryCode": "BE",
            "developerPayload": "",
            "paymentState": FREE_TRIAL if offer == "free_trial" else RECEIVED,
            "orderId": order_id,
            "purchaseType": 0,
            "acknowledgementState": 0,
        }
        if offer == "introductory_pricing":
            info["introductoryPriceInfo"] = _INTRODUCTORY
        elif offer == "promotion":
            info["promotionType"] = 0
        if linked is not None:
            info["linkedPurchaseToken"] = linked
        purchase = {"id": order_id, **receipt, "period": period, "info": info}
        with self._store.transaction():
            self._store.put(_PURCHASES, purchase)
            if replaced is not None:
                _stop(replaced, now, REPLACED)
                self._store.put(_PURCHASES, replaced)
        notification = self._notification(purchase, _PURCHASED)
        # The app completes a first purchase itself; that one replaces another is Google's to tell.
        if linked is not None and (deliver is None or deliver):
            self._deliver(notification)
        return JSONResponse({**self._bought(purchase), "notification": notification})

    async def _change(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        name, deliver = fields.text("change"), fields.optional_flag(DELIVER)
        if name not in _CHANGES:
            raise ErrorAnswer(15, f"The field change must be one of {', '.join(_CHANGES)}")
        purchase = self._store.get(_PURCHASES, request.path_params["id"])
        if purchase is None:
            raise ErrorAnswer(16, "The local Play Store has sold no subscription of this order id")
        notification_type = _CHANGES[name](purchase, self._clock(), fields)
        self._store.put(_PURCHASES, purchase)
        notification = self._notification(purchase, int(notification_type))
        if deliver is None or deliver:
            self._deliver(notification)
        return JSONResponse({**self._bought(purchase), "notification": notification})

    def _bought(self, purchase: Document) -> Document:
        receipt = {name: purchase[name] for name in ("packageName", "subscriptionId")}
        return {"orderId": purchase["id"], "receipt": {**receipt, "purchaseToken": self._token(purchase)}}

    def _token(self, purchase: Document) -> str:
        return jws({"orderId": purchase["id"]}, key_of(self._store, _KEY))

    def _notification(self, purchase: Document, notification_type: int) -> Document:
        """As Pub/Sub pushes it."""
        now = self._clock()
        told = {
            "version": "1.0",
            "packageName": purchase["packageName"],
            "eventTimeMillis": epoch_ms(now),
            "subscriptionNotification": {
                "version": "1.0",
                "notificationType": notification_type,
                "purchaseToken": self._token(purchase),
                "subscriptionId": purchase["subscriptionId"],
            },
        }
        message = {
            "attributes": {},
            "data": base64.b64encode(json.dumps(told).encode()).decode(),
            "messageId": str(secrets.randbelow(10**16)),
            "publishTime": iso(now),
        }
        return {"message": message, "subscription": "projects/local/subscriptions/local"}


def renewals_of(info: Document) -> int:
    """Return how often a purchase was renewed: Google counts it behind the order's id, from `..0` on."""
    found = _RENEWALS.search(info["orderId"])
    return int(found[1]) + 1 if found else 0


def _stop(purchase: Document, now: float, reason: int) -> None:
    """End what is paid for now, unless it has ended, without a renewal."""
    info = purchase["info"]
    expiry = min(int(info["expiryTimeMillis"]), epoch_ms(now))
    info |= {"expiryTimeMillis": str(expiry), "autoRenewing": False, "cancelReason": reason}


def _renew(purchase: Document, now: float, fields: Fields) -> str:
    info = purchase["info"]
    expiry = int(info["expiryTimeMillis"]) / 1000
    if "cancelReason" in info and expiry <= now:
        raise ErrorAnswer(27, "The subscription has ended; buy another one, with its token as linkedPurchaseToken")
    recovered, order_id = info["paymentState"] == PENDING, info["orderId"].partition("..")[0]
    info |= {
        "expiryTimeMillis": str(epoch_ms(writable(max(now, expiry) + purchase["period"]))),
        "autoRenewing": True,
        "paymentState": RECEIVED,
        "orderId": f"{order_id}..{renewals_of(info)}",
    }
    for name in ("cancelReason", "userCancellationTimeMillis", "introductoryPriceInfo", "promotionType", "priceChange"):
        info.pop(name, None)
    if offer_of(fields) == "promotion":
        info["promotionType"] = 0
    return "1" if recovered else "2"


def _disable(purchase: Document, now: float, fields: Fields) -> str:
    del fields
    cancelled = {"cancelReason": BY_USER, "userCancellationTimeMillis": str(epoch_ms(now))}
    purchase["info"] |= {"autoRenewing": False, **cancelled}
    return "3"


def _enable(purchase: Document, now: float, fields: Fields) -> str:
    del now, fields
    purchase["info"]["autoRenewing"] = True
    for name in ("cancelReason", "userCancellationTimeMillis"):
        purchase["info"].pop(name, None)
    return "7"


def _hold(purchase: Document, now: float, fields: Fields) -> str:
    del fields
    expiry = min(int(purchase["info"]["expiryTimeMillis"]), epoch_ms(now))
    purchase["info"] |= {"paymentState": PENDING, "autoRenewing": True, "expiryTimeMillis": str(expiry)}
    return "5"


def _grace(purchase: Document, now: float, fields: Fields) -> str:
    del fields
    until = str(epoch_ms(writable(now + GRACE_PERIOD)))
    purchase["info"] |= {"paymentState": PENDING, "autoRenewing": True, "expiryTimeMillis": until}
    return "6"


def _consent(purchase: Document, now: float, fields: Fields) -> str:
    del now, fields
    purchase["info"]["priceChange"] = {"newPrice": {"priceMicros": _MICROS, "currency": "EUR"}, "state": 1}
    return "8"


def _ask_for_consent(purchase: Document, now: float, fields: Fields) -> str:
    del now, fields
    purchase["info"]["priceChange"] = {"newPrice": {"priceMicros": _MICROS, "currency": "EUR"}, "state": 0}
    return "19"


def _revoke(purchase: Document, now: float, fields: Fields) -> str:
    del fields
    _stop(purchase, now, BY_DEVELOPER)
    return "12"


def _expire(purchase: Document, now: float, fields: Fields) -> str:
    del fields
    _stop(purchase, now, BY_SYSTEM if purchase["info"]["autoRenewing"] else BY_USER)
    return "13"


#: What can happen to a subscription. Each changes it, and returns the number of Google's notification.
_CHANGES: dict[str, Changed[Document]] = {
    "renew": _renew,
    "disableRenewal": _disable,
    "enableRenewal": _enable,
    "startGracePeriod": _grace,
    "startBillingRetry": _hold,
    "requestPriceConsent": _ask_for_consent,
    "consentToPrice": _consent,
    "expire": _expire,
    "revoke": _revoke,
}
