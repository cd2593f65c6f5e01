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


LONG = 4_000
"""Characters from which a condition is long: some twenty comparisons."""
EVERYTHING = Sql("1")
NOTHING = Sql("0")


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
