"""Check sample events: valid JSON, a size and format that the platform sends, and a function that uses them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from exh_dev.checking.finding import Finding, finding_of, relative
from exh_dev.errors import DevkitError
from exh_dev.platform.tasks.limits import MOST_DATA
from exh_dev.project.project import MANIFEST, read_event
from exh_dev.runtime.triggers import trigger_of
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exh_dev.checking.finding import Severity
    from exh_dev.checking.inspection import Inspection
    from exh_dev.project.function_spec import FunctionSpec

LARGEST_REQUEST = 6 * 1024 * 1024
"""The bytes that a request to an API function may take as an event."""
SEED = ".seed.json"


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield findings about the events of each function, and about events without a function."""
    folder = inspection.root / "events"
    checked: set[Path] = set()
    for spec in inspection.specs:
        try:
            paths = inspection.project.sample_events(spec)
        except DevkitError as error:
            yield _without(inspection, spec, error)
            continue
        checked |= set(paths)
        for path in paths:
            for finding in _of_file(inspection, path, spec):
                yield replace(finding, functions=(spec.name,))
    if inspection.knows_all_functions:
        names = {spec.name for spec in inspection.specs}
        for path in sorted(folder.glob("*.json")):
            name = path.name.partition(".")[0]
            if name not in names and path not in checked:
                message = f"{MANIFEST} has no function {name}{did_you_mean(name, names)}"
                hint = "events are called NAME.json, NAME.CASE.json and NAME.seed.json"
                yield Finding("warning", relative(path, inspection.root), message, hint=hint)


def _without(inspection: Inspection, spec: FunctionSpec, error: DevkitError) -> Finding:
    """Return a finding for a function without an event; a listed file that is missing is an error."""
    if spec.events:
        line = inspection.line_in_manifest(spec, "Metadata", "ExtraHorizon", "events")
        message = str(error).replace(f"{inspection.root}/", "")
        return Finding("error", MANIFEST, message, line, functions=(spec.name,))
    return Finding(
        "warning",
        MANIFEST,
        f"{spec.name} has no sample event, and `exh-dev run` stops at it",
        spec.line,
        hint=f"write events/{spec.name}.json",
        functions=(spec.name,),
    )


def _of_file(inspection: Inspection, path: Path, spec: FunctionSpec) -> Iterator[Finding]:
    try:
        event = read_event(path)
    except DevkitError as error:
        yield finding_of(error, inspection.root, file=relative(path, inspection.root))
        return
    for complaint in complaints(spec, event):
        finding = inspection.in_json(path, complaint.pointer, complaint.message, hint=complaint.hint)
        yield replace(finding, severity=complaint.severity)


@dataclass(frozen=True)
class Complaint:
    """In what an event is none that the platform sends; `pointer` says where in it, as a JSON pointer."""

    pointer: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    @property
    def text(self) -> str:
        return f"{self.pointer} {self.message}{f'; {self.hint}' if self.hint else ''}".strip()


def complaints(spec: FunctionSpec, event: Any) -> Iterator[Complaint]:
    """Yield in what an event is none that the platform would send to a function."""
    yield from _of_size(spec, event)
    if "exh" in spec.targets:
        yield from _of_form(spec, event)


def _of_size(spec: FunctionSpec, event: Any) -> Iterator[Complaint]:
    if spec.kind == "api":
        if (size := _size(event)) > LARGEST_REQUEST:
            yield Complaint("", f"{size} bytes; the platform hands over at most {LARGEST_REQUEST}")
    elif isinstance(event, dict) and "Records" not in event and (size := _size(event.get("data"))) > MOST_DATA:
        message = f"{size} bytes; the data of a task may have {MOST_DATA}"
        yield Complaint("/data", message, "put large data into a file or a document")


def _of_form(spec: FunctionSpec, event: Any) -> Iterator[Complaint]:
    trigger = trigger_of(event)
    if spec.kind == "api":
        if trigger != "api":
            message = "an event of an API function is a request, an object with requestContext, rawPath and headers"
            yield Complaint("", message)
        return
    if trigger == "api":
        yield Complaint("/requestContext", f"a request, and the kind of {spec.name} is {spec.kind}")
        return
    if trigger == "queue":
        return
    if message := _problem_with_task(event):
        yield Complaint("", message)
    elif (name := event.get("functionName")) not in (None, spec.name):
        message = f"an event of {spec.name} says {name}"
        yield Complaint("/functionName", message, severity="warning")


def _problem_with_task(event: Any) -> str:
    """Return the message with which `@task_handler` would reject an event, or an empty string."""
    if isinstance(event, dict) and isinstance(event.get("data"), dict | None):
        tags = [event.get("tags") or [], event.get("retryForTaskIds") or []]
        if all(isinstance(each, list) and all(isinstance(text, str) for text in each) for each in tags):
            return ""
    from extrahorizon.errors import InvalidEventError  # late, because it imports the client
    from extrahorizon.task import Task

    try:
        Task.from_event(event)
    except InvalidEventError as error:
        return str(error)
    return ""


def _size(value: Any) -> int:
    """Return the bytes of a value as JSON, without the spaces that a file has for its readers."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
