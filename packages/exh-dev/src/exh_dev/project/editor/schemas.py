"""JSON Schemas for editors: `Metadata: ExtraHorizon`, seeds, dispatchers.

They provide completion and descriptions. `exh-dev check` also checks references between files.
"""

from __future__ import annotations

from typing import Any

from exh_dev.project.cloudformation import FUNCTION
from exh_dev.project.function_spec import EXECUTION_PERMISSIONS, KINDS, TARGETS
from exh_dev.project.manifest import LONGEST_NAME, NAME, NAME_RULE, SHORTEST_INTERVAL
from extrahorizon.permissions import GLOBAL_PERMISSIONS

_DIALECT = "http://json-schema.org/draft-07/schema#"  # best supported by VS Code and PyCharm

#: `!Ref` and the other functions of CloudFormation, as a YAML parser gives them.
_INTRINSIC = {"type": "object", "minProperties": 1, "maxProperties": 1}


def template_schema() -> dict[str, Any]:
    """Return the schema of `template.yaml`: of a function's `Metadata: ExtraHorizon`; the rest is SAM's."""
    function = {
        "if": {"properties": {"Type": {"const": FUNCTION}}, "required": ["Type"]},
        "then": {"properties": {"Metadata": {"properties": {"ExtraHorizon": _metadata()}}}},
    }
    return {
        "$schema": _DIALECT,
        "title": "template.yaml of an Extra Horizon project",
        "type": "object",
        "properties": {"Resources": {"type": "object", "additionalProperties": function}},
    }


def seed_schema() -> dict[str, Any]:
    """Return the schema of `events/NAME.seed.json`: what has to exist before a sample event is handled."""
    permission_names = {"type": "array", "items": _permission()}
    ids = {"type": "array", "items": _ID}
    user = _object(
        "A user.",
        {
            "id": _ID,
            "first_name": _text("Seeded by default."),
            "last_name": _text("User by default."),
            "email": _text("Made of the id by default."),
            "phone_number": _text("0000000000 by default."),
            "language": _text("EN by default."),
            "time_zone": _text("UTC by default, such as Europe/Brussels."),
            "permissions": {**permission_names, "description": "Permissions of the user; none by default."},
            "staff_of": {**ids, "description": "Groups where the user is staff, with the same permissions."},
            "patient_of": {**ids, "description": "Groups where the user is a patient."},
        },
        required=["id"],
    )
    document = _object(
        "A document.",
        {
            "id": _ID,
            "creatorId": {**_ID, "description": "The user who made it."},
            "userIds": {**ids, "description": "Users who are linked to it; its creator by default."},
            "groupIds": {**ids, "description": "Groups that are linked to it."},
            "status": _text("A status of its schema; by default that of the creation transition."),
            "data": {"type": "object", "description": "As its schema says."},
        },
        required=["id", "creatorId"],
    )
    file = _object(
        "A file; its content is in base64, or at path.",
        {
            "token": _text("The token of the file, by which a function reads it."),
            "base64": _text("Its content."),
            "path": _text("A file whose content it has, from the project's folder."),
            "name": _text("data by default."),
            "mimetype": _text("By its name, by default."),
            "creatorId": _ID,
        },
        required=["token"],
    )
    free = {"type": "object", "properties": {"id": _ID}, "required": ["id"]}
    parts: dict[str, Any] = {
        "users": {"type": "array", "items": user},
        "documents": {
            "type": "object",
            "description": "By the name of their schema.",
            "additionalProperties": {"type": "array", "items": document},
        },
        "files": {"type": "array", "items": file},
        "profiles": {"type": "array", "items": free, "description": "Medical profiles, by the id of their user."},
        "mails": {"type": "array", "items": free, "description": "Mails that were sent before."},
    }
    return {
        "$schema": _DIALECT,
        "title": "A seed: what has to exist before a sample event is handled",
        "type": "object",
        "properties": parts,
        "additionalProperties": False,
    }


def dispatchers_schema() -> dict[str, Any]:
    """Return the schema of `dispatchers.json`: what to do when an event happens."""
    named = {"name": _text("Unique within its list."), "description": _text(""), "tags": _TEXTS}
    task = _object(
        "Run a task.",
        {
            **named,
            "type": {"const": "task"},
            "functionName": _text("The task name of a function in template.yaml."),
            "data": {"type": "object", "description": "The task's data, besides the event."},
            "startTimestamp": _text("Timestamp in ISO 8601; the time of loading by default."),
        },
        required=["type", "name", "functionName"],
    )
    addresses = {"type": "array", "items": {"type": "string"}}
    mail = _object(
        "Send a mail.",
        {
            "name": named["name"],
            "description": named["description"],
            "type": {"const": "mail"},
            "recipients": _object("", {"to": addresses, "cc": addresses, "bcc": addresses}, required=["to"]),
            "templateName": _text("A template in templates/."),
            "templateId": _text("A template, by its id."),
        },
        required=["type", "name", "recipients"],
    )
    dispatcher = _object(
        "A dispatcher.",
        {
            **named,
            "eventType": _text("The type of event, such as user_deleted."),
            "actions": {"type": "array", "minItems": 1, "items": {"anyOf": [task, mail]}},
        },
        required=["eventType", "name", "actions"],
    )
    listed = {"type": "array", "items": dispatcher}
    named_list = _object("", {"$schema": {"type": "string"}, "dispatchers": listed}, required=["dispatchers"])
    return {"$schema": _DIALECT, "title": "Dispatchers of an Extra Horizon project", "anyOf": [listed, named_list]}


def _metadata() -> dict[str, Any]:
    return _object(
        "Settings of a function for Extra Horizon. Unknown keys are errors.",
        {
            "name": _or_intrinsic({
                "type": "string",
                "pattern": f"^{NAME.pattern}$",
                "maxLength": LONGEST_NAME,
                "description": f"The task name: {NAME_RULE}.",
            }),
            "targets": {
                "type": "array",
                "minItems": 1,
                "items": {"enum": list(TARGETS)},
                "description": "Where it is deployed: exh as a task, aws as a Lambda function.",
            },
            "kind": {
                "enum": list(KINDS),
                "description": "What starts it: task (the default), api (HTTP requests), event, schedule.",
            },
            "executionPermission": {
                "enum": list(EXECUTION_PERMISSIONS),
                "description": "Who may call it directly or by HTTP.",
            },
            "defaultPriority": _or_intrinsic({"type": "integer", "description": "The greater, the sooner."}),
            "retryPolicy": _object(
                "When the platform runs a failed task again.",
                {
                    "enabled": {"type": "boolean"},
                    "errorsToRetry": {**_TEXTS, "description": "Names of exception classes; all of them by default."},
                },
                required=["enabled"],
            ),
            "executionCredentials": _object(
                "The function's own user. Without it a function has no credentials.",
                {
                    "permissions": {
                        "type": "array",
                        "items": _permission(),
                        "description": "What the function may do; [] for what every user may.",
                    },
                    "email": _text("Of that user; made of the name by default."),
                },
                required=["permissions"],
            ),
            "schedule": _object(
                "When it runs, for kind: schedule.",
                {
                    "interval": _or_intrinsic({
                        "type": "integer", "minimum": SHORTEST_INTERVAL, "description": "Seconds between two runs."
                    }),
                    "start": _text("The first run, such as 2026-01-15T05:00:00Z; immediately by default."),
                },
                required=["interval"],
            ),
            "environment": {
                "type": "object",
                "description": "Variables on Extra Horizon, over those of Properties; null leaves one out. $NAME is "
                "asked for by exh sync.",
            },
            "events": {**_TEXTS, "description": "Sample events besides events/NAME.json, as paths."},
        },
        required=["name", "targets"],
    )  # fmt: skip


def _permission() -> dict[str, Any]:
    names = {"enum": sorted(GLOBAL_PERMISSIONS)}  # completed; the platform may have others, and narrowed ones
    return {"anyOf": [names, {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*(:.+)?$"}]}


def _or_intrinsic(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, _INTRINSIC], "description": schema["description"]}


def _object(description: str, properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


_ID = {"type": "string", "pattern": "^[0-9a-f]{24}$", "description": "24 hexadecimal digits."}
_TEXTS = {"type": "array", "items": {"type": "string"}}
