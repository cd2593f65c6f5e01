"""Line numbers of a template's tags, which the library dotpromptz-handlebars does not record.

Tags are in source order, so each is searched for after the previous one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotpromptz_handlebars import Block, TagToken, Text
from dotpromptz_handlebars import ElseNode as Else

from exh_dev.platform.templates.handlebars_literals import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dotpromptz_handlebars import Node


@dataclass
class TagInLine(TagToken):
    """A tag that knows its line, from 1 on."""

    line: int = 0


def with_lines(source: str, parts: Iterable[TagToken | str]) -> Iterator[TagToken | str]:
    """Yield the parts of a template, each tag with its line."""
    position, line, counted = 0, 1, 0
    for part in parts:
        if isinstance(part, str):
            yield part
            continue
        body = part.body.removeprefix("#") if part.raw_block else part.body
        start = source.find("{{", position)
        position = max(source.find(body, start), start)
        line += source.count("\n", counted, position)
        counted = position
        position += len(body)
        yield TagInLine(part.body, part.triple, part.strip_before, part.strip_after, part.indent, part.raw_block, line)


def numbered(nodes: Iterable[Node], parts: Iterable[TagToken | str]) -> dict[int, int]:
    """Return the line of each node created by a tag, by the node's `id`."""
    lines: dict[int, int] = {}
    _number(nodes, (part for part in parts if isinstance(part, TagInLine) and _makes_a_node(part)), lines)
    return lines


def line_of_error(source: str, message: str, parse: Callable[[str], Any]) -> int:
    """Return the line of the tag for which `parse` fails with `message`; the first line where none is found."""
    from dotpromptz_handlebars import _render

    try:
        parts = tokens(source, _render._tokens, with_lines)
        tags = [part for part in parts if isinstance(part, TagInLine)]
    except ValueError:  # a tag that is never closed
        return _line(source, max(source.find("{{", source.rfind("}}") + 2), 0))
    open_blocks: list[TagInLine] = []
    for tag in tags:
        word = (tag.body.split() or [""])[0]
        if _fails_alone(tag, message, parse):
            return tag.line
        if word.startswith("/"):
            if not open_blocks or open_blocks.pop().body[1:].split()[:1] != [word[1:]]:
                return tag.line
        elif word == "else" and not open_blocks:
            return tag.line
        elif word.startswith("#") or (word.startswith("^") and len(word) > 1):
            open_blocks.append(tag)
    return open_blocks[-1].line if open_blocks else 1


def _fails_alone(tag: TagInLine, message: str, parse: Callable[[str], Any]) -> bool:
    body = f"#{tag.body[4:].strip()}" if tag.body.startswith("else ") else tag.body
    if body.startswith(("/", "else", "!")) or body == "^":
        return False
    name = (body[1:].split() or [""])[0]
    alone = f"{{{{{body}}}}}{{{{/{name}}}}}" if body.startswith(("#", "^")) else f"{{{{{body}}}}}"
    try:
        parse(alone)
    except (ValueError, LookupError) as error:
        return str(error) == message
    return False


def _makes_a_node(tag: TagToken) -> bool:
    body = tag.body
    return not (body.startswith(("!", "/")) or body == "else" or (tag.raw_block and body.split() == ["#raw"]))


def _number(nodes: Iterable[Node], tags: Iterator[TagInLine], lines: dict[int, int]) -> None:
    for node in nodes:
        if isinstance(node, Else):
            _number(node.body, tags, lines)
            continue
        if isinstance(node, Text) or (tag := next(tags, None)) is None:
            continue
        lines[id(node)] = tag.line
        if isinstance(node, Block):
            first, second = (node.inverse, node.body) if tag.body.startswith("^") else (node.body, node.inverse)
            _number(first, tags, lines)
            _number(second, tags, lines)


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
