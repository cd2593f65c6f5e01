"""Read a CloudFormation template with the line of every value.

read_template()   a file as a `Template`, or an error with its line
Template          finds nodes and resolves intrinsic functions (`!Ref`, `!Sub`, …) to literals
Section           one mapping of the template with typed readers; errors have the line, the value and what is allowed

This module is independent of Extra Horizon; `exh_dev/project/manifest.py` defines functions.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from exh_dev.errors import ManifestError, UsageError
from exh_dev.project.strict_yaml import check_keys, compose, line_of
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Scalar = str | int | float | bool | None
T = TypeVar("T", str, int, bool)
Choice = TypeVar("Choice", bound=str)

FUNCTION = "AWS::Serverless::Function"  # the type of a function
_YAML = "tag:yaml.org,2002:"
_PLAIN = {ScalarNode: f"{_YAML}str", SequenceNode: f"{_YAML}seq", MappingNode: f"{_YAML}map"}
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_LONGEST_NUMBER = 40  # characters; what is longer is no number a template means


class UnresolvableError(Exception):
    """The value has no literal. The message has the reason, `remedy` the fix."""

    def __init__(self, reason: str, remedy: str = "write a literal, or !Ref a parameter that has a Default") -> None:
        super().__init__(reason)
        self.remedy = remedy


class NoValueError(UnresolvableError):
    """`!Ref AWS::NoValue`: the key counts as missing."""

    def __init__(self) -> None:
        super().__init__("`!Ref AWS::NoValue` takes the key away")


class Entry(NamedTuple):
    """A key's value, and the line (from 1) of the key."""

    line: int
    node: Node


@dataclass(frozen=True)
class Template:
    """A template's tree of nodes, with intrinsic functions resolved to literals.

    Attributes:
        path: the file.
        tree: its nodes.
        parameters: values of parameters, which override their defaults.
    """

    path: Path
    tree: MappingNode
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Section:
        """The template's own keys: Parameters, Globals, Resources, …"""
        return Section(self, "", 1, _entries(self.tree))

    @property
    def required_parameters(self) -> list[str]:
        """The parameters that have no Default."""
        declared = self.root.section("Parameters")
        names = list(declared.own) if declared else []
        return [name for name in names if self.find("Parameters", name, "Default") is None]

    def find(self, *keys: str) -> Node | None:
        """Return the node under a path of keys; None where the path breaks off."""
        node: Node = self.tree
        for key in keys:
            entry = _entries(node).get(key)
            if entry is None:
                return None
            node = entry.node
        return node

    def text(self, node: Node) -> str:  # noqa: PLR0911 - one for each intrinsic function
        """Return a scalar as a string, with intrinsic functions resolved as CloudFormation does.

        Raises:
            UnresolvableError: it has a value only after deployment, has none, or is a list or mapping.
        """
        intrinsic = _intrinsic(node)
        if intrinsic is None:
            return _as_text(node)
        name, argument = intrinsic
        items = argument.value if isinstance(argument, SequenceNode) else [argument]
        match name, items:
            case "Ref", [ScalarNode(value=parameter)]:
                return self._parameter(parameter, f"!Ref {parameter}")
            case "Sub", [ScalarNode(value=text)]:
                return self._substitute(text, {})
            case "Sub", [ScalarNode(value=text), MappingNode() as names]:
                return self._substitute(text, _entries(names))
            case "Join", [delimiter, SequenceNode(tag="tag:yaml.org,2002:seq", value=parts)]:
                return self.text(delimiter).join(self.text(part) for part in parts)
            case "FindInMap", [table, top, second]:
                found = self.find("Mappings", *(self.text(key) for key in (table, top, second)))
                if found is not None:
                    return _as_text(found)
            case "If", [ScalarNode(value=condition), then, otherwise]:
                return self.text(then if self._condition(condition) else otherwise)
        raise UnresolvableError(f"{_shown(name, argument)} has no value before it is deployed")

    def _condition(self, name: str) -> bool:
        """Return whether a condition holds with the parameters as they are."""
        node = self.find("Conditions", name)
        if node is None:
            raise UnresolvableError(f"`!If {name}` names no condition of this template")
        return self._holds(node)

    def _holds(self, node: Node) -> bool:
        intrinsic = _intrinsic(node)
        if intrinsic is not None:
            name, argument = intrinsic
            match name, argument.value:
                case "Condition", str(condition):
                    return self._condition(condition)
                case "Equals", [first, second]:
                    return self.text(first) == self.text(second)
                case "Not", [only]:
                    return not self._holds(only)
                case "And", [*several]:
                    return all(self._holds(each) for each in several)
                case "Or", [*several]:
                    return any(self._holds(each) for each in several)
        raise UnresolvableError(f"{_describe(node)} is no condition")

    def _substitute(self, text: str, names: Mapping[str, Entry]) -> str:
        def value_of(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name.startswith("!"):  # ${!Name} is how a literal ${Name} is written
                return f"${{{name[1:]}}}"
            if name in names:
                return self.text(names[name].node)
            return self._parameter(name, f"!Sub ${{{name}}}")

        return re.sub(r"\$\{([^}]*)\}", value_of, text)

    def _parameter(self, name: str, shown: str) -> str:
        if name == "AWS::NoValue":
            raise NoValueError
        if name.startswith("AWS::"):
            raise UnresolvableError(f"`{shown}` is known only in AWS")
        if self.find("Resources", name.partition(".")[0]) is not None:
            raise UnresolvableError(f"`{shown}` names a resource, which has no value before it is deployed")
        if self.find("Parameters", name) is None:
            raise UnresolvableError(f"`{shown}` names no parameter of this template")
        kind = self.find("Parameters", name, "Type")
        if kind is not None and str(kind.value).startswith("AWS::SSM::Parameter::Value"):
            raise UnresolvableError(f"`{shown}` is looked up in SSM by AWS")
        if name in self.parameters:
            return _resolved(self.parameters[name])
        default = self.find("Parameters", name, "Default")
        if default is None:
            raise UnresolvableError(f"`{shown}` is a parameter without a Default", "give it a Default")
        return _as_text(default)


@dataclass(frozen=True)
class Section:
    """One mapping of a template.

    Every reading method returns None for a missing key. `title` begins every message; `line` is the line of the
    mapping's own key; missing keys are looked up in `base` (SAM's Globals under a function's properties).
    """

    template: Template
    title: str
    line: int
    own: Mapping[str, Entry]
    base: Section | None = None

    def error(self, message: str, key: str = "") -> ManifestError:
        """Return an error at the line of `key`, or of the section if the key is missing."""
        entry = self._entry(key)
        return self._error(entry.line if entry else self.line, message)

    def only(self, *known: str) -> None:
        """Raise for the first key that is not one of `known`."""
        for key in self.own:
            if key not in known:
                message = f"`{key}` is not a key here{did_you_mean(key, known)}; allowed are {', '.join(known)}"
                raise self.error(message, key)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every key with its value, including those of `base`."""
        inherited = dict(self.base.entries()) if self.base else {}
        yield from {**inherited, **self.own}.items()

    def section(self, key: str) -> Section | None:
        """Return the mapping under a key, merged over the one in `base`."""
        base = self.base.section(key) if self.base else None
        entry = self.own.get(key)
        if entry is None:
            return base
        if not isinstance(entry.node, MappingNode) or _intrinsic(entry.node):
            raise self._wrong(key, entry, "a mapping")
        title = f"{self.title}: {key}" if self.title else key
        return Section(self.template, title, entry.line, _entries(entry.node), base)

    def required(self, key: str) -> Section:
        """Return the required mapping under a key."""
        found = self.section(key)
        if found is None:
            raise self.error(f"{key} is missing")
        return found

    def text(self, key: str) -> str | None:
        """Return the string under a key."""
        return self._read(key, str, "a string")

    def integer(self, key: str) -> int | None:
        """Return the integer under a key."""
        return self._read(key, int, "an integer")

    def flag(self, key: str) -> bool | None:
        """Return the boolean of a key."""
        return self._read(key, bool, "true or false")

    def choice(self, key: str, allowed: tuple[Choice, ...]) -> Choice | None:
        """Return the string under a key, which must be one of `allowed`."""
        text = self.text(key)
        return None if text is None else self._one_of(key, text, allowed)

    def choices(self, key: str, allowed: tuple[Choice, ...]) -> tuple[Choice, ...] | None:
        """Return the list of distinct strings under a key, each one of `allowed`."""
        found = self.texts(key)
        if found is None:
            return None
        if len(set(found)) < len(found):
            raise self.error(f"{key} names the same thing twice", key)
        return tuple(self._one_of(key, text, allowed) for text in found)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return the list of strings under a key. It may be empty, its strings may not."""
        entry = self._entry(key)
        if entry is None:
            return None
        if not isinstance(entry.node, SequenceNode) or _intrinsic(entry.node):
            raise self._wrong(key, entry, "a list of strings")
        found = []
        for node in entry.node.value:
            item = Entry(line_of(node), node)
            if not isinstance(text := self._value(key, item), str) or not text:
                raise self._wrong(key, item, "a list of non-empty strings", "one that holds ")
            found.append(text)
        return tuple(found)

    def _read(self, key: str, kind: type[T], wanted: str) -> T | None:
        entry = self._entry(key)
        if entry is None:
            return None
        value = self._value(key, entry)
        if isinstance(value, str) and _intrinsic(entry.node) and kind is not str:
            value = _from_text(value)
        if isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
            return value
        raise self._wrong(key, entry, wanted)

    def _value(self, key: str, entry: Entry) -> Scalar | Node:
        if not _intrinsic(entry.node):
            return _literal(entry.node) if isinstance(entry.node, ScalarNode) else entry.node
        try:
            return self.template.text(entry.node)
        except UnresolvableError as error:
            raise self._error(entry.line, f"{key} must be known here, but {error}; {error.remedy}") from None

    def _one_of(self, key: str, text: str, allowed: tuple[Choice, ...]) -> Choice:
        for option in allowed:
            if option == text:
                return option
        message = f"{key} cannot be `{text}`{did_you_mean(text, allowed)}; allowed are {', '.join(allowed)}"
        raise self.error(message, key)

    def _entry(self, key: str) -> Entry | None:
        return self.own.get(key) or (self.base._entry(key) if self.base else None)  # noqa: SLF001 - the same class

    def _error(self, line: int, message: str) -> ManifestError:
        return ManifestError(self.template.path, line, f"{self.title}: {message}" if self.title else message)

    def _wrong(self, key: str, entry: Entry, wanted: str, found: str = "") -> ManifestError:
        return self._error(entry.line, f"{key} must be {wanted}, not {found}{_describe(entry.node)}")


def read_template(path: Path, parameters: Mapping[str, str] | None = None) -> Template:
    """Read a template file.

    Args:
        path: the file.
        parameters: values of parameters, which override their defaults.

    Raises:
        UsageError: the file does not exist or cannot be read.
        ManifestError: it is not YAML that CloudFormation accepts, or not a template.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    root = compose(path, data)
    if not isinstance(root, MappingNode):
        found = _describe(root) if root else "an empty file"
        raise ManifestError(path, 1, f"a template is a mapping with Resources in it, not {found}")
    check_keys(path, root)
    return Template(path, root, parameters or {})


def _entries(node: Node) -> dict[str, Entry]:
    if not isinstance(node, MappingNode):
        return {}
    return {key.value: Entry(line_of(key), value) for key, value in node.value}


def _intrinsic(node: Node) -> tuple[str, Node] | None:
    """Return the name of an intrinsic function without `!` or `Fn::`, and its argument; None for everything else."""
    if node.tag.startswith("!") and node.tag != "!":
        plain = type(node)(_PLAIN[type(node)], node.value, node.start_mark, node.end_mark)
        return node.tag[1:], plain
    if isinstance(node, MappingNode) and len(node.value) == 1:
        key, argument = node.value[0]
        if key.value in ("Ref", "Condition") or str(key.value).startswith("Fn::"):
            return key.value.removeprefix("Fn::"), argument
    return None


def _shown(name: str, argument: Node) -> str:
    text = argument.value if isinstance(argument, ScalarNode) else ""
    return f"`!{name} {text}`" if text else f"`!{name}`"


def _literal(node: ScalarNode) -> Scalar:
    """Return a scalar as YAML 1.1, and so SAM, reads it. Dates stay strings."""
    kind = node.tag.removeprefix(_YAML)
    if kind == "null":
        return None
    if kind in ("bool", "int", "float") and len(node.value) <= _LONGEST_NUMBER:
        with suppress(ValueError, LookupError):  # an explicit `!!int abc`, or 0b_: fall back to the string
            return cast("Scalar", getattr(_CONSTRUCTOR, f"construct_yaml_{kind}")(node))
    return str(node.value)


def _as_text(node: Node) -> str:
    value = _literal(node) if isinstance(node, ScalarNode) else None
    if value is None:
        raise UnresolvableError(f"it is {_describe(node)}, not a single value", "write a literal in quotes")
    return _resolved(str(value).lower() if isinstance(value, bool) else str(value))


def _resolved(text: str) -> str:
    if "{{resolve:" in text:
        raise UnresolvableError(f"`{text}` is looked up by AWS when it is deployed")
    return text


def _from_text(text: str) -> Scalar:
    """Convert a parameter's value, which is always a string, where a number or boolean is expected."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def _describe(node: Node) -> str:
    if intrinsic := _intrinsic(node):
        return _shown(*intrinsic)
    if not isinstance(node, ScalarNode):
        return "a list" if isinstance(node, SequenceNode) else "a mapping"
    value = _literal(node)
    if value is None:
        return "nothing"
    kind = "text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"
    return f"the {kind} `{node.value}`"
