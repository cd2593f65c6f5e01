"""Helpers of Templates v2 that do not depend on language or time: logic, comparisons, arithmetic, lists.

Assumed, because undocumented: truthiness is that of `if`; `eq` compares without conversion, like `===`; arithmetic
accepts numbers and numeric strings, and fails for other values.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from dotpromptz_handlebars import SafeString

from exh_dev.javascript_numbers import integer_if_exact, number_text
from exh_dev.json_text import json_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotpromptz_handlebars import HelperFn, HelperOptions

_SEPARATOR = ", "
_SCRIPT_END = re.compile("</(?=script)", re.IGNORECASE)


def is_true(value: Any) -> bool:
    """Return truthiness as in `{{#if}}`: false, 0, null, and empty strings and lists are false."""
    return value is not None and value is not False and value not in (0, "") and value != []


def to_number(value: Any) -> float | int:
    """Convert a number or numeric string.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{_abbreviated(value)} is not a number")  # noqa: TRY004 - the template's error, not a bug
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{_abbreviated(value)} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{_abbreviated(value)} is not a number")
    return value if isinstance(value, int) else number


def _abbreviated(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 50 else f"{text[:50]}…"


def _condition(name: str, most: int | None, holds: Callable[[list[Any]], bool]) -> HelperFn:
    """Return a helper that is true or false; as a block it chooses between its body and its else."""

    def helper(arguments: list[Any], options: HelperOptions) -> Any:
        if not arguments or (most is not None and len(arguments) != most):
            raise ValueError(f"{name} takes {most or 'at least one'} argument{'s' if most != 1 else ''}")
        outcome = holds(arguments)
        if options.is_block:
            return options.fn() if outcome else options.inverse()
        return outcome

    return helper


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return one is other
    return bool(one == other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any]], bool]:
    def holds(arguments: list[Any]) -> bool:
        one, other = arguments
        if isinstance(one, str) and isinstance(other, str):
            return compare(one, other)
        try:
            return compare(to_number(one), to_number(other))
        except ValueError:
            return False  # as every comparison with NaN is

    return holds


def _arithmetic(name: str, most: int | None, compute: Callable[..., float]) -> HelperFn:
    """Return a helper that computes. In floating point, as JavaScript does, so that no number grows without end."""

    def helper(arguments: list[Any], _: HelperOptions) -> float | int:
        if not arguments or (most is not None and len(arguments) != most):
            raise ValueError(f"{name} takes {most or 'at least one'} argument{'s' if most != 1 else ''}")
        try:
            outcome = compute(*(float(to_number(each)) for each in arguments))
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            raise ValueError(f"{name}: {error}") from None
        if not math.isfinite(outcome):
            raise ValueError(f"{name}: the result is not a number")
        return int(outcome) if float(outcome).is_integer() else outcome

    return helper


def _length(arguments: list[Any], _: HelperOptions) -> int:
    value = _only("length", arguments, 1)[0]
    return len(value) if isinstance(value, list | str) else 0


def _includes(arguments: list[Any]) -> bool:
    value, wanted = arguments
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list) and any(_equal(each, wanted) for each in value)


def _join(arguments: list[Any], options: HelperOptions) -> str:
    value, *rest = arguments or [None]
    separator = rest[0] if rest else options.hash.get("separator", options.hash.get("sep", _SEPARATOR))
    if isinstance(value, list):
        return str(separator).join(shown(each) for each in value)
    return shown(value)


def shown(value: Any) -> str:
    """Return a value as JavaScript's `String` formats it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join(shown(each) for each in value)
    return str(value)


def _json_string(arguments: list[Any], _: HelperOptions) -> SafeString:
    """Return JSON for a script in HTML, where `</script` would end the script; so it is not HTML-escaped."""
    text = json_text(_with_integers(_only("toJsonString", arguments, 1)[0]))
    return SafeString(_SCRIPT_END.sub(r"<\\/", text))


def _with_integers(value: Any) -> Any:
    """Return a value with integral floats converted to ints."""
    if isinstance(value, float):
        return integer_if_exact(value)
    if isinstance(value, list):
        return [_with_integers(each) for each in value]
    return {name: _with_integers(each) for name, each in value.items()} if isinstance(value, dict) else value


def _only(name: str, arguments: list[Any], count: int) -> list[Any]:
    if len(arguments) != count:
        raise ValueError(f"{name} takes {count} argument{'s' if count != 1 else ''}")
    return arguments


def _lookup(arguments: list[Any], _: HelperOptions) -> Any:
    value, key = _only("lookup", arguments, 2)
    if isinstance(value, dict) and isinstance(key, str | int | float):
        return value.get(shown(key))
    if isinstance(value, list) and isinstance(key, int | float | str) and shown(key).isdecimal():
        return value[int(key)] if len(shown(key)) < 10 and int(key) < len(value) else None
    return None


HELPERS: dict[str, HelperFn] = {
    "and": _condition("and", None, lambda values: all(is_true(each) for each in values)),
    "or": _condition("or", None, lambda values: any(is_true(each) for each in values)),
    "not": _condition("not", 1, lambda values: not is_true(values[0])),
    "eq": _condition("eq", 2, lambda pair: _equal(*pair)),
    "ne": _condition("ne", 2, lambda pair: not _equal(*pair)),
    "gt": _condition("gt", 2, _ordered(lambda one, other: one > other)),
    "ge": _condition("ge", 2, _ordered(lambda one, other: one >= other)),
    "lt": _condition("lt", 2, _ordered(lambda one, other: one < other)),
    "le": _condition("le", 2, _ordered(lambda one, other: one <= other)),
    "includes": _condition("includes", 2, _includes),
    "sum": _arithmetic("sum", None, lambda *numbers: sum(numbers)),
    "subtract": _arithmetic("subtract", 2, lambda one, other: one - other),
    "multiply": _arithmetic("multiply", None, lambda *numbers: math.prod(numbers)),
    "divide": _arithmetic("divide", 2, lambda one, other: one / other),
    "mod": _arithmetic("mod", 2, math.fmod),
    "floor": _arithmetic("floor", 1, math.floor),
    "ceil": _arithmetic("ceil", 1, math.ceil),
    "round": _arithmetic("round", 1, lambda number: math.floor(number + 0.5)),
    "length": _length,
    "join": _join,
    "lookup": _lookup,
    "toJsonString": _json_string,
    "log": lambda *_: "",
}
