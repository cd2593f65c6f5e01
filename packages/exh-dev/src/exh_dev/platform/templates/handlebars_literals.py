"""Braces in quoted strings, such as `{{join x " }} "}}`, which must not end a tag.

The library dotpromptz-handlebars ends a tag at the first `}}`. So braces in quoted strings are replaced by other single
characters while it searches for tags, which keeps line numbers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dotpromptz_handlebars import TagToken

_LITERAL = re.compile(r'"(?:\\"|[^"])*"|\'(?:\\\'|[^\'])*\'|\[[^\]]*\]')
_COMMENT = re.compile(r"\{\{~?!(?:--.*?--~?\}\}|(?!--).*?\}\})", re.DOTALL)
_RAW_BLOCK = re.compile(r"\{\{\{\{\s*([^\s}]+)[^}]*\}\}\}\}.*?\{\{\{\{/\1\}\}\}\}", re.DOTALL)
_UNLIKELY = [chr(number) for number in range(0xE000, 0xE100)]


def tokens(
    source: str,
    split: Callable[[str], Iterable[TagToken | str]],
    lined: Callable[[str, Iterable[TagToken | str]], Iterable[TagToken | str]],
) -> list[TagToken | str]:
    """Split a template into tags and text.

    Args:
        source: the template.
        split: splits without regard to quotation marks.
        lined: adds line numbers.

    Raises:
        ValueError: from `split`: a tag is never closed.
    """
    spare = [each for each in _UNLIKELY if each not in source][:2]
    if not any(mark in source for mark in "\"'[") or len(spare) < 2:
        return list(lined(source, split(source)))
    masked = _masked(source, str.maketrans("{}", "".join(spare)))
    back = str.maketrans("".join(spare), "{}")
    return [
        part if isinstance(part, str) else replace(part, body=part.body.translate(back))
        for part in lined(masked, split(masked))
    ]


def _masked(source: str, mask: dict[int, int]) -> str:
    pieces: list[str] = []
    position = 0
    while (start := source.find("{{", position)) >= 0:
        end = _find_end(source, start)
        if end is not None:  # a comment or raw block, where quotation marks have no meaning; or an escaped tag
            pieces.append(source[position:end])
            position = end
            continue
        pieces.append(source[position : start + 2])
        position = start + 2
        while position < len(source) and not source.startswith("}}", position):
            literal = _LITERAL.match(source, position)
            pieces.append(literal[0].translate(mask) if literal else source[position])
            position += len(pieces[-1])
    pieces.append(source[position:])
    return "".join(pieces)


def _find_end(source: str, start: int) -> int | None:
    slashes = start - len(source[:start].rstrip("\\")) if source[start - 1 : start] == "\\" else 0
    if slashes == 1:
        return start + 2
    passed_over = _RAW_BLOCK.match(source, start) or _COMMENT.match(source, start)
    return passed_over.end() if passed_over else None
