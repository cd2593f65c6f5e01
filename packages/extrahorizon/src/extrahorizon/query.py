"""RQL, the platform's query language: `rql.eq("data.age", 40).sort("-creationTimestamp").limit(10)`.

`rql` is an empty query to start from. Queries are immutable: each method returns a new one, so parts can be reused. `a
& b` matches if both do, `a | b` if one does.

    from extrahorizon.query import rql

    new = rql.eq("status", "new")
    exh.data.documents.find("measurements", new & (rql.gt("data.pulse", 120) | rql.excludes("data.pulse")))

Values are percent-encoded twice, as the platform decodes them twice: no value can change the structure of a query.
The output equals that of the official SDK's builder, with these differences:

- `limit` after a starting query that has a limit: the SDK drops both `&` around one in the middle, and leaves a comma
  in its place within `and(...)`. Here only the limit is removed.
- A starting query of several terms used as a condition is wrapped (`and(a,b)`, `or(a,b)`); the SDK mixes its `&` with
  the other conditions' commas.
- A field name that would change the structure of the query is refused; the SDK writes it unchanged.
- Dates are ISO 8601 in UTC, which the platform parses; the SDK writes JavaScript's string format.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from extrahorizon.characters import HALF_A_CHARACTER, has_half
from extrahorizon.query_syntax import RQLSyntaxError as RQLSyntaxError  # noqa: PLC0414 - it is found here
from extrahorizon.query_syntax import check_query
from extrahorizon.timestamps import iso, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import Enum
    from uuid import UUID

    Value: TypeAlias = str | int | float | Decimal | bool | datetime | date | UUID | Enum | None
    Condition: TypeAlias = "RQL | str"

_LIMIT = re.compile(r"limit\(\d*(?:,\d*)*\)")
_NESTED_LIMIT = re.compile(rf"(?<=[(,]){_LIMIT.pattern},?|,{_LIMIT.pattern}(?=\))")
#: What picks records; `out(field,)` of no value picks all of them.
_CONDITION = re.compile(
    r"(?:(?<![\w%])(?:eq|ne|gt|ge|lt|le|like|in|contains|excludes)\(|(?<![\w%])out\([^(),]*,[^)]|[=<>])"
)
_STRUCTURE = re.compile(r"[(),&|<>=]|%(?:2[689C]|3[CDE]|7C)", re.IGNORECASE)  # encoded once is decoded before reading
_LARGEST_PLAIN, _SMALLEST_PLAIN = Decimal("1e21"), Decimal("1e-6")


class RQL:
    """An RQL query: a sequence of terms, all of which hold.

    **The newest documents of one status, with a high pulse or none**

        >>> from extrahorizon import rql
        >>> query = rql.eq("status", "new") & (rql.gt("data.pulse", 120) | rql.excludes("data.pulse"))
        >>> query.sort("-creationTimestamp").limit(10).build()
        '?eq(status,new)&or(gt(data.pulse,120),excludes(data.pulse))&sort(-creationTimestamp)&limit(10)'
    """

    __slots__ = ("_encode", "_limit", "_terms")

    def __init__(self, begin: Condition = "", *, double_encode_values: bool = True) -> None:
        """Start with `begin`, which is not changed; without it, match everything.

        Args:
            begin: RQL with encoded values, with or without a leading question mark.
            double_encode_values: False writes later values unchanged: for casts such as `string:0032`, and for encoded
                values. They can change the structure of the query.

        Raises:
            RQLSyntaxError: it is not RQL; it is not quoted, because it may contain personal data.
        """
        text = text_of(begin)
        self._terms: tuple[str, ...] = (text,) if text else ()
        self._limit: str | None = None
        self._encode = double_encode_values

    def eq(self, field: str, value: Value | Iterable[Value]) -> RQL:
        """Require that the field equals the value; for a list, that one of its elements does."""
        return self._compare("eq", field, value)

    def ne(self, field: str, value: Value | Iterable[Value]) -> RQL:
        """Require that the field does not equal the value; for a list, that no element does."""
        return self._compare("ne", field, value)

    def gt(self, field: str, value: Value) -> RQL:
        """Require that the field is greater."""
        return self._compare("gt", field, value)

    def ge(self, field: str, value: Value) -> RQL:
        """Require that the field is greater or equal."""
        return self._compare("ge", field, value)

    def lt(self, field: str, value: Value) -> RQL:
        """Require that the field is less."""
        return self._compare("lt", field, value)

    def le(self, field: str, value: Value) -> RQL:
        """Require that the field is less or equal."""
        return self._compare("le", field, value)

    def like(self, field: str, value: Value) -> RQL:
        """Require that the string, or one string of a list, contains this one."""
        return self._compare("like", field, value)

    def in_(self, field: str, values: Iterable[Value]) -> RQL:
        """Require that the field equals one of these values."""
        return self._compare_list("in", field, values)

    def out(self, field: str, values: Iterable[Value]) -> RQL:
        """Require that the field equals none of these values."""
        return self._compare_list("out", field, values)

    def contains(self, field: str, *conditions: Condition) -> RQL:
        """Require that the field is present; with conditions, that one object of the list meets all of them."""
        return self._presence("contains", field, conditions)

    def excludes(self, field: str, *conditions: Condition) -> RQL:
        """Require that the field is absent; with conditions, that no object of the list meets all of them."""
        return self._presence("excludes", field, conditions)

    def and_(self, *conditions: Condition) -> RQL:
        """Require all of the conditions."""
        return self._with(f"and({_joined(conditions)})")

    def or_(self, *conditions: Condition) -> RQL:
        """Require at least one of the conditions."""
        return self._with(f"or({_joined(conditions)})")

    def select(self, fields: str | Iterable[str]) -> RQL:
        """Answer with these fields only."""
        return self._with(f"select({_fields(fields)})")

    def sort(self, fields: str | Iterable[str]) -> RQL:
        """Order by these fields; `-` before one turns its order round."""
        return self._with(f"sort({_fields(fields)})")

    def limit(self, limit: int, offset: int = 0) -> RQL:
        """Answer with `limit` records at most, from the one at `offset` on. Takes the place of an earlier limit."""
        for number in (limit, offset):
            if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                raise RQLSyntaxError("limit and offset must be integers, 0 or more")
        kept = tuple(term for text in self._closed() if (term := without_limit(text)))
        return self._copy(kept, _limit_term(limit, offset))

    def skip_count(self) -> RQL:
        """Do not count all records: faster, and the page has no total."""
        return self._with("skipCount()")

    def build(self) -> str:
        """Return the query string with its question mark, or an empty string for an empty query."""
        return query(self)

    def intermediate(self) -> str:
        """Return the query as one term: several terms become `and(...)`; a starting query stays as it is."""
        terms = self._all()
        return terms[0] if len(terms) == 1 else f"and({','.join(terms)})" if terms else ""

    def __str__(self) -> str:
        return "&".join(self._all())

    def __repr__(self) -> str:
        # Values are personal data, and a repr ends in logs.
        return f"<RQL of {len(self._all())} terms>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RQL) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __bool__(self) -> NoReturn:
        # `a and b` would be b alone: a bulk call would then change more than was asked for.
        raise TypeError(
            "a query is neither true nor false: write & and | between queries, not `and` and `or`; "
            "`is None` says whether there is one, `str(query)` what is in it"
        )

    def __and__(self, other: Condition) -> RQL:
        other = other if isinstance(other, RQL) else RQL(other)
        mine = self
        if has_limit(str(other)):  # the later one wins, wherever it is
            mine = self._copy(tuple(term for text in self._terms if (term := without_limit(text))), None)
        return self._copy(mine._closed() + other._closed(), other._limit or mine._limit)

    def __rand__(self, other: str) -> RQL:
        return RQL(other) & self

    def __or__(self, other: Condition) -> RQL:
        return self._copy((f"or({_joined([self, other])})",), None)

    def __ror__(self, other: str) -> RQL:
        return RQL(other) | self

    def _compare(self, operator: str, field: str, value: Value | Iterable[Value]) -> RQL:
        return self._with(f"{operator}({_field(field)},{self._spelled(value)})")

    def _compare_list(self, operator: str, field: str, values: Iterable[Value]) -> RQL:
        if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
            raise TypeError(f"{operator} takes a list of values, not one {type(values).__name__}")
        return self._with(f"{operator}({_field(field)},{','.join(map(self._spelled, values))})")

    def _presence(self, operator: str, field: str, conditions: tuple[Condition, ...]) -> RQL:
        inner = f",and({_joined(conditions)})" if conditions else ""
        return self._with(f"{operator}({_field(field)}{inner})")

    def _spelled(self, value: Value | Iterable[Value]) -> str:
        text = spelled(value)
        return double_encoded(text) if self._encode else text

    def _with(self, term: str) -> RQL:
        return self._copy((*self._closed(), term), self._limit)

    def _closed(self) -> tuple[str, ...]:
        """Return the terms in a form that later terms cannot join an `or` of the starting query."""
        return tuple(map(_closed, self._terms))

    def _all(self) -> tuple[str, ...]:
        return self._terms if self._limit is None else (*self._terms, self._limit)

    def _copy(self, terms: tuple[str, ...], limit: str | None) -> RQL:
        copy = RQL(double_encode_values=self._encode)
        copy._terms, copy._limit = terms, limit
        return copy


def text_of(condition: object) -> str:
    """Return a builder's or a plain query, without its question mark.

    Raises:
        RQLSyntaxError: a plain query is no RQL.
        TypeError: it is neither.
    """
    if condition is None:
        return ""
    if isinstance(condition, RQL):
        return str(condition)
    if not isinstance(condition, str):
        kind = type(condition).__name__
        raise TypeError(f"rql is a query (`rql.eq(...)`) or a string, not a value of type {kind}")
    text = condition.removeprefix("?")
    check_query(text)
    return text


def query(condition: Condition | None) -> str:
    """Return a builder or a plain query as a query string with its question mark; empty for None."""
    text = text_of(condition)
    return f"?{text}" if text else ""


def spelled(value: Value | Iterable[Value]) -> str:  # noqa: PLR0911 - a type each
    """Format a value as RQL, before encoding.

    Strings are unchanged; `true`, `false`, `null`; numbers as JavaScript prints them, so `1.0` is `1`; `date` as
    `2021-12-10`; `datetime` in UTC to the millisecond, `2021-12-10T23:30:00.000Z`; `UUID` with its dashes; a list
    joined by commas; a member of an `Enum` as its value.

    Raises:
        RQLSyntaxError: a datetime without time zone, or a number that is not finite.
        TypeError: a value of another type.
    """
    value = plain(value)
    # A bool is an int, and a datetime a date: the narrower type comes first.
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float | Decimal):
        return _number(Decimal(repr(float(value))) if isinstance(value, float) else value)
    if isinstance(value, datetime):
        try:
            return iso(value)
        except ValueError as error:
            raise RQLSyntaxError(str(error)) from None
    if isinstance(value, list | tuple):
        return ",".join(map(spelled, value))
    if isinstance(value, date):
        return str(value)
    raise TypeError(f"RQL has no spelling for a {type(value).__name__}")


def double_encoded(text: str) -> str:
    """Return a value encoded for a query: all but ASCII letters and digits percent-encoded, twice."""
    if text.isascii() and text.isalnum():
        return text
    if has_half(text):  # checked first, because the error of `encode` contains the entire string
        raise RQLSyntaxError(f"a value holds {HALF_A_CHARACTER}")
    encoded = text.encode()
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"%25{byte:02X}" for byte in encoded)


def without_limit(text: str) -> str:
    """Return a query without its limits, at whatever place, and otherwise unchanged."""
    kept = [_NESTED_LIMIT.sub("", term) for term in split(text, "&") if not _LIMIT.fullmatch(term)]
    return "&".join(kept)


def has_condition(text: str) -> bool:
    """Return whether a query has a condition. One that only sorts, limits or selects matches all records."""
    return _CONDITION.search(text) is not None


def has_limit(text: str) -> bool:
    """Return whether a query has a limit, at whatever place."""
    return without_limit(text) != text


def limited(text: str, limit: int, offset: int) -> str:
    """Return a query with this limit instead of any other."""
    kept = without_limit(_closed(text))
    return "&".join(part for part in (kept, _limit_term(limit, offset)) if part)


def split(text: str, separator: str) -> list[str]:
    """Return the parts of a query between separators that are outside of all parentheses."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts


def _condition(text: str) -> str:
    """Return a query as one term of another one."""
    for separator, operator in (("|", "or"), ("&", "and")):
        parts = [part for part in split(text, separator) if part]
        if len(parts) > 1:
            return f"{operator}({','.join(parts)})"
    return text


def _closed(text: str) -> str:
    return _condition(text) if len(split(text, "|")) > 1 else text


def _limit_term(limit: int, offset: int) -> str:
    return f"limit({limit},{offset})" if offset else f"limit({limit})"


def _joined(conditions: Iterable[Condition]) -> str:
    return ",".join(text for each in conditions if (text := _condition(text_of(each))))


def _field(name: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a field is given by its name, not by {type(name).__name__}")
    if _STRUCTURE.search(name):
        raise RQLSyntaxError("a field name holds a character that has a meaning in RQL: ( ) , & | < > =")
    return name


def _fields(names: str | Iterable[str]) -> str:
    return ",".join(map(_field, names.split(",") if isinstance(names, str) else names))


def _number(number: Decimal) -> str:
    if not number.is_finite():
        raise RQLSyntaxError("a value is not a finite number")
    if not number:
        return "0"
    if _SMALLEST_PLAIN <= abs(number) < _LARGEST_PLAIN:
        text = f"{number:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    sign, digits, _ = number.normalize().as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{number.adjusted():+d}"


rql = RQL()
