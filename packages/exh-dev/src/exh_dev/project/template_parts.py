"""Dependencies between parts of `template.yaml`: those that a function needs, and those to remove with it.

A part is an entry of a section, such as a resource or a parameter, identified by section and name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from yaml.nodes import MappingNode

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import FUNCTION
from exh_dev.project.references import references

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from yaml.nodes import Node

    from exh_dev.project.references import Reference


Part = tuple[str, str]
_BELONGING = ("Resources", "Parameters", "Mappings", "Conditions", "Rules")
_SECTIONS = {"resource": ("Resources", "Parameters"), "condition": ("Conditions",), "mapping": ("Mappings",)}
#: Resource types that hold no data and serve no purpose once nothing refers to them.
_EMPTY_WORDS = ("Parameters", "Mappings", "Conditions", "Rules")
_ALARM, _TOPIC, _ROLE = "AWS::CloudWatch::Alarm", "AWS::SNS::Topic", "AWS::IAM::Role"


class Parts:
    """The parts of a template, and which of them refer to which.

    Attributes:
        keys: the key of each part, in the order of the template.
        references: what each refers to.
    """

    def __init__(self, sections: Mapping[str, Node], text: str) -> None:
        """`sections` are the parsed sections of a template by name, `text` is its source."""
        nodes = {
            (section, key.value): (key, value)
            for section, node in sections.items()
            if isinstance(node, MappingNode)
            for key, value in node.value
        }
        self.keys = {part: key for part, (key, _) in nodes.items()}
        self.references = {part: list(references(value, text)) for part, (_, value) in nodes.items()}
        self._nodes = {part: value for part, (_, value) in nodes.items()}
        self._types = {part: type_of(value) for part, value in self._nodes.items() if part[0] == "Resources"}
        self._names = {
            part: {other for each in found for other in _parts_of(each) if other in nodes} - {part}
            for part, found in self.references.items()
        }
        self._functions = {part for part, type_ in self._types.items() if type_ == FUNCTION}

    def is_function(self, part: Part) -> bool:
        return part in self._functions

    def is_called_after(self, part: Part, logical_id: str) -> bool:
        """Return whether a part refers to a function and is named after it, such as `GreetErrorsAlarm` for `Greet`."""
        rest = part[1].removeprefix(logical_id)
        refers = ("Resources", logical_id) in self._names[part]
        return rest != part[1] and rest[:1].isupper() and refers and part not in self._functions

    def type_of(self, part: Part) -> str | None:
        """Return the type of a resource; None for any other part or a missing one."""
        return self._types.get(part)

    def says(self, part: Part) -> str:
        """Return a part in a normal form, for comparisons that ignore its notation."""
        return yaml.serialize(self._nodes[part])

    def belonging_to(self, logical_ids: AbstractSet[str]) -> set[Part]:
        """Return the parts of some functions: those that they refer to, and those that refer to these alone.

        Of the latter kind are the policy of a queue, or a state machine that runs the function; and their alarms, with
        the topic that they are sent to. Another function never is, nor a role, unless one of the parts refers to it.
        """
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
                    is_of_these = bool(others & taken) and others - self._beside(part) <= taken
                if is_of_these:
                    more.add(part)
            more -= self._functions
            if more <= taken:
                return taken
            taken |= more

    def going_with(self, path: Path, logical_ids: AbstractSet[str], ours: AbstractSet[Part]) -> set[Part]:
        """Return the parts to remove together with some functions.

        Args:
            path: the template's path, for messages.
            logical_ids: the functions' logical ids.
            ours: parts that were added with these functions and are unchanged, or that name them; all other parts stay.

        Raises:
            UsageError: a remaining part refers to a removed one.
        """
        lost = {("Resources", each) for each in logical_ids}
        while True:
            more = {part for part in self.keys if part[0] == "Outputs" and self._names[part] & lost}
            more |= {part for part in ours if self._names[part] & {each for each in lost if each[0] == "Resources"}}
            belonging = self.belonging_to({name for _, name in lost & self._functions})
            more |= self._without_users(lost | more, {part for part in belonging if self._may_go(part, ours)})
            if more <= lost:
                break
            lost |= more
        for part in self.keys.keys() - lost:
            self._check_it_stays(path, part, lost)
        return lost

    def _may_go(self, part: Part, ours: AbstractSet[Part]) -> bool:
        return part in ours or part[0] in _EMPTY_WORDS

    def _beside(self, part: Part) -> set[Part]:
        """Return the parts that a part refers to but does not own: the topic of an alarm."""
        is_alarm = self._types.get(part) == _ALARM
        return {other for other in self._names[part] if is_alarm and self._types.get(other) == _TOPIC}

    def _without_users(self, lost: AbstractSet[Part], parts: Collection[Part]) -> set[Part]:
        """Return the parts that no remaining part refers to, and that do not serve a remaining part."""
        found = set(parts) | lost
        while True:
            staying = self.keys.keys() - found
            used = {other for part in staying for other in self._names[part]} & found
            kept = {part for part in staying if part[0] == "Resources"}
            needed = {other for part in found for other in self._names[part]}
            used |= {part for part in found - needed if self._names[part] & kept - self._beside(part)}
            if used <= lost:
                return found
            found -= used - lost

    def _check_it_stays(self, path: Path, part: Part, lost: AbstractSet[Part]) -> None:
        for each in self.references[part]:
            if not set(_parts_of(each)) & lost:
                continue
            others = sorted(name for _, name in self._names[part] & (self._functions - lost))
            if others and part not in self._functions:
                problem = f"{part[1]} is of {each.name} and of {', '.join(others)}; take {each.name} out of it first"
            else:
                problem = f"{part[1]} refers to {each.name}; change that first"
            raise UsageError(f"{path}:{each.line}: {problem}")


def _parts_of(reference: Reference) -> list[Part]:
    return [(section, reference.name) for section in _SECTIONS[reference.kind]]


def type_of(resource: Node) -> str | None:
    if not isinstance(resource, MappingNode):
        return None
    return next((value.value for key, value in resource.value if key.value == "Type"), None)
