"""The localization service, `/localizations/v1`: translations by key and language.

snake_case members, timestamps in epoch milliseconds. Languages are two upper-case letters; every key has a translation
in `EN`.
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
        """Return the translations of a key if they match `rql`, or None.

        Raises:
            InvalidRqlError: the query is invalid (19).
            NoPermissionError: the permission that the class names is missing (10).
        """
        return self._find_where("key", key, rql)

    def create(self, **body: Unpack[LocalizationTexts]) -> BulkCreation:
        """Add new keys with translations; existing keys are not changed. Needs `CREATE_LOCALIZATIONS`.

        Returns:
            The number of added keys, and the keys that existed.

        Raises:
            DefaultLocalizationMissingError: a key has no translation in `EN` (801).
        """
        return cast("BulkCreation", self._object("POST", f"{BASE}/", json=self._body("LocalizationTexts", body)))

    def update(self, **body: Unpack[LocalizationTexts]) -> BulkUpdate:
        """Change translations; languages that are not given are kept. Needs `UPDATE_LOCALIZATIONS`.

        Returns:
            The number of changed keys, and the unknown keys.
        """
        return cast("BulkUpdate", self._object("PUT", f"{BASE}/", json=self._body("LocalizationTexts", body)))

    def remove(self, rql: Condition) -> int:
        """Delete the keys that match, with all translations; RQL must not be empty. Needs `DELETE_LOCALIZATIONS`."""
        return self._affected("DELETE", f"{BASE}/{required(rql)}")

    def get_by_keys(self, **body: Unpack[LocalizationRequest]) -> dict[str, dict[str, str]]:
        """Return translations of some keys in some languages, and in `EN`. Needs no permission.

        Returns:
            For each key its translations by language.
        """
        return cast(
            "dict[str, dict[str, str]]",
            self._object("POST", f"{BASE}/request", json=self._body("LocalizationRequest", body)),
        )

    def get_countries(self) -> list[str]:
        """Return the codes of all countries. Needs no permission."""
        return self._data(f"{BASE}/countries")

    def get_regions(self, country: str) -> list[str]:
        """Return the codes of a country's regions. Needs no permission.

        Raises:
            ResourceUnknownError: the country does not exist (16).
        """
        return self._data(f"{BASE}/countries/{segment(country)}/regions")

    def get_languages(self) -> list[str]:
        """Return the codes of all languages. Needs no permission. Deprecated by the platform."""
        return self._data(f"{BASE}/languages")
