"""The rules for a schema's file: what the official CLI verifies before it sends one, and what the platform refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exh_dev.patterns import PatternError, compiled
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from exh_dev.project.configuration.reading import Node

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")
_REQUIRED = ("name", "description", "statuses", "creationTransition", "properties")
_OPTIONAL = (
    "$schema", "createMode", "readMode", "updateMode", "deleteMode", "groupSyncMode", "defaultLimit", "maximumLimit",
    "transitions", "indexes",
)  # fmt: skip
_RELATIONS = ("creator", "linkedUsers", "linkedGroupStaff", "linkedGroupPatients")
_MODES = {
    "createMode": ("permissionRequired", "allUsers", "default"),
    "readMode": ("permissionRequired", "allUsers", "default", "enlistedInLinkedGroups"),
    "updateMode": ("permissionRequired", "default", "creatorOnly", "disabled", "linkedGroupsStaffOnly"),
    "deleteMode": ("permissionRequired", "linkedUsersOnly"),
}
_KEYWORDS = {
    "object": ("properties", "additionalProperties", "required"),
    "array": ("items", "minItems", "maxItems", "contains"),
    "string": ("minLength", "maxLength", "pattern", "format", "enum", "const"),
    "number": ("minimum", "maximum", "enum", "const"),
    "boolean": ("enum", "const"),
}
#: Members of each kind of condition and action, besides its type and a description: required, then optional.
_CONDITIONS = {
    "input": (("configuration",), ()),
    "document": (("configuration",), ()),
    "initiatorHasRelationToUserInData": (("userIdField", "relation"), ()),
    "initiatorHasRelationToGroupInData": (("groupIdField", "relation"), ("requiredPermission",)),
}
_ACTIONS = {
    "task": (("functionName",), ("data", "priority")),
    "set": (("field", "value"), ()),
    "unset": (("fields",), ()),
    "addItems": (("field", "values"), ()),
    "removeItems": (("field", "values"), ()),
    "linkCreator": ((), ()),
    "linkUserFromData": (("userIdField",), ()),
    "linkEnlistedGroups": ((), ("onlyActive",)),
    "linkGroupFromData": (("groupIdField",), ()),
    "measurementReviewedNotification": ((), ()),
}
_AFTER_ACTIONS = {"task": _ACTIONS["task"], "notifyAlgoQueueManager": ((), ())}
_CREATION_CONDITIONS = _CONDITIONS.keys() - {"document"}
_CONDITIONS_OF = {"manual": _CONDITIONS.keys(), "automatic": {"document"}}


def check_schema(node: Node) -> None:
    """Report the problems of a schema."""
    members = node.members(required=_REQUIRED, optional=_OPTIONAL)
    for name, member in members.items():
        if name in _MODES:
            _check_mode(member, _MODES[name])
        elif name in _SETTINGS:
            _SETTINGS[name](member)
    _check_transitions(members)


def check_configuration(node: Node, *, in_list: bool = False) -> None:
    """Report the problems of a type configuration. In a list, objects may not define `id`: the platform sets it."""
    kind_node = node.members(required=("type",), optional=None).get("type")
    kind = kind_node.one_of(_KEYWORDS) if kind_node else None
    if kind is None:
        return
    members = node.members(required=("type",), optional=("description", "queryable", *_KEYWORDS[kind]))
    if kind == "array" and "items" not in members:
        node.problem("items is missing: an array says what its items are")
    for name, member in members.items():
        if name in _KEYWORD_CHECKS:
            _KEYWORD_CHECKS[name](member)
    declared = members["properties"].value if "properties" in members else None
    if in_list and isinstance(declared, dict) and "id" in declared:
        members["properties"].child("id").problem("an object in a list gets its id from the platform: leave it out")


def _check_statuses(node: Node) -> None:
    for status in node.entries(pattern=NAME, of="status").values():
        for label in status.entries(pattern=NAME, of="label").values():
            label.text()


def _check_properties(node: Node) -> None:
    for configuration in node.entries(pattern=NAME, of="property").values():
        check_configuration(configuration)


def _check_members(node: Node) -> None:
    for configuration in node.entries().values():
        check_configuration(configuration)


def _check_indexes(node: Node) -> None:
    for index in node.items():
        members = index.members(required=("fields",), optional=("name", "options"))
        for field in members["fields"].items(least=1) if "fields" in members else ():
            parts = field.members(required=("name", "type"))
            if "name" in parts:
                parts["name"].text(least=1)
            if "type" in parts:
                parts["type"].one_of(("asc", "desc", "text"))
        if "options" in members:
            for option in members["options"].members(optional=("unique", "sparse")).values():
                option.flag()


def _check_transitions(members: dict[str, Node]) -> None:
    statuses = members["statuses"].value if "statuses" in members else {}
    known = set(statuses) if isinstance(statuses, dict) else set()
    properties = members["properties"].value if "properties" in members else {}
    used = set()
    if "creationTransition" in members:
        creation = members["creationTransition"].members(
            required=("type", "toStatus"), optional=("description", "conditions", "actions", "afterActions")
        )
        if "type" in creation:
            creation["type"].one_of(("manual",))
        used |= _check_targets(creation, known)
        _check_parts(creation, _CREATION_CONDITIONS, properties)
    names: dict[str, str] = {}
    for node in members["transitions"].items() if "transitions" in members else ():
        transition = node.members(
            required=("type", "name", "fromStatuses", "toStatus"),
            optional=("description", "conditions", "actions", "afterActions"),
        )
        kind = transition["type"].one_of(_CONDITIONS_OF) if "type" in transition else None
        name = transition["name"].text(pattern=NAME) if "name" in transition else None
        if name in names:
            transition["name"].problem(f"{names[name]} has this name too; the name of a transition is its own")
        elif name is not None:
            names[name] = node.pointer
        if "fromStatuses" in transition:
            list(transition["fromStatuses"].items(least=1))
        used |= _check_targets(transition, known)
        _check_parts(transition, _CONDITIONS_OF.get(kind or "", _CONDITIONS.keys()), properties)
    for unused in sorted(known - used):
        members["statuses"].child(unused).problem("no transition leads to this status, or from it")


def _check_targets(transition: dict[str, Node], known: Collection[str]) -> set[str]:
    """Return the statuses that a transition names, and record unknown ones as problems."""
    nodes = [transition["toStatus"]] if "toStatus" in transition else []
    if "fromStatuses" in transition and isinstance(transition["fromStatuses"].value, list):
        nodes += [transition["fromStatuses"].child(index) for index in range(len(transition["fromStatuses"].value))]
    named = set()
    for node in nodes:
        status = node.text()
        if status is not None:
            named.add(status)
            if status not in known:
                node.problem(f"the schema has no such status, {status}{did_you_mean(status, known)}")
    return named


def _check_parts(transition: dict[str, Node], conditions: Collection[str], properties: object) -> None:
    for node in transition["conditions"].items() if "conditions" in transition else ():
        members = _typed(node, _CONDITIONS)
        if members and members["type"].value not in conditions:
            members["type"].problem("this transition cannot have a condition of this type")
        if "configuration" in members:
            check_configuration(members["configuration"])
            if members["type"].value == "input":
                _check_input(members["configuration"], properties)
        if "relation" in members:
            of_user = members["type"].value == "initiatorHasRelationToUserInData"
            members["relation"].one_of(("isStaffOfTargetPatient",) if of_user else ("staff", "patient"))
    for name, kinds in (("actions", _ACTIONS), ("afterActions", _AFTER_ACTIONS)):
        for node in transition[name].items() if name in transition else ():
            for part, member in _typed(node, kinds).items():
                if part in _PART_CHECKS:
                    _PART_CHECKS[part](member)


def _typed(node: Node, kinds: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> dict[str, Node]:
    """Return the members of a condition or an action, by its type."""
    kind_node = node.members(required=("type",), optional=None).get("type")
    kind = kind_node.one_of(kinds) if kind_node else None
    if kind is None:
        return {}
    required, optional = kinds[kind]
    return node.members(required=("type", *required), optional=("description", *optional))


def _check_input(configuration: Node, properties: object) -> None:
    """Check the data of a transition, which is merged into the document and has to match its schema."""
    inner = configuration.value.get("properties") if isinstance(configuration.value, dict) else None
    if not isinstance(inner, dict) or not isinstance(properties, dict):
        return
    for name, given in inner.items():
        place = configuration.child("properties").child(name)
        declared = properties.get(name)
        if not isinstance(declared, dict):
            place.problem(f"the schema has no such property, {name}{did_you_mean(name, properties)}")
        elif isinstance(given, dict) and "type" in given and given["type"] != declared.get("type"):
            place.problem(f"the schema's property is of the type {declared.get('type')}")


def _check_mode(node: Node, texts: tuple[str, ...]) -> None:
    if isinstance(node.value, list) and node.pointer != "/createMode":
        for item in node.items(least=1):
            item.one_of(_RELATIONS)
    else:
        node.one_of(texts)


def _check_pattern(node: Node) -> None:
    text = node.text()
    try:
        compiled(text or "")
    except PatternError as error:
        node.problem(f"not a regular expression: {error}")


_SETTINGS: dict[str, Callable[[Node], object]] = {
    "name": lambda node: node.text(least=3, most=50),
    "description": lambda node: node.text(least=3, most=100),
    "groupSyncMode": lambda node: node.one_of(
        ("disabled", "creatorPatientEnlistments", "linkedUsersPatientEnlistments")
    ),
    "defaultLimit": lambda node: node.integer(least=1),
    "maximumLimit": lambda node: node.integer(least=1),
    "statuses": _check_statuses,
    "properties": _check_properties,
    "indexes": _check_indexes,
}
_KEYWORD_CHECKS: dict[str, Callable[[Node], object]] = {
    "properties": _check_members,
    "additionalProperties": check_configuration,
    "items": lambda node: check_configuration(node, in_list=True),
    "contains": check_configuration,
    "required": lambda node: node.texts(),
    "minItems": lambda node: node.integer(least=0),
    "maxItems": lambda node: node.integer(least=0),
    "minLength": lambda node: node.integer(least=0),
    "maxLength": lambda node: node.integer(least=0),
    "minimum": lambda node: node.number(),
    "maximum": lambda node: node.number(),
    "queryable": lambda node: node.flag(),
    "format": lambda node: node.one_of(("date-time",)),
    "enum": lambda node: list(node.items(least=1)),
    "pattern": _check_pattern,
}
_PART_CHECKS: dict[str, Callable[[Node], object]] = {
    "field": lambda node: node.text(least=1),
    "functionName": lambda node: node.text(least=1),
    "userIdField": lambda node: node.text(least=1),
    "groupIdField": lambda node: node.text(least=1),
    "fields": lambda node: node.texts(),
    "values": lambda node: list(node.items()),
    "data": lambda node: node.entries(),
    "priority": lambda node: node.number(),
    "onlyActive": lambda node: node.flag(),
}
