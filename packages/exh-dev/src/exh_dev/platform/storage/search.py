"""Translate RQL over JSON documents to SQL.

A tree from `rql.parse` becomes a `Search`: a condition for SQLite's WHERE, an order, a page and a selection. A word's
meaning depends on the compared value, by the platform's lenient typing:

- A string equals the word as written. A word that is a date also equals the same time in the platform's format, and is
  ordered by time against strings of that format.
- A number is compared with a numeric word; a date counts as epoch milliseconds.
- `true`, `false` and `null` are both strings and those values; a missing member counts as null.
- `string:` and `number:` before a word restrict it to that type.
- A list matches if an element does; paths traverse lists of objects; `tags.5` is an element.

If a schema gives a property a type, the condition is simple and can use an index. The type of a list's elements is used
in the same way, but without an index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.rql import RqlError, Term, Word, parse, without
from exh_dev.platform.storage.sql import EVERYTHING, NOTHING, Sql, json_path, member
from exh_dev.platform.storage.timestamps import epoch_ms, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from exh_dev.platform.storage.rql import Argument

Kind: TypeAlias = Literal[
    "string", "number", "boolean", "date-time", "object", "any",
    "list:string", "list:number", "list:boolean", "list:date-time",
]  # fmt: skip
#: The type of the member at a dotted path; `list:` and a type if the path traverses lists, "any" if unknown.
Shape: TypeAlias = "Callable[[str], Kind]"
#: Whether a member of this name is in no answer.
Hidden: TypeAlias = "Callable[[str], bool]"

_STORED = "body"  # the column of a stored document
_FIELD = re.compile(r"[A-Za-z0-9_$:+*% \-]+(\.[A-Za-z0-9_$:+*% \-]+)*")
_ID = re.compile("[0-9a-f]{24}")
_OWN_SPELLING = "____-__-__T__:__:__.___Z"  # a LIKE pattern of what `iso` writes
_LONGEST_NUMBER = 9  # digits of a list's element
MOST_SORTED = 32  # members that a list is sorted by, as in MongoDB; each reads the entire document
MOST_NAMES = 20  # nested lists of a field: SQLite scans a list for each, and cannot be interrupted before
_MOST_JOINED = 100  # conditions in a row
_SHORT = 32  # characters that are searched for by SQLite
_ORDERS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


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
    found.condition = _all(conditions)
    return found


def _read(argument: Argument, found: Search, shape: Shape, body: str) -> Sql:
    """Translate a top-level term, also within `and`, where sort and limit are allowed."""
    term = _term(argument)
    match term.operator:
        case "and":
            return _all([_read(inner, found, shape, body) for inner in term.arguments])
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
            if term.operator in {"eq", "in", *_ORDERS}:
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
        return _all(parts) if operator == "and" else _any(parts)
    if operator in {"contains", "excludes"} and term.arguments:
        present = _presence(term, shape, body, level)
        return present if operator == "contains" else ~present
    if operator in {"in", "out"} and len(term.arguments) > 1:
        path = _path(term)
        words = [word for argument in term.arguments[1:] for word in _words(argument)]
        one_of = _compared("eq", path, words, shape, body, level) if words else NOTHING
        return one_of if operator == "in" else ~one_of
    if operator in {"eq", "ne", "like", *_ORDERS} and len(term.arguments) == 2:
        word = _word(term.arguments[1])
        if operator == "ne":
            return ~_compared("eq", _path(term), [word], shape, body, level)
        return _compared(operator, _path(term), [word], shape, body, level)
    raise _invalid("there is an operator that does not exist here, or without its arguments")


def _sorted_by(path: str, body: str) -> str:
    """Return the SQL expression that a member is sorted by. Stored documents are in the order of their ids already."""
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
        [*sources, f"{_each(current, last)} AS {element}"], _all([Sql(f"{element}.type = 'object'"), *inner])
    )


def _compared(operator: str, path: str, words: Sequence[Word], shape: Shape, body: str, level: int) -> Sql:  # noqa: PLR0917 - a comparison's parts
    """Compare a member with one word, or with any of several in a single scan."""
    kind = shape(path)
    if path == "id" and operator == "eq" and not level:
        return _any(_merged(Sql("id = ?", (word.text,)) for word in words))
    listed = kind.startswith("list:")
    if not listed and kind not in {"any", "object"}:
        return _any(_merged(_typed(operator, member(path, body), kind, word) for word in words))
    value = f"value{level}"
    sources, current, last = _walked(path, body, value, shape)
    # Of an object json_each would give the members; none equals a word.
    plain = Sql(f"ifnull(json_type({current}, {last}), 'object') <> 'object'")
    condition = _element(kind) if listed else _untyped
    met = _any(_merged(case for word in words for case in condition(operator, f"{value}.value", f"{value}.type", word)))
    one = _exists([f"json_each({current}, {last}) AS {value}"], met)
    found = _exists(sources, plain & one) if sources else plain & one
    if operator == "eq" and any(word.text == "null" and word.cast is None for word in words):
        return found | ~_present(path, body, level, shape)
    return found


def _merged(conditions: Iterable[Sql]) -> list[Sql]:
    """Return conditions, those that differ in one value alone as one with a list: that is what an index serves."""
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


def _typed(operator: str, value: str, kind: Kind, word: Word) -> Sql:
    """Return a condition on a member of one type.

    It may be missing, or have another type from before a change of the schema.

    SQLite orders every number before every text, so a range gets a second bound, to keep it usable for an index.
    """
    if operator == "eq" and word.text == "null" and word.cast is None:
        if kind == "string":  # a string may be "null", as in a member without a type
            return Sql(f"({value} IS NULL OR {value} = ?)", (word.text,))
        return Sql(f"{value} IS NULL")
    sign = "=" if operator == "eq" else _ORDERS.get(operator, "")
    if kind in {"string", "date-time"}:
        if operator == "like":
            return _contains(value, word.text)
        moment = word.moment() if kind == "date-time" else None
        texts = f" AND {value} >= ''" if sign.startswith("<") else ""
        return Sql(f"{value} {sign} ?{texts}", (word.text if moment is None else iso(moment),))
    if kind == "number":
        number = word.number()
        numbers = f" AND {value} < ''" if sign.startswith(">") else ""
        return NOTHING if number is None or not sign else Sql(f"{value} {sign} ?{numbers}", (number,))
    truth = {"true": 1, "false": 0}.get(word.text)
    return NOTHING if truth is None or operator != "eq" else Sql(f"{value} = ?", (truth,))


def _contains(value: str, text: str) -> Sql:
    """Return the condition that a string contains a text.

    SQLite's `instr` compares the text at each place, and nothing ends it within a value: a long text of one letter in
    megabytes of that letter takes it many seconds. Python's search takes a time in proportion to the value.
    """
    function = "instr" if len(text) <= _SHORT else "contains"
    return Sql(f"{function}({value}, ?) > 0", (text,))


def _element(kind: Kind) -> Callable[[str, str, str, Word], list[Sql]]:
    """Return a function that builds alternative conditions on an element of a list with one element type."""
    declared: Kind = kind.removeprefix("list:")  # type: ignore[assignment]
    there = {"number": "IN ('integer', 'real')", "boolean": "IN ('true', 'false')"}.get(declared, "= 'text'")

    def condition(operator: str, value: str, type_: str, word: Word) -> list[Sql]:
        if operator == "eq" and word.text == "null" and declared != "string":
            return []  # a list that is missing has its own condition
        typed = _typed(operator, value, declared, word)
        return [Sql(f"{type_} {there} AND {typed.text}", typed.values)]

    return condition


def _untyped(operator: str, value: str, kind: str, word: Word) -> list[Sql]:
    """Conditions, of which one is met, on a value whose type is in the data."""
    text, number, moment = word.cast in {None, "string"}, word.number(), word.moment()
    if operator == "like":
        return [Sql(f"{kind} = 'text'") & _contains(value, word.text)]
    cases: list[Sql] = []
    sign = "=" if operator == "eq" else _ORDERS[operator]
    if operator == "eq":
        if text:
            cases.append(Sql(f"{kind} = 'text' AND {value} = ?", (word.text,)))
        if moment is not None:
            cases.append(Sql(f"{kind} = 'text' AND {value} = ?", (iso(moment),)))
        if word.text in {"true", "false", "null"} and word.cast != "string":
            cases.append(Sql(f"{kind} = '{word.text}'"))
    elif moment is not None:
        own = f"{value} LIKE '{_OWN_SPELLING}'"
        ordered = f"CASE WHEN {own} THEN {value} {sign} ? ELSE {value} {sign} ? END"
        cases.append(Sql(f"{kind} = 'text' AND {ordered}", (iso(moment), word.text)))
    elif text and number is None:
        cases.append(Sql(f"{kind} = 'text' AND {value} {sign} ?", (word.text,)))
    if number is None and moment is not None:
        number = epoch_ms(moment)
    if number is not None:
        cases.append(Sql(f"{kind} IN ('integer', 'real') AND {value} {sign} ?", (number,)))
    return cases


def _present(path: str, body: str, level: int, shape: Shape) -> Sql:
    sources, current, last = _walked(path, body, f"there{level}", shape)
    there = Sql(f"json_type({current}, {last}) IS NOT NULL")
    return _exists(sources, there) if sources else there


def _walked(path: str, body: str, name: str, shape: Shape) -> tuple[list[str], str, str]:
    """Return the tables to go through to the last step of a path, and where that is taken from."""
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
    """Split a path into steps, each an SQL string.

    A new one begins wherever a list is possible. A number belongs to the step before it, as an index.
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


def _all(conditions: Sequence[Sql]) -> Sql:
    kept = [condition for condition in conditions if condition != EVERYTHING]
    if not kept:
        return EVERYTHING
    return Sql(_joined("AND", [each.text for each in kept]), tuple(value for each in kept for value in each.values))


def _any(conditions: Sequence[Sql]) -> Sql:
    if not conditions:
        return NOTHING
    values = tuple(value for each in conditions for value in each.values)
    return Sql(_joined("OR", [each.text for each in conditions]), values)


def _joined(operator: str, texts: Sequence[str]) -> str:
    """Conditions as one; many of them as a tree, for SQLite limits how deep an expression is."""
    if len(texts) > _MOST_JOINED:
        middle = len(texts) // 2
        texts = [_joined(operator, texts[:middle]), _joined(operator, texts[middle:])]
    return f" {operator} ".join(f"({each})" for each in texts) if len(texts) > 1 else texts[0]


def _invalid(reason: str) -> ErrorAnswer:
    return ErrorAnswer(19, f"The RQL cannot be used: {reason}")
