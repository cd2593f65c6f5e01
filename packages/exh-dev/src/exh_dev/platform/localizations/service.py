"""The localization service: translations by key; English is required.

Assumed: a key has 1 to 200 characters and no comma, which separates it from its arguments in `/request`; `/request`
accepts any two capital letters as language; `/languages` lists those of the official SDK. No source has the regions of
a country, so that list is empty for each.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from exh_dev.platform.http.access import rights_of
from exh_dev.platform.http.bodies import read_json
from exh_dev.platform.http.error_answers import CodelessErrorAnswer, ErrorAnswer
from exh_dev.platform.http.routing import Route
from exh_dev.platform.languages import LANGUAGES
from exh_dev.platform.service import Service
from exh_dev.platform.storage.listing import matching, page
from exh_dev.platform.storage.sql import Sql, member
from exh_dev.platform.storage.timestamps import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.storage.timestamps import Clock

BASE = "/localizations/v1"
#: The language that every localization has.
DEFAULT_LANGUAGE = "EN"
_COLLECTION = "localizations"
_LANGUAGES = ("EN", "NL", "DE", "FR", "DA", "ES", "IT")
_LANGUAGE = re.compile(r"[A-Z]{2}")
_KEY = re.compile(r"[^,]{1,200}")
_PLACE = re.compile(r"\$(\d+)")
#: Two letters that CLDR has and ISO 3166-1 does not assign.
_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])
_KINDS: dict[str, Kind] = {"key": "string", "creation_timestamp": "number", "update_timestamp": "number"}


def translation(store: Store, key: str, language: str) -> str | None:
    """Return a key's translation, falling back to English; None for an unknown key."""
    localization = store.get(_COLLECTION, key)
    return None if localization is None else _in(localization, language)


def texts_of(store: Store, keys: Sequence[str], language: str) -> dict[str, str]:
    """Return the translations of the known keys, falling back to English."""
    wanted = Sql("id IN (SELECT value FROM json_each(?))", (json.dumps(keys),))
    return {each["key"]: _in(each, language) for each in store.matching(_COLLECTION, wanted)}


def key_and_arguments(wanted: str) -> tuple[str, list[str]]:
    """Return the key and the arguments of `key, argument, argument`."""
    key, *arguments = (part.strip() for part in wanted.split(","))
    return key, arguments


def filled(text: str, arguments: list[str]) -> str:
    """Replace `$1` by the first argument, and so on; a placeholder without an argument stays."""

    def argument(place: re.Match[str]) -> str:
        digits = place[1]
        number = int(digits) if len(digits) < 4 else 0
        return arguments[number - 1] if 1 <= number <= len(arguments) else place[0]

    return _PLACE.sub(argument, text)


def _in(localization: Document, language: str) -> str:
    texts = localization["text"]
    text: str = texts.get(language[:2].upper(), texts[DEFAULT_LANGUAGE])
    return text


class LocalizationService(Service):
    """The localizations of a store, by key."""

    base = BASE

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.index("localizations_key", _COLLECTION, [member("key")])

    def routes(self) -> list[Route]:
        """Return the endpoints of the service."""
        return [
            Route(BASE, self._find, methods=["GET"]),
            Route(BASE, self._create, methods=["POST"]),
            Route(BASE, self._update, methods=["PUT"]),
            Route(BASE, self._remove, methods=["DELETE"]),
            Route(f"{BASE}/request", self._request, methods=["POST"]),
            Route(f"{BASE}/languages", _languages, methods=["GET"]),
            Route(f"{BASE}/countries", _all_countries, methods=["GET"]),
            Route(f"{BASE}/countries/{{country}}/regions", _regions, methods=["GET"]),
        ]

    async def _find(self, request: Request) -> Response:
        return page(request, self._store, _COLLECTION, shape=lambda path: _KINDS.get(path, "any"), show=_shown)

    async def _create(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("CREATE_LOCALIZATIONS")
        given = _given(await read_json(request))
        for key, texts in given.items():
            if DEFAULT_LANGUAGE not in texts:
                raise ErrorAnswer(801, f"The localization {key} has no translation in {DEFAULT_LANGUAGE}")
        now = epoch_ms(self._clock())
        existing = [key for key in given if self._store.text(_COLLECTION, key) is not None]
        with self._store.transaction():
            for key, texts in given.items():
                if key not in existing:
                    stamps = {"creation_timestamp": now, "update_timestamp": now}
                    self._store.put(_COLLECTION, {"id": key, "key": key, "text": texts, **stamps})
        return JSONResponse(
            {"created": len(given) - len(existing), "existing": len(existing), "existing_ids": existing}
        )

    async def _update(self, request: Request) -> JSONResponse:
        """Update texts; languages that the request leaves out are unchanged."""
        rights_of(request, self._store).require("UPDATE_LOCALIZATIONS")
        given = _given(await read_json(request))
        now = epoch_ms(self._clock())
        missing = []
        with self._store.transaction():
            for key, texts in given.items():
                before = self._store.get(_COLLECTION, key)
                if before is None:
                    missing.append(key)
                    continue
                after = {**before, "text": {**before["text"], **texts}, "update_timestamp": now}
                self._store.put(_COLLECTION, after)
        return JSONResponse({"updated": len(given) - len(missing), "missing": len(missing), "missing_ids": missing})

    async def _remove(self, request: Request) -> JSONResponse:
        rights_of(request, self._store).require("DELETE_LOCALIZATIONS")
        chosen = matching(request, self._store, _COLLECTION)
        with self._store.transaction():
            for localization in chosen:
                self._store.delete(_COLLECTION, localization["id"])
        return JSONResponse({"records_affected": len(chosen)})

    async def _request(self, request: Request) -> JSONResponse:
        """Return translations by key, with optional arguments: `heart_rate, 06/10/2021, 63` fills `$1` and `$2`."""
        fields = await read_json(request)
        wanted, languages = _texts(fields, "localizations"), _texts(fields, "localization_codes")
        if not all(_LANGUAGE.fullmatch(language) for language in languages):
            raise ErrorAnswer(15, "A language code has two capital letters")
        found: dict[str, dict[str, str]] = {}
        for each in wanted:
            key, arguments = key_and_arguments(each)
            localization = self._store.get(_COLLECTION, key)
            if localization is not None:
                texts = localization["text"]
                asked = [language for language in languages if language in texts]
                found[key] = {
                    language: filled(texts[language], arguments)
                    for language in dict.fromkeys([*asked, DEFAULT_LANGUAGE])
                }
        return JSONResponse(found)


def _given(fields: Fields) -> dict[str, dict[str, str]]:
    """Return the localizations of a body: key -> language -> text.

    Raises:
        ErrorAnswer: 14 or 15 for invalid ones, and a special one for duplicate keys.
    """
    listed = fields.value("localizations")
    if listed is None:
        raise ErrorAnswer(14, "The field localizations is required")
    if not isinstance(listed, list):
        raise ErrorAnswer(15, "The field localizations must be a list")
    given: dict[str, dict[str, str]] = {}
    twice = []
    for each in listed:
        if not isinstance(each, dict):
            raise ErrorAnswer(15, "Each of the localizations must be an object")
        key, texts = each.get("key"), each.get("text")
        if key is None or texts is None:
            raise ErrorAnswer(14, "Each of the localizations needs the fields key and text")
        if not isinstance(key, str) or not _KEY.fullmatch(key) or key != key.strip():
            raise ErrorAnswer(15, "A key has 1 to 200 characters, no comma, and no space around it")
        if key in given:
            twice.append(key)
        given[key] = _checked(key, texts)
    if twice:
        message = f"These keys come more than once: {', '.join(dict.fromkeys(twice))}"
        raise CodelessErrorAnswer(400, "DUPLICATE_LOCALIZATION_INPUT_KEYS", message)
    return given


def _checked(key: str, texts: Any) -> dict[str, str]:
    if not isinstance(texts, dict):
        raise ErrorAnswer(15, f"The text of {key} must be an object")
    for language, text in texts.items():
        if language not in LANGUAGES:
            message = (
                f"The text of {key} has the language {language}; a language code has two capital letters, such as EN"
            )
            raise ErrorAnswer(15, message)
        if not isinstance(text, str):
            raise ErrorAnswer(15, f"The text of {key} in {language} must be a string")
    return texts


def _texts(fields: Fields, name: str) -> list[str]:
    texts = fields.optional_texts(name)
    if texts is None:
        raise ErrorAnswer(14, f"The field {name} is required")
    return texts


def _shown(localization: Document) -> Document:
    return {name: value for name, value in localization.items() if name != "id"}


async def _languages(_: Request) -> JSONResponse:
    return JSONResponse({"data": list(_LANGUAGES)})


async def _all_countries(_: Request) -> JSONResponse:
    return JSONResponse({"data": _countries()})


async def _regions(request: Request) -> JSONResponse:
    if request.path_params["country"].upper() not in _countries():
        raise ErrorAnswer(16, "There is no such country; a country has a code of ISO 3166-1")
    return JSONResponse({"data": []})


@cache
def _countries() -> list[str]:
    """Return the two-letter codes of ISO 3166-1."""
    from babel import Locale

    territories = map(str, Locale("en").territories)
    codes = {code for code in territories if len(code) == 2 and code.isalpha()}
    return sorted(codes - _NO_COUNTRIES)
