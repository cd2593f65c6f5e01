"""Conditions for SQLite over JSON documents."""

from __future__ import annotations

from dataclasses import dataclass


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


EVERYTHING = Sql("1")
NOTHING = Sql("0")


def member(path: str, body: str = "body") -> str:
    """Return the SQL expression of a member: what an index on it is made of."""
    return f"json_extract({body}, {json_path(path)})"


def json_path(path: str) -> str:
    """Return the SQL text of a dotted path, as SQLite's functions on JSON take it."""
    return "'$" + "".join(f'."{name}"' for name in path.split(".")) + "'"


def is_in(collection: str) -> str:
    """In the text, not in a parameter, or SQLite would not use the collection's indexes.

    Of documents it says again what the indexes for all schemas are made for: SQLite does not see it by itself.
    """
    name = collection.replace("'", "''")
    all_schemas = " AND collection >= 'documents:' AND collection < 'documents;'"
    return f"collection = '{name}'{all_schemas if name.startswith('documents:') else ''}"


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'
