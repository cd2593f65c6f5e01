"""Subscription products: a store's products, and their entitlements.

Assumed: all members except the name are required (14); an update only changes the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.payments.records import listed
from exh_dev.platform.storage.ids import checked_id, object_id
from exh_dev.platform.storage.sql import EVERYTHING, Sql, member
from exh_dev.platform.storage.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

_ENTITLING = ("subscriptionGroup", "subscriptionTier")


class StoreProducts:
    """The subscription products of one kind of store."""

    def __init__(
        self, store: Store, *, clock: Clock, word: str, members: Sequence[str], identifying: Sequence[str]
    ) -> None:
        """Serve what `store` has.

        Args:
            store: where they are.
            clock: for timestamps.
            word: the store's name in permissions: `APP_STORE`.
            members: what a product has of this store alone.
            identifying: those of them that no two products have in common.
        """
        self._store = store
        self._clock = clock
        self._word = word
        self._members = members
        self._identifying = identifying
        self._collection = f"{word.lower()}_subscription_products"
        store.index(f"{self._collection}_key", self._collection, [member(name) for name in identifying])

    def routes(self, base: str) -> list[Route]:
        return [
            Route(base, self._find, methods=["GET"]),
            Route(base, self._create, methods=["POST"]),
            Route(f"{base}/{{id}}", self._update, methods=["PUT"]),
            Route(f"{base}/{{id}}", self._remove, methods=["DELETE"]),
        ]

    def sold_as(self, **known: str) -> Document | None:
        """Return the product that the store sells under these members."""
        condition = EVERYTHING
        for name in self._identifying:
            condition &= Sql(f"{member(name)} = ?", (known[name],))
        return next(iter(self._store.matching(self._collection, condition)), None)

    async def _find(self, request: Request) -> Response:
        return listed(request, self._store, self._collection)

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require(f"CREATE_{self._word}_SUBSCRIPTION_PRODUCT")
        fields = await read_json(request)
        sent = {name: fields.text(name) for name in (*self._members, *_ENTITLING)}
        if (name := fields.optional_text("name")) is not None:
            sent = {"name": name, **sent}
        if self.sold_as(**sent) is not None:
            raise ErrorAnswer(17, f"There is a product with this {' and '.join(self._identifying)} already")
        now = iso(self._clock())
        product = {"id": object_id(), **sent, "updateTimestamp": now, "creationTimestamp": now}
        self._store.put(self._collection, product)
        return JSONResponse(product)

    async def _update(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require(f"UPDATE_{self._word}_SUBSCRIPTION_PRODUCT")
        name = (await read_json(request)).optional_text("name")
        product = self._product(request) | ({} if name is None else {"name": name})
        self._store.put(self._collection, product | {"updateTimestamp": iso(self._clock())})
        return JSONResponse({"affectedRecords": 1})

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require(f"DELETE_{self._word}_SUBSCRIPTION_PRODUCT")
        self._store.delete(self._collection, self._product(request)["id"])
        return JSONResponse({"affectedRecords": 1})

    def _product(self, request: Request) -> Document:
        product = self._store.get(self._collection, checked_id(request.path_params["id"]))
        if product is None:
            raise ErrorAnswer(16, "There is no such product")
        return product
