"""Parse RQL from a URL's query into a tree of operators; `search.py` translates each operator to SQL.

The URL is decoded once before parsing, each word once after: a value that holds anything but letters, digits and
`_ . + * $ - :` arrives intact only if it was encoded twice. Supported besides calls such as `eq(a,1)`:
`a=1`, `a!=1`, `a>=1` (and `== > < <=`), `a=op=1` for `op(a,1)`, `(x,y)` and `x/y` for a list, `&` for and, `|` for or.

The official SDK's parser also takes `%3C` and `%3E` for `<` and `>`. Here this applies only to the URL, where clients
encode; after the first decoding they are part of a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from exh_dev.platform.storage.timestamps import read_iso
from extrahorizon.query_syntax import fits_cast, may_be_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NO_MEMBER = "$"  # the name of no member
DEEPEST = 50  # nested parentheses
_COMPARISONS = {"=": "eq", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_TOKEN = re.compile(
    r"(?P<word>[A-Za-z0-9_%.+*$\-:/]+)|(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<join>[&|])"
    r"|(?P<compare>=\w+=|[=!<>]=|[=<>])"
)
_CAST = re.compile(r"(string|number|boolean|date|isodate|epoch|re|RE|glob|auto):(.*)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)  # of SQLite; of thousands of digits Python reads none
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_NO_CODE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_QUOTED = re.compile(r"%27(.*)%27")


class RqlError(Exception):
    """Invalid RQL. The message quotes none of it, because values are personal data."""


@dataclass(frozen=True)
class Word:
    """A field name or a value.

    Attributes:
        text: its decoded text.
        cast: its type prefix, as in `string:0032`, or None.
    """

    text: str
    cast: str | None = None

    def number(self) -> float | int | None:
        """Return the number that the word reads as; None when it reads as none, or has a cast to something else."""
        if self.cast not in {None, "number", "epoch"} or not _NUMBER.fullmatch(self.text):
            return None
        number = float(self.text)
        return int(self.text) if _INTEGER.fullmatch(self.text) and abs(number) < 2**63 else number

    def timestamp(self) -> float | None:
        """Return the epoch seconds of a word that is a date, in UTC where it has no offset; else None."""
        if self.cast not in {None, "date", "isodate"} or not _DATE.fullmatch(self.text):
            return None
        try:
            return read_iso(self.text)
        except ValueError:
            return None


@dataclass(frozen=True)
class Term:
    """An operator and what it is applied to."""

    operator: str
    arguments: tuple[Argument, ...]


Argument: TypeAlias = "Word | Term | tuple[Argument, ...]"


def parse(query: str) -> Term:
    """Return the terms of a URL's query, in one `and`; an empty one has none.

    Args:
        query: what follows the question mark, as it was sent.

    Raises:
        RqlError: it cannot be read.
    """
    found = _Parser(unquote(query.removeprefix("?"))).parse()
    return found if isinstance(found, Term) and found.operator == "and" else Term("and", (found,))


def without(term: Term, is_hidden: Callable[[str], bool]) -> Term:
    """Return the terms, with a member that no document has in the place of each hidden one.

    Args:
        term: what `parse` read.
        is_hidden: whether the member of this name is hidden; it is asked for the members of the document itself.
    """
    if term.operator in {"and", "or"}:
        return Term(term.operator, tuple(_without(each, is_hidden) for each in term.arguments))
    names = len(term.arguments) if term.operator == "sort" else 1  # arguments that are names, not values
    absent = (_absent(each, is_hidden) for each in term.arguments[:names])
    return Term(term.operator, (*absent, *term.arguments[names:]))


def _without(argument: Argument, is_hidden: Callable[[str], bool]) -> Argument:
    return without(argument, is_hidden) if isinstance(argument, Term) else argument


def _absent(argument: Argument, is_hidden: Callable[[str], bool]) -> Argument:
    if isinstance(argument, tuple):
        return tuple(_absent(each, is_hidden) for each in argument)
    if isinstance(argument, Word) and is_hidden(argument.text.lstrip("+-").partition(".")[0]):
        return Word(_NO_MEMBER)
    return argument


class _Parser:
    """Reads one query from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def parse(self) -> Argument:
        found = self._group()
        if self._next < len(self._tokens):
            raise RqlError("a closing parenthesis has no opening one")
        return found

    def _group(self, operator: str = "") -> Argument:
        """Read terms joined by `&` or `|`, up to a comma, a closing parenthesis or the end.

        `operator` is the one whose arguments they are; empty at the top.
        """
        joined, terms = "", []
        while self._kind() not in {"", "comma", "close"}:
            if self._kind() == "join":
                join = self._take()
                if joined and join != joined:
                    raise RqlError("& and | are mixed on one level: put one of them in parentheses")
                if operator not in {"", {"&": "and", "|": "or"}[join]}:
                    raise RqlError("& or | is directly inside an operator: write and(...) or or(...) instead")
                joined = join
            else:
                terms.append(self._term())
        if joined == "|":
            return Term("or", tuple(terms))
        return terms[0] if len(terms) == 1 and not joined else Term("and", tuple(terms))

    def _term(self) -> Argument:
        if self._kind() == "open":
            items = self._arguments()
            found: Argument = items[0] if len(items) == 1 else items
        elif self._kind() == "word":
            text = self._take()
            if self._kind() == "open":
                return Term(text, self._arguments(text))
            found = _word_or_list(text)
        else:
            raise RqlError("a comparison has no field")
        if self._kind() != "compare":
            return found
        sign = self._take()
        operator = _COMPARISONS.get(sign) or sign.strip("=")
        return Term(operator, (found, self._value()))

    def _value(self) -> Argument:
        if self._kind() == "open":
            return self._arguments()
        return _word_or_list(self._take()) if self._kind() == "word" else Word("")

    def _arguments(self, operator: str = "") -> tuple[Argument, ...]:
        """Return the arguments between parentheses; an empty one is an empty word."""
        self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise RqlError(f"parentheses are nested more than {DEEPEST} deep")
        found: list[Argument] = []
        if self._kind() == "close":
            self._take()
        else:
            while True:
                found.append(Word("") if self._kind() in {"comma", "close"} else self._group(operator))
                kind = self._kind()
                if not kind:
                    raise RqlError("an opening parenthesis has no closing one")
                self._take()
                if kind == "close":
                    break
        self._depth -= 1
        return tuple(found)

    def _kind(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RqlError("a character has no meaning in RQL: a value has to be percent-encoded twice")
        yield str(match.lastgroup), match[0]
        position = match.end()


def _word_or_list(text: str) -> Argument:
    if "/" in text:
        return tuple(_word(part) for part in text.split("/"))
    return _word(text)


def _word(text: str) -> Word:
    cast = _CAST.fullmatch(text)
    if cast:
        if not fits_cast(cast[1], cast[2]):
            raise RqlError(f"a value that follows {cast[1]}: is none")
        return Word(_decoded(cast[2]), None if cast[1] == "auto" else cast[1])
    if ":" in text and not may_be_date(text):
        raise RqlError("a colon follows an unknown cast: a value has to be percent-encoded twice")
    quoted = _QUOTED.fullmatch(text)
    return Word(_decoded(quoted[1]), "string") if quoted else Word(_decoded(text))


def _decoded(text: str) -> str:
    try:
        if not _NO_CODE.search(text):
            return unquote(text, errors="strict")
    except UnicodeDecodeError:
        pass
    raise RqlError("invalid percent-encoding: values must be percent-encoded twice")
