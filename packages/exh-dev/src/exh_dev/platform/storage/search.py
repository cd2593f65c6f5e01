"""Translate RQL over JSON documents to SQL.

A tree from `rql.parse` becomes a `Search`: a condition for SQLite's WHERE, an order, a page and a selection. A list
matches if an element does; paths traverse lists of objects; `tags.5` is an element. What a word means depends on the
value that it is compared with: see `comparisons`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.comparisons import ORDERS, compare_element, compare_typed, compare_untyped, merged
from exh_dev.platform.storage.rql import RqlError, Term, Word, parse, without
from exh_dev.platform.storage.sql import EVERYTHING, NOTHING, Sql, all_of, any_of, json_path, member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exh_dev.platform.storage.comparisons import Kind
    from exh_dev.platform.storage.rql import Argument

#: The type of the member at a dotted path; `list:` and a type if the path traverses lists, "any" if unknown.
Shape: TypeAlias = "Callable[[str], Kind]"
#: Whether a member of this name is in no answer.
Hidden: TypeAlias = "Callable[[str], bool]"

_STORED = "body"  # the column of a stored document
_FIELD = re.compile(r"[A-Za-z0-9_$:+*% \-]+(\.[A-Za-z0-9_$:+*% \-]+)*")
_ID = re.compile("[0-9a-f]{24}")
_LONGEST_NUMBER = 9  # digits of a list's element
MOST_SORTED = 32  # members that a list is sorted by, as in MongoDB; each reads the entire document
MOST_NAMES = 20  # nested lists of a field: SQLite scans a list for each, and cannot be interrupted before


class Narrowing(NamedTuple):
    """A condition that each document has to meet.

    Attributes:
        path: the member that it is on.
        condition: the condition, as SQL.
        is_exact: whether it says which values the member has, and not a range.
        is_plain: whether an index on the member serves it.
        ids: the values, where all of them are ids; else None.
    """

    path: str
    condition: Sql
    is_exact: bool
    is_plain: bool
    ids: tuple[str, ...] | None


@dataclass
class Search:
    """A translated query.

    Attributes:
        condition: the condition on documents.
        order: the sort order as SQL.
        select: the members to return; empty for all.
        limit: page size; None if not given.
        offset: number of documents to skip.
        counted: whether the total is wanted.
        narrowed: the parts of the condition on a member's values or range.
        sorted_by: the first member of the order.
    """

    condition: Sql = EVERYTHING
    order: list[str] = field(default_factory=list)
    select: list[str] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    counted: bool = True
    narrowed: list[Narrowing] = field(default_factory=list)
    sorted_by: str | None = None


def untyped(path: str) -> Kind:  # noqa: ARG001 - a shape
    """Return the shape of documents without a schema."""
    return "any"


def search(query: str, shape: Shape = untyped, *, body: str = _STORED, is_hidden: Hidden | None = None) -> Search:
    """Read the query of a URL.

    Args:
        query: what follows the question mark, as it was sent.
        shape: what the documents' members are.
        body: the SQL expression of a document.
        is_hidden: whether a document's member of this name is in no answer: the query does not find it either.

    Raises:
        ErrorAnswer: 19 when it is no RQL.
    """
    try:
        tree = parse(query)
        if is_hidden is not None:
            tree = without(tree, is_hidden)
    except RqlError as error:
        raise ErrorAnswer(19, f"The RQL cannot be read: {error}") from None
    found = Search()
    conditions = [_read(term, found, shape, body) for term in tree.arguments]
    found.condition = all_of(conditions)
    return found


def _read(argument: Argument, found: Search, shape: Shape, body: str) -> Sql:
    """Translate a top-level term, also within `and`, where sort and limit are allowed."""
    term = _term(argument)
    match term.operator:
        case "and":
            return all_of([_read(inner, found, shape, body) for inner in term.arguments])
        case "sort":
            for name in _names(term):
                direction = "DESC" if name.startswith("-") else "ASC"
                path = _field(name.lstrip("+-"))
                found.order.append(f"{_sorted_by(path, body)} {direction}")
                found.sorted_by = found.sorted_by or path
            if len(found.order) > MOST_SORTED:
                raise _invalid(f"a list is sorted by {MOST_SORTED} members at most")
        case "select":
            found.select.extend(_field(name) for name in _names(term))
            _check_selection(found.select)
        case "limit":
            numbers = [_count(name) for name in _names(term)]
            if len(numbers) not in {1, 2}:
                raise _invalid("limit takes one or two numbers")
            found.limit, found.offset = (*numbers, 0)[:2]
        case "skipCount" | "skip_count":
            found.counted = False
        case _:
            condition = _condition(term, shape, body)
            if term.operator in {"eq", "in", *ORDERS}:  # an index can find these
                found.narrowed.append(_narrowing(term, condition, body))
            return condition
    return EVERYTHING


def _narrowing(term: Term, condition: Sql, body: str) -> Narrowing:
    path = _path(term)
    texts = [word.text for argument in term.arguments[1:] for word in _words(argument)]
    ids = tuple(texts) if all(_ID.fullmatch(text) for text in texts) else None
    is_plain = condition.text.startswith((f"{member(path, body)} ", "id "))
    return Narrowing(path, condition, term.operator in {"eq", "in"}, is_plain, ids)


def _condition(argument: Argument, shape: Shape, body: str, level: int = 0) -> Sql:
    """Return a condition on a document; at a deeper `level`, on an element of a list in it."""
    term = _term(argument)
    operator = term.operator
    if operator in {"and", "or"}:
        parts = [_condition(inner, shape, body, level) for inner in term.arguments]
        return all_of(parts) if operator == "and" else any_of(parts)
    if operator in {"contains", "excludes"} and term.arguments:
        present = _presence(term, shape, body, level)
        return present if operator == "contains" else ~present
    if operator in {"in", "out"} and len(term.arguments) > 1:
        path = _path(term)
        words = [word for argument in term.arguments[1:] for word in _words(argument)]
        one_of = _compared("eq", path, words, shape, body, level) if words else NOTHING
        return one_of if operator == "in" else ~one_of
    if operator in {"eq", "ne", "like", *ORDERS} and len(term.arguments) == 2:
        word = _word(term.arguments[1])
        if operator == "ne":
            return ~_compared("eq", _path(term), [word], shape, body, level)
        return _compared(operator, _path(term), [word], shape, body, level)
    raise _invalid("there is an operator that does not exist here, or without its arguments")


def _sorted_by(path: str, body: str) -> str:
    """Return the SQL expression to sort by a member; for ids, the primary key, by which documents are stored."""
    return "id" if path == "id" and body == _STORED else member(path, body)


def _presence(term: Term, shape: Shape, body: str, level: int) -> Sql:
    path = _path(term)
    if len(term.arguments) == 1:
        return _present(path, body, level, shape)
    element = f"element{level}"

    def below(name: str) -> Kind:
        return shape(f"{path}.{name}")

    inner = [_condition(each, below, f"{element}.value", level + 1) for each in term.arguments[1:]]
    sources, current, last = _walked(path, body, element, shape)
    return _exists(
        [*sources, f"{_each(current, last)} AS {element}"], all_of([Sql(f"{element}.type = 'object'"), *inner])
    )


def _compared(operator: str, path: str, words: Sequence[Word], shape: Shape, body: str, level: int) -> Sql:  # noqa: PLR0917 - a comparison's parts
    """Compare a member with one word, or with any of several in a single scan."""
    kind = shape(path)
    if path == "id" and operator == "eq" and not level:
        return any_of(merged(Sql("id = ?", (word.text,)) for word in words))
    listed = kind.startswith("list:")
    if not listed and kind not in {"any", "object"}:
        return any_of(merged(compare_typed(operator, member(path, body), kind, word) for word in words))
    value = f"value{level}"
    sources, current, last = _walked(path, body, value, shape)
    # Of an object json_each would give the members; none equals a word.
    plain = Sql(f"ifnull(json_type({current}, {last}), 'object') <> 'object'")
    condition = compare_element(kind) if listed else compare_untyped
    met = any_of(
        merged(case for word in words for case in condition(operator, f"{value}.value", f"{value}.type", word))
    )
    one = _exists([f"json_each({current}, {last}) AS {value}"], met)
    found = _exists(sources, plain & one) if sources else plain & one
    if operator == "eq" and any(word.text == "null" and word.cast is None for word in words):
        return found | ~_present(path, body, level, shape)
    return found


def _present(path: str, body: str, level: int, shape: Shape) -> Sql:
    sources, current, last = _walked(path, body, f"there{level}", shape)
    there = Sql(f"json_type({current}, {last}) IS NOT NULL")
    return _exists(sources, there) if sources else there


def _walked(path: str, body: str, name: str, shape: Shape) -> tuple[list[str], str, str]:
    """Return the table expressions for all steps of a path but the last, the value they lead to, and the last step."""
    *outer, last = _steps(path, shape)
    sources, current = [], body
    for position, step in enumerate(outer):
        sources.append(f"{_each(current, step)} AS {name}_{position}")
        current = f"CASE {name}_{position}.type WHEN 'object' THEN {name}_{position}.value END"
    return sources, current, last


def _exists(sources: Sequence[str], met: Sql) -> Sql:
    # Made of names that `_field` has let through; values are in question marks.
    return Sql(f"EXISTS (SELECT 1 FROM {', '.join(sources)} WHERE {met.text})", met.values)


def _each(body: str, path: str) -> str:
    """Return the value at a path as a table: the elements of a list, or the one value."""
    value = f"json_extract({body}, {path})"
    return (
        f"json_each(CASE json_type({body}, {path}) WHEN 'array' THEN {value} WHEN 'object' THEN '[' || {value} || ']'"
        f" WHEN 'true' THEN '[true]' WHEN 'false' THEN '[false]' WHEN 'null' THEN '[null]'"
        f" WHEN 'text' THEN json_array({value}) WHEN 'integer' THEN json_array({value})"
        f" WHEN 'real' THEN json_array({value}) END)"
    )


def _steps(path: str, shape: Shape) -> list[str]:
    """Split a path into JSON paths, each as an SQL string.

    A new one begins at each member that may be a list. A number is an index, and stays with the step before it.
    """
    names = path.split(".")
    steps: list[str] = []
    inside_object = False
    for position, name in enumerate(names):
        if name.isdecimal() and steps:
            if len(name) > _LONGEST_NUMBER:
                raise _invalid("the number of a list's element is too large")
            steps[-1] = f"{steps[-1][:-1]}[{int(name)}]'"
        elif inside_object:
            steps[-1] = f"{steps[-1][:-1]}{json_path(name)[2:]}"
        else:
            steps.append(json_path(name))
        inside_object = shape(".".join(names[: position + 1])) == "object"
    return steps


def _term(argument: Argument) -> Term:
    if not isinstance(argument, Term):
        raise _invalid("there is a word where an operator is expected")
    return argument


def _word(argument: Argument) -> Word:
    if isinstance(argument, Word):
        if argument.cast in {"re", "RE", "glob"}:
            raise _invalid(f"the cast {argument.cast}: is not supported")
        return argument
    raise _invalid("a value is a word, not another operator or a list")


def _words(argument: Argument) -> list[Word]:
    return [_word(inner) for inner in argument] if isinstance(argument, tuple) else [_word(argument)]


def _names(term: Term) -> list[str]:
    return [word.text for argument in term.arguments for word in _words(argument) if word.text]


def _path(term: Term) -> str:
    return _field(_word(term.arguments[0]).text)


def _field(name: str) -> str:
    if not _FIELD.fullmatch(name):
        raise _invalid("a field name has an invalid character, or is empty")
    if name.count(".") >= MOST_NAMES:
        raise _invalid(f"a field is {MOST_NAMES} names deep at most, as in data.patient.name")
    return name


def _check_selection(names: Sequence[str]) -> None:
    if any(one != other and other.startswith(f"{one}.") for one in names for other in names):
        raise _invalid("select names a field together with a part of it")


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise _invalid("limit takes integers")
    return int(text)


def _invalid(reason: str) -> ErrorAnswer:
    return ErrorAnswer(19, f"The RQL cannot be used: {reason}")
