"""Products: what users can buy once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import WithId, required, segment
from extrahorizon.services.payments import BASE

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.query import Condition
    from extrahorizon.services.payments.types import Product, ProductCreation, ProductUpdate, Tags


class Products(WithId["Product"]):
    """`exh.payments.products`. Finding needs no permission."""

    _path = f"{BASE}/products"

    def create(self, **body: Unpack[ProductCreation]) -> Product:
        """Create a product. Needs `CREATE_STRIPE_PRODUCTS`.

        Args:
            body: `prices` in cents by currency, `eur` among them; `taskFunctionName`, the function that a completed
                order runs; `schema`, the types of an order's data.
        """
        return cast("Product", self._object("POST", self._path, json=self._body("ProductCreation", body)))

    def update(self, product_id: str, **body: Unpack[ProductUpdate]) -> int:
        """Change a product. Needs `UPDATE_STRIPE_PRODUCTS`.

        Raises:
            ResourceUnknownError: the product does not exist (16).
        """
        return self._affected("PUT", f"{self._path}/{segment(product_id)}", json=self._body("ProductUpdate", body))

    def remove(self, product_id: str) -> int:
        """Delete a product. Needs `DELETE_STRIPE_PRODUCTS`.

        Raises:
            ResourceUnknownError: the product does not exist (16).
        """
        return self._affected("DELETE", f"{self._path}/{segment(product_id)}")

    def add_tags_to_product(self, rql: Condition, **body: Unpack[Tags]) -> int:
        """Tag the products that match; never with empty RQL. Needs `UPDATE_STRIPE_PRODUCTS`."""
        return self._affected("POST", f"{self._path}/addTags{required(rql)}", json=self._body("Tags", body))

    def remove_tags_from_product(self, rql: Condition, **body: Unpack[Tags]) -> int:
        """Untag the products that match; never with empty RQL. Needs `UPDATE_STRIPE_PRODUCTS`."""
        return self._affected("POST", f"{self._path}/removeTags{required(rql)}", json=self._body("Tags", body))
