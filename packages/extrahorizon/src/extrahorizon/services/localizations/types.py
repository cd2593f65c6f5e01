"""What the localization service sends and takes."""

from typing import Required, TypedDict


class KeyTexts(TypedDict):
    """Texts of a key by language."""

    key: str
    text: dict[str, str]


class LocalizationTexts(TypedDict):
    """Texts to add or to change."""

    localizations: list[KeyTexts]


class LocalizationRequest(TypedDict):
    """Which keys to answer with, in which languages."""

    localizations: list[str]
    localization_codes: list[str]


class Localization(TypedDict, total=False):
    """A key and its texts by language."""

    key: Required[str]
    text: Required[dict[str, str]]
    creation_timestamp: Required[int]
    update_timestamp: Required[int]


class BulkCreation(TypedDict, total=False):
    """How many keys were added, and which were there already."""

    created: int
    existing: int
    existing_ids: list[str]


class BulkUpdate(TypedDict, total=False):
    """How many keys were changed, and which are not there."""

    updated: int
    missing: int
    missing_ids: list[str]
