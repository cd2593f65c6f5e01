"""Helpers of Templates v2 that write for a language and a time zone: texts, numbers, amounts, dates.

Their options are those of JavaScript's `Intl`; those that are not listed here are ignored. The words and patterns are
the CLDR's, as Babel has them; a detail may differ from what another version of the CLDR gives.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta, match_skeleton, parse_pattern
from babel.numbers import format_compact_decimal, get_currency_precision, list_currencies
from babel.numbers import parse_pattern as parse_number_pattern
from babel.units import format_unit

from exh_dev.javascript_numbers import number_text
from exh_dev.platform.storage.timestamps import moment
from exh_dev.platform.templates.helpers import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dotpromptz_handlebars import HelperFn, HelperOptions

    Options = Mapping[str, Any]

_PLACE = re.compile(r"\{\{\s*-?\s*([\w.]+)\s*\}\}")
_MOST_DIGITS = 20
_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"  # which JavaScript engines replace in times
#: What stands between a date in words and a time. Babel leaves these patterns of the CLDR out; other languages get
#: those that Babel has.
_AT = {"en": " at ", "nl": " om ", "de": " um ", "fr": " à ", "da": " kl. ", "it": " alle ore ", "es": ", "}
#: Languages that write four digits together, which Babel leaves out as well.
_UNGROUPED = {"es": 10_000, "it": 10_000, "pl": 10_000}
_LARGEST = 10**21  # JavaScript writes larger numbers otherwise
_STYLES = ("full", "long", "medium", "short")
_RANGES = ("second", "minute", "hour", "day", "week", "month", "year")
_WIDTHS = {"long": 4, "short": 3, "narrow": 5}
_NUMERIC = {"numeric": 1, "2-digit": 2}
#: The options of `datetime` that name a part, with the letter of each in a CLDR skeleton, in its order.
_DATE_PARTS = {"era": "G", "year": "y", "month": "M", "weekday": "E", "day": "d"}
_TIME_PARTS = {"hour": "j", "minute": "m", "second": "s", "timeZoneName": "z"}
#: Letters of a pattern that stand for the same part.
_ALIKE = {"L": "M", "c": "E", "e": "E", "K": "h", "k": "H"}
_PATTERN_PART = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*")


def formatting_helpers(language: str, time_zone: str, translate: Callable[[str], str | None]) -> dict[str, HelperFn]:
    """The helpers, for one language and one time zone."""
    locale, zone = locale_of(language), zone_of(time_zone)

    def localized(arguments: list[Any], options: HelperOptions) -> str:
        key = _text(arguments, "t")
        text = translate(key)
        return key if text is None else _PLACE.sub(lambda place: _said(options.hash.get(place[1])), text)

    def number(arguments: list[Any], options: HelperOptions) -> str:
        return _number(_first(arguments, "number"), options.hash, locale)

    def currency(arguments: list[Any], options: HelperOptions) -> str:
        return _number(_first(arguments, "currency"), {**options.hash, "style": "currency"}, locale)

    def date_time(arguments: list[Any], options: HelperOptions) -> str:
        value = _first(arguments, "datetime")
        return "" if value is None or value == "" else _date_time(_moment(value), options.hash, locale, zone)

    def relative_time(arguments: list[Any], options: HelperOptions) -> str:
        return _relative(_first(arguments, "relativetime"), options.hash, locale)

    return {
        "t": localized,
        "number": number,
        "currency": currency,
        "datetime": date_time,
        "relativetime": relative_time,
    }


@lru_cache(maxsize=32)
def locale_of(language: str) -> Locale:
    """What Babel knows of a language; of English for one that it does not know."""
    try:
        return Locale.parse(language.replace("-", "_").lower())
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name.

    Raises:
        ValueError: there is none of this name.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name} is not a time zone") from None


def date_and_time(value: Any, language: str, time_zone: str) -> str:
    """Epoch milliseconds, or a moment in ISO 8601, as a language writes it in a time zone.

    Raises:
        ValueError: it is no moment.
    """
    options = {"dateStyle": "medium", "timeStyle": "short"}
    return _date_time(_moment(value), options, locale_of(language), zone_of(time_zone))


def _text(arguments: list[Any], helper: str) -> str:
    value = _first(arguments, helper)
    if not isinstance(value, str):
        raise ValueError(f"{helper} takes a text")  # noqa: TRY004 - the template's error
    return value


def _first(arguments: list[Any], helper: str) -> Any:
    if len(arguments) != 1:
        raise ValueError(f"{helper} takes one argument, and options as name=value")
    return arguments[0]


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, int | float) else str(value)


def _choice(options: Options, name: str, choices: tuple[str, ...], default: str | None = None) -> str | None:
    value = options.get(name, default)
    if value is not None and value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return None if value is None else str(value)


def _digits(options: Options, name: str) -> int | None:
    value = options.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DIGITS):
        raise ValueError(f"{name} must be a whole number up to {_MOST_DIGITS}")
    return value


# Numbers


def _number(value: Any, options: Options, locale: Locale) -> str:
    """As `Intl.NumberFormat`: style, currency, currencyDisplay, unit, unitDisplay, notation, compactDisplay,
    useGrouping, and the digits.
    """
    if value is None or value == "":
        return ""
    number = Decimal(str(number_of(value)))
    if abs(number) >= _LARGEST:
        raise ValueError("The number is too large to be written out")
    style = _choice(options, "style", ("decimal", "percent", "currency", "unit"), "decimal")
    if _choice(options, "notation", ("standard", "compact"), "standard") == "compact" and style == "decimal":
        form: Any = "long" if options.get("compactDisplay") == "long" else "short"
        one_digit = abs(number) >= 1 and number.adjusted() % 3 == 0
        return str(format_compact_decimal(number, format_type=form, locale=locale, fraction_digits=int(one_digit)))
    if style == "unit":
        length: Any = _choice(options, "unitDisplay", ("long", "short", "narrow"), "short")
        plain = _rounded(number, options, 0, 3)
        return str(format_unit(plain, str(options.get("unit")), length, locale=locale))
    if style == "currency":
        return _amount(number, options, locale)
    pattern = (locale.percent_formats if style == "percent" else locale.decimal_formats)[None]
    if style == "percent":
        number *= 100
    least, most = _fraction(options, 0, 0 if style == "percent" else 3)
    number = _rounded(number, options, least, most)
    if style == "percent":
        number /= 100
    return _applied(pattern.pattern, number, options, (least, most), locale)


def _amount(number: Decimal, options: Options, locale: Locale) -> str:
    code = options.get("currency")
    if not isinstance(code, str) or code.upper() not in list_currencies():
        raise ValueError('a currency has a code, such as currency="EUR"')
    code = code.upper()
    usual = get_currency_precision(code)
    least, most = _fraction(options, usual, usual)
    number = _rounded(number, options, least, most)
    display = _choice(options, "currencyDisplay", ("symbol", "narrowSymbol", "code", "name"), "symbol")
    if display == "name":
        from babel.numbers import get_currency_name

        plain = _applied(locale.decimal_formats[None].pattern, number, options, (least, most), locale)
        return f"{plain} {get_currency_name(code, count=number, locale=locale)}"
    pattern = locale.currency_formats["standard"].pattern
    if display == "code":
        pattern = re.sub("\N{CURRENCY SIGN}+", "\N{CURRENCY SIGN}\N{CURRENCY SIGN}", pattern)
        pattern = re.sub("(\N{CURRENCY SIGN}{2})(?=[#0])", "\\1\N{NO-BREAK SPACE}", pattern)
    return _applied(pattern, number, options, (least, most), locale, currency=code)


def _applied(
    pattern: str,
    number: Decimal,
    options: Options,
    fraction: tuple[int, int],
    locale: Locale,
    *,
    currency: str | None = None,
) -> str:
    parsed = parse_number_pattern(pattern)
    parsed.frac_prec = fraction
    whole = _digits(options, "minimumIntegerDigits")
    if whole is not None:
        parsed.int_prec = (whole, max(whole, parsed.int_prec[1]))
    grouping = options.get("useGrouping", True) is not False and abs(number) >= _UNGROUPED.get(locale.language, 0)
    return str(parsed.apply(number, locale, currency=currency, currency_digits=False, group_separator=grouping))


def _fraction(options: Options, least: int, most: int) -> tuple[int, int]:
    """How many digits after the decimal separator, at least and at most."""
    if (
        _digits(options, "maximumSignificantDigits") is not None
        or _digits(options, "minimumSignificantDigits") is not None
    ):
        return 0, _MOST_DIGITS
    given_least, given_most = _digits(options, "minimumFractionDigits"), _digits(options, "maximumFractionDigits")
    if given_least is not None and given_most is not None and given_least > given_most:
        raise ValueError("minimumFractionDigits is larger than maximumFractionDigits")
    if given_least is not None:
        least, most = given_least, max(most, given_least)
    if given_most is not None:
        least, most = min(least, given_most), given_most
    return least, most


def _rounded(number: Decimal, options: Options, least: int, most: int) -> Decimal:
    """Half away from zero, as JavaScript rounds; Babel alone would round half to even."""
    significant = _digits(options, "maximumSignificantDigits")
    if significant:
        return Context(prec=significant, rounding=ROUND_HALF_UP).plus(number)
    least, most = _fraction(options, least, most)
    return number.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP, context=Context(prec=60))


# Dates


def _moment(value: Any) -> float:
    if isinstance(value, str):
        try:
            return moment(value)
        except (ValueError, OverflowError):
            raise ValueError("datetime takes epoch milliseconds or a moment in ISO 8601") from None
    return number_of(value) / 1000


def _date_time(seconds: float, options: Options, locale: Locale, zone: tzinfo) -> str:
    """As `Intl.DateTimeFormat`: dateStyle and timeStyle, or the parts; timeZone, hour12, hourCycle."""
    if options.get("timeZone"):
        zone = zone_of(str(options["timeZone"]))
    try:
        local = datetime.fromtimestamp(seconds, zone)
    except (ValueError, OverflowError, OSError):
        raise ValueError("The moment is out of range") from None
    date_style = _choice(options, "dateStyle", _STYLES)
    time_style = _choice(options, "timeStyle", _STYLES)
    if date_style or time_style:
        date = format_date(local.date(), date_style, locale=locale) if date_style else ""
        time = format_time(local, time_style, tzinfo=zone, locale=locale) if time_style else ""
        return _together(date, time, date_style or "medium", locale, in_words=date_style in {"full", "long"})
    names = {*_DATE_PARTS, *_TIME_PARTS} & {name for name, value in options.items() if value is not None}
    if not names:
        options, names = {"year": "numeric", "month": "numeric", "day": "numeric"}, {"year", "month", "day"}
    date = _parts(local, options, _DATE_PARTS, names, locale)
    time = _parts(local, options, _TIME_PARTS, names, locale)
    return _together(date, time, "medium", locale, in_words=options.get("month") == "long")


def _together(date: str, time: str, style: str, locale: Locale, *, in_words: bool) -> str:
    time = time.replace(_NARROW_SPACE, " ")
    if not (date and time):
        return date or time
    if in_words and locale.language in _AT:
        return f"{date}{_AT[locale.language]}{time}"
    pattern = str(locale.datetime_formats[style])
    return re.sub(r"'([^']*)'", r"\1", pattern).replace("{0}", time).replace("{1}", date)


def _parts(local: datetime, options: Options, known: Mapping[str, str], names: set[str], locale: Locale) -> str:
    """The parts of one of the two kinds, in the order and with the punctuation of the language."""
    widths: dict[str, int] = {}
    for name, letter in known.items():
        if name in names:
            widths[_hour_letter(options, locale) if letter == "j" else letter] = _width(name, options[name])
    if not widths:
        return ""
    zone_name = widths.pop("z", 0)
    if ("s" in widths and "m" not in widths) or ("m" in widths and not {"h", "H"} & set(widths)):
        # No language has a pattern for these alone.
        text = ":".join(parse_pattern(letter * 2).apply(local, locale) for letter in widths)
    elif widths:
        text = str(parse_pattern(_pattern(widths, locale)).apply(local, locale))
    else:
        text = ""
    if zone_name:
        text = f"{text} {parse_pattern('z' * zone_name).apply(local, locale)}".strip()
    return text


def _pattern(widths: Mapping[str, int], locale: Locale) -> str:
    """The language's pattern for these parts, each as wide as it is asked for."""
    skeleton = "".join(letter * _skeleton_width(letter, width) for letter, width in widths.items())
    known = locale.datetime_skeletons
    found = skeleton if skeleton in known else match_skeleton(skeleton, known, allow_different_fields=False)
    if found is None:  # no pattern has them all: one after the other
        return " ".join(letter * width for letter, width in widths.items())

    def widened(part: re.Match[str]) -> str:
        letter = part[1]
        if not letter:
            return part[0]
        wanted = widths.get(_ALIKE.get(letter, letter))
        both_words = wanted is not None and (wanted > 2) == (len(part[0]) > 2)  # noqa: PLR2004 - 1, 2: in digits
        if wanted is None or (not both_words and letter in "ML"):
            return part[0]
        return letter * max(wanted, len(part[0]) if wanted == 1 else 0)

    return _PATTERN_PART.sub(widened, known[found].pattern)


def _skeleton_width(letter: str, width: int) -> int:
    if letter == "M":
        return width if width > 2 else 1  # noqa: PLR2004 - 1, 2: in digits
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
    return "h" if "h" in locale.time_formats["short"].pattern else "H"


def _relative(value: Any, options: Options, locale: Locale) -> str:
    """As `Intl.RelativeTimeFormat`: range (its unit), style. The count is made whole; quarters are in months."""
    if value is None or value == "":
        return ""
    unit: Any = str(options.get("range", "day")).removesuffix("s")
    count = round(number_of(value))
    if unit == "quarter":
        unit, count = "month", 3 * count
    if unit not in _RANGES:
        raise ValueError(f"range must be one of {', '.join(_RANGES)}")
    style: Any = _choice(options, "style", ("long", "short", "narrow"), "long")
    span = {"week": 7, "month": 30, "year": 365}.get(unit)
    try:
        delta = timedelta(days=span * count) if span else timedelta(**{f"{unit}s": count})
    except OverflowError:
        raise ValueError("The number is too large") from None
    for form in dict.fromkeys((style, "long")):  # the CLDR has not every style for every language and unit
        try:
            return format_timedelta(
                delta, granularity=unit, threshold=float("inf"), add_direction=True, format=form, locale=locale
            )
        except KeyError:
            continue
    raise ValueError(f"{unit} is not known in this language")
