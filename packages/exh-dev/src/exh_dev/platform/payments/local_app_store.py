"""An App Store of this platform's own: subscriptions that a test buys and changes, receipts, and notifications.

A receipt is a JWS in Base64, signed with a key that this platform made; it says which subscription it is of. Asked for
it, the store tells where that subscription stands now, with the members of Apple's `verifyReceipt`
(developer.apple.com/documentation/appstorereceipts/responsebody) but those in Pacific time. A change is told to the
platform by a notification of Apple's first version (…/appstoreservernotifications/responsebodyv1), which is the SDK's.

Nothing renews or ends by itself here but what is paid for: `expires_date` passes as time does.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.purchases import DELIVER, Changed, offer_of, period_of, writable
from exh_dev.platform.payments.signing import ForgedError, claims_of, jws, key_of
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

PATH = "/_dev/app_store/purchases"
GRACE_PERIOD = 16 * 86_400  # seconds; one of those that Apple offers
#: How many payments a receipt tells, the latest: answers, and what is kept of them, do not grow with each renewal.
_MOST_TRANSACTIONS = 100
_PURCHASES, _KEY = "local_app_store_purchases", "appStore"
_ENVIRONMENT = "Sandbox"
_OFFER_MEMBERS = {
    "free_trial": {"is_trial_period": "true"},
    "introductory_pricing": {"is_in_intro_offer_period": "true"},
    "promotion": {"offer_code_ref_name": "local-offer"},
}


@dataclass
class Purchase:
    """A subscription of a user at the store.

    Attributes:
        bundle_id: the app's.
        period: how long it is paid for at a time, in seconds.
        transactions: its latest payments as receipts have them, the first first.
        renewal: how it will go on, as receipts have it.
    """

    bundle_id: str
    period: int
    transactions: list[Document]
    renewal: Document

    @property
    def latest(self) -> Document:
        """The latest payment."""
        return self.transactions[-1]

    @property
    def original_id(self) -> str:
        """What all its payments have in common."""
        return str(self.renewal["original_transaction_id"])


class LocalAppStore:
    """The App Store beside a store."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        deliver: Callable[[Document], object],
        password: Callable[[str], str | None],
    ) -> None:
        """Keep purchases in `store`.

        Args:
            store: where they are.
            clock: for what begins and ends.
            deliver: takes a notification.
            password: the shared secret of a bundle, which notifications carry.
        """
        self._store = store
        self._clock = clock
        self._deliver = deliver
        self._password = password

    def routes(self) -> list[Route]:
        """Return the paths for developers and tests: one buys a subscription, one changes it; see the docs' page."""
        return [
            Route(PATH, self._buy, methods=["POST"]),
            Route(f"{PATH}/{{id}}/changes", self._change, methods=["POST"]),
        ]

    def verify(self, receipt_data: str) -> Document:
        """Return what Apple says to a receipt.

        Raises:
            ErrorAnswer: 2707 when it was not signed here, or is of no subscription.
        """
        try:
            token = base64.b64decode(receipt_data, validate=True).decode("ascii")
            claims = claims_of(token, key_of(self._store, _KEY))
            return self._told(self._purchase(str(claims["original_transaction_id"])))
        except (ValueError, KeyError) as error:
            reason = error if isinstance(error, ForgedError) else "it is no receipt of this store"
            raise ErrorAnswer(2707, f"The provided receipt data is not valid: {reason}") from None

    def _purchase(self, original_id: str) -> Purchase:
        """Return a purchase. Raises KeyError."""
        known = self._store.get(_PURCHASES, original_id)
        if known is None:
            raise KeyError(original_id)
        return Purchase(known["bundleId"], known["period"], known["transactions"], known["renewal"])

    def _put(self, purchase: Purchase) -> None:
        members = {"bundleId": purchase.bundle_id, "period": purchase.period}
        members |= {"transactions": purchase.transactions, "renewal": purchase.renewal}
        self._store.put(_PURCHASES, {"id": purchase.original_id, **members})

    def _receipt(self, purchase: Purchase) -> str:
        claims = {"bundle_id": purchase.bundle_id, "original_transaction_id": purchase.original_id}
        return base64.b64encode(jws(claims, key_of(self._store, _KEY)).encode()).decode()

    def _told(self, purchase: Purchase) -> Document:
        newest_first = purchase.transactions[::-1]
        return {
            "environment": _ENVIRONMENT,
            "receipt": {
                "receipt_type": "ProductionSandbox",
                "bundle_id": purchase.bundle_id,
                **_moment("receipt_creation_date", self._clock()),
                "in_app": purchase.transactions,
            },
            "latest_receipt_info": newest_first,
            "latest_receipt": self._receipt(purchase),
            "pending_renewal_info": [purchase.renewal],
            "status": 0,
        }

    async def _buy(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        bundle_id, product_id = fields.text("bundleId"), fields.text("productId")
        transaction_id = _new_id()
        renewal = {"auto_renew_product_id": product_id, "auto_renew_status": "1"}
        renewal |= {"original_transaction_id": transaction_id, "product_id": product_id}
        purchase = Purchase(bundle_id, period_of(fields), [], renewal)
        _pay(purchase, self._clock(), transaction_id, offer_of(fields))
        self._put(purchase)
        return JSONResponse(self._bought(purchase))

    async def _change(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        name, deliver = fields.text("change"), fields.optional_flag(DELIVER)
        if name not in _CHANGES:
            raise ErrorAnswer(15, f"The field change must be one of {', '.join(_CHANGES)}")
        try:
            purchase = self._purchase(request.path_params["id"])
        except KeyError:
            raise ErrorAnswer(16, "The local App Store has sold no subscription of this id") from None
        notification_type = _CHANGES[name](purchase, self._clock(), fields)
        self._put(purchase)
        notification = self._notification(purchase, notification_type)
        if deliver is None or deliver:
            self._deliver(notification)
        return JSONResponse({**self._bought(purchase), "notification": notification})

    def _bought(self, purchase: Purchase) -> Document:
        return {
            "receiptData": self._receipt(purchase),
            "transactionId": purchase.latest["transaction_id"],
            "originalTransactionId": purchase.original_id,
        }

    def _notification(self, purchase: Purchase, notification_type: str) -> Document:
        told = self._told(purchase)
        names = ("environment", "latest_receipt", "latest_receipt_info", "pending_renewal_info", "status")
        notification = {
            "notification_type": notification_type,
            "environment": _ENVIRONMENT,
            "auto_renew_product_id": purchase.renewal["auto_renew_product_id"],
            "auto_renew_status": "true" if purchase.renewal["auto_renew_status"] == "1" else "false",
            "auto_renew_status_change_date_ms": str(epoch_ms(self._clock())),
            "unified_receipt": {name: told[name] for name in names},
            "bid": purchase.bundle_id,
            "bvrs": "1",
        }
        password = self._password(purchase.bundle_id)
        return notification if password is None else {**notification, "password": password}


def _new_id() -> str:
    return str(2_000_000_000_000_000 + secrets.randbelow(1_000_000_000_000_000))


def _moment(name: str, seconds: float) -> Document:
    """Return a moment in Apple's two spellings; raises as `writable` does."""
    written = datetime.fromtimestamp(writable(seconds), UTC).strftime("%Y-%m-%d %H:%M:%S Etc/GMT")
    return {name: written, f"{name}_ms": str(epoch_ms(seconds))}


def _pay(purchase: Purchase, start: float, transaction_id: str, offer: str | None) -> None:
    """Add a payment for the product that comes next, from `start` on."""
    original = _moment("original_purchase_date", start)
    if purchase.transactions:
        original = {name: purchase.transactions[0][name] for name in original}
    purchase.transactions.append({
        "quantity": "1",
        "product_id": purchase.renewal["auto_renew_product_id"],
        "transaction_id": transaction_id,
        "original_transaction_id": purchase.original_id,
        **_moment("purchase_date", start),
        **original,
        **_moment("expires_date", start + purchase.period),
        "web_order_line_item_id": _new_id(),
        "is_trial_period": "false",
        "is_in_intro_offer_period": "false",
        "in_app_ownership_type": "PURCHASED",
        **(_OFFER_MEMBERS[offer] if offer else {}),
    })  # fmt: skip
    del purchase.transactions[:-_MOST_TRANSACTIONS]
    purchase.renewal["product_id"] = purchase.renewal["auto_renew_product_id"]


def _renew(purchase: Purchase, now: float, fields: Fields) -> str:
    retried = purchase.renewal.get("is_in_billing_retry_period") == "1"
    expired = "expiration_intent" in purchase.renewal and not retried
    ended = expired or "cancellation_date_ms" in purchase.latest
    start = now if ended else max(now, int(purchase.latest["expires_date_ms"]) / 1000)
    _settle(purchase)
    purchase.renewal["auto_renew_status"] = "1"
    _pay(purchase, start, _new_id(), offer_of(fields))
    return "INTERACTIVE_RENEWAL" if ended else "DID_RECOVER" if retried else "DID_RENEW"


def _renewal(status: str) -> Changed[Purchase]:
    def change(purchase: Purchase, now: float, fields: Fields) -> str:
        del now, fields
        purchase.renewal["auto_renew_status"] = status
        return "DID_CHANGE_RENEWAL_STATUS"

    return change


def _switch(purchase: Purchase, now: float, fields: Fields) -> str:
    del now
    purchase.renewal["auto_renew_product_id"] = fields.text("productId")
    return "DID_CHANGE_RENEWAL_PREF"


def _grace(purchase: Purchase, now: float, fields: Fields) -> str:
    del fields
    _end(purchase, now)
    purchase.renewal |= {"is_in_billing_retry_period": "1", **_moment("grace_period_expires_date", now + GRACE_PERIOD)}
    return "DID_FAIL_TO_RENEW"


def _retry(purchase: Purchase, now: float, fields: Fields) -> str:
    del fields
    _end(purchase, now)
    _settle(purchase)
    purchase.renewal |= {"is_in_billing_retry_period": "1", "expiration_intent": "2"}
    return "DID_FAIL_TO_RENEW"


def _expire(purchase: Purchase, now: float, fields: Fields) -> str:
    del fields
    _end(purchase, now)
    if purchase.renewal["auto_renew_status"] == "0":
        intent = "1"  # the user's
    else:
        intent = "3" if purchase.renewal.get("price_consent_status") == "0" else "2"  # the price's, the bill's
    _settle(purchase)
    purchase.renewal |= {"auto_renew_status": "0", "is_in_billing_retry_period": "0", "expiration_intent": intent}
    return "DID_CHANGE_RENEWAL_STATUS"


def _ask_for_consent(purchase: Purchase, now: float, fields: Fields) -> str:
    del now, fields
    purchase.renewal["price_consent_status"] = "0"
    return "PRICE_INCREASE_CONSENT"


def _consent(purchase: Purchase, now: float, fields: Fields) -> str:
    del now, fields
    purchase.renewal["price_consent_status"] = "1"
    return "PRICE_INCREASE_CONSENT"


def _cancel(reason: str, notification_type: str, ownership: str) -> Changed[Purchase]:
    def change(purchase: Purchase, now: float, fields: Fields) -> str:
        del fields
        cancelled = {"cancellation_reason": reason, "in_app_ownership_type": ownership}
        purchase.transactions[-1] |= {**_moment("cancellation_date", now), **cancelled}
        purchase.renewal["auto_renew_status"] = "0"
        return notification_type

    return change


def _end(purchase: Purchase, now: float) -> None:
    """End what is paid for now, unless it has ended."""
    if int(purchase.latest["expires_date_ms"]) > epoch_ms(now):
        purchase.transactions[-1] |= _moment("expires_date", now)


def _settle(purchase: Purchase) -> None:
    """Forget how an earlier renewal failed."""
    for name in (
        *("is_in_billing_retry_period", "expiration_intent", "price_consent_status"),
        *("grace_period_expires_date", "grace_period_expires_date_ms"),
    ):
        purchase.renewal.pop(name, None)


#: What can happen to a subscription. Each changes it, and returns the type of Apple's notification.
_CHANGES: dict[str, Changed[Purchase]] = {
    "renew": _renew,
    "disableRenewal": _renewal("0"),
    "enableRenewal": _renewal("1"),
    "switchProduct": _switch,
    "startGracePeriod": _grace,
    "startBillingRetry": _retry,
    "requestPriceConsent": _ask_for_consent,
    "consentToPrice": _consent,
    "expire": _expire,
    "refund": _cancel("0", "REFUND", "PURCHASED"),
    "refundForIssue": _cancel("1", "REFUND", "PURCHASED"),
    "revoke": _cancel("0", "REVOKE", "FAMILY_SHARED"),
}
