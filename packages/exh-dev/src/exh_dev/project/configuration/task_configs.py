"""`task-config.json`: what the official CLI takes, and what it stops at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exh_dev.project.configuration.reading import Problem, read_json
from exh_dev.project.function_spec import CREDENTIAL_VARIABLES, ENVIRONMENT_LIMIT, EXECUTION_PERMISSIONS, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exh_dev.project.configuration.reading import Node

FILE = "task-config.json"
_REQUIRED = ("name", "path", "entryPoint", "runtime")
_OPTIONAL = (
    "$schema",
    "description",
    "timeLimit",
    "memoryLimit",
    "executionPermission",
    "defaultPriority",
    "environment",
    "retryPolicy",
    "executionCredentials",
)
_TEXTS = frozenset({"name", "description", "path", "entryPoint", "runtime", "executionPermission"})
_NAME = re.compile(r"[A-Za-z0-9-]+")
_TIME = (3, 300)  # seconds
_MEMORY = (128, 10240)  # MB
_LARGEST_PRIORITY = 2**53 - 1  # JavaScript's largest safe integer
_RUNTIMES = {
    "nodejs": ("24.x", "22.x", "20.x", "18.x", "16.x"),
    "python": ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9", "3.8"),
    "java": ("25", "21", "17", "11", "8.al2"),
    "dotnet": ("10", "9", "8", "7", "6"),
    "ruby": ("4.0", "3.4", "3.3", "3.2"),
    "provided.": ("al2023", "al2"),
}
RUNTIMES = frozenset(f"{language}{version}" for language, versions in _RUNTIMES.items() for version in versions)


def check_task_configs(folder: Path) -> list[Problem]:
    """Return the problems in a folder of tasks, each of which has its own folder."""
    found: list[Problem] = []
    names: dict[str, Path] = {}
    for task in sorted(path for path in folder.iterdir() if path.is_dir()):
        file = task / FILE
        if not file.is_file():
            found.append(Problem(task, "", f"a folder without {FILE}, at which the CLI stops; remove it"))
            continue
        found += check_task_config(file)
        node = read_json(file, [])
        name = node.value.get("name") if node and isinstance(node.value, dict) else None
        if isinstance(name, str) and names.setdefault(name, file) is not file:
            found.append(Problem(file, "/name", f"{names[name]} has a task of this name too"))
    return found


def check_task_config(file: Path) -> list[Problem]:
    """Return the problems of one file.

    The CLI itself reports unset `$NAME` variables.
    """
    found: list[Problem] = []
    node = read_json(file, found)
    if node is None:
        return found
    for null in _nulls(node):
        null.problem("null, at which the CLI breaks off; leave it out")
    if found:
        return found
    _check_references(node)
    members = node.members(required=_REQUIRED, optional=_OPTIONAL)
    for name, member in members.items():
        if not (name in _TEXTS and _is_reference(member)):
            _CHECKS[name](member)
    if "environment" in members and "executionCredentials" in members:
        _check_credentials(members["environment"])
    return found


def _check_references(node: Node) -> None:
    """Treat every string that begins with `$` as a variable: the syntax has no escape."""
    for text in _texts(node):
        if text.value.startswith("$") and not REFERENCE.fullmatch(text.value):
            text.problem("begins with `$`, so that all of it must be the name of a variable, such as $NAME")


def _check_credentials(environment: Node) -> None:
    for name in CREDENTIAL_VARIABLES:
        if isinstance(environment.value, dict) and name in environment.value:
            environment.child(name).problem(f"{name} cannot be combined with executionCredentials, which set it")


def _name(node: Node) -> None:
    node.text(pattern=_NAME)


def _path(node: Node) -> None:
    text = node.text(least=1)
    if text and not (node.file.parent / text).is_dir():
        node.problem(f"there is no folder {text} in the same folder")


def _text(node: Node) -> None:
    node.text(least=1)


def _any_text(node: Node) -> None:
    node.text()


def _runtime(node: Node) -> None:
    node.one_of(RUNTIMES)


def _time(node: Node) -> None:
    _within(node, *_TIME, "seconds")


def _memory(node: Node) -> None:
    _within(node, *_MEMORY, "MB")


def _priority(node: Node) -> None:
    _within(node, -_LARGEST_PRIORITY, _LARGEST_PRIORITY, "")


def _permission(node: Node) -> None:
    node.one_of(EXECUTION_PERMISSIONS)


def _environment(node: Node) -> None:
    size = 0
    for name, member in node.entries().items():
        size += len(f"{name}{member.text() or ''}".encode())
    if size > ENVIRONMENT_LIMIT:
        node.problem(f"{size} bytes; names and values may have {ENVIRONMENT_LIMIT} together")


def _retry_policy(node: Node) -> None:
    members = node.members(required=("enabled",), optional=("errorsToRetry",))
    if "enabled" in members:
        members["enabled"].flag()
    if "errorsToRetry" in members:
        members["errorsToRetry"].texts()


def _execution_credentials(node: Node) -> None:
    members = node.members(required=("permissions",), optional=("email",))
    if "permissions" in members:
        members["permissions"].texts()
    if "email" in members:
        members["email"].text(least=1)


_CHECKS = {
    "$schema": _any_text,
    "name": _name,
    "description": _any_text,
    "path": _path,
    "entryPoint": _text,
    "runtime": _runtime,
    "timeLimit": _time,
    "memoryLimit": _memory,
    "executionPermission": _permission,
    "defaultPriority": _priority,
    "environment": _environment,
    "retryPolicy": _retry_policy,
    "executionCredentials": _execution_credentials,
}


def _within(node: Node, least: int, most: int, unit: str) -> None:
    known = isinstance(node.value, int) and not isinstance(node.value, bool)
    if not known or not least <= node.value <= most:
        node.problem(f"expected an integer from {least} to {most} {unit}".rstrip())


def _is_reference(node: Node) -> bool:
    return isinstance(node.value, str) and node.value.startswith("$")


def _nulls(node: Node) -> Iterator[Node]:
    if node.value is None:
        yield node
    for child in _children(node):
        yield from _nulls(child)


def _texts(node: Node) -> Iterator[Node]:
    if isinstance(node.value, str):
        yield node
    for child in _children(node):
        yield from _texts(child)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node.value, dict | list):
        yield from (node.child(key) for key in (node.value if isinstance(node.value, dict) else range(len(node.value))))
