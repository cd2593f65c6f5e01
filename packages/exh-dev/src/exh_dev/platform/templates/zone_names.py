"""Names of time zones as JavaScript's `Intl.DateTimeFormat` has them, such as `CET` and `GMT+1`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from babel.core import get_global

if TYPE_CHECKING:
    from datetime import datetime

    from babel import Locale

#: Languages with another sign for zones west of Greenwich, or a point between hours and minutes; Babel has neither.
_MINUS = frozenset({"et", "fr", "lt", "se", "sv"})
#: Languages that have no short names any more, but in these territories.
_NO_SHORT_NAMES = {"fr": {"CA"}}
_POINT = frozenset({"da", "fi", "id", "nds", "si", "sl"})


def zone_name(local: datetime, locale: Locale, *, is_long: bool) -> str:
    """Return the time zone name at a time; its UTC offset if the language has no name of that length."""
    zone = getattr(local.tzinfo, "key", None) or "Etc/UTC"
    if zone == "Etc/UTC" and not is_long:
        return "UTC"
    names = locale.time_zones.get(zone, {})
    meta_zone = locale.meta_zones.get(_meta_zones().get(zone, ""), {})
    saving = "daylight" if local.dst() else "standard"
    length = "long" if is_long else "short"
    if not is_long and locale.language in _NO_SHORT_NAMES and locale.territory not in _NO_SHORT_NAMES[locale.language]:
        return _distance(local, locale, is_long=False)
    for found in (names, meta_zone):
        name = found.get(length, {}).get(saving)
        if name and name != "∅∅∅":
            return str(name)
    return _distance(local, locale, is_long=is_long)


def _distance(local: datetime, locale: Locale, *, is_long: bool) -> str:
    offset = local.utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    pattern = str(locale.zone_formats["gmt"])
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "+" if seconds >= 0 else "\N{MINUS SIGN}" if locale.language in _MINUS else "-"
    point = "." if locale.language in _POINT else ":"
    text = f"{hours:02}{point}{minutes:02}" if is_long else f"{hours}{point}{minutes:02}" if minutes else str(hours)
    return pattern.replace("%s", sign + text)


@lru_cache(maxsize=1)
def _meta_zones() -> dict[str, str]:
    """Return the meta zone of each zone, under today's name of the zone too."""
    known: dict[str, str] = dict(get_global("meta_zones"))
    renamed = {new: known[old] for old, new in get_global("zone_aliases").items() if old in known and new not in known}
    return known | renamed
