"""The general configuration: what holds for everybody, and the defaults of groups, staff and patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from extrahorizon.query import query
from extrahorizon.resource import Resource, own_data
from extrahorizon.services.configurations import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from extrahorizon.query import Condition
    from extrahorizon.services.configurations.types import Fields, GeneralConfiguration

GENERAL = f"{BASE}/general"


class General(Resource):
    """`exh.configurations.general`."""

    def get(self) -> GeneralConfiguration:
        """Return the general configuration. Needs no permission."""
        return cast("GeneralConfiguration", self._object("GET", GENERAL))

    def update(self, sections: Mapping[str, Any], *, rql: Condition | None = None) -> int:
        """Change sections of the general configuration, if it matches. Needs `UPDATE_CONFIGURATIONS`.

        Args:
            sections: the ones to change, with the caller's own data in them: `data`, `userConfiguration`,
                `groupConfiguration`, `staffConfiguration`, `patientConfiguration`.
            rql: do it only if the configuration matches.
        """
        return self._affected("PUT", GENERAL + query(rql), json=own_data(sections))

    def remove_fields(self, *, rql: Condition | None = None, **body: Unpack[Fields]) -> int:
        """Remove fields, if the configuration matches. Needs `UPDATE_CONFIGURATIONS`."""
        return self._affected("POST", f"{GENERAL}/deleteFields{query(rql)}", json=self._body("Fields", body))
