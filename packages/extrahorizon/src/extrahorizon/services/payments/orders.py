"""Orders: what users bought, from the payment to the task that it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, required, segment
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.query import Condition
    from extrahorizon.services.payments.types import Order, OrderCreation, OrderUpdate, Tags


class Orders(WithId["Order"]):
    """`exh.payments.orders`. Finding one's own needs no permission, finding everybody's needs `VIEW_STRIPE_ORDERS`."""

    _path = f"{BASE}/orders"

    def create(self, **body: Unpack[OrderCreation]) -> Order:
        """Order a product. Needs no permission.

        Args:
            body: `productId`; `currency`, which selects the price; `data` as the product's schema requires.

        Raises:
            ResourceAlreadyExistsError: the order exists (17).
            InvalidCurrencyForProductPriceError: the product has no price in this currency (2714).
        """
        return cast("Order", self._object("POST", self._path, json=self._body("OrderCreation", body)))

    def update(self, order_id: str, **body: Unpack[OrderUpdate]) -> int:
        """Set the status of an order. Needs `UPDATE_STRIPE_ORDERS`.

        Raises:
            ResourceUnknownError: the order does not exist (16).
        """
        return self._affected("PUT", f"{self._path}/{segment(order_id)}", json=self._body("OrderUpdate", body))

    def add_tags_to_order(self, rql: Condition, **body: Unpack[Tags]) -> int:
        """Tag the orders that match; never with empty RQL. Needs `UPDATE_STRIPE_ORDERS`."""
        return self._affected("POST", f"{self._path}/addTags{required(rql)}", json=self._body("Tags", body))

    def remove_tags_from_order(self, rql: Condition, **body: Unpack[Tags]) -> int:
        """Untag the orders that match; never with empty RQL. Needs `UPDATE_STRIPE_ORDERS`."""
        return self._affected("POST", f"{self._path}/removeTags{required(rql)}", json=self._body("Tags", body))
