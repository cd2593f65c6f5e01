"""Templates of version 1: files with `schema` or `fields`, by which the official CLI distinguishes them from version 2.

One that has `extends_template` is that template, with each `$content.x` in its fields replaced by its own field `x`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.templates_v1 import renderer
from exh_dev.platform.templates_v1.schema import check_schema

if TYPE_CHECKING:
    from exh_dev.project.configuration.reading import Node

_OF_FIRST = ("schema", "fields")
_MEMBERS = ("$schema", "name", "version", "description", "extends_template", "variables", *_OF_FIRST)
_REFERENCE = re.compile(r"\$content\.([a-z0-9_-]+)", re.IGNORECASE)


@dataclass
class TemplateV1:
    """A template as it is sent, with what it extends put in."""

    name: str
    description: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


def is_of_version_1(value: Any) -> bool:
    """Return whether a template's file is one of version 1."""
    return isinstance(value, dict) and any(value.get(name) is not None for name in _OF_FIRST)


def built_v1(nodes: dict[str, Node]) -> list[TemplateV1]:
    """Return the valid templates of these files, and report the problems of others."""
    for node in nodes.values():
        _check(node)
    built = (_built(name, nodes, ()) for name in nodes)
    found = [template for template in built if template is not None]
    for template in found:
        try:
            renderer.of_threads.check(template.fields)
        except renderer.FillingError as error:
            place = f"the field {error.field}, line {error.line}," if error.field is not None else "it"
            nodes[template.name].problem(f"{place} is no Velocity: {error}")
    return found


def _check(node: Node) -> None:
    members = node.members(optional=_MEMBERS)
    for name in ("description", "extends_template"):
        if name in members:
            members[name].text()
    for entry in members["fields"].entries().values() if "fields" in members else ():
        entry.text()
    schema = members.get("schema")
    if schema is not None and schema.members(optional=None) is not None and isinstance(schema.value, dict):
        try:
            check_schema(schema.value)
        except ErrorAnswer as answer:
            schema.problem(str(answer))


def _built(name: str, nodes: dict[str, Node], chain: tuple[str, ...]) -> TemplateV1 | None:
    """Merge a template with the one that it extends. Report a problem and return None where that is impossible."""
    node = nodes[name]
    value = node.value
    texts = {each: text for each, text in _object(value, "fields").items() if isinstance(text, str)}
    description = value.get("description")
    template = TemplateV1(name, description if isinstance(description, str) else "", _object(value, "schema"), texts)
    extended = value.get("extends_template")
    if not isinstance(extended, str):
        return template
    if extended in (*chain, name):
        node.problem(f"templates extend each other in a circle: {' > '.join((*chain, name, extended))}")
        return None
    if extended not in nodes:
        node.child("extends_template").problem("there is no such template of version 1 in the project")
        return None
    base = _built(extended, nodes, (*chain, name))
    if base is None:
        return None
    missing = {each for text in base.fields.values() for each in _REFERENCE.findall(text) if each not in texts}
    if missing:
        node.problem(f"{extended} needs these fields to be filled in: {', '.join(sorted(missing))}")
        return None
    template.fields = {each: _REFERENCE.sub(lambda found: texts[found[1]], text) for each, text in base.fields.items()}
    return template


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object member; empty if it is not an object, which `_check` has reported."""
    member = value.get(name)
    return member if isinstance(member, dict) else {}
