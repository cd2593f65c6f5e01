"""What a raw query has to be like for the platform to read it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from extrahorizon.errors import ExtraHorizonError

_FOREIGN = re.compile(r"[^A-Za-z0-9_%.+*$\-:()<>=!,&|/~]")
_PARTS = re.compile(r"[^(),&|<>=!]+|.")
_MARKS = frozenset("(),&|<>=!")
_DIGIT = re.compile("[0-9]")
_JOINS = {"&": "and", "|": "or"}
#: What may stand before a value, as in `string:0032`.
_CASTS = frozenset({"auto", "number", "epoch", "isodate", "date", "boolean", "string", "re", "RE", "glob"})
_NO_CODE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class RQLSyntaxError(ExtraHorizonError, ValueError):
    """A query that is no RQL, or a value, field or limit that cannot be part of one. Nothing was sent."""


def check_query(text: str) -> None:
    """Refuse a starting query that the platform would not read, by the rules of the official SDK's parser.

    That are characters outside of RQL, parentheses that do not match, `&` beside `|` on one level or inside of an
    operator, casts that do not exist (`foo:bar`) and percent signs that encode nothing.
    """
    if _FOREIGN.search(text):
        raise RQLSyntaxError("a query holds a character that RQL cannot: percent-encode its values, twice")
    levels = [("", "")]  # of each open parenthesis the operator before it, and what joins its terms
    before = ""
    for part in _PARTS.findall(text):
        if part == "(":
            levels.append((before if before not in _MARKS else "", ""))
        elif part == ")":
            levels.pop()
            if not levels:
                break
        elif part in _JOINS:
            levels[-1] = _joined_by(part, *levels[-1])
        elif part not in _MARKS:
            _check_word(part)
        before = part
    if len(levels) != 1:
        raise RQLSyntaxError("a query's parentheses do not match")


def _joined_by(sign: str, operator: str, joined: str) -> tuple[str, str]:
    if joined and joined != sign:
        raise RQLSyntaxError("a query mixes & and | without parentheses")
    if operator not in {"", _JOINS[sign]}:
        raise RQLSyntaxError(f"a query has {sign} right inside of an operator: write {_JOINS[sign]}(...) there")
    return operator, sign


def _check_word(word: str) -> None:
    for part in word.split("/"):
        cast, colon, _ = part.partition(":")
        # JavaScript reads nearly anything with a digit as a date, and a date needs no cast.
        if colon and cast not in _CASTS and not _DIGIT.search(part):
            raise RQLSyntaxError("a query has a colon after what is no cast: percent-encode its values, twice")
        if not (_is_encoded(part) and _is_encoded(unquote(part))):  # as it is sent, and as the platform then sees it
            raise RQLSyntaxError("a query has a % that encodes nothing: percent-encode its values, twice")


def _is_encoded(text: str) -> bool:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return not _NO_CODE.search(text)
