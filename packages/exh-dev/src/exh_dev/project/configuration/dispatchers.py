"""`dispatchers.json`: what is to be done when an event happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.project.configuration.reading import Node, Problem, read_json
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FILE = "dispatchers.json"


def read_dispatchers(
    root: Path, problems: list[Problem], *, functions: Collection[str], templates: Collection[str]
) -> list[dict[str, Any]]:
    """Read the dispatchers of a project, and add their problems to `problems`.

    Args:
        root: the project's folder.
        problems: list of problems to extend.
        functions: task names of the project's functions.
        templates: names of its templates.
    """
    if not (root / FILE).exists():
        return []
    node = read_json(root / FILE, problems)
    if node is None:
        return []
    if isinstance(node.value, dict):
        listed = node.members(required=("dispatchers",), optional=("$schema",)).get("dispatchers")
    else:
        listed = node
    names: set[str] = set()
    found = []
    for dispatcher in listed.items() if listed else ():
        members = dispatcher.members(required=("eventType", "name", "actions"), optional=("description", "tags"))
        _check_own_name(members, names, "dispatcher")
        if "eventType" in members:
            members["eventType"].text(least=1)
        if "tags" in members:
            members["tags"].texts()
        actions: set[str] = set()
        for action in members["actions"].items(least=1) if "actions" in members else ():
            _check_action(action, actions, functions, templates)
        found.append(dispatcher.value)
    return found


def no_such_function(name: str, functions: Collection[str]) -> str:
    """Return the message for an unknown function."""
    return f"template.yaml has no function of this name, `{name}`{did_you_mean(name, functions)}"


def no_such_template(name: str, templates: Collection[str]) -> str:
    """Return the message for an unknown template."""
    return f"the project has no template of this name, `{name}`{did_you_mean(name, templates)}"


def _check_action(node: Node, names: set[str], functions: Collection[str], templates: Collection[str]) -> None:
    kind_node = node.members(required=("type",), optional=None).get("type")
    kind = kind_node.one_of(("mail", "task")) if kind_node else None
    if kind == "task":
        members = node.members(
            required=("type", "name", "functionName"), optional=("description", "data", "tags", "startTimestamp")
        )
        name = members["functionName"].text(least=1) if "functionName" in members else None
        if name is not None and functions and name not in functions:
            members["functionName"].problem(no_such_function(name, functions))
        if "data" in members:
            members["data"].entries()
        if "tags" in members:
            members["tags"].texts()
    elif kind == "mail":
        members = node.members(
            required=("type", "name", "recipients"), optional=("description", "templateId", "templateName")
        )
        if not members.keys() & {"templateId", "templateName"}:
            node.problem("a mail needs a templateName or a templateId")
        template = members["templateName"].text(least=1) if "templateName" in members else None
        if template is not None and template not in templates:
            members["templateName"].problem(no_such_template(template, templates))
        if "recipients" in members:
            lists = members["recipients"].members(required=("to",), optional=("cc", "bcc"))
            for addresses in lists.values():
                addresses.texts()
    else:
        return
    _check_own_name(members, names, "action")


def _check_own_name(members: dict[str, Node], names: set[str], what: str) -> None:
    name = members["name"].text(least=1) if "name" in members else None
    if name in names:
        members["name"].problem(f"another {what} here has this name")
    elif name is not None:
        names.add(name)
