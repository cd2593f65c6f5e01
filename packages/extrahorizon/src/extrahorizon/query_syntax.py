"""Validation of raw queries, by the platform's rules."""

from __future__ import annotations

import re
from urllib.parse import unquote

from extrahorizon.errors import ExtraHorizonError

_FOREIGN = re.compile(r"[^A-Za-z0-9_%.+*$\-:()<>=!,&|/~]|!(?!=)")
_PARTS = re.compile(r"[^(),&|<>=!]+|.")
_MARKS = frozenset("(),&|<>=!")
_DIGIT = re.compile("[0-9]")
_JOINS = {"&": "and", "|": "or"}
#: Casts before a value, as in `string:0032`.
_CASTS = frozenset({"auto", "number", "epoch", "isodate", "date", "boolean", "string", "re", "RE", "glob"})
#: Numbers that JavaScript's `Number` parses, before any decoding, because casts apply to the raw text.
_JS_NUMBER = re.compile(
    r"|[+-]?(Infinity|(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?)|0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+", re.ASCII
)
_NO_CODE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class RQLSyntaxError(ExtraHorizonError, ValueError):
    """The query, or a value, field or limit, is not valid RQL. Nothing was sent."""


def check_query(text: str) -> None:
    """Reject a starting query that the official SDK's parser rejects.

    Errors are invalid characters, unbalanced parentheses, `&` and `|` on one level or inside an operator, unknown casts
    (`foo:bar`), invalid casts (`number:abc`), and invalid percent-encoding.
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
        raise RQLSyntaxError(f"a query has {sign} directly inside an operator: write {_JOINS[sign]}(...) there")
    return operator, sign


def _check_word(word: str) -> None:
    for part in word.split("/"):
        cast, colon, value = part.partition(":")
        if colon and cast not in _CASTS and not may_be_date(part):
            raise RQLSyntaxError("a query has a colon after an unknown cast: percent-encode its values, twice")
        if colon and not fits_cast(cast, value):
            raise RQLSyntaxError(f"a query has a value that is no {cast}: after {cast}: comes one")
        if not (_is_encoded(part) and _is_encoded(unquote(part))):  # as it is sent, and as the platform then sees it
            raise RQLSyntaxError("a query has an invalid % sequence: percent-encode its values, twice")


def may_be_date(text: str) -> bool:
    """Return whether a word with a colon and no cast may be a date, `2021-01-01T12:00Z`, which needs none.

    Which dates can be read is up to JavaScript, which even takes `foo:1`; each has a digit after its first colon.
    """
    return _DIGIT.search(text.partition(":")[2]) is not None


def fits_cast(cast: str, text: str) -> bool:
    """Return whether a value is valid for its cast: `number:abc` is not.

    JavaScript accepts many date formats; all contain a digit.

    Args:
        cast: the part before the colon.
        text: the raw part after it.
    """
    if cast in {"number", "epoch"}:
        return _JS_NUMBER.fullmatch(text) is not None
    if cast in {"date", "isodate"}:
        return bool(_DIGIT.search(text)) or (cast == "isodate" and not text)
    return True


def _is_encoded(text: str) -> bool:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return not _NO_CODE.search(text)
