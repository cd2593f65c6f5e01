"""What a function needs on AWS besides itself: its role, and what starts it, with its alarms.

It is that of an example of the same kind, under the new function's name; what the project has already stays as it is.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import read_template
from exh_dev.project.init.sources import examples_folder
from exh_dev.project.template_text import entries_for, with_entry, with_resource

if TYPE_CHECKING:
    from exh_dev.project.new.names import Name


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
#: What `init` writes in its own way, and what no function but the example has.
_NOT_TAKEN = {"CredentialsSecretName", "FunctionLogs"}


def with_function(manifest: Path, entry: str, kind: str, name: Name) -> str:
    """Return the text of a manifest with a function for AWS, and with what it needs there.

    Args:
        manifest: the template.
        entry: YAML of the function, its key at the margin.
        kind: what starts it: `task`, `api`, `schedule` or `queue`.
        name: of the function.

    Raises:
        UsageError: the template cannot be changed line by line, or has a work queue already.
    """
    if kind == "queue" and read_template(manifest).find("Resources", _QUEUE) is not None:
        raise UsageError(
            f"{manifest} has a {_QUEUE} already, and a queue is for one function: another one would take its messages. "
            "Give the new kind of task to that function, or write a second queue beside it"
        )
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


def _missing(manifest: Path, kind: str, name: Name) -> list[tuple[str, str, str]]:
    """Return those parts of a kind that a manifest does not have, and needs."""
    template = read_template(manifest)
    missing = [each for each in _parts(kind, name) if template.find(*each[:2]) is None]
    is_named = any(_BASICS[1] in text for *part, text in missing if tuple(part) != _BASICS)
    return [each for each in missing if is_named or each[:2] != _BASICS]


def _parts(kind: str, name: Name) -> list[tuple[str, str, str]]:
    """Return the section, name and YAML of each part of a kind, named for the new function."""
    model = _MODELS.get(kind, _OF_ANY)
    entries = entries_for(examples_folder() / "template.yaml", model.logical_id)
    found = []
    for (section, part), text in entries.items():
        is_wanted = part in _ROLE if kind == "task" else part not in {model.logical_id, *_NOT_TAKEN}
        if is_wanted:
            own = re.sub(rf"\b{model.logical_id}", name.logical_id, text).replace(model.name, name.task)
            found.append((section, re.sub(rf"^{model.logical_id}", name.logical_id, part), own))
    return found
