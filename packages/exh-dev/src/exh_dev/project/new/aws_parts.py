"""The AWS resources of a new function: its role, trigger and alarms.

They are copied from an example of the same kind and renamed; existing resources do not change.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import yaml
from yaml.nodes import MappingNode

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import read_template
from exh_dev.project.init.sources import examples_folder
from exh_dev.project.new.names import Name
from exh_dev.project.template_parts import type_of
from exh_dev.project.template_text import entries_for, with_entry, with_resource

if TYPE_CHECKING:
    from yaml.nodes import Node

    from exh_dev.project.cloudformation import Template
    from exh_dev.project.template_parts import Part, Parts


@dataclass(frozen=True)
class _Model:
    """An example: its logical id and its task name."""

    logical_id: str
    name: str


_MODELS = {
    "api": _Model("PatientApi", "patient-api"),
    "schedule": _Model("SyncHoudiniBuilds", "sync-houdini-builds"),
    "queue": _Model("AnalyzeQueuedMeasurements", "analyze-queued-measurements"),
}
_OF_ANY = _MODELS["api"]
_ROLE = {"FunctionRole", "FunctionBasics"}
_BASICS = ("Resources", "FunctionBasics")  # what all roles of the examples have; not those of every project
_QUEUE = "WorkQueue"
_NOBODY = Name("nobody")
#: What can be made again from the template at any time.
_HOLDING_NOTHING = frozenset({
    "AWS::CloudWatch::Alarm", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy", "AWS::Serverless::StateMachine",
})  # fmt: skip
#: What `init` writes in its own way, and what no function but the example has.
_NOT_TAKEN = {"CredentialsSecretName", "FunctionLogs"}


def with_function(manifest: Path, entry: str, kind: str, name: Name) -> str:
    """Return a manifest's text with a function for AWS and its resources.

    Args:
        manifest: the template.
        entry: YAML of the function, without indentation.
        kind: its trigger: `task`, `api`, `schedule` or `queue`.
        name: the function's name.

    Raises:
        UsageError: the template cannot be changed line by line, already has a work queue or a function behind its HTTP
            API, or already uses the name of a part.
    """
    _check_it_is_the_first(manifest, kind, name)
    with TemporaryDirectory() as folder:
        copy = Path(folder, manifest.name)
        shutil.copyfile(manifest, copy)
        try:
            copy.write_text(with_resource(copy, entry), encoding="utf-8", newline="")
            for section, _, text in _missing(copy, kind, name):
                changed = with_resource(copy, text) if section == "Resources" else with_entry(copy, section, text)
                copy.write_text(changed, encoding="utf-8", newline="")
        except UsageError as error:
            raise UsageError(str(error).replace(str(copy), str(manifest))) from None
        return copy.read_bytes().decode()


def part_names() -> set[str]:
    """Return the logical ids that no function may have: those of the parts that functions share."""
    found = {part for kind in _MODELS for section, part, _ in _parts(kind, _NOBODY) if section == "Resources"}
    return {*(part for part in found if not part.startswith(_NOBODY.logical_id)), *_ROLE}


def came_with(parts: Parts, name: Name) -> set[Part]:
    """Return the parts of a template that `new` or an example added with a function.

    Parts with data or settings count only if unchanged, so that a user's own queue is never included.
    """
    written = [(section, part, text) for kind in _MODELS for section, part, text in _parts(kind, name)]
    written += _of_example(name)
    found = {("Resources", f"{name.logical_id}Fails")} & parts.keys.keys()
    for section, part, text in written:
        if (section, part) not in parts.keys:
            continue
        own = _composed(text)
        is_the_same_kind = section != "Resources" or parts.type_of((section, part)) == type_of(own)
        is_as_written = parts.says((section, part)) == yaml.serialize(own)
        if is_the_same_kind and (is_as_written or type_of(own) in _HOLDING_NOTHING):
            found.add((section, part))
    return found


@cache
def _entries_of_example(logical_id: str) -> dict[tuple[str, str], str]:
    return entries_for(examples_folder() / "template.yaml", logical_id)


def _of_example(name: Name) -> list[tuple[str, str, str]]:
    if read_template(examples_folder() / "template.yaml").find("Resources", name.logical_id) is None:
        return []
    found = _entries_of_example(name.logical_id)
    return [(section, part, text) for (section, part), text in found.items() if part != name.logical_id]


def _check_it_is_the_first(manifest: Path, kind: str, name: Name) -> None:
    template = read_template(manifest)
    if kind == "queue" and template.find("Resources", _QUEUE) is not None:
        raise UsageError(
            f"{manifest} has a {_QUEUE} already, and a queue serves one function: a second one would take its "
            "messages. Handle the new kind of task in that function, or add a second queue by hand"
        )
    if kind == "api" and (other := _behind_the_api(template)):
        raise UsageError(
            f"{manifest}: every path and method of the HTTP API leads to {other} already. Give it the routes of "
            f"{name.task}, or make {name.task} for Extra Horizon alone: --target exh"
        )
    wanted = {part: type_of(_composed(text)) for _, part, text in _parts(kind, name)}
    wanted[f"{name.logical_id}Fails"] = "AWS::CloudWatch::Alarm"
    for part, type_ in wanted.items():
        there = template.find("Resources", part)
        if there is not None and type_ is not None and type_of(there) != type_:
            line = there.start_mark.line
            raise UsageError(
                f"{manifest}:{line}: {part} is something else there than the part of {name.task} that would be called "
                "so; choose another name for one of them"
            )


def _behind_the_api(template: Template) -> str | None:
    """Return the logical id of the function that takes every request of the HTTP API."""
    resources = template.find("Resources")
    for key, _ in resources.value if isinstance(resources, MappingNode) else ():
        events = template.find("Resources", key.value, "Properties", "Events")
        for event, _ in events.value if isinstance(events, MappingNode) else ():
            place = ("Resources", key.value, "Properties", "Events", event.value)
            kind = template.find(*place, "Type")
            if kind is not None and kind.value == "HttpApi" and template.find(*place, "Properties", "Path") is None:
                return str(key.value)
    return None


def _composed(entry: str) -> Node:
    """Compose an entry; the text contains nothing else."""
    node: Any = yaml.compose(entry, yaml.SafeLoader)
    ((_, found),) = node.value
    return cast("Node", found)


def _missing(manifest: Path, kind: str, name: Name) -> list[tuple[str, str, str]]:
    """Return those parts of a kind that a manifest does not have, and needs."""
    template = read_template(manifest)
    missing = [each for each in _parts(kind, name) if template.find(*each[:2]) is None]
    is_named = any(_BASICS[1] in text for *part, text in missing if tuple(part) != _BASICS)
    missing = [each for each in missing if is_named or each[:2] != _BASICS]
    text = manifest.read_text(encoding="utf-8")
    while True:  # a parameter that only something refers to which is not taken
        unused = [
            each
            for each in missing
            if each[0] in ("Parameters", "Conditions")
            and not re.search(rf"\b{each[1]}\b", text + "".join(other[2] for other in missing if other != each))
        ]
        if not unused:
            return missing
        missing = [each for each in missing if each not in unused]


def _parts(kind: str, name: Name) -> list[tuple[str, str, str]]:
    """Return the section, name and YAML of each part of a kind, named for the new function."""
    model = _MODELS.get(kind, _OF_ANY)
    entries = _entries_of_example(model.logical_id)
    found = []
    for (section, part), text in entries.items():
        is_wanted = part in _ROLE if kind == "task" else part not in {model.logical_id, *_NOT_TAKEN}
        if is_wanted:
            own = re.sub(rf"\b{model.logical_id}", name.logical_id, text).replace(model.name, name.task)
            found.append((section, re.sub(rf"^{model.logical_id}", name.logical_id, part), own))
    return found
