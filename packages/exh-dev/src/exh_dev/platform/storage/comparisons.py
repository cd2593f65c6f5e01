"""Compare a value of a document with a word of RQL, by the platform's lenient typing.

- A string equals the word as written. A word that is a date also equals the same time in the platform's format, and is
  ordered by time against strings of that format.
- A number is compared with a numeric word; a date counts as epoch milliseconds.
- `true`, `false` and `null` are both strings and those values; a missing member counts as null.
- `string:` and `number:` before a word restrict it to that type.

If a schema gives a property a type, the condition is simple and can use an index. The type of a list's elements is used
in the same way, but without an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from exh_dev.platform.storage.sql import NOTHING, Sql
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exh_dev.platform.storage.rql import Word

Kind: TypeAlias = Literal[
    "string", "number", "boolean", "date-time", "object", "any",
    "list:string", "list:number", "list:boolean", "list:date-time",
]  # fmt: skip

ORDERS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_OWN_SPELLING = "____-__-__T__:__:__.___Z"  # a LIKE pattern of what `iso` writes
_SHORT = 32  # characters that are searched for by SQLite


def compare_typed(operator: str, value: str, kind: Kind, word: Word) -> Sql:
    """Return a condition on a member with one type in the schema.

    The member may be missing, or have another type from before a change of the schema. SQLite orders numbers before
    strings, so a range gets a second bound, which keeps an index usable.
    """
    if operator == "eq" and word.text == "null" and word.cast is None:
        if kind == "string":  # a string may be "null", as in a member without a type
            return Sql(f"({value} IS NULL OR {value} = ?)", (word.text,))
        return Sql(f"{value} IS NULL")
    sign = "=" if operator == "eq" else ORDERS.get(operator, "")
    if kind in {"string", "date-time"}:
        if operator == "like":
            return _contains(value, word.text)
        timestamp = word.timestamp() if kind == "date-time" else None
        texts = f" AND {value} >= ''" if sign.startswith("<") else ""
        return Sql(f"{value} {sign} ?{texts}", (word.text if timestamp is None else iso(timestamp),))
    if kind == "number":
        number = word.number()
        numbers = f" AND {value} < ''" if sign.startswith(">") else ""
        return NOTHING if number is None or not sign else Sql(f"{value} {sign} ?{numbers}", (number,))
    truth = {"true": 1, "false": 0}.get(word.text)
    return NOTHING if truth is None or operator != "eq" else Sql(f"{value} = ?", (truth,))


def _contains(value: str, text: str) -> Sql:
    """Return the condition that a string contains another one.

    For a long one it calls Python, whose search takes linear time. SQLite's `instr` takes time in proportion to the
    product of both lengths, many seconds for megabytes of one letter, and cannot be interrupted within a value.
    """
    function = "instr" if len(text) <= _SHORT else "contains"
    return Sql(f"{function}({value}, ?) > 0", (text,))


def compare_element(kind: Kind) -> Callable[[str, str, str, Word], list[Sql]]:
    """Return a function that builds alternative conditions on an element of a list with one element type."""
    declared: Kind = kind.removeprefix("list:")  # type: ignore[assignment]
    there = {"number": "IN ('integer', 'real')", "boolean": "IN ('true', 'false')"}.get(declared, "= 'text'")

    def condition(operator: str, value: str, type_: str, word: Word) -> list[Sql]:
        if operator == "eq" and word.text == "null" and declared != "string":
            return []  # a list that is missing has its own condition
        typed = compare_typed(operator, value, declared, word)
        return [Sql(f"{type_} {there} AND {typed.text}", typed.values)]

    return condition


def compare_untyped(operator: str, value: str, kind: str, word: Word) -> list[Sql]:
    """Return alternative conditions on a value without a type in the schema: one for each type that it may have."""
    text, number, timestamp = word.cast in {None, "string"}, word.number(), word.timestamp()
    if operator == "like":
        return [Sql(f"{kind} = 'text'") & _contains(value, word.text)]
    cases: list[Sql] = []
    sign = "=" if operator == "eq" else ORDERS[operator]
    if operator == "eq":
        if text:
            cases.append(Sql(f"{kind} = 'text' AND {value} = ?", (word.text,)))
        if timestamp is not None:
            cases.append(Sql(f"{kind} = 'text' AND {value} = ?", (iso(timestamp),)))
        if word.text in {"true", "false", "null"} and word.cast != "string":
            cases.append(Sql(f"{kind} = '{word.text}'"))
    elif timestamp is not None:
        own = f"{value} LIKE '{_OWN_SPELLING}'"
        ordered = f"CASE WHEN {own} THEN {value} {sign} ? ELSE {value} {sign} ? END"
        cases.append(Sql(f"{kind} = 'text' AND {ordered}", (iso(timestamp), word.text)))
    elif text and number is None:
        cases.append(Sql(f"{kind} = 'text' AND {value} {sign} ?", (word.text,)))
    if number is None and timestamp is not None:
        number = epoch_ms(timestamp)
    if number is not None:
        cases.append(Sql(f"{kind} IN ('integer', 'real') AND {value} {sign} ?", (number,)))
    return cases


def merged(conditions: Iterable[Sql]) -> list[Sql]:
    """Merge conditions that differ in one value into `IN (...)`, which can use an index."""
    by_text: dict[str, list[Sql]] = {}
    for each in conditions:
        by_text.setdefault(each.text, []).append(each)
    found = []
    for text, alike in by_text.items():
        if len(alike) > 1 and text.endswith(" = ?") and len(alike[0].values) == 1:
            values = tuple(dict.fromkeys(value for each in alike for value in each.values))
            found.append(Sql(f"{text.removesuffix('= ?')}IN ({', '.join('?' * len(values))})", values))
        else:
            found.extend(dict.fromkeys(alike))
    return found
