"""Orders: purchases of users, from the payment to the task that it starts.

`created` -> `charge_created` when the payment is pending -> `task_started` when it is complete and the product's
function was started, or `failed`. A paid order starts its task once, even if Stripe repeats or delays events; after a
failure the user may pay again.

Assumed: the task gets its order's id as `orderId`, and belongs to the order's creator; an order whose product names no
function ends as `charge_created`; a status that is set by hand may be any string (the published example has a custom
one), and starts no task. A member that the product's schema requires is missing is 14, one of another type 15. No
published rule defines duplicate orders, so none is refused with 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.products import TYPES, product_of
from exh_dev.platform.payments.records import change_tags, listed, own_or_all, shown, with_tags, without_tags
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import iso
from exh_dev.platform.tasks.records import create_task

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.http.access import Rights
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

    #: What a payment has come to.
    Outcome: TypeAlias = Literal["pending", "paid", "failed"]

ORDERS = "payment_orders"


class Orders:
    """The orders of a store."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.index("payment_orders_payment", ORDERS, [member("paymentId")])
        store.index("payment_orders_creator", ORDERS, [member("creatorId")])

    def routes(self, base: str) -> list[Route]:
        return [
            Route(base, self._find, methods=["GET"]),
            Route(base, self._create, methods=["POST"]),
            Route(f"{base}/addTags", self._add_tags, methods=["POST"]),
            Route(f"{base}/removeTags", self._remove_tags, methods=["POST"]),
            Route(f"{base}/{{id}}", self._update, methods=["PUT"]),
        ]

    async def _find(self, request: Request) -> Response:
        visible = own_or_all(rights_of(request, self._store), "VIEW_STRIPE_ORDERS", "creatorId")
        return listed(request, self._store, ORDERS, visible=visible)

    async def _create(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        me = rights.require_user()
        order = new_order(self._store, await read_json(request), rights, target=me, now=self._clock())
        self._store.put(ORDERS, order)
        return JSONResponse(shown(order))

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_STRIPE_ORDERS")
        status = (await read_json(request)).text("status")
        order = self._store.get(ORDERS, checked_id(request.path_params["id"]))
        if order is None:
            raise ErrorAnswer(16, "There is no such order")
        self._store.put(ORDERS, {**order, "status": status, "updateTimestamp": iso(self._clock())})
        return JSONResponse({"affectedRecords": 1})

    async def _add_tags(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_STRIPE_ORDERS")
        return await change_tags(request, self._store, ORDERS, with_tags, updateTimestamp=iso(self._clock()))

    async def _remove_tags(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_STRIPE_ORDERS")
        return await change_tags(request, self._store, ORDERS, without_tags, updateTimestamp=iso(self._clock()))


def new_order(store: Store, fields: Fields, rights: Rights, *, target: str, now: float) -> Document:
    """Build an order from a client's request, without storing it.

    Args:
        store: the store with its product.
        fields: the body: `productId`, `currency`, `tags`, `data`.
        rights: the caller's rights.
        target: the id of the user who receives the product.
        now: epoch seconds.

    Raises:
        ErrorAnswer: 12, 14, 15 for invalid members, 16 when there is no such product, 2714 when it has no
            price in the currency.
    """
    product_id, tags = checked_id(fields.text("productId")), fields.optional_texts("tags")
    wanted, data = fields.optional_text("currency"), fields.optional_object("data")
    product = product_of(store, product_id)
    currency = wanted or product["currency"]
    if price_of(product, currency) is None:
        raise ErrorAnswer(2714, f"The product has no price in the currency {currency}")
    _check_data(product.get("schema", {}), data or {})
    order: Document = {
        "id": object_id(),
        "creatorId": rights.user_id,
        "targetUserId": target,
        "status": "created",
        "currency": currency,
        "product": product,
        "events": [],
        "creationTimestamp": iso(now),
        "updateTimestamp": iso(now),
        "_applicationId": rights.application_id,
    }
    return order | {name: value for name, value in (("data", data), ("tags", tags)) if value is not None}


def price_of(product: Document, currency: str) -> int | None:
    """Return what a product costs, in cents; None when it has no price in this currency."""
    amount: int | None = product["prices"].get(currency, {}).get("amount")
    return amount


def order_of_payment(store: Store, payment_id: str) -> Document | None:
    """Return the order that a payment is for."""
    return next(iter(store.matching(ORDERS, Sql(f"{member('paymentId')} = ?", (payment_id,)))), None)


def advance(store: Store, order: Document, event: Document, outcome: Outcome, *, now: float) -> None:
    """Record an event of an order's payment, and update the order's status. Call it inside a transaction.

    Args:
        store: the store with the order.
        order: the order.
        event: the event in the order's format. One that the order has already changes nothing.
        outcome: the payment's outcome.
        now: epoch seconds.
    """
    if any(each["eventIdStripe"] == event["eventIdStripe"] for each in order["events"]):
        return
    order = {**order, "events": [*order["events"], event], "updateTimestamp": iso(now)}
    if not order.get("_paid"):
        match outcome:
            case "pending":
                order["status"] = "charge_created"
            case "failed":
                order["status"] = "failed"
            case "paid":
                order |= {"status": "charge_created", "_paid": True}
                if "taskFunctionName" in order["product"]:
                    _start_task(store, order, now=now)
                    order["status"] = "task_started"
    store.put(ORDERS, order)


def _start_task(store: Store, order: Document, *, now: float) -> None:
    create_task(
        store,
        function_name=order["product"]["taskFunctionName"],
        data={"orderId": order["id"]},
        priority=order["product"].get("taskPriority"),
        now=now,
        created_by_user_id=order["creatorId"],
        created_by_application_id=order["_applicationId"],
    )


def _check_data(schema: Document, data: Document) -> None:
    """Check data against a product's schema.

    Raises:
        ErrorAnswer: 14 or 15.
    """
    for name in schema.get("required", ()):
        if data.get(name) is None:
            raise ErrorAnswer(14, f"The field data.{name} is required by the schema of the product")
    for name, declared in schema.get("properties", {}).items():
        value, kind = data.get(name), declared["type"]
        is_flag = isinstance(value, bool)
        if value is not None and (not isinstance(value, TYPES[kind]) or is_flag != (kind == "boolean")):
            raise ErrorAnswer(15, f"The field data.{name} must be a {kind}, by the schema of the product")
