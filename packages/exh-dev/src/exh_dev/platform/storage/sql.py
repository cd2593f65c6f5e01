"""Conditions for SQLite over JSON documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Sql:
    """A condition and the values of its question marks."""

    text: str
    values: tuple[object, ...] = ()

    def __and__(self, other: Sql) -> Sql:
        if EVERYTHING in {self, other}:
            return other if self == EVERYTHING else self
        return Sql(f"({self.text}) AND ({other.text})", self.values + other.values)

    def __or__(self, other: Sql) -> Sql:
        return Sql(f"({self.text}) OR ({other.text})", self.values + other.values)

    def __invert__(self) -> Sql:
        return Sql(f"NOT ifnull({self.text}, 0)", self.values)


LONG = 4_000
"""Characters from which a condition is long: some twenty comparisons."""
EVERYTHING = Sql("1")
NOTHING = Sql("0")
_MOST_JOINED = 100  # conditions in a row


def all_of(conditions: Sequence[Sql]) -> Sql:
    """Return the condition that all of these are met; of none, that everything does."""
    kept = [condition for condition in conditions if condition != EVERYTHING]
    if not kept:
        return EVERYTHING
    return Sql(_joined("AND", [each.text for each in kept]), tuple(value for each in kept for value in each.values))


def any_of(conditions: Sequence[Sql]) -> Sql:
    """Return the condition that one of these is met; of none, that nothing does."""
    if not conditions:
        return NOTHING
    values = tuple(value for each in conditions for value in each.values)
    return Sql(_joined("OR", [each.text for each in conditions]), values)


def _joined(operator: str, texts: Sequence[str]) -> str:
    """Join conditions by an operator; many of them as a tree, because SQLite limits the depth of an expression."""
    if len(texts) > _MOST_JOINED:
        middle = len(texts) // 2
        texts = [_joined(operator, texts[:middle]), _joined(operator, texts[middle:])]
    return f" {operator} ".join(f"({each})" for each in texts) if len(texts) > 1 else texts[0]


def member(path: str, body: str = "body") -> str:
    """Return the SQL expression of a member, as used in its index."""
    return f"json_extract({body}, {json_path(path)})"


def json_path(path: str) -> str:
    """Return the path for SQLite's JSON functions of a dotted path."""
    return "'$" + "".join(f'."{name}"' for name in path.split(".")) + "'"


def is_in(collection: str) -> str:
    """Return the condition on the collection.

    It is literal SQL, not a parameter, or SQLite would not use the collection's indexes. For documents it repeats the
    condition of the indexes for all schemas, which SQLite does not infer.
    """
    name = collection.replace("'", "''")
    all_schemas = " AND collection >= 'documents:' AND collection < 'documents;'"
    return f"collection = '{name}'{all_schemas if name.startswith('documents:') else ''}"


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'
