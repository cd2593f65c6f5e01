"""Properties of a schema: what its documents may hold, as type configurations (a part of JSON Schema)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.resource import Resource, own_data, segment, string
from extrahorizon.services.data import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping


class Properties(Resource):
    """`exh.data.properties`. Needs `UPDATE_SCHEMAS`. A property's name is a dot path."""

    def create(self, schema: str, *, name: str, configuration: Mapping[str, Any]) -> int:
        """Add a property to a schema, given by id or name.

        Args:
            schema: id or name.
            name: dotted path of the property.
            configuration: such as `{"type": "number", "minimum": 0}`.

        Raises:
            ResourceAlreadyExistsError: the property exists (17).
            IllegalArgumentError: the configuration is not valid (26).
        """
        body = {"name": string(name), "configuration": own_data(configuration)}
        return self._affected("POST", f"{BASE}/{segment(schema)}/properties", json=body)

    def update(self, schema: str, property_path: str, configuration: Mapping[str, Any]) -> int:
        """Replace the configuration of a property.

        Raises:
            IllegalArgumentError: the configuration is not valid, or the property is in use (26).
            ResourceUnknownError: the property does not exist (16).
        """
        path = f"{BASE}/{segment(schema)}/properties/{segment(property_path)}"
        return self._affected("PUT", path, json=own_data(configuration))

    def remove(self, schema: str, property_path: str) -> int:
        """Remove a property from the schema.

        Raises:
            IllegalArgumentError: the configuration is not valid, or the property is in use (26).
            ResourceUnknownError: the property does not exist (16).
        """
        return self._affected("DELETE", f"{BASE}/{segment(schema)}/properties/{segment(property_path)}")
