r"""Patterns of properties: regular expressions as JavaScript has them with its flag `u`, for Python's `re`.

The platform's services run on Node.js, and the official CLI checks patterns by JavaScript before it uploads them. Named
groups, `\p{…}` by general category, `\u{…}`, `$` (the very end), and `[^]` are written otherwise in Python. A property
of characters of another kind, such as `\p{Script=Greek}`, is not known here.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from itertools import groupby

_LONG = {
    "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt", "Mark": "M",
    "Number": "N", "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Space_Separator": "Zs",
    "Uppercase": "Lu", "Lowercase": "Ll", "Other": "C",
}  # fmt: skip
_CATEGORY = re.compile("[LMNPSZC][a-z]?")
_TOKEN = re.compile(
    r"""\\(?P<no>[pP])\{(?P<property>[^}]*)\}   # a property of characters
    |\\u\{(?P<code>[0-9a-fA-F]{1,6})\}          # a character by its code point
    |\\k<(?P<back>\w+)>                         # what a named group matched
    |\\.                                        # any other escape is the same
    |(?P<group>\(\?<(?![=!]))                   # a named group begins
    |(?P<any>\[\^\])|(?P<none>\[\])             # any character, and none
    |.""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of JavaScript's as one that `search` can be called on.

    Raises:
        re.error: it is none, or has something that there is not here.
    """
    parts, in_class = [], False
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if token["property"] is not None:
            ranges = _ranges(token["property"], complement=token["no"] == "P")
            parts.append(ranges if in_class else f"[{ranges}]")
        elif token["code"]:
            parts.append(_character(int(token["code"], 16)))
        elif in_class:
            in_class = text != "]"
            parts.append(f"\\{text}" if text in "[&~|" else text)  # in a set of Python's these mean something
        elif token["back"]:
            parts.append(f"(?P={token['back']})")
        elif token["group"]:
            parts.append("(?P<")
        elif token["any"] or token["none"]:
            parts.append(r"[\s\S]" if token["any"] else "(?!)")
        else:
            in_class = text == "["
            parts.append(r"\Z" if text == "$" else text)
    return re.compile("".join(parts), re.ASCII)


@lru_cache(maxsize=64)
def _ranges(name: str, *, complement: bool) -> str:
    """The characters with a property, or without it, as they stand in a set."""
    short = name.rpartition("=")[2] if name.startswith(("gc=", "General_Category=")) else name
    short = _LONG.get(short, short)
    if not _CATEGORY.fullmatch(short):
        raise re.error(f"the property {name} is not known")

    def has(point: int) -> bool:
        return unicodedata.category(chr(point)).startswith(short) != complement

    found = []
    for wanted, group in groupby(range(sys.maxunicode + 1), has):
        if wanted:
            first, *rest = group
            found.append(_character(first) + (f"-{_character(rest[-1])}" if rest else ""))
    return "".join(found)


def _character(code: int) -> str:
    if code > sys.maxunicode:
        raise re.error("there is no such character")
    return f"\\U{code:08x}"
