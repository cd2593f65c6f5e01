"""A local Stripe: customers' payment methods, intents, and signed events.

No money moves, and nothing leaves this machine. The paths below `/_dev/stripe` replace Stripe.js in the app
(`confirmCardPayment`, …) for developers and tests, and trigger Stripe's events.

`TEST_CARDS` are some of Stripe's test cards; other payment methods are created at
`/_dev/stripe/payment_methods`, or by an intent that succeeds. As at Stripe, a method that was used for a payment
without `setup_future_usage` cannot be saved afterwards.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import Fields, after_body, read_body, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.signing import signing_key, stripe_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

PATH = "/_dev/stripe"
#: The name of the secret that Stripe and the endpoint of its events share.
WEBHOOK_KEY, _WEBHOOK_PREFIX = "stripeWebhook", "whsec_"
_INTENTS, _METHODS = "local_stripe_intents", "local_stripe_payment_methods"
_YEARS_VALID = 10  # of a made-up card: no test sees it expire


@dataclass(frozen=True)
class Card:
    """A card of Stripe's for tests: whether it can be saved, and whether money can be taken from it."""

    brand: str
    last4: str
    saves: bool = True
    pays: bool = True


#: By Stripe's ids of them, see docs.stripe.com/testing.
TEST_CARDS = {
    "pm_card_visa": Card("visa", "4242"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_chargeDeclined": Card("visa", "0002", saves=False, pays=False),
    "pm_card_chargeCustomerFail": Card("visa", "0341", pays=False),
}


class LocalStripe:
    """The Stripe service, using a store."""

    def __init__(self, store: Store, *, clock: Clock, deliver: Callable[[bytes, str], None]) -> None:
        """Keep intents and methods in `store`; `deliver` takes the bytes of an event and its signature."""
        self._store = store
        self._clock = clock
        self._deliver = deliver

    def routes(self) -> list[Route]:
        """Return the paths for developers and tests.

        `GET` returns the webhook's secret. `/payment_intents/{id}/succeed`, `/fail` and `/process` complete a payment
        that way, `/setup_intents/{id}/succeed` saves a payment method; `{id}` may be the client secret. The body may
        name a `paymentMethod`. `/payment_methods` creates one, with `brand`, `last4` and `declines`. `/events` delivers
        any event with a `type` and an `object`; with `"deliver": false` it only returns the signed event.
        """
        return [
            Route(PATH, self._settings, methods=["GET"]),
            Route(f"{PATH}/payment_intents/{{id}}/{{outcome}}", after_body(self._conclude_payment), methods=["POST"]),
            Route(f"{PATH}/setup_intents/{{id}}/succeed", after_body(self._conclude_setup), methods=["POST"]),
            Route(f"{PATH}/payment_methods", after_body(self._make_method), methods=["POST"]),
            Route(f"{PATH}/events", self._make_event, methods=["POST"]),
        ]

    def payment_intent(
        self, *, amount: int, currency: str, customer: str, order_id: str, method: str | None, kind: str, reuse: bool
    ) -> Document:
        """Create a payment intent, which the app must confirm.

        Args:
            amount: in cents.
            currency: in three lower-case letters.
            customer: the payer's Stripe id.
            order_id: the order's id, which charges carry too.
            method: Stripe's id of the payment method, if known.
            kind: type of the payment method, such as `card`.
            reuse: whether the method can be saved after the payment.
        """
        intent = self._intent("pi_", "payment_intent", customer, method, reuse=reuse)
        about = {"amount": amount, "currency": currency, "metadata": {"orderId": order_id}}
        intent |= {**about, "payment_method_types": [kind]}
        self._store.put(_INTENTS, intent)
        return intent

    def setup_intent(self, customer: str) -> Document:
        """Create a setup intent, which the app must confirm."""
        intent = self._intent("seti_", "setup_intent", customer, None, reuse=True)
        self._store.put(_INTENTS, intent)
        return intent

    def saved_method(self, method_id: str) -> Document:
        """Return a payment method to save for a customer.

        Raises:
            ErrorAnswer: 2713 when there is no such method, or it cannot be saved.
        """
        method = self._method(method_id)
        if not method["saves"]:
            raise ErrorAnswer(2713, f"The local Stripe does not save the payment method {method_id}: {method['why']}")
        return method

    def check_pays(self, method_id: str) -> None:
        """Check that a payment method can be charged.

        Raises:
            ErrorAnswer: 2713 when its bank declines, or it does not exist.
        """
        if not self._method(method_id)["pays"]:
            raise ErrorAnswer(2713, f"The local Stripe declines the payment method {method_id}")

    def pay_now(self, intent: Document) -> None:
        """Charge the intent's payment method, which `check_pays` has accepted, and send events."""
        self._succeed(intent, intent["payment_method"])

    def _intent(self, prefix: str, kind: str, customer: str, method: str | None, *, reuse: bool) -> Document:
        intent_id = prefix + secrets.token_hex(12)
        return {
            "id": intent_id,
            "object": kind,
            "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
            "customer": customer,
            "status": "requires_confirmation" if method else "requires_payment_method",
            "payment_method": method,
            "setup_future_usage": "off_session" if reuse else None,
            "created": int(self._clock()),
        }

    def _method(self, method_id: str) -> Document:
        if card := TEST_CARDS.get(method_id):
            return self._record(method_id, card, "its bank declines it")
        method = self._store.get(_METHODS, method_id)
        if method is None:
            raise ErrorAnswer(2713, f"The local Stripe has no payment method {method_id}; make one at {PATH}")
        return method

    def _record(self, method_id: str, card: Card, why: str = "") -> Document:
        shown = {
            "brand": card.brand,
            "last4": card.last4,
            "exp_month": 12,
            "exp_year": datetime.fromtimestamp(self._clock(), UTC).year + _YEARS_VALID,
        }
        return {"id": method_id, "card": shown, "saves": card.saves, "pays": card.pays, "why": why}

    def _new_method(self, card: Card, why: str = "") -> Document:
        method = self._record("pm_" + secrets.token_hex(12), card, why)
        self._store.put(_METHODS, method)
        return method

    def _succeed(self, intent: Document, method: str) -> list[Document]:
        intent |= {"status": "succeeded", "payment_method": method}
        self._store.put(_INTENTS, intent)
        charge = self._charge(intent, "succeeded")
        return [self._send("charge.succeeded", charge), self._send("payment_intent.succeeded", shown_intent(intent))]

    def _charge(self, intent: Document, status: str) -> Document:
        """Return the charge created when an intent is confirmed."""
        about = {name: intent.get(name) for name in ("amount", "currency", "customer", "metadata", "payment_method")}
        return {
            "id": "ch_" + secrets.token_hex(12),
            "object": "charge",
            "status": status,
            "payment_intent": intent["id"],
            **about,
        }

    def _send(self, event_type: str, about: Mapping[str, Any], *, deliver: bool = True) -> Document:
        """Sign and deliver an event; return the signed request, for callers that send it themselves."""
        now = self._clock()
        event = {
            "id": "evt_" + secrets.token_hex(12),
            "object": "event",
            "type": event_type,
            "created": int(now),
            "livemode": False,
            "data": {"object": dict(about)},
        }
        payload = json.dumps(event)
        signature = stripe_signature(payload.encode(), webhook_key(self._store), now=now)
        if deliver:
            self._deliver(payload.encode(), signature)
        return {"type": event_type, "payload": payload, "signature": signature}

    async def _settings(self, _: Request) -> JSONResponse:
        return JSONResponse({"webhookSecret": webhook_key(self._store), "testCards": list(TEST_CARDS)})

    async def _conclude_payment(self, request: Request) -> JSONResponse:
        intent = self._waiting(request, "payment_intent")
        fields = await _optional_json(request)
        named = fields.optional_text("paymentMethod") or intent["payment_method"]
        match request.path_params["outcome"]:
            case "succeed":
                if named is None:
                    reusable = intent["setup_future_usage"] is not None
                    why = "it was used for a payment that had no setupPaymentMethodReuse"
                    named = self._new_method(Card("visa", "4242", saves=reusable), why)["id"]
                self.check_pays(named)
                events = self._succeed(intent, named)
            case "fail":
                intent |= {"status": "requires_payment_method", "payment_method": None}
                self._store.put(_INTENTS, intent)
                charge = self._charge(intent, "failed")
                failed = self._send("payment_intent.payment_failed", shown_intent(intent))
                events = [self._send("charge.failed", charge), failed]
            case "process":
                intent |= {"status": "processing", "payment_method": named}
                self._store.put(_INTENTS, intent)
                events = [self._send("charge.pending", self._charge(intent, "pending"))]
            case _:
                raise ErrorAnswer(15, "A payment intent can succeed, fail or process")
        return JSONResponse({"intent": shown_intent(intent), "events": events})

    async def _conclude_setup(self, request: Request) -> JSONResponse:
        intent = self._waiting(request, "setup_intent")
        named = (await _optional_json(request)).optional_text("paymentMethod")
        method = self.saved_method(named)["id"] if named else self._new_method(Card("visa", "4242"))["id"]
        intent |= {"status": "succeeded", "payment_method": method}
        self._store.put(_INTENTS, intent)
        return JSONResponse({"intent": shown_intent(intent), "events": []})

    async def _make_method(self, request: Request) -> JSONResponse:
        fields = await _optional_json(request)
        card = Card(
            fields.optional_text("brand") or "visa",
            fields.optional_text("last4") or "4242",
            pays=not fields.optional_flag("declines"),
        )
        return JSONResponse({name: value for name, value in self._new_method(card).items() if name in {"id", "card"}})

    async def _make_event(self, request: Request) -> JSONResponse:
        fields = await read_json(request)
        about = fields.optional_object("object")
        if about is None:
            raise ErrorAnswer(14, "The field object is required")
        deliver = fields.optional_flag("deliver")
        return JSONResponse(self._send(fields.text("type"), about, deliver=deliver is None or deliver))

    def _waiting(self, request: Request, kind: str) -> Document:
        intent_id = str(request.path_params["id"]).partition("_secret_")[0]
        intent = self._store.get(_INTENTS, intent_id)
        if intent is None or intent["object"] != kind:
            raise ErrorAnswer(16, f"The local Stripe has no such {kind}")
        if intent["status"] == "succeeded":
            raise ErrorAnswer(27, f"The {kind} has succeeded already")
        return intent


def webhook_key(store: Store) -> str:
    """Return the secret that Stripe's events are signed with."""
    return signing_key(store, WEBHOOK_KEY, _WEBHOOK_PREFIX)


def shown_intent(intent: Document) -> Document:
    """Return an intent as Stripe's events have it: the client secret is the app's alone."""
    return {name: value for name, value in intent.items() if name != "client_secret"}


async def _optional_json(request: Request) -> Fields:
    return await read_json(request) if await read_body(request) else Fields({})
