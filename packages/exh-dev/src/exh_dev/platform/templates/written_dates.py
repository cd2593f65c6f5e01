"""Dates and times as JavaScript's `Intl.DateTimeFormat` writes them, in the Gregorian calendar.

Patterns and words are the CLDR's, from Babel; tables here add what Babel lacks.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, match_skeleton, parse_pattern

from exh_dev.platform.storage.timestamps import epoch_seconds
from exh_dev.platform.templates.helpers import to_number
from exh_dev.platform.templates.options import choice_option
from exh_dev.platform.templates.zone_names import zone_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from babel import Locale

    from exh_dev.platform.templates.options import Options

_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"  # which V8 replaces
#: Separator between a date in words and a time. Babel lacks these CLDR patterns; other languages use Babel's.
_AT = {
    "af": " om ", "ar": " في ", "bg": " в ", "ca": ", a les ", "cs": " v ", "da": " kl. ", "de": " um ",
    "el": " στις ", "en": " at ", "es": " a las ", "et": ", kell ", "fi": " klo ", "fo": " kl. ", "fr": " à ",
    "fy": " om ", "ga": " ag ", "he": " בשעה ", "hi": " को ", "hr": " u ", "id": " pukul ", "is": " kl. ",
    "it": " alle ore ", "ms": " pada ", "nb": " kl. ", "nl": " om ", "nn": " kl. ", "no": " kl. ", "pt": " às ",
    "ro": " la ", "ru": " в ", "sk": " o ", "sl": " ob ", "sq": " në ", "sv": " kl. ", "th": " เวลา ",
    "uk": " \N{CYRILLIC SMALL LETTER O} ",
}  # fmt: skip
#: Languages that have something else where the weekday is in words too.
_AT_WITH_WEEKDAY = {"es": ", "}
#: The same for dates in digits or with abbreviated months, where Babel has it from an older edition.
_BETWEEN = {"da": ", ", "et": ", ", "fi": " klo ", "pt": ", ", "ru": ", ", "sl": ", ", "th": " ", "uk": ", "}
_STYLES = ("full", "long", "medium", "short")
_WIDTHS = {"long": 4, "short": 3, "narrow": 5}
_NUMERIC = {"numeric": 1, "2-digit": 2}
#: The options that name a part, with the letter of each in a CLDR skeleton, in its order.
_DATE_PARTS = {"era": "G", "year": "y", "month": "M", "weekday": "E", "day": "d"}
_TIME_PARTS = {"hour": "j", "minute": "m", "second": "s", "timeZoneName": "z"}
#: Parts that need a full date next to them, because they mean nothing alone.
_NOT_ALONE = {"era", "timeZoneName"}
#: Pattern letters for the same part.
_ALIKE = {"L": "M", "c": "E", "e": "E", "K": "h", "k": "H"}
_PATTERN_PART = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*")


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Raises:
        ValueError: the name is unknown.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name} is not a time zone") from None


def date_text(value: Any, options: Options, locale: Locale, zone: tzinfo) -> str:
    """Format epoch milliseconds or an ISO 8601 timestamp, with the options dateStyle and timeStyle, or the parts.

    TimeZone, hour12, hourCycle.

    Raises:
        ValueError: it is not a timestamp, or an option is invalid.
    """
    if options.get("timeZone"):
        zone = zone_of(str(options["timeZone"]))
    try:
        local = datetime.fromtimestamp(_seconds(value), zone)
    except (OverflowError, OSError):
        raise ValueError("The timestamp is out of range") from None
    date_style = choice_option(options, "dateStyle", _STYLES)
    time_style = choice_option(options, "timeStyle", _STYLES)
    if date_style or time_style:
        date = format_date(local.date(), date_style, locale=locale) if date_style else ""
        time = _filled(locale.time_formats[time_style].pattern, local, locale) if time_style else ""
        return _together(date, time, date_style or "medium", locale)
    names = {*_DATE_PARTS, *_TIME_PARTS} & {name for name, value in options.items() if value is not None}
    if names <= _NOT_ALONE:
        options = {**options, "year": "numeric", "month": "numeric", "day": "numeric"}
        names |= {"year", "month", "day"}
    date = _parts(local, options, _DATE_PARTS, names, locale)
    time = _parts(local, options, _TIME_PARTS, names, locale)
    style = {"long": "full" if "weekday" in names else "long", "short": "medium"}.get(
        str(options.get("month")), "short"
    )
    return _together(date, time, style, locale)


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        try:
            return epoch_seconds(value)
        except ValueError:
            raise ValueError("datetime takes epoch milliseconds or a timestamp in ISO 8601") from None
    return to_number(value) / 1000


def _together(date: str, time: str, style: str, locale: Locale) -> str:
    date, time = date.replace(_NARROW_SPACE, " "), time.replace(_NARROW_SPACE, " ")
    if not (date and time):
        return date or time
    language = locale.language
    if style in {"full", "long"}:
        between = _AT_WITH_WEEKDAY.get(language, _AT.get(language)) if style == "full" else _AT.get(language)
    else:
        between = _BETWEEN.get(language)
    if between:
        return f"{date}{between}{time}"
    pattern = re.sub(r"'([^']*)'", r"\1", str(locale.datetime_formats[style]))
    return pattern.replace("{0}", time).replace("{1}", date)


def _parts(local: datetime, options: Options, known: Mapping[str, str], names: set[str], locale: Locale) -> str:
    """Return the parts of one of the two kinds, in the order and with the punctuation of the language."""
    widths: dict[str, int] = {}
    for name, letter in known.items():
        if name in names:
            widths[_hour_letter(options, locale) if letter == "j" else letter] = _width(name, options[name])
    return _filled(_pattern(widths, locale), local, locale) if widths else ""


def _filled(pattern: str, local: datetime, locale: Locale) -> str:
    """Fill a pattern with the parts of a time.

    Time zone names are handled here, because Babel's differ from JavaScript's.
    """

    def named(part: re.Match[str]) -> str:
        if part[1] != "z":
            return part[0]
        name = zone_name(local, locale, is_long=len(part[0]) > 3)
        return "'" + name.replace("'", "''") + "'"

    return str(parse_pattern(_PATTERN_PART.sub(named, pattern)).apply(local, locale))


def _pattern(widths: Mapping[str, int], locale: Locale) -> str:
    """Return the language's pattern for these parts, each as wide as it is asked for."""
    hours = {"h", "H"} & set(widths)
    if "z" in widths:
        rest = {letter: width for letter, width in widths.items() if letter != "z"}
        zone = "z" * widths["z"]
        with_zone = locale.datetime_skeletons.get("".join(rest) + "v")
        if with_zone is not None:
            wide = {letter: width for letter, width in rest.items() if letter not in hours or width > 1}
            return _PATTERN_PART.sub(
                lambda part: zone if part[1] == "v" else part[0], _widened(with_zone.pattern, wide)
            )
        plain = _pattern(rest, locale)
        if set(rest) == {"H"} and not _in_quotes(plain):
            plain += "'h'"
        return f"{plain} {zone}".strip()
    if not widths:
        return ""
    if ("s" in widths and "m" not in widths) or ("m" in widths and not hours and "s" not in widths):
        return ":".join(letter * 2 for letter in widths)  # No language has a pattern for these alone.
    skeleton = "".join(letter * _skeleton_width(letter, width) for letter, width in widths.items())
    known = locale.datetime_skeletons
    found = skeleton if skeleton in known else match_skeleton(skeleton, known, allow_different_fields=False)
    if found is None:  # no pattern has them all: one after the other
        return " ".join(letter * width for letter, width in widths.items())
    # Hours are as wide as asked for only where another part differs from the CLDR's pattern, as in V8.
    if hours != {_own_hour(locale)} or _NUMERIC["2-digit"] not in {widths.get("m"), widths.get("s")}:
        widths = {letter: width for letter, width in widths.items() if letter not in hours or width > 1}
    return _widened(known[found].pattern, widths)


def _widened(pattern: str, widths: Mapping[str, int]) -> str:
    """Return a pattern with its parts as wide as asked for; with others as they are."""

    def widened(part: re.Match[str]) -> str:
        letter = part[1]
        if not letter:
            return part[0]
        wanted = widths.get(_ALIKE.get(letter, letter))
        both_words = wanted is not None and (wanted > 2) == (len(part[0]) > 2)
        if wanted is None or (not both_words and letter in "ML"):
            return part[0]
        if wanted == 1 and letter not in "hHkK":
            return part[0]
        return letter * wanted

    return _PATTERN_PART.sub(widened, pattern)


def _skeleton_width(letter: str, width: int) -> int:
    if letter == "M":
        return width if width > 2 else 1
    return 1


def _width(name: str, value: Any) -> int:
    if name == "timeZoneName":
        return 4 if value == "long" else 1
    widths = {
        "era": _WIDTHS,
        "weekday": _WIDTHS,
        "month": {**_NUMERIC, **_WIDTHS},
    }.get(name, _NUMERIC)
    if value not in widths:
        raise ValueError(f"{name} must be one of {', '.join(widths)}")
    return widths[value]


def _hour_letter(options: Options, locale: Locale) -> str:
    if isinstance(options.get("hour12"), bool):
        return "h" if options["hour12"] else "H"
    if options.get("hourCycle") in {"h11", "h12"}:
        return "h"
    if options.get("hourCycle") in {"h23", "h24"}:
        return "H"
    return _own_hour(locale)


def _own_hour(locale: Locale) -> str:
    """Return `h` for a language that counts hours to 12, else `H`."""
    letters = {part[1] for part in _PATTERN_PART.finditer(locale.time_formats["short"].pattern)}
    return "h" if "h" in letters else "H"  # an h between quotation marks is a word, as in French of Canada


def _in_quotes(pattern: str) -> bool:
    return any(part[1] is None for part in _PATTERN_PART.finditer(pattern))
