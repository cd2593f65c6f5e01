"""A schema as named types: a dictionary for its documents' data and one for each object in it, and literals for enums.

A member is required if the schema guarantees it: an input condition or a `set` action of the creation transition
provides it, or an object's `required` lists it, and no transition removes it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: `origin` of the type of a schema's documents.
OF_DOCUMENTS = "the schema itself"
_WORD = re.compile(r"[A-Za-z0-9]+")
_LONGEST_NAME = 80  # characters; a longer one is cut
_LONGEST_CONSTANT = 50  # characters that fit into a Literal on one line
_LARGEST_EXACT = 2**53  # range of integers that all JSON parsers read exactly
#: What the module itself imports, and what Python does not take.
_RESERVED = frozenset({"Any", "False", "Literal", "None", "Required", "True", "TypedDict"})
_PLAIN = {"string": "str", "number": "float", "boolean": "bool"}
_PYTHON: dict[str, Any] = {"string": str, "number": int, "boolean": bool}


@dataclass(frozen=True)
class Member:
    """A member of a dictionary; `type` is Python, `remarks` are for people."""

    name: str
    type: str
    required: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dictionary:
    """A `TypedDict`; `origin` is its place in the schema."""

    name: str
    origin: str
    remarks: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Choice:
    """A few values, such as the names of statuses."""

    name: str
    origin: str
    values: tuple[str | int, ...]


def types_of(schema: Mapping[str, Any]) -> list[Dictionary | Choice]:
    """Return the types of a schema that `exh-dev check` has found right, each after those that it needs."""
    return _Reader(schema).read()


def class_name(text: str) -> str:
    """Return a name as a class name: `BloodPressure` for `blood-pressure`."""
    name = _pascal(text)
    if not name[0].isalpha():
        name = f"Schema{name}"
    return f"{name}Document" if name in _RESERVED else name


def _pascal(text: str) -> str:
    words = _WORD.findall(text)
    return "".join(word[0].upper() + word[1:] for word in words) or "".join(f"U{ord(each):X}" for each in text) or "U"


class _Reader:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._name = class_name(schema["name"])
        self._types: list[Dictionary | Choice] = []
        self._removed = {tuple(path.split(".")) for path in _removed(schema)}

    def read(self) -> list[Dictionary | Choice]:
        schema = self._schema
        required = {name for name in _given(schema) if (name,) not in self._removed}
        members = self._members(self._name, "", schema["properties"], required, ())
        remarks = (schema["description"],)
        self._types.append(Dictionary(self._name, OF_DOCUMENTS, remarks, members))
        self._choice(f"{self._name}Status", "statuses", schema["statuses"])
        by_hand = [each["name"] for each in schema.get("transitions", ()) if each["type"] == "manual"]
        if by_hand:
            self._choice(f"{self._name}Transition", "transitions", by_hand)
        return self._types

    def _choice(self, name: str, origin: str, values: Iterable[str]) -> None:
        self._types.append(Choice(name, origin, tuple(dict.fromkeys(values))))

    def _members(
        self, prefix: str, pointer: str, declared: Mapping[str, Any], required: set[str], path: tuple[str, ...] | None
    ) -> tuple[Member, ...]:
        """Return the members of an object. `path` leads to it in the data; None where no dotted path does, as in a
        list.
        """
        found = []
        for name, configuration in declared.items():
            inner = None if path is None else (*path, name)
            kind = self._type(self._named(prefix, name), f"{pointer}/properties/{name}", configuration, inner)
            found.append(Member(name, kind, name in required, tuple(_remarks(configuration))))
        return tuple(found)

    def _named(self, prefix: str, name: str) -> str:
        """Return a name for what a property holds; the schema's statuses and transitions come first."""
        found = f"{prefix}{_pascal(name)}"
        if found in {f"{self._name}Status", f"{self._name}Transition"}:
            found += "Property"
        if len(found) > _LONGEST_NAME:
            found = f"{found[: _LONGEST_NAME - 8]}{hashlib.sha256(found.encode('utf-8', 'replace')).hexdigest()[:8]}"
        return found

    def _type(
        self,
        name: str,
        pointer: str,
        configuration: Mapping[str, Any],
        path: tuple[str, ...] | None,
        *,
        item: bool = False,
    ) -> str:
        kind = configuration["type"]
        if kind == "array":
            inner = self._type(self._named(name, "item"), f"{pointer}/items", configuration["items"], None, item=True)
            return f"list[{inner}]"
        if kind == "object":
            return self._object(name, pointer, configuration, path, item=item)
        values = _values(configuration, _PYTHON[kind])
        if len(values) == 1 and len(str(values[0])) <= _LONGEST_CONSTANT:
            return f"Literal[{values[0]!r}]"
        if len(values) > 1 and kind != "boolean":
            self._types.append(Choice(name, pointer, tuple(values)))
            return name
        return _PLAIN[kind]

    def _object(
        self, name: str, pointer: str, configuration: Mapping[str, Any], path: tuple[str, ...] | None, *, item: bool
    ) -> str:
        declared = configuration.get("properties", {})
        others = configuration.get("additionalProperties")
        other_type = None
        if others is not None:
            other_type = self._type(self._named(name, "value"), f"{pointer}/additionalProperties", others, None)
        if not declared and not item:
            return f"dict[str, {other_type or 'Any'}]"
        asked = configuration.get("required", ())
        required = {each for each in asked if path is None or (*path, each) not in self._removed}
        members = self._members(name, pointer, declared, required, path)
        if item:
            members = (Member("id", "str", required=True, remarks=("Given by the platform",)), *members)
        remarks = [configuration["description"]] if "description" in configuration else []
        if other_type:
            remarks.append(f"Other members are {other_type}")
        self._types.append(Dictionary(name, pointer, tuple(remarks), members))
        return name


def _values(configuration: Mapping[str, Any], kind: type) -> list[Any]:
    """Return the values of `const` or `enum`, those of the right type; none where a type cannot list them."""
    listed = [configuration["const"]] if "const" in configuration else configuration.get("enum", [])
    values = [each for each in listed if isinstance(each, kind) and isinstance(each, bool) == (kind is bool)]
    inexact = any(isinstance(each, float) or (isinstance(each, int) and abs(each) > _LARGEST_EXACT) for each in listed)
    return [] if inexact else list(dict.fromkeys(values))


def _remarks(configuration: Mapping[str, Any]) -> Iterator[str]:
    if "description" in configuration and not _has_own_type(configuration):
        yield configuration["description"]
    if configuration.get("format") == "date-time":
        yield "ISO 8601 in UTC"


def _has_own_type(configuration: Mapping[str, Any]) -> bool:
    return configuration["type"] == "object" and bool(configuration.get("properties"))


def _given(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the properties that a document has from its creation on."""
    creation = schema["creationTransition"]
    for condition in creation.get("conditions", ()):
        if condition["type"] == "input":
            yield from condition["configuration"].get("required", ())
    for action in creation.get("actions", ()):
        if action["type"] == "set" and action["value"] is not None:
            yield action["field"]


def _removed(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths that a transition takes away."""
    for transition in (schema["creationTransition"], *schema.get("transitions", ())):
        for action in transition.get("actions", ()):
            if action["type"] == "unset":
                yield from action["fields"]
            elif action["type"] == "set" and action["value"] is None:
                yield action["field"]
