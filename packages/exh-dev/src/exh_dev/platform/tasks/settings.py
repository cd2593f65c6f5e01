"""Settings of a function: members of an upload that are validated and stored unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from exh_dev.platform.http.bodies import Fields
    from exh_dev.platform.storage.store import Document

PERMISSION_MODES = ("permissionRequired", "allUsers", "public")
_MOST_PRIORITY = 9_007_199_254_740_991  # JavaScript's largest safe integer
_ENVIRONMENT_LIMIT = 4096  # bytes of names and values
_ENTRY_POINT = re.compile(r"[^\s\x00]{1,128}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RUNTIME = re.compile(
    r"nodejs\d+\.x|python3\.\d+|java\d+(\.al2)?|dotnet\d+|ruby\d+\.\d+|provided\.al2(023)?"  # Lambda's families
)


def settings(fields: Fields, before: Document) -> Document:
    """Return what a body sets, checked, and the default of what neither it nor the function `before` has."""
    found: Document = {
        "description": fields.optional_text("description"),
        "entryPoint": _matching(fields, "entryPoint", _ENTRY_POINT, "file.function, without spaces"),
        "runtime": _matching(fields, "runtime", _RUNTIME, "a runtime of AWS Lambda, such as python3.13"),
        "timeLimit": _between(fields, "timeLimit", 3, 300, before.get("timeLimit", 30)),
        "memoryLimit": _between(fields, "memoryLimit", 128, 10_240, before.get("memoryLimit", 128)),
        "environmentVariables": _environment(fields, before.get("environmentVariables", {})),
        "executionOptions": _execution_options(fields, before.get("executionOptions", {})),
        "retryPolicy": _retry_policy(fields, before.get("retryPolicy", {"enabled": False})),
    }
    return {name: value for name, value in found.items() if value is not None}


def _matching(fields: Fields, name: str, pattern: re.Pattern[str], description: str) -> str | None:
    text = fields.optional_text(name)
    if text is not None and not pattern.fullmatch(text):
        raise ErrorAnswer(15, f"The field {name} must be {description}")
    return text


def _between(fields: Fields, name: str, least: int, most: int, otherwise: int) -> int:
    number = fields.optional_integer(name)
    if number is not None and not least <= number <= most:
        raise ErrorAnswer(15, f"The field {name} must be from {least} to {most}")
    return otherwise if number is None else number


def _environment(fields: Fields, before: Document) -> Document:
    given = fields.optional_object("environmentVariables")
    if given is None:
        return before
    found = {}
    for name, each in given.items():
        value = each.get("value") if isinstance(each, dict) else None
        if not _VARIABLE.fullmatch(name) or not isinstance(value, str) or "\0" in value:
            raise ErrorAnswer(
                15, f'The environment variable {name!r} must be written as {{"NAME": {{"value": "string"}}}}'
            )
        found[name] = {"value": value}
    if sum(len(f"{name}{each['value']}".encode()) for name, each in found.items()) > _ENVIRONMENT_LIMIT:
        raise ErrorAnswer(1402, f"The environment variables are larger than {_ENVIRONMENT_LIMIT} bytes together")
    return found


def _execution_options(fields: Fields, before: Document) -> Document:
    given = fields.optional_object("executionOptions") or {}
    found = {"permissionMode": PERMISSION_MODES[0], **before}
    if (mode := given.get("permissionMode")) is not None:
        if mode not in PERMISSION_MODES:
            raise ErrorAnswer(15, f"The permission mode must be one of {', '.join(PERMISSION_MODES)}")
        found["permissionMode"] = mode
    if (priority := given.get("defaultPriority")) is not None:
        found["defaultPriority"] = checked_priority(priority)
    return found


def checked_priority(value: Any) -> int:
    """Validate a priority.

    Raises:
        ErrorAnswer: 15 when it is not an integer, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not -_MOST_PRIORITY <= value <= _MOST_PRIORITY:
        raise ErrorAnswer(15, f"A priority is an integer from -{_MOST_PRIORITY} to {_MOST_PRIORITY}")
    return value


def _retry_policy(fields: Fields, before: Document) -> Document:
    given = fields.optional_object("retryPolicy")
    if given is None:
        return before
    enabled, errors = given.get("enabled", False), given.get("errorsToRetry")
    if not isinstance(enabled, bool):
        raise ErrorAnswer(15, "The field retryPolicy.enabled must be true or false")
    if errors is None:
        return {"enabled": enabled}
    if not (isinstance(errors, list) and all(isinstance(each, str) for each in errors)):
        raise ErrorAnswer(15, "The field retryPolicy.errorsToRetry must be a list of strings")
    return {"enabled": enabled, "errorsToRetry": errors}
