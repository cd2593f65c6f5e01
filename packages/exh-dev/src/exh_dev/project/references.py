"""Find references in a template: CloudFormation's `Ref`, `GetAtt`, `Sub`, `DependsOn`, `Condition`, `If`, `FindInMap`.

Names in descriptions, types or keys are not references.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.nodes import Node

Kind = Literal["resource", "condition", "mapping"]
_IN_SUB = re.compile(r"\$\{\s*([A-Za-z0-9]+)(?=[\s.}])")
_FIRST_ITEM: dict[str, Kind] = {"If": "condition", "FindInMap": "mapping", "GetAtt": "resource"}


class Reference(NamedTuple):
    """A reference to a resource or parameter, a condition, or a mapping.

    Attributes:
        kind: which of these.
        name: the referenced name.
        start: offset of the name in the source text, in characters.
        line: its line, from 1.
    """

    kind: Kind
    name: str
    start: int
    line: int


def references(node: Node, text: str) -> Iterator[Reference]:
    """Yield the references in a part of a template.

    Args:
        node: the part, composed with its short forms as tags, such as `!Ref`.
        text: the source text of the part.
    """
    function = node.tag.removeprefix("!") if node.tag.startswith("!") else None
    if function is not None:
        yield from _called(function, node, text)
        if isinstance(node, ScalarNode):
            return
    if isinstance(node, SequenceNode):
        for each in node.value:
            yield from references(each, text)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _of_member(str(key.value), value, text)
            yield from references(value, text)


def _of_member(name: str, value: Node, text: str) -> Iterator[Reference]:
    """Yield what a member of a mapping names by itself."""
    if name.startswith("Fn::"):
        yield from _called(name.removeprefix("Fn::"), value, text)
    elif name in {"Ref", "Condition"} and isinstance(value, ScalarNode) and not value.tag.startswith("!"):
        yield from _called(name, value, text)
    elif name == "DependsOn":
        for each in value.value if isinstance(value, SequenceNode) else [value]:
            yield from _called("Ref", each, text)


def _called(function: str, node: Node, text: str) -> Iterator[Reference]:
    """Yield the references in the argument of an intrinsic function, without those of nested functions."""
    if function == "Sub":
        texts, own = (node, set[str]()) if isinstance(node, ScalarNode) else _with_variables(node)
        if texts is not None:
            source = text[texts.start_mark.index : texts.end_mark.index]
            for found in _IN_SUB.finditer(source):
                if found[1] not in own:
                    yield _at("resource", found[1], texts, texts.start_mark.index + found.start(1), text)
    elif isinstance(node, ScalarNode):
        kind: Kind = "condition" if function == "Condition" else "resource"
        if function in {"Ref", "Condition", "GetAtt"}:
            yield from _plain(kind, node, text)
    elif isinstance(node, SequenceNode) and node.value and function in _FIRST_ITEM:
        yield from _plain(_FIRST_ITEM[function], node.value[0], text)


def _with_variables(node: Node) -> tuple[Node | None, set[str]]:
    """Return the string of a `Sub` that has a list of variables, and the names of these variables."""
    if not isinstance(node, SequenceNode) or not node.value or not isinstance(node.value[0], ScalarNode):
        return None, set()
    own = node.value[1].value if len(node.value) > 1 and isinstance(node.value[1], MappingNode) else []
    return node.value[0], {str(key.value) for key, _ in own}


def _plain(kind: Kind, node: Node, text: str) -> Iterator[Reference]:
    if isinstance(node, ScalarNode):
        name = str(node.value).partition(".")[0]
        source = text[node.start_mark.index : node.end_mark.index]
        place = re.search(rf"(?<![\w!:]){re.escape(name)}(?!\w)", source)
        if name and place:
            yield _at(kind, name, node, node.start_mark.index + place.start(), text)


def _at(kind: Kind, name: str, node: Node, start: int, text: str) -> Reference:
    line = node.start_mark.line + 1 + len(re.findall(r"\r\n|\r|\n", text[node.start_mark.index : start]))
    return Reference(kind, name, start, line)
