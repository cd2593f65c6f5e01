"""Stripe's events: verify them, record them in their orders, and update the orders.

A payment intent is known by the order's `paymentId`; a charge by its intent; a charge or a source of Stripe's older API
by `metadata.orderId`.

Assumed: an event without a genuine signature is 26; another type than those below, or one about no order of this
platform, is accepted without effect, because a Stripe account may serve other systems too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from exh_dev.platform.http.bodies import parse_json, read_body
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.payments.local_stripe import webhook_key
from exh_dev.platform.payments.orders import ORDERS, advance, order_of_payment
from exh_dev.platform.payments.signing import ForgedError, check_stripe_signature
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.payments.orders import Outcome
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

#: What each event that the platform takes says of a payment.
OUTCOMES: dict[str, Outcome] = {
    "source.chargeable": "pending",
    "source.canceled": "failed",
    "source.failed": "failed",
    "charge.pending": "pending",
    "charge.failed": "failed",
    "charge.succeeded": "paid",
    "payment_intent.payment_failed": "failed",
    "payment_intent.succeeded": "paid",
}


class Webhook:
    """The endpoint for Stripe's events."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """Answer a delivery: 200 without a body.

        Raises:
            ErrorAnswer: see `receive`.
        """
        self.receive(await read_body(request), request.headers.get("stripe-signature", ""))
        return Response(status_code=200)

    def receive(self, payload: bytes, signature: str) -> None:
        """Process a raw event with its `Stripe-Signature` header.

        Raises:
            ErrorAnswer: 13 for a missing event, 26 for a wrong signature, 22 for an invalid event.
        """
        if not payload:
            raise ErrorAnswer(13, "The request body is empty; Stripe sends an event")
        now = self._clock()
        try:
            check_stripe_signature(payload, signature, webhook_key(self._store), now=now)
        except ForgedError as error:
            raise ErrorAnswer(26, f"The header Stripe-Signature is not genuine: {error}") from None
        event = parse_json(payload)
        about = event["data"]["object"] if _is_event(event) else None
        if about is None:
            raise ErrorAnswer(22, "The request body is malformed: it is not an event of Stripe")
        outcome = OUTCOMES.get(event["type"])
        order = self._order_of(about)
        if outcome is None or order is None:
            return
        noted = {
            "type": event["type"],
            "eventIdStripe": event["id"],
            "resourceIdStripe": about.get("id"),
            "resourceType": about.get("object"),
            "creationTimestamp": iso(now),
        }
        with self._store.transaction():
            advance(self._store, order, noted, outcome, now=now)

    def _order_of(self, about: Document) -> Document | None:
        payment_id = about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
        if isinstance(payment_id, str) and (order := order_of_payment(self._store, payment_id)):
            return order
        metadata = about.get("metadata")
        order_id = metadata.get("orderId") if isinstance(metadata, dict) else None
        return self._store.get(ORDERS, order_id) if isinstance(order_id, str) else None


def _is_event(event: Any) -> bool:
    if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("id", "type")):
        return False
    data = event.get("data")
    return isinstance(data, dict) and isinstance(data.get("object"), dict)
