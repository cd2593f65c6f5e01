"""Products: one-time purchases.

Assumed: prices have `eur` (14 without it), as the official SDK expects; a change replaces the members it names; orders
store a copy of the product. `price` and `currency` are those in euro, for older clients.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import Fields, one_of, read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.records import change_tags, listed, with_tags, without_tags
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.tasks.settings import checked_priority

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.store import Document, Store

PRODUCTS = "payment_products"
DEFAULT_CURRENCY = "eur"
#: The types of a product's own data, and what the values of each are.
TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}
_CURRENCY = re.compile("[a-z]{3}")


class Products:
    """The products of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self, base: str) -> list[Route]:
        return [
            Route(base, self._find, methods=["GET"]),
            Route(base, self._create, methods=["POST"]),
            Route(f"{base}/addTags", self._add_tags, methods=["POST"]),
            Route(f"{base}/removeTags", self._remove_tags, methods=["POST"]),
            Route(f"{base}/{{id}}", self._update, methods=["PUT"]),
            Route(f"{base}/{{id}}", self._remove, methods=["DELETE"]),
        ]

    async def _find(self, request: Request) -> Response:
        return listed(request, self._store, PRODUCTS)

    async def _create(self, request: Request) -> JSONResponse:
        rights = rights_of(request, self._store)
        rights.require("CREATE_STRIPE_PRODUCTS")
        sent = _read(await read_json(request))
        if "prices" not in sent:
            raise ErrorAnswer(14, "The field prices is required")
        product = {"id": object_id(), "creatorId": rights.user_id, **sent}
        self._store.put(PRODUCTS, product)
        return JSONResponse(product)

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_STRIPE_PRODUCTS")
        changes = _read(await read_json(request))
        product = product_of(self._store, request.path_params["id"])
        if "prices" in changes:
            product.pop("price", None)  # of the prices before
        self._store.put(PRODUCTS, product | changes)
        return JSONResponse({"affectedRecords": 1})

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_STRIPE_PRODUCTS")
        self._store.delete(PRODUCTS, product_of(self._store, request.path_params["id"])["id"])
        return JSONResponse({"affectedRecords": 1})

    async def _add_tags(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_STRIPE_PRODUCTS")
        return await change_tags(request, self._store, PRODUCTS, with_tags)

    async def _remove_tags(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("UPDATE_STRIPE_PRODUCTS")
        return await change_tags(request, self._store, PRODUCTS, without_tags)


def product_of(store: Store, product_id: str) -> Document:
    """Return a product.

    Raises:
        ErrorAnswer: 12 for an invalid id, 16 for an unknown product.
    """
    product = store.get(PRODUCTS, checked_id(product_id))
    if product is None:
        raise ErrorAnswer(16, "There is no such product")
    return product


def _read(fields: Fields) -> Document:
    """Return the members of a product that a client sends, checked, with what follows from them."""
    sent: Document = {
        "name": fields.optional_text("name"),
        "prices": _prices(fields),
        "appStoreProductId": fields.optional_text("appStoreProductId"),
        "taskFunctionName": fields.optional_text("taskFunctionName"),
        "taskPriority": _priority(fields),
        "tags": fields.optional_texts("tags"),
        "schema": _schema(fields),
    }
    if sent["prices"] is not None:
        sent |= {"price": sent["prices"][DEFAULT_CURRENCY].get("amount"), "currency": DEFAULT_CURRENCY}
    return {name: value for name, value in sent.items() if value is not None}


def _prices(fields: Fields) -> Document | None:
    prices = fields.optional_object("prices")
    if prices is None:
        return None
    if DEFAULT_CURRENCY not in prices:
        raise ErrorAnswer(14, f"The field prices.{DEFAULT_CURRENCY} is required")
    found = {}
    for currency, price in prices.items():
        if not _CURRENCY.fullmatch(currency):
            raise ErrorAnswer(15, "The currencies of the field prices must be three lower-case letters, such as eur")
        amount = Fields(price if isinstance(price, dict) else {"amount": price}).optional_integer("amount")
        if not isinstance(price, dict) or (amount is not None and amount < 0):
            raise ErrorAnswer(15, f'The field prices.{currency} must be {{"amount": CENTS}}')
        found[currency] = {} if amount is None else {"amount": amount}
    return found


def _priority(fields: Fields) -> int | None:
    priority = fields.value("taskPriority")
    return None if priority is None else checked_priority(priority)


def _schema(fields: Fields) -> Document | None:
    schema = fields.optional_object("schema")
    if schema is None:
        return None
    inner = Fields(schema)
    properties, required = inner.optional_object("properties"), inner.optional_texts("required")
    for name, declared in (properties or {}).items():
        kind = declared.get("type") if isinstance(declared, dict) else None
        one_of(kind, list(TYPES), f"The type of schema.properties.{name}")
    found = {"properties": properties, "required": required}
    return {name: value for name, value in found.items() if value is not None}
