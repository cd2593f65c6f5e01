"""YAML as CloudFormation takes it, with the line of everything that it does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from exh_dev.errors import ManifestError

if TYPE_CHECKING:
    from pathlib import Path

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times faster, and not everywhere
_DEEPEST = 100  # levels; real templates have about ten, and the C parser crashes at very many
_HINTS = {
    "cannot start any token": "indent with spaces, not tabs, and quote strings that begin with @, ` or %",
    "mapping values are not allowed": "quote strings that contain `: `, or check the indentation",
    "could not find expected ':'": "a key ends in `:` and a space",
    "expected": "check the indentation and the brackets of this line and the one above",
}


def compose(path: Path, data: bytes) -> Node | None:
    try:
        text = data.decode("utf-8-sig")
        _check_events(path, text)
        return yaml.compose(text, _LOADER)
    except UnicodeDecodeError as error:
        raise ManifestError(path, data.count(b"\n", 0, error.start) + 1, "this is not UTF-8") from None
    except yaml.reader.ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        raise ManifestError(path, line, f"a character that YAML does not allow: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        hint = next((f"; {hint}" for sign, hint in _HINTS.items() if sign in str(error.problem)), "")
        raise ManifestError(path, mark.line + 1 if mark else 1, f"this is not YAML: {error.problem}{hint}") from None


def _check_events(path: Path, text: str) -> None:
    """Refuse what would crash the parser (very deep nesting) and what CloudFormation does not know (aliases)."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ManifestError(path, line_of(event), f"nested more than {_DEEPEST} levels deep")
        if isinstance(event, yaml.AliasEvent):
            message = f"CloudFormation does not support YAML aliases; write the value out instead of `*{event.anchor}`"
            raise ManifestError(path, line_of(event), message)


def check_keys(path: Path, root: Node) -> None:
    """Reject duplicate keys, of which YAML would silently keep the last, and keys that are not strings."""
    todo = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, SequenceNode):
            todo.extend(node.value)
        elif isinstance(node, MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    raise ManifestError(path, line_of(key), "a key must be a string, not a list or a mapping")
                if first := lines.get(key.value):
                    raise ManifestError(path, line_of(key), f"`{key.value}` is given twice, first at line {first}")
                lines[key.value] = line_of(key)
                todo.append(value)


def line_of(read: Node | yaml.Event) -> int:
    return read.start_mark.line + 1 if read.start_mark else 1
