"""What in `template.yaml` belongs to what: the parts that a function needs, and those that go with it.

A part is an entry of a section, such as a resource or a parameter; it is named by its section and its own name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.nodes import MappingNode, ScalarNode

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from yaml.nodes import Node


Part = tuple[str, str]
_BELONGING = ("Resources", "Parameters", "Mappings", "Conditions", "Rules")
_WORD = re.compile(r"\w+")
_ALARM, _TOPIC, _ROLE = "AWS::CloudWatch::Alarm", "AWS::SNS::Topic", "AWS::IAM::Role"


class Parts:
    """The parts of a template, and which of them name which.

    Attributes:
        keys: the key of each part, in the order of the template.
    """

    def __init__(self, sections: Mapping[str, Node]) -> None:
        """Look at the sections of a template, by name."""
        nodes = {
            (section, key.value): (key, value)
            for section, node in sections.items()
            if isinstance(node, MappingNode)
            for key, value in node.value
        }
        self.keys = {part: key for part, (key, _) in nodes.items()}
        self._nodes = {part: value for part, (_, value) in nodes.items()}
        self._types = {part: type_of(value) for part, value in self._nodes.items() if part[0] == "Resources"}
        words = {
            part: {word for each in _scalars(value) for word in _WORD.findall(each.value)}
            for part, value in self._nodes.items()
        }
        self._names = {part: {other for other in nodes if other[1] in words[part]} - {part} for part in nodes}
        self._functions = {part for part, type_ in self._types.items() if type_ == FUNCTION}

    def belonging_to(self, logical_ids: AbstractSet[str]) -> set[Part]:
        """Return the parts of some functions: those that they refer to, and those that refer to these alone.

        Of the latter kind are the policy of a queue, or a state machine that runs the function; and their alarms, with
        the topic that they are sent to. Another function never is, nor a role, unless one of the parts refers to it.
        """
        topics = {part for part, type_ in self._types.items() if type_ == _TOPIC}
        companions = [
            part
            for part in self.keys
            if part[0] == "Rules" or (part[0] == "Resources" and self._types[part] not in {FUNCTION, _ROLE})
        ]
        taken = {("Resources", each) for each in logical_ids}
        while True:
            more = {other for part in taken for other in self._names[part] if other[0] in _BELONGING}
            for part in companions:
                if part[0] == "Rules":
                    is_of_these = bool(self._names[part]) and self._names[part] <= taken
                else:
                    others = {other for other in self._names[part] if other[0] == "Resources"}
                    beside = topics if self._types[part] == _ALARM else set[Part]()
                    is_of_these = bool(others & taken) and others - beside <= taken
                if is_of_these:
                    more.add(part)
            more -= self._functions
            if more <= taken:
                return taken
            taken |= more

    def going_with(self, path: Path, logical_ids: AbstractSet[str]) -> set[Part]:
        """Return the parts that go when some functions go: what names them, and what was there for them alone.

        Args:
            path: the template's, for messages.
            logical_ids: of the functions.

        Raises:
            UsageError: a function that stays names one of these, or something names both.
        """
        lost = {("Resources", each) for each in logical_ids}
        while True:
            more = {part for part in self.keys if part[0] in ("Resources", "Outputs") and self._names[part] & lost}
            more |= self._without_users(lost, self.belonging_to({name for _, name in lost & self._functions}))
            for part in self.keys:
                if part in more - lost:
                    self._check_it_can_go(path, part, lost)
            if more <= lost:
                return lost
            lost |= more

    def _without_users(self, lost: AbstractSet[Part], parts: Collection[Part]) -> set[Part]:
        """Return those of some parts that nothing names which stays, and that are for none of them which stays."""
        found = set(parts) | lost
        while True:
            staying = self.keys.keys() - found
            used = {other for part in staying for other in self._names[part]} & found
            beside = {part for part in parts if self._types.get(part) not in {None, _TOPIC}} & staying
            needed = {other for part in found for other in self._names[part]}
            used |= {part for part in found - needed if self._names[part] & beside}
            if used <= lost:
                return found
            found -= used - lost

    def _check_it_can_go(self, path: Path, part: Part, lost: AbstractSet[Part]) -> None:
        gone = next((name for _, name in self._names[part] & lost), "")
        line = self._line_of(part, gone)
        if part in self._functions:
            raise UsageError(f"{path}:{line}: {part[1]} refers to {gone}; change that first")
        if others := sorted(name for _, name in self._names[part] & (self._functions - lost)):
            raise UsageError(
                f"{path}:{line}: {part[1]} is of {gone} and of {', '.join(others)}; take {gone} out of it first"
            )

    def _line_of(self, part: Part, name: str) -> int:
        """Return the line where a part names something, counted from 1."""
        return next(
            (each.start_mark.line + 1 for each in _scalars(self._nodes[part]) if name in _WORD.findall(each.value)),
            self.keys[part].start_mark.line + 1,
        )


def type_of(resource: Node) -> str | None:
    """Return the type of a resource."""
    if not isinstance(resource, MappingNode):
        return None
    return next((value.value for key, value in resource.value if key.value == "Type"), None)


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """Yield the scalars below a node that are no keys: a key never refers to anything."""
    if isinstance(node, ScalarNode):
        yield node
        return
    for each in node.value:
        yield from _scalars(each[1] if isinstance(node, MappingNode) else each)
