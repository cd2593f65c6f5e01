"""Templates: `<name>.json`, or a folder `<name>/` with a `template.json` and a file for each output."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exh_dev.project.configuration.reading import Node, Problem, read_json, read_text
from exh_dev.project.configuration.templates_v1 import TemplateV1, built_v1, is_of_version_1

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")
_MEMBERS = ("$schema", "name", "description", "extendsTemplate", "inputs", "outputs", "variables")
_TYPES: dict[str, tuple[str, ...]] = {
    "object": ("properties",),
    "array": ("items",),
    "string": (),
    "number": (),
    "boolean": (),
}
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")


@dataclass
class Template:
    """A template as it is sent: with what it extends, and its variables, put in."""

    name: str
    description: str | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, str] = field(default_factory=dict)


def read_templates(
    folder: Path, problems: list[Problem], environment: Mapping[str, str]
) -> tuple[list[Template], list[TemplateV1]]:
    """Return the templates of a folder, of version 2 and of version 1, `$NAME` in their variables looked up in
    `environment`; what is wrong with others is said.
    """
    nodes: dict[str, Node] = {}
    first: dict[str, Node] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.partition(".")[0]
        if path.is_dir():
            node = _folder(path, problems)
        elif path.suffix == ".json":
            node = read_json(path, problems)
        else:
            continue
        if node is None:
            continue
        if known := nodes.get(name) or first.get(name):
            node.problem(f"{known.file.relative_to(folder)} is a template of this name too")
        (first if is_of_version_1(node.value) else nodes)[name] = node
    for name, node in nodes.items():
        if not NAME.fullmatch(name):
            node.problem(f"the name of a template matches {NAME.pattern}")
        _check(node)
    built = (_built(name, nodes, environment, ()) for name in nodes)
    found = [template for template in built if template is not None]
    for template in found:
        _check_outputs(template, nodes[template.name])
    return found, built_v1(first)


def _folder(path: Path, problems: list[Problem]) -> Node | None:
    file = path / "template.json"
    if not file.is_file():
        problems.append(Problem(path, "", "a template's folder holds a template.json"))
        return None
    node = read_json(file, problems)
    if node is None or not isinstance(node.value, dict):
        return node
    kind = "fields" if is_of_version_1(node.value) else "outputs"
    outputs = node.value.get(kind) or {}
    if not isinstance(outputs, dict):
        return node
    outputs = dict(outputs)
    for other in sorted(path.iterdir()):
        if other.name != "template.json" and other.is_file():
            text = read_text(other, problems)
            if text is not None:
                outputs[other.name.partition(".")[0]] = text
    node.value[kind] = outputs
    return node


def _check(node: Node) -> None:
    members = node.members(optional=_MEMBERS)
    for name in ("description", "extendsTemplate"):
        if name in members:
            members[name].text(least=1)
    for name in ("outputs", "variables"):
        if name in members:
            for entry in members[name].entries(pattern=NAME, of=name.removesuffix("s")).values():
                entry.text(least=1 if name == "outputs" else 0)
    if "inputs" in members:
        for entry in members["inputs"].entries(pattern=NAME, of="input").values():
            _check_input(entry)
    if not (isinstance(node.value, dict) and (node.value.get("outputs") or node.value.get("extendsTemplate"))):
        node.problem("a template has one output at least")


def _check_outputs(template: Template, node: Node) -> None:
    from exh_dev.platform.templates.handlebars import TemplateError, check_syntax

    for name, text in template.outputs.items():
        try:
            check_syntax(text)
        except TemplateError as error:
            node.problem(f"the output {name} is no Handlebars: {error}")


def _check_input(node: Node) -> None:
    kind_node = node.members(required=("type",), optional=None).get("type")
    kind = kind_node.one_of(_TYPES) if kind_node else None
    if kind is None:
        return
    members = node.members(required=("type", *_TYPES[kind]))
    if "items" in members:
        _check_input(members["items"])
    for inner in members["properties"].entries().values() if "properties" in members else ():
        _check_input(inner)


def _built(
    name: str, nodes: dict[str, Node], environment: Mapping[str, str], chain: tuple[str, ...]
) -> Template | None:
    """Merge a template with the one that it extends. Report a problem and return None where that is impossible."""
    node = nodes[name]
    value = node.value
    if not isinstance(value, dict):
        return None
    outputs = {each: text for each, text in _object(value, "outputs").items() if isinstance(text, str)}
    template = Template(name, value.get("description"), _object(value, "inputs") or None, outputs)
    extended = value.get("extendsTemplate")
    if isinstance(extended, str):
        if extended in (*chain, name):
            node.problem(f"templates extend each other in a circle: {' > '.join((*chain, name, extended))}")
            return None
        if extended not in nodes:
            node.child("extendsTemplate").problem("there is no such template in the project")
            return None
        base = _built(extended, nodes, environment, (*chain, name))
        if base is None:
            return None
        own = {**template.outputs, **_variables(node, environment)}
        template.inputs = {**(base.inputs or {}), **(template.inputs or {})} or None
        template.outputs = {each: _filled(text, own) for each, text in base.outputs.items()}
        return template
    template.outputs = {each: _filled(text, _variables(node, environment)) for each, text in template.outputs.items()}
    return template


def _variables(node: Node, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a template; a value `$NAME` is taken from the environment."""
    found = {}
    for name, value in _object(node.value, "variables").items():
        if isinstance(value, str) and value.startswith("$"):
            if not environment.get(value[1:]):
                node.child("variables").child(name).problem(f"the environment has no {value[1:]}")
                continue
            found[name] = environment[value[1:]]
        elif isinstance(value, str):
            found[name] = value
    return found


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object member; empty if it is not an object, which `_check` has reported."""
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), text)
