"""Numbers, percentages, units and amounts as JavaScript's `Intl.NumberFormat` writes them.

Patterns and signs are the CLDR's, from Babel. Tables here add what Babel lacks, or has from an older CLDR than Node.js
20. ICU, which Node.js uses, would need neither, but PyICU has no wheels, and icu4py is 43 MB without spans of time.
"""

from __future__ import annotations

import re
import unicodedata
from copy import deepcopy
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from babel.localedata import LocaleDataDict, load
from babel.numbers import (
    get_currency_name,
    get_currency_precision,
    get_currency_symbol,
    list_currencies,
)
from babel.units import format_unit

from exh_dev.platform.templates.helpers import to_number
from exh_dev.platform.templates.options import choice_option, integer_option

if TYPE_CHECKING:
    from babel import Locale

    from exh_dev.platform.templates.options import Options

_MOST_DIGITS = 20
_ENOUGH = Context(prec=1000, rounding=ROUND_HALF_UP)  # digits: a double has up to 309, and 324 behind the point
_CURRENCY = "\N{CURRENCY SIGN}"
_LONG = 10**6
_LARGEST_COMPACT = 14  # the exponent of the largest numbers that the CLDR has patterns for
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
#: Languages that write four digits together: the CLDR's minimumGroupingDigits.
_FOUR_TOGETHER = frozenset({"be", "bg", "es", "et", "hu", "hy", "ia", "ie", "it", "ka", "lv", "pl", "pt", "sl", "sq"})
#: Territories of these languages that do not, or the only ones that do.
_FOUR_APART = {"pt": {None, "BR"}}
_FOUR_TOGETHER_IN = {"es": {None, "ES", "GQ", "PH", "EA", "IC"}}
#: Austria groups plain numbers by a space, and amounts by a point.
_GROUP = {"de_AT": _NO_BREAK_SPACE}
_OLD_APOSTROPHE, _APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}", "'"
_DIGIT_OPTIONS = (
    "minimumFractionDigits",
    "maximumFractionDigits",
    "minimumSignificantDigits",
    "maximumSignificantDigits",
)
_QUOTED = re.compile("'([^']*)'")
_NUMBER_IN_PATTERN = re.compile(r"[#0][#0.,]*")


@lru_cache(maxsize=32)
def data_of(locale: Locale) -> LocaleDataDict:
    """Return all that the CLDR has for a language, of which Babel's `Locale` offers a part.

    It is a copy: Babel 2.18 keeps what it looks up by an alias in the data that all languages share, so that after
    Japanese, months without a day would be Japanese in Korean and Hebrew.
    """
    return LocaleDataDict(deepcopy(cast("dict[str | int | None, Any]", load(str(locale)))))


def number_text(value: Any, options: Options, locale: Locale) -> str:
    """Return a number for a language: style, currency, currencyDisplay, unit, unitDisplay, notation, compactDisplay,
    useGrouping, and the digits.

    Raises:
        ValueError: it is no number, or an option is wrong.
    """
    if value is None or value == "":
        return ""
    number = exact(value)
    style = choice_option(options, "style", ("decimal", "percent", "currency", "unit"), "decimal")
    if choice_option(options, "notation", ("standard", "compact"), "standard") == "compact" and style == "decimal":
        return _compact(number, options, locale)
    if style == "unit":
        return _with_unit(number, options, locale)
    if style == "currency":
        return _amount(number, options, locale)
    if style == "percent":
        return _in_pattern(
            locale.percent_formats[None].pattern, _ENOUGH.scaleb(number, 2), options, _fraction(options, 0, 0), locale
        )
    return decimal_text(number, options, locale)


def exact(value: Any) -> Decimal:
    """Convert a value to a number as JavaScript does, with the digits that JavaScript would print.

    Raises:
        ValueError: it is no number.
    """
    number = to_number(value)
    return Decimal(number if isinstance(number, int) and abs(number) <= 2**53 else repr(float(number)))


def decimal_text(number: Decimal, options: Options, locale: Locale) -> str:
    """Return a plain number, with at most three digits behind the point unless the options say otherwise."""
    return _in_pattern(locale.decimal_formats[None].pattern, number, options, _fraction(options, 0, 3), locale)


def rounded(number: Decimal, most: int = 3, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round to at most `most` decimals, without trailing zeros, which would change the plural form."""
    return _ENOUGH.normalize(number.quantize(Decimal(1).scaleb(-most), rounding=rounding, context=_ENOUGH))


def plural_category(number: Decimal, locale: Locale) -> str:
    """Return a language's plural category for a formatted number, such as `one` for 1 and `other` for 1.0."""
    if number >= _LONG:  # rules look at the last six digits alone
        number = Decimal(_LONG + int(number) % _LONG)
    return str(locale.plural_form(number))


def _shown(number: Decimal, options: Options, fraction: tuple[int, int]) -> Decimal:
    """Return the absolute value as it is formatted, with trailing zeros."""
    short, least = _rounded(abs(number), options, *fraction)
    exponent = short.as_tuple().exponent
    return (
        short
        if isinstance(exponent, int) and -exponent >= least
        else short.quantize(Decimal(1).scaleb(-least), context=_ENOUGH)
    )


def _amount(number: Decimal, options: Options, locale: Locale) -> str:
    code = options.get("currency")
    if not isinstance(code, str) or code.upper() not in list_currencies():
        raise ValueError('a currency has a code, such as currency="EUR"')
    code = code.upper()
    usual = get_currency_precision(code)
    digits = _fraction(options, usual, usual)
    display = choice_option(options, "currencyDisplay", ("symbol", "narrowSymbol", "code", "name"), "symbol")
    if display == "name":
        plain = _in_pattern(locale.decimal_formats[None].pattern, number, options, digits, locale, is_amount=True)
        plural = plural_category(_shown(number, options, digits), locale)
        names = data_of(locale)["currency_names_plural"].get(code, {})
        name = names.get(plural) or names.get("other") or get_currency_name(code, locale=locale)
        patterns = data_of(locale)["currency_unit_patterns"]
        return str(patterns.get(plural) or patterns["other"]).replace("{0}", plain).replace("{1}", name)
    symbol = code if display == "code" else get_currency_symbol(code, locale=locale)
    return _in_pattern(
        locale.currency_formats["standard"].pattern, number, options, digits, locale, symbol=symbol, is_amount=True
    )


def _with_unit(number: Decimal, options: Options, locale: Locale) -> str:
    length: Any = choice_option(options, "unitDisplay", ("long", "short", "narrow"), "short")
    text = decimal_text(number, options, locale)
    plural = plural_category(_shown(number, options, _fraction(options, 0, 3)), locale)
    unit = str(options.get("unit"))
    units = data_of(locale)["unit_patterns"]  # `length-meter` for `meter`
    name = next((each for each in sorted(units, key=len) if each == unit or each.endswith(f"-{unit}")), None)
    lengths = units[name] if name else {}
    patterns = lengths.get(length) or lengths.get("short") or {}
    pattern = patterns.get(plural) or patterns.get("other")
    return str(pattern).replace("{0}", text) if pattern else str(format_unit(text, unit, length, locale=locale))


def _compact(number: Decimal, options: Options, locale: Locale) -> str:
    """Format a number such as 1.2M: at least two digits, and all digits before the decimal point."""
    exponent = number.adjusted() if number else 0
    shown, pattern = _scaled(number, exponent, options, locale)
    if shown and shown.adjusted() > _scaled(number, exponent, {"maximumFractionDigits": 20}, locale)[0].adjusted():
        shown, pattern = _scaled(number, exponent + 1, options, locale)  # 999.9K is 1M
    grouped = _NUMBER_IN_PATTERN.sub("#,##0", pattern, count=1)
    return _in_pattern(grouped, shown, options, _fraction(options, 0, _MOST_DIGITS), locale, together=4)


def _scaled(number: Decimal, exponent: int, options: Options, locale: Locale) -> tuple[Decimal, str]:
    """Divide a number by a power of ten, and return it with the language's pattern for thousands or millions."""
    formats = locale.compact_decimal_formats["long" if options.get("compactDisplay") == "long" else "short"]
    exponent = min(exponent, _LARGEST_COMPACT)
    power = f"1{'0' * exponent}"
    patterns = {plural: known[power].pattern for plural, known in formats.items() if exponent > 0 and power in known}
    plain = patterns.get("other", "0")
    shown = number if plain == "0" else _ENOUGH.scaleb(number, plain.count("0") - 1 - exponent)
    if not any(options.get(name) is not None for name in _DIGIT_OPTIONS):
        shown = rounded(shown, max(0, 1 - shown.adjusted()) if shown else 0)
    return shown, patterns.get(plural_category(abs(shown), locale), plain)


def _fraction(options: Options, least: int, most: int) -> tuple[int, int]:
    """Return the minimum and maximum number of decimals."""
    given_least = integer_option(options, "minimumFractionDigits", _MOST_DIGITS)
    given_most = integer_option(options, "maximumFractionDigits", _MOST_DIGITS)
    if given_least is not None and given_most is not None and given_least > given_most:
        raise ValueError("minimumFractionDigits is larger than maximumFractionDigits")
    if given_least is not None:
        least, most = given_least, max(most, given_least)
    if given_most is not None:
        least, most = min(least, given_most), given_most
    return least, most


def _rounded(number: Decimal, options: Options, least: int, most: int) -> tuple[Decimal, int]:
    """Return the rounded number and its minimum of decimals; options for significant digits come first."""
    fewest = integer_option(options, "minimumSignificantDigits", _MOST_DIGITS)
    significant = integer_option(options, "maximumSignificantDigits", _MOST_DIGITS)
    if not (fewest or significant):
        return rounded(number, most), least
    short = Context(prec=significant or _MOST_DIGITS, rounding=ROUND_HALF_UP).plus(number).copy_sign(number)
    return _ENOUGH.normalize(short), max(0, (fewest or 1) - 1 - short.adjusted()) if short else 0


def _in_pattern(
    pattern: str,
    number: Decimal,
    options: Options,
    fraction: tuple[int, int],
    locale: Locale,
    *,
    symbol: str = "",
    is_amount: bool = False,
    together: int = 0,
) -> str:
    """Return a number in a pattern of the CLDR, such as `#,##0.00 ¤;-#,##0.00 ¤`.

    Args:
        pattern: for positive numbers, and after a semicolon for negative ones.
        number: the number, not rounded.
        options: the helper's options.
        fraction: minimum and maximum number of decimals.
        locale: the language.
        symbol: the currency symbol.
        is_amount: whether it is an amount of money, which some languages group differently.
        together: minimum digits before the first group separator.
    """
    number, least = _rounded(number, options, *fraction)
    signs = locale.number_symbols[_numerals(locale)]
    positive, _, negative = pattern.partition(";")
    if number.is_signed():
        positive = negative or f"-{positive}"
    places = _NUMBER_IN_PATTERN.search(positive)
    if places is None:
        return positive
    text = _digits(number, options, least, places[0].split(".")[0], locale, is_amount=is_amount, together=together)
    before, after = (_QUOTED.sub(r"\1", each) for each in (positive[: places.start()], positive[places.end() :]))
    for of_pattern, sign in (("-", signs["minusSign"]), ("%", signs["percentSign"])):
        before, after = before.replace(of_pattern, sign), after.replace(of_pattern, sign)
    if symbol:
        before, after = _placed(before, symbol, at_end=True), _placed(after, symbol, at_end=False)
    return f"{before}{text}{after}"


def _placed(text: str, symbol: str, *, at_end: bool) -> str:
    """Insert a currency symbol, with a space between letters and adjacent digits."""
    place = re.sub(f"{_CURRENCY}+", _CURRENCY, text)
    if at_end and place.endswith(_CURRENCY) and not _is_a_sign(symbol[-1]):
        symbol += _NO_BREAK_SPACE
    if not at_end and place.startswith(_CURRENCY) and not _is_a_sign(symbol[0]):
        symbol = _NO_BREAK_SPACE + symbol
    return place.replace(_CURRENCY, symbol)


def _is_a_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "SZ"


def _digits(
    number: Decimal, options: Options, least: int, grouping: str, locale: Locale, *, is_amount: bool, together: int
) -> str:
    signs = locale.number_symbols[_numerals(locale)]
    group = signs.get("currencyGroup", signs["group"]) if is_amount else _GROUP.get(str(locale), signs["group"])
    point = signs.get("currencyDecimal", signs["decimal"]) if is_amount else signs["decimal"]
    integer_part, _, behind = f"{abs(number):f}".partition(".")
    integer_part = integer_part.rjust(integer_option(options, "minimumIntegerDigits", _MOST_DIGITS) or 1, "0")
    behind = behind.ljust(least, "0")
    if (
        options.get("useGrouping", True) is not False
        and "," in grouping
        and len(integer_part) > max(3, together, _most_together(locale))
    ):
        sizes = [len(each) for each in grouping.split(",")[1:]]
        integer_part = _grouped(integer_part, sizes[-1], sizes[0], str(group).replace(_OLD_APOSTROPHE, _APOSTROPHE))
    return f"{integer_part}{point}{behind}" if behind else integer_part


def _grouped(digits: str, first: int, other: int, separator: str) -> str:
    """Group digits from the right: one group of `first` digits, then groups of `other` digits."""
    groups = [digits[-first:]]
    rest = digits[:-first]
    while rest:
        groups.append(rest[-other:])
        rest = rest[:-other]
    return separator.join(reversed(groups))


def _most_together(locale: Locale) -> int:
    language, territory = locale.language, locale.territory
    if language not in _FOUR_TOGETHER or territory in _FOUR_APART.get(language, ()):
        return 3
    return 4 if territory in _FOUR_TOGETHER_IN.get(language, (territory,)) else 3


def _numerals(locale: Locale) -> str:
    """Return the numbering system: Latin digits and signs in every language."""
    return "latn" if "latn" in locale.number_symbols else str(locale.default_numbering_system)
