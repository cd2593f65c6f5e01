"""A new function: its handler, a sample event, a test and its entry in the manifest; all of them or none."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from yaml.nodes import MappingNode

from exh_dev.errors import DevkitError, UsageError
from exh_dev.extras import has_aws, how_to_install
from exh_dev.project.cloudformation import FUNCTION, read_template
from exh_dev.project.init.sources import for_target
from exh_dev.project.manifest import load_manifest
from exh_dev.project.new.aws_parts import part_names, with_function
from exh_dev.project.new.names import Name, check_free, fold
from exh_dev.project.permissions import problem_with
from exh_dev.project.project import MANIFEST
from exh_dev.project.replacing import replace
from exh_dev.project.sam_configuration import FILE as SAMCONFIG
from exh_dev.project.schedule_mark import marked_data
from exh_dev.project.template_text import with_resource
from exh_dev.runtime.events import api_event, queue_event, task_event, transition_event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.init.sources import Target
    from exh_dev.project.project import Project


_INTERVAL = 3600  # seconds
_PATIENT = "5f0a1b2c3d4e5f6071829301"
_SECRET = "ExtraHorizonCredentials"  # noqa: S105 - the logical id of the secret that functions on AWS read
_ALARM_TOPIC = "AlarmTopic"
_RUNTIME = "python3.13"  # where neither Globals nor another function has one
_NEVER_ON_AWS = "OnExtraHorizonOnly"
_BOTH = "targets: [exh, aws]"
_TYPE = f"  Type: {FUNCTION}\n"
_PERMISSION = re.compile(r"[A-Z][A-Z0-9_]*(:[A-Za-z0-9_-]+)*")
_ALL_PERMISSIONS = "`exh-dev call GET /users/v1/permissions` lists all of them while `exh-dev serve` runs"
_NO_PERMISSIONS = re.compile(r"permissions: \[\].*")
#: What starts a function: as in the manifest, and `queue` for one on AWS, whose kind is `event` there.
NewKind = Literal["task", "api", "event", "schedule", "queue"]
_START: Mapping[NewKind, str] = {
    "task": "queue it: exh.tasks.create(functionName={name!r}, data={{...}})",
    "api": "call it while exh-dev serve runs: exh-dev call GET /tasks/v1/api/{name}/patients/{patient}",
    "event": 'let a transition start it: {{"type": "task", "functionName": "{name}"}} in the afterActions of a schema',
    "schedule": "change how often it runs: schedule, in {manifest}; on a cluster: exh-dev schedules sync --live",
    "queue": "fill its queue: extrahorizon.queue.send_tasks(...), where WORK_QUEUE_URL is the URL of WorkQueue",
}

_API_ON_AWS = "call it when it is deployed: GET /patients/{patient} at the invoke URL of HttpApi"


@dataclass(frozen=True)
class NewFunction:
    """The result of `exh-dev new`.

    Attributes:
        name: the task name.
        kind: its trigger.
        files: the new files, relative to the project's root.
        line: the line of its entry in the manifest.
        target: where it is deployed.
        asked: new parameters of the manifest without a default.
    """

    name: str
    kind: NewKind
    files: tuple[str, ...]
    line: int
    target: Target
    asked: tuple[str, ...] = ()

    @property
    def next_steps(self) -> tuple[str, ...]:
        """Return the next steps for the user."""
        start = _API_ON_AWS if (self.kind, self.target) == ("api", "aws") else _START[self.kind]
        lacks_queue = self.kind == "queue" and not has_aws()
        return (
            *([f"install what runs it: {how_to_install('a local queue', 'aws')}"] if lacks_queue else ()),
            f"run it: exh-dev run {self.name}",
            f"test it: pytest {self.files[2]}",
            f"write it: {self.files[0]}, with what a real event has in {self.files[1]}",
            f"list its permissions, which each method's docstring names: {MANIFEST}:{self.line}",
            start.format(name=self.name, manifest=MANIFEST, patient=_PATIENT),
            *(
                f"give {each} a value in each environment of {SAMCONFIG}; {MANIFEST} describes it"
                for each in self.asked
            ),
        )

    def as_json(self) -> dict[str, Any]:
        manifest = {"file": MANIFEST, "line": self.line}
        made = {"name": self.name, "kind": self.kind, "files": list(self.files), "manifest": manifest}
        return {**made, "next": list(self.next_steps)}

    def as_lines(self) -> list[str]:
        made = [*(f"  {file}" for file in self.files), f"  {MANIFEST}:{self.line}"]
        steps = [f"  {step[0].upper()}{step[1:]}" for step in self.next_steps]
        return [f"Made {self.name}, a function of the kind {self.kind}:", *made, "", "Now:", *steps]


def make(
    project: Project,
    spelling: str,
    kind: NewKind,
    permissions: Sequence[str] = (),
    target: Target | None = None,
) -> NewFunction:
    """Create a function.

    Args:
        project: the project.
        spelling: its name, in any spelling.
        kind: its trigger.
        permissions: its user's permissions.
        target: its deployment target; by default that of the project's other functions.

    Raises:
        UsageError: the name is invalid, or a file exists; nothing was written.
        DevkitError: a file cannot be written; all changes were undone.
    """
    name = fold(spelling)
    for each in permissions:
        if not _PERMISSION.fullmatch(each):
            raise UsageError(f"{each!r} is not a permission; one looks like VIEW_USER or VIEW_DOCUMENTS:blood-pressure")
        if problem := problem_with(each):
            raise UsageError(f"{problem}; {_ALL_PERMISSIONS}")
    manifest = project.root / MANIFEST
    check_free(name, _taken(manifest), manifest)
    parts = {
        f"handlers/{name.module}.py": _template(kind, "handler.py.txt", name),
        f"events/{name.task}.json": json.dumps(_event(kind, name), indent=2) + "\n",
        f"tests/test_{name.module}.py": _template(kind, "test.py.txt", name),
    }
    _check_no_files(project.root, name)
    target = target or _target(kind, manifest)
    if target != "exh":
        check_free(name, part_names(), "what a function on AWS needs")
    entry = _entry(kind, name, permissions, manifest, target)
    if target == "exh" or kind == "event":
        text = with_resource(manifest, entry)
    else:
        text = with_function(manifest, entry, kind, name)
    known = read_template(manifest).required_parameters
    line, required = _read_back(name, text, manifest)
    asked = tuple(each for each in required if each not in known)
    _write({project.root / file: content for file, content in parts.items()}, manifest, text)
    return NewFunction(name.task, kind, tuple(parts), line, target, asked)


def _taken(manifest: Path) -> list[str]:
    """Return the names in use: of functions, and the logical ids of resources and parameters."""
    template = read_template(manifest)
    sections = [node for name in ("Resources", "Parameters") if isinstance(node := template.find(name), MappingNode)]
    taken = [key.value for node in sections for key, _ in node.value]
    if template.find("Resources") in sections and taken:
        taken += [spec.name for spec in load_manifest(manifest).functions]
    return taken


def _event(kind: NewKind, name: Name) -> dict[str, Any]:
    if kind == "api":
        return api_event("GET", f"/patients/{_PATIENT}")
    if kind == "event":
        return transition_event(function_name=name.task)
    if kind == "queue":
        return queue_event([task_event({"patientId": _PATIENT}, function_name=name.task)])
    if kind == "schedule":
        return task_event(marked_data(_INTERVAL), function_name=name.task)
    return task_event({"patientId": _PATIENT}, function_name=name.task)


def _target(kind: NewKind, manifest: Path) -> Target:
    """Return the default target: that of the project's other functions."""
    if kind == "queue":
        return "aws"
    if kind == "event" and not _is_for_aws_alone(manifest):
        return "exh"
    if _is_for_aws_alone(manifest):
        return "aws"
    return "both" if read_template(manifest).find("Resources", _SECRET) is not None else "exh"


def _entry(kind: NewKind, name: Name, permissions: Sequence[str], manifest: Path, target: Target) -> str:
    """Return the YAML of the resource.

    Raises:
        UsageError: a function of this kind cannot have this target.
    """
    template = read_template(manifest)
    if kind == "event" and target == "aws":
        raise UsageError(
            "a transition, a dispatcher or an event of Extra Horizon starts a function of the kind event, and this one "
            "would be for AWS alone; --target exh or both"
        )
    if kind == "queue" and target != "aws":
        raise UsageError("SQS is on AWS alone: a function of the kind queue is too; --target aws")
    if target != "exh" and template.find("Resources", _SECRET) is None:
        raise UsageError(
            f"{manifest} has no {_SECRET}, the secret that functions on AWS read: this project was made for Extra "
            "Horizon alone; --target exh"
        )
    entry = for_target(_template(kind, "function.yaml", name), target)
    if template.find("Globals", "Function", "Runtime") is None:
        entry = entry.replace("  CodeUri:", f"  Runtime: {_runtime_of_others(manifest)}\n    CodeUri:", 1)
    entry = entry.replace(_BOTH, {"exh": "targets: [exh]", "aws": "targets: [aws]", "both": _BOTH}[target])
    if permissions:
        listed = "".join(f"\n          - {each}" for each in dict.fromkeys(permissions))
        entry = _NO_PERMISSIONS.sub(f"permissions:{listed}", entry)
    if target == "exh":
        never = template.find("Conditions", _NEVER_ON_AWS) is not None
        return entry.replace(_TYPE, f"{_TYPE}  Condition: {_NEVER_ON_AWS}\n") if never else entry
    has_alarm = kind == "task" and template.find("Resources", _ALARM_TOPIC) is not None
    return f"{entry}{_template('.', 'alarms.yaml', name)}" if has_alarm else entry


def _is_for_aws_alone(manifest: Path) -> bool:
    """Return whether all functions of the project target AWS only."""
    functions = _functions(manifest)
    return bool(functions) and not any("exh" in spec.targets for spec in functions)


def _runtime_of_others(manifest: Path) -> str:
    """Return the runtime that most of the project's functions in Python have."""
    runtimes = [spec.runtime for spec in _functions(manifest) if spec.runtime.startswith("python")]
    return max(runtimes, key=runtimes.count, default=_RUNTIME)


def _functions(manifest: Path) -> tuple[FunctionSpec, ...]:
    """Return the functions of the project; none for a manifest without resources, which cannot be loaded."""
    resources = read_template(manifest).find("Resources")
    return load_manifest(manifest).functions if isinstance(resources, MappingNode) and resources.value else ()


def _template(folder: str, file: str, name: Name) -> str:
    text = _text(f"{folder}/{file}")
    spellings = {"{name}": name.task, "{module}": name.module, "{logical_id}": name.logical_id}
    spellings["{interval}"] = str(_INTERVAL)
    for placeholder, spelling in spellings.items():
        text = text.replace(placeholder, spelling)
    return text


def _text(path: str) -> str:
    return files("exh_dev.project.new").joinpath(*path.split("/")).read_text(encoding="utf-8")


def _check_no_files(root: Path, name: Name) -> None:
    """Raise if a file of this function exists, even one that would become a case of its sample events."""
    places = [
        *(root / "handlers" / each for each in (f"{name.module}.py", name.module)),
        root / "tests" / f"test_{name.module}.py",
        root / "events" / f"{name.task}.json",
        *sorted((root / "events").glob(f"{name.task}.*.json")),
    ]
    there = [str(place.relative_to(root)) for place in places if os.path.lexists(place)]
    if there:
        raise UsageError(f"{name.task}: {' and '.join(there)} exists already; choose another name, or move that away")


def _read_back(name: Name, text: str, manifest: Path) -> tuple[int, list[str]]:
    """Return the function's line in the new manifest, and the parameters without a default.

    Raises:
        UsageError: the text is not a valid manifest.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder, MANIFEST)
        copy.write_bytes(text.encode())
        try:
            return load_manifest(copy).function(name.task).line, read_template(copy).required_parameters
        except UsageError as error:
            reason = str(error).replace(str(copy), str(manifest))
            raise UsageError(f"{name.task} cannot be described in {manifest} as it is: {reason}") from None


def _write(new: Mapping[Path, str], manifest: Path, text: str) -> None:
    """Write the files, the manifest last; undo everything on an error."""
    made: list[Path] = []
    try:
        for path, content in new.items():
            made += _missing_folders(path.parent)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(content)
        replace(manifest, text)
    except BaseException as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise DevkitError(f"{error.filename} cannot be written: {error.strerror}; no file was created") from None
        raise


def _missing_folders(folder: Path) -> list[Path]:
    return [each for each in reversed([folder, *folder.parents]) if not each.exists()]
