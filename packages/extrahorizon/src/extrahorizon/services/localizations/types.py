"""Request and answer types of the localization service."""

from typing import Required, TypedDict


class KeyTexts(TypedDict):
    """Translations of a key by language."""

    key: str
    text: dict[str, str]


class LocalizationTexts(TypedDict):
    """Translations to add or to change."""

    localizations: list[KeyTexts]


class LocalizationRequest(TypedDict):
    """Keys and languages to return."""

    localizations: list[str]
    localization_codes: list[str]


class Localization(TypedDict, total=False):
    """A key and its translations by language."""

    key: Required[str]
    text: Required[dict[str, str]]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class BulkCreation(TypedDict, total=False):
    """The number of added keys, and those that existed."""

    created: int
    existing: int
    existing_ids: list[str]


class BulkUpdate(TypedDict, total=False):
    """The number of changed keys, and the unknown ones."""

    updated: int
    missing: int
    missing_ids: list[str]
