"""Spans of time as JavaScript's `Intl.RelativeTimeFormat` writes them, such as `in 1.5 months`."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN
from typing import TYPE_CHECKING, Any

from exh_dev.platform.templates.options import choice_option
from exh_dev.platform.templates.written_numbers import data_of, decimal_text, exact, plural_category, rounded

if TYPE_CHECKING:
    from babel import Locale

    from exh_dev.platform.templates.options import Options

_RANGES = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_STYLES = ("long", "short", "narrow")


def relative_time(value: Any, options: Options, locale: Locale) -> str:
    """Format a relative time, with the options range (its unit) and style; at most three decimals.

    Raises:
        ValueError: it is not a number, or an option is invalid.
    """
    if value is None or value == "":
        return ""
    unit = str(options.get("range", "day")).removesuffix("s")
    if unit not in _RANGES:
        raise ValueError(f"range must be one of {', '.join(_RANGES)}")
    style = choice_option(options, "style", _STYLES, "long")
    number = exact(value)
    direction = "past" if number.is_signed() else "future"
    distance = rounded(abs(number), rounding=ROUND_HALF_EVEN)  # unlike `Intl.NumberFormat`
    plural = plural_category(distance, locale)
    fields = data_of(locale)["date_fields"]
    for name in _names(unit, style or "long"):
        patterns = fields.get(name, {}).get(direction, {})
        pattern = patterns.get(plural) or patterns.get("other")
        if pattern:
            return str(pattern).replace("{0}", decimal_text(distance, {}, locale))
    raise ValueError(f"{unit} is not known in this language")


def _names(unit: str, style: str) -> tuple[str, ...]:
    """Return the CLDR keys to try: a missing narrow style falls back to short, and short to long."""
    names = (f"{unit}-narrow", f"{unit}-short", unit)
    return names[2 - _STYLES.index(style) :]
