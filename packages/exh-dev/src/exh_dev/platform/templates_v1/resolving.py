"""Render a template of version 1: check the content, run Velocity, insert localizations.

In a field, `{{key, argument}}` inserts a localization, whose `$1` is the first argument. This happens after Velocity,
so key and arguments may come from the content.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.localizations.service import DEFAULT_LANGUAGE, filled, key_and_arguments, texts_of
from exh_dev.platform.templates_v1 import renderer
from exh_dev.platform.templates_v1.schema import fitting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.templates_v1.renderer import Renderer

COLLECTION = "templates_v1"
DEFAULT_TIME_ZONE = "Europe/Brussels"
_LANGUAGE = re.compile(r"[A-Za-z]{2}(-[A-Za-z]{2})?")
_PLACE = re.compile(r"\{\{([^{}]*)\}\}")
#: How a place begins in a field, before a reference, an argument or the end.
_BEGINNING = re.compile(r"\{\{\s*([^{}$#,]*)")
_AT_ONCE = 1_000  # keys of localizations that are looked up together
_BY_REFERENCE = re.compile(r"\{\{\s*\$")


class Filling:
    """A template that is to be filled in."""

    def __init__(
        self,
        store: Store,
        template: Document,
        content: dict[str, Any],
        *,
        user: Document | None,
        language: str | None = None,
        time_zone: str | None = None,
    ) -> None:
        """Fill `content` into `template`, in a language and a time zone: those asked for, else the user's, else EN and
        Europe/Brussels.

        Raises:
            ErrorAnswer: 15 for a language or a time zone that is none.
        """
        from exh_dev.platform.templates.written_dates import zone_of

        self._store = store
        self._schema: Document = template["schema"]
        self._fields: dict[str, str] = template["fields"]
        self._content = content
        self._language, time_zone = _settings(user or {}, language, time_zone)
        if not _LANGUAGE.fullmatch(self._language):
            raise ErrorAnswer(15, "The field language must be a code of two letters")
        try:
            zone_of(time_zone)
        except ValueError:
            raise ErrorAnswer(15, "The field time_zone must be the name of a time zone") from None
        self._time_zone = time_zone

    async def outputs(self) -> dict[str, str]:
        """Return the rendered fields.

        The store is read on this thread; the rest runs on other threads, because contents may be large.

        Raises:
            ErrorAnswer: 1003 for invalid content or a field that cannot be rendered; 1002 for a key without
                translation.
        """
        outputs, keys = await asyncio.to_thread(self._run, renderer.of_threads)
        if not keys:
            return outputs
        texts: dict[str, str] = {}
        for start in range(0, len(keys), _AT_ONCE):
            texts |= texts_of(self._store, keys[start : start + _AT_ONCE], self._language)
            await asyncio.sleep(0)  # requests come between
        return await asyncio.to_thread(self._localized, outputs, texts)

    def _run(self, by: Renderer) -> tuple[dict[str, str], list[str]]:
        """Return the fields rendered by Velocity, and the localization keys in them."""
        from exh_dev.platform.templates.formatting import date_and_time

        def date(value: Any) -> str:
            return date_and_time(value, self._language, self._time_zone)

        content = fitting(self._schema, self._content, own=self._fields, date=date)
        try:
            outputs = by.render(self._fields, content)
        except renderer.FillingError as error:
            place = f"The field {error.field}, line {error.line}" if error.field is not None else "The template"
            raise ErrorAnswer(1003, f"{place}, cannot be filled in: {error}") from None
        places = (place[1] for output in outputs.values() for place in _PLACE.finditer(output))
        return outputs, list({key_and_arguments(place)[0] for place in places})

    def _localized(self, outputs: dict[str, str], texts: Mapping[str, str]) -> dict[str, str]:
        """Insert localizations into rendered fields."""
        sources = list(self._fields.values())
        beginnings = tuple({found[1].strip() for source in sources for found in _BEGINNING.finditer(source)} - {""})
        by_reference = any(_BY_REFERENCE.search(source) for source in sources)

        def text(place: re.Match[str]) -> str:
            key, arguments = key_and_arguments(place[1])
            if key in texts:
                return filled(texts[key], arguments)
            if key.startswith(beginnings):
                raise _MissingKeyError(key)
            # The braces came with the content: they are text, not a key.
            return place[1].strip() if by_reference else place[0]

        try:
            return {name: _PLACE.sub(text, output) for name, output in outputs.items()}
        except _MissingKeyError as error:
            raise ErrorAnswer(1002, f"There is no localization {error}: {self._where(str(error))}") from None

    def _where(self, key: str) -> str:
        """Return the field and line of a key."""
        for name, source in self._fields.items():
            for found in _BEGINNING.finditer(source):
                if found[1].strip() and key.startswith(found[1].strip()):
                    return f"the field {name} has it in line {_line(source, found.start())}"
        return "a field has it"


class _MissingKeyError(Exception):
    pass


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1


def _settings(user: Document, language: str | None, time_zone: str | None) -> tuple[str, str]:
    """Return language and time zone: those of the request, else the user's if valid, else the defaults."""
    from exh_dev.platform.templates.service import settings_of

    own = settings_of({"language": "", **user, "time_zone": user.get("time_zone") or DEFAULT_TIME_ZONE})
    return language or own[0] or DEFAULT_LANGUAGE, time_zone or own[1]
