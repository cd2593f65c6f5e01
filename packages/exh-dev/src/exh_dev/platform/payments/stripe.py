"""Payments by Stripe: users as Stripe's customers, their payment methods, and intents.

An intent is paid in the app, with its client secret. One with a saved method and `offSession` is paid immediately, and
the answer has the order's resulting status.

Assumed: a user's Stripe customer is created on demand; the payment method belongs to the target user; conflicting
members give 26 (`offSession` without a saved method, a saved method with another type than `card`, Bancontact, iDEAL or
giropay in another currency than euro, which Stripe refuses too); a declined payment creates no order. The local Stripe
is always available, so 2712 is never answered; the fault rule `POST /payments/*:502` simulates an outage.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.local_stripe import LocalStripe
from exh_dev.platform.payments.orders import ORDERS, new_order, price_of
from exh_dev.platform.payments.products import DEFAULT_CURRENCY
from exh_dev.platform.payments.records import read_tags, require_existing_user, shown, with_tags, without_tags
from exh_dev.platform.payments.webhook import Webhook
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.payments.records import TagChange
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

USERS = "payment_stripe_users"
_REUSE = ("offSession", "onSession")
_CARD = "card"
_TYPES = (_CARD, "bancontact", "ideal", "giropay")


class Stripe:
    """The customers and intents of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._webhook = Webhook(store, clock=clock)
        self._local = LocalStripe(store, clock=clock, deliver=self._webhook.receive)

    def routes(self, base: str) -> list[Route]:
        """Return the endpoints, and the paths of the local Stripe."""
        user = f"{base}/users/{{user_id}}"
        method = f"{user}/paymentMethods/{{id}}"
        return [
            Route(user, self._user, methods=["GET"]),
            Route(f"{user}/paymentMethods", self._save_method, methods=["POST"]),
            Route(method, self._remove_method, methods=["DELETE"]),
            Route(f"{method}/addTags", self._change_tags(with_tags), methods=["POST"]),
            Route(f"{method}/removeTags", self._change_tags(without_tags), methods=["POST"]),
            Route(f"{base}/paymentIntents", self._create_payment_intent, methods=["POST"]),
            Route(f"{base}/setupIntents", self._create_setup_intent, methods=["POST"]),
            Route(f"{base}/events", self._webhook.answer, methods=["POST"]),
            *self._local.routes(),
        ]

    async def _user(self, request: Request) -> JSONResponse:
        return JSONResponse(self._customer(self._allowed_user(request, "VIEW_STRIPE_USERS")))

    async def _save_method(self, request: Request) -> JSONResponse:
        user_id = self._allowed_user(request, "UPDATE_STRIPE_USERS")
        fields = await read_json(request)
        stripe_id, tags = fields.text("stripeId"), fields.optional_texts("tags")
        customer, known = self._customer(user_id), self._local.saved_method(stripe_id)
        now = iso(self._clock())
        method = {
            "id": object_id(),
            "stripeId": stripe_id,
            "brand": known["card"]["brand"],
            "expirationYear": known["card"]["exp_year"],
            "expirationMonth": known["card"]["exp_month"],
            "last4Digits": known["card"]["last4"],
            "tags": tags or [],
            "updateTimestamp": now,
            "creationTimestamp": now,
        }
        self._put_methods(customer, [*customer["paymentMethods"], method])
        return JSONResponse(method)

    async def _remove_method(self, request: Request) -> JSONResponse:
        customer, method = self._method_of(request)
        self._put_methods(customer, [each for each in customer["paymentMethods"] if each is not method])
        return JSONResponse({"affectedRecords": 1})

    def _change_tags(self, change: TagChange) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            self._allowed_user(request, "UPDATE_STRIPE_USERS")
            sent = await read_tags(request)
            customer, method = self._method_of(request)
            method |= {"tags": change(method["tags"], sent), "updateTimestamp": iso(self._clock())}
            self._put_methods(customer, customer["paymentMethods"])
            return JSONResponse({"affectedRecords": 1})

        return answer

    async def _create_payment_intent(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        fields = await read_json(request)
        target = fields.optional_text("targetUserId") or me
        if checked_id(target) != me:
            rights.require("CREATE_PAYMENT_INTENTS")
        customer = self._customer(target)
        reuse, kind = _one_of(fields, "setupPaymentMethodReuse", _REUSE), _one_of(fields, "paymentMethodType", _TYPES)
        method_id, off_session = fields.optional_text("paymentMethodId"), bool(fields.optional_flag("offSession"))
        now = self._clock()
        order = new_order(self._store, fields, rights, target=target, now=now)
        kind = kind or _CARD
        _check_combination(method_id, kind, order["currency"], off_session=off_session)
        method = _method_in(customer, method_id)["stripeId"] if method_id else None
        if method and off_session:
            self._local.check_pays(method)
        with self._store.transaction():
            intent = self._local.payment_intent(
                amount=price_of(order["product"], order["currency"]) or 0,
                currency=order["currency"],
                customer=customer["stripeId"],
                order_id=order["id"],
                method=method,
                kind=kind,
                reuse=reuse is not None,
            )
            of_intent = {"paymentProvider": "stripe", "paymentId": intent["id"]}
            order |= {**of_intent, "stripeClientSecret": intent["client_secret"]}
            self._store.put(ORDERS, order)
        if off_session:
            self._local.pay_now(intent)
        return JSONResponse(shown(self._store.get(ORDERS, order["id"]) or order))

    async def _create_setup_intent(self, request: Request) -> JSONResponse:
        me = rights_of(request, self._store).require_user()
        _one_of(await read_json(request), "setupPaymentMethodReuse", _REUSE)
        intent = self._local.setup_intent(self._customer(me)["stripeId"])
        return JSONResponse({"stripeClientSecret": intent["client_secret"]})

    def _allowed_user(self, request: Request, permission: str) -> str:
        """Return the id in the path, when it is the caller's or the caller has the permission."""
        rights = rights_of(request, self._store)
        user_id: str = request.path_params["user_id"]
        if rights.require_user() != user_id:
            rights.require(permission)
        return checked_id(user_id)

    def _customer(self, user_id: str) -> Document:
        """Return a user's Stripe customer.

        Raises:
            ErrorAnswer: 16 when there is no such user.
        """
        require_existing_user(self._store, user_id)
        customer = self._store.get(USERS, user_id)
        if customer is None:
            now = iso(self._clock())
            stamps = {"updateTimestamp": now, "creationTimestamp": now}
            customer = {"id": user_id, "stripeId": f"cus_{secrets.token_hex(7)}", "paymentMethods": [], **stamps}
            self._store.put(USERS, customer)
        return customer

    def _method_of(self, request: Request) -> tuple[Document, Document]:
        """Return the customer and the payment method in the path."""
        customer = self._customer(self._allowed_user(request, "UPDATE_STRIPE_USERS"))
        return customer, _method_in(customer, request.path_params["id"])

    def _put_methods(self, customer: Document, methods: list[Document]) -> None:
        self._store.put(USERS, {**customer, "paymentMethods": methods, "updateTimestamp": iso(self._clock())})


def _method_in(customer: Document, method_id: str) -> Document:
    checked_id(method_id)
    found = [each for each in customer["paymentMethods"] if each["id"] == method_id]
    if not found:
        raise ErrorAnswer(16, "The user has no such payment method")
    method: Document = found[0]
    return method


def _one_of(fields: Fields, name: str, known: tuple[str, ...]) -> str | None:
    value = fields.optional_text(name)
    if value is not None and value not in known:
        raise ErrorAnswer(15, f"The field {name} must be one of {', '.join(known)}")
    return value


def _check_combination(method_id: str | None, kind: str, currency: str, *, off_session: bool) -> None:
    """Check that members do not conflict.

    Raises:
        ErrorAnswer: 26.
    """
    if off_session and method_id is None:
        raise ErrorAnswer(26, "offSession needs paymentMethodId: no user is present to choose a payment method")
    if method_id is not None and kind != _CARD:
        raise ErrorAnswer(26, "A saved payment method is a card; leave paymentMethodType out, or paymentMethodId")
    if kind != _CARD and currency != DEFAULT_CURRENCY:
        raise ErrorAnswer(26, f"The payment method type {kind} takes {DEFAULT_CURRENCY} alone")
