"""Example functions for new projects, with the files that each needs.

They are those of the repository's `examples/`. Files with a function's name (handler, events, seed, entry in
`template.yaml`) are found by it; other files that it needs are listed here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exh_dev.errors import UsageError
from exh_dev.project.belongings import belongings, module_of
from exh_dev.project.cloudformation import read_template
from exh_dev.project.document_types.module import update_types
from exh_dev.project.init.sources import examples_folder, for_target, read_own
from exh_dev.project.project import Project
from exh_dev.project.template_text import entries_for, with_entry, with_resource
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.init.sources import Target

_TYPES = "handlers/documents.py"
_READINGS = ("schemas/blood-pressure-reading.json", "schemas/clinic-blood-pressure-reading.json")
_DISPATCHERS = "dispatchers.json"
_CONTINUATION = ("aws/until-complete.asl.json",)  # of the state machines, on AWS
_CONDITION = re.compile(r"(?m)^  Condition: .*\n")


@dataclass(frozen=True)
class Example:
    """The requirements of an example.

    Attributes:
        files: further files and folders, below `examples/`.
        functions: other examples, such as one that a transition of its schema starts.
    """

    files: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


_EXAMPLES: Mapping[str, Example] = {
    "analyze-queued-measurements": Example(functions=("assess-blood-pressure",)),
    "assess-blood-pressure": Example(
        (*_READINGS, "templates/mail-analysis", "templates/pdf-analysis", "localizations", _TYPES)
    ),
    "chunk-psg-signals": Example(
        ("schemas/psg-recording.json", "schemas/psg-signal.json", "events/files", *_CONTINUATION)
    ),
    "daily-report": Example(
        ("schemas/daily-report.json", "templates/mail-daily-report", "templates/pdf-daily-report", "localizations"),
        ("assess-blood-pressure",),
    ),
    "enqueue-measurements": Example(_CONTINUATION, ("analyze-queued-measurements",)),
    "on-task-failed": Example(("schemas/task-failures.json", "templates/mail-task-failed")),
    "on-user-deleted": Example(("schemas/user-removal.json",), ("assess-blood-pressure",)),
    "patient-api": Example(("schemas/patient-photo.json",), ("assess-blood-pressure",)),
    "schedule-many": Example(functions=("daily-report",)),
    "sync-houdini-builds": Example(("schemas/houdini-build.json",)),
}
NAMES = tuple(_EXAMPLES)


def choose(names: Iterable[str], target: Target) -> tuple[str, ...]:
    """Return examples with those that they depend on, without duplicates.

    Args:
        names: task names.
        target: where the project's functions are deployed.

    Raises:
        UsageError: an example is unknown or not for this target.
    """
    needed_by = dict.fromkeys(names, "")
    for name in list(needed_by):
        _add_needed(name, needed_by)
    for name, other in needed_by.items() if target != "both" else ():
        targets = Project(examples_folder()).manifest.function(name).targets
        if target not in targets:
            needed = f"{name}, which {other} needs," if other else name
            raise UsageError(f"{needed} is for {targets[0]} alone, and this project for {target}: --target both")
    return tuple(needed_by)


def _add_needed(name: str, needed_by: dict[str, str]) -> None:
    if name not in _EXAMPLES:
        raise UsageError(f"there is no example {name!r}{did_you_mean(name, NAMES)}; there are {', '.join(NAMES)}")
    for each in _EXAMPLES[name].functions:
        if each not in needed_by:
            needed_by[each] = name
            _add_needed(each, needed_by)


def add_examples(root: Path, names: Sequence[str], target: Target) -> list[str]:
    """Add examples to a project that has just been written.

    Args:
        root: of the project.
        names: what `choose` returned.
        target: where its functions are deployed.

    Returns:
        The files that were added.
    """
    examples = Project(examples_folder())
    specs = [examples.manifest.function(name) for name in names]
    added = []
    for source in _sources(examples, specs):
        name = source.relative_to(examples.root).as_posix()
        if name in _CONTINUATION and target == "exh":
            continue
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(source.read_bytes())
        added.append(name)
    for spec in specs:
        _describe(root / "template.yaml", spec, target)
    tests = {f"tests/test_{module_of(spec)}.py": _test(examples, spec) for spec in specs if "exh" in spec.targets}
    for name, text in {**tests, **_dispatchers(examples.root, names)}.items():
        (root / name).write_text(text, encoding="utf-8")
        added.append(name)
    if _TYPES in added:
        update_types(Project(root), write=True)
    return added


def _sources(examples: Project, specs: Iterable[FunctionSpec]) -> Iterable[Path]:
    places = [place for spec in specs for place in belongings(examples.root, spec)]
    places += [examples.root / each for spec in specs for each in _EXAMPLES[spec.name].files]
    files = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place])]
    unwanted = {"__pycache__", "tests"}  # the examples' tests use more than a project has
    return sorted(
        {path for path in files if path.is_file() and not unwanted & {*path.relative_to(examples.root).parts}}
    )


def _describe(manifest: Path, spec: FunctionSpec, target: Target) -> None:
    """Add a function to `template.yaml`, with the AWS resources that it needs and that are missing."""
    own = ("Resources", spec.logical_id)
    for (section, name), entry in entries_for(spec.path, spec.logical_id).items():
        text = entry
        if (section, name) == own:
            targets = ", ".join(each for each in spec.targets if target in ("both", each))
            text = re.sub(r"targets: \[.*?\]", f"targets: [{targets}]", for_target(text, target))
            text = _CONDITION.sub("", text) if target == "exh" else text
        elif target == "exh" or read_template(manifest).find(section, name) is not None:
            continue
        changed = with_resource(manifest, text) if section == "Resources" else with_entry(manifest, section, text)
        manifest.write_text(changed, encoding="utf-8")


def _test(examples: Project, spec: FunctionSpec) -> str:
    """Return a test that runs each sample event. Functions for AWS alone run behind its queues and have none."""
    names = [path.name.removesuffix(".json") for path in examples.sample_events(spec)]
    cases = [name.removeprefix(spec.name).removeprefix(".") for name in names]
    listed = "".join(f'        "{case}",\n' if case else "        None,\n" for case in cases)
    return read_own("test_example.py.txt").replace("{name}", spec.name).replace("{cases}", listed)


def _dispatchers(examples: Path, names: Sequence[str]) -> dict[str, str]:
    """Return a dispatchers file for these functions, if they have any."""
    dispatchers = json.loads((examples / _DISPATCHERS).read_text(encoding="utf-8"))["dispatchers"]
    own = [each for each in dispatchers if all(action["functionName"] in names for action in each["actions"])]
    return {_DISPATCHERS: json.dumps({"dispatchers": own}, indent=2) + "\n"} if own else {}
