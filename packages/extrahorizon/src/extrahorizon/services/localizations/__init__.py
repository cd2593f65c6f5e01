"""The localization service, `/localizations/v1`: texts by key and language.

snake_case members, timestamps in epoch milliseconds. Languages are codes of two capitals; every key has a text in `EN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Collection, Service, required, segment

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.query import Condition
    from extrahorizon.services.localizations.types import (
        BulkCreation,
        BulkUpdate,
        Localization,
        LocalizationRequest,
        LocalizationTexts,
    )

BASE = "/localizations/v1"


class Localizations(Service, Collection["Localization"]):
    """`exh.localizations`. Reading needs no permission."""

    _base = BASE
    _path = f"{BASE}/"

    def find_by_key(self, key: str, rql: Condition | None = None) -> Localization | None:
        """Return the texts with this key that match `rql` too, or None.

        Raises:
            InvalidRqlError: the platform cannot read the query (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return self._find_where("key", key, rql)

    def create(self, **body: Unpack[LocalizationTexts]) -> BulkCreation:
        """Add texts under new keys; keys that are there already stay as they are. Needs `CREATE_LOCALIZATIONS`.

        Returns:
            How many were added, and which keys were there already.

        Raises:
            DefaultLocalizationMissingError: one has no text in `EN` (801).
        """
        return cast("BulkCreation", self._object("POST", f"{BASE}/", json=self._body("LocalizationTexts", body)))

    def update(self, **body: Unpack[LocalizationTexts]) -> BulkUpdate:
        """Change texts; languages that are not given stay as they are. Needs `UPDATE_LOCALIZATIONS`.

        Returns:
            How many were changed, and which keys are not there.
        """
        return cast("BulkUpdate", self._object("PUT", f"{BASE}/", json=self._body("LocalizationTexts", body)))

    def remove(self, rql: Condition) -> int:
        """Delete the keys that match, with all of their texts; never with empty RQL. Needs `DELETE_LOCALIZATIONS`."""
        return self._affected("DELETE", f"{BASE}/{required(rql)}")

    def get_by_keys(self, **body: Unpack[LocalizationRequest]) -> dict[str, dict[str, str]]:
        """Texts of some keys in some languages, and in `EN`. Needs no permission.

        Returns:
            For each key its texts by language.
        """
        return cast(
            "dict[str, dict[str, str]]",
            self._object("POST", f"{BASE}/request", json=self._body("LocalizationRequest", body)),
        )

    def get_countries(self) -> list[str]:
        """Codes of all countries. Needs no permission."""
        return self._data(f"{BASE}/countries")

    def get_regions(self, country: str) -> list[str]:
        """Codes of a country's regions. Needs no permission.

        Raises:
            ResourceUnknownError: there is no such country (16).
        """
        return self._data(f"{BASE}/countries/{segment(country)}/regions")

    def get_languages(self) -> list[str]:
        """Codes of all languages. Needs no permission. Deprecated by the platform."""
        return self._data(f"{BASE}/languages")
