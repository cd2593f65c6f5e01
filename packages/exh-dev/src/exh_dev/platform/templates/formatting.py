"""Localized helpers of Templates v2: translations, numbers, amounts, dates.

Options are those of JavaScript's `Intl`; unlisted ones are ignored. Words and patterns are the CLDR's, from Babel;
details may differ between versions of the CLDR.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError

from exh_dev.platform.templates.helpers import shown
from exh_dev.platform.templates.relative_times import relative_time
from exh_dev.platform.templates.written_dates import date_text, zone_of
from exh_dev.platform.templates.written_numbers import data_of, number_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotpromptz_handlebars import HelperFn, HelperOptions

_PLACE = re.compile(r"\{\{\s*-?\s*([\w.]+)\s*\}\}")


def formatting_helpers(language: str, time_zone: str, translate: Callable[[str], str | None]) -> dict[str, HelperFn]:
    """Return the helpers, for one language and one time zone."""
    locale, zone = locale_of(language), zone_of(time_zone)

    def localized(arguments: list[Any], options: HelperOptions) -> str:
        key = _only("t", arguments)
        if not isinstance(key, str):
            raise ValueError("t takes a string")  # noqa: TRY004 - the template's error
        text = translate(key)
        return key if text is None else _PLACE.sub(lambda place: shown(options.hash.get(place[1])), text)

    def number(arguments: list[Any], options: HelperOptions) -> str:
        return number_text(_only("number", arguments), options.hash, locale)

    def currency(arguments: list[Any], options: HelperOptions) -> str:
        return number_text(_only("currency", arguments), {**options.hash, "style": "currency"}, locale)

    def date_time(arguments: list[Any], options: HelperOptions) -> str:
        value = _only("datetime", arguments)
        return "" if value is None or value == "" else date_text(value, options.hash, locale, zone)

    def relative(arguments: list[Any], options: HelperOptions) -> str:
        return relative_time(_only("relativetime", arguments), options.hash, locale)

    return {"t": localized, "number": number, "currency": currency, "datetime": date_time, "relativetime": relative}


@lru_cache(maxsize=32)
def locale_of(language: str) -> Locale:
    """Return Babel's locale of a language; English for an unknown one."""
    try:
        locale = Locale.parse(language.replace("-", "_").lower())
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    vars(locale)["_Locale__data"] = data_of(locale)  # else it takes the data that all languages share
    return locale


def date_and_time(value: Any, language: str, time_zone: str) -> str:
    """Format epoch milliseconds or an ISO 8601 timestamp for a language and time zone.

    Raises:
        ValueError: it is not a timestamp.
    """
    return date_text(value, {"dateStyle": "medium", "timeStyle": "short"}, locale_of(language), zone_of(time_zone))


def _only(helper: str, arguments: list[Any]) -> Any:
    if len(arguments) != 1:
        raise ValueError(f"{helper} takes one argument, and options as name=value")
    return arguments[0]
