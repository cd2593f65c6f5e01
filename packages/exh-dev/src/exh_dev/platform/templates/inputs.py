"""The types of a template's inputs, and what fits them.

Assumed: inputs that a template does not declare are left out, at every depth; null counts as missing.
"""

from __future__ import annotations

import re
from typing import Any

from exh_dev.platform.http.bodies import one_of
from exh_dev.platform.http.error_answers import ErrorAnswer

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")
_SCALARS = {"string": str, "number": int | float, "boolean": bool}
_CHILDREN = {"object": "properties", "array": "items"}
_DEEPEST = 50  # levels: checking them is recursive


def check_types(types: dict[str, Any], path: str = "inputs", depth: int = 0) -> None:
    """Check that `types` maps names to types.

    Raises:
        ErrorAnswer: 15 when it does not.
    """
    for name, configuration in types.items():
        if not name:
            raise ErrorAnswer(15, f"The field {path} has a member without a name")
        _check_type(configuration, f"{path}.{name}", depth + 1)


def _check_type(configuration: Any, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ErrorAnswer(15, "The inputs are nested too deeply")
    if not isinstance(configuration, dict):
        raise ErrorAnswer(15, f"The field {path} must be an object")
    kind = one_of(configuration.get("type"), [*_CHILDREN, *_SCALARS], f"The field {path}.type")
    child = _CHILDREN.get(kind)
    if more := configuration.keys() - {"type", child}:
        raise ErrorAnswer(15, f"The field {path} has members that its type does not take: {', '.join(sorted(more))}")
    if child is None:
        return
    if not isinstance(configuration.get(child), dict):
        raise ErrorAnswer(15, f"The field {path}.{child} must be an object")
    if kind == "object":
        check_types(configuration[child], path, depth)
    else:
        _check_type(configuration[child], f"{path}[]", depth + 1)


def fitting(types: dict[str, Any], inputs: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Return the declared inputs among `inputs`.

    Raises:
        ErrorAnswer: 1003 when one is not of its type.
    """
    return {
        name: _fitting(configuration, inputs[name], f"{path}{name}")
        for name, configuration in types.items()
        if inputs.get(name) is not None
    }


def _fitting(configuration: dict[str, Any], value: Any, path: str) -> Any:
    kind = configuration["type"]
    if kind == "object" and isinstance(value, dict):
        return fitting(configuration["properties"], value, f"{path}.")
    if kind == "array" and isinstance(value, list):
        return [
            None if each is None else _fitting(configuration["items"], each, f"{path}[{position}]")
            for position, each in enumerate(value)
        ]
    if kind in _SCALARS and isinstance(value, _SCALARS[kind]) and isinstance(value, bool) == (kind == "boolean"):
        return value
    raise ErrorAnswer(1003, f"The input {path} must be of the type {kind}")
