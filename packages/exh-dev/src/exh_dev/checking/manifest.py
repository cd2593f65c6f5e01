"""template.yaml: functions that cannot be used, runtimes, variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exh_dev.checking.finding import Finding, finding_of
from exh_dev.errors import DevkitError
from exh_dev.packaging.target import Target
from exh_dev.packaging.task_config import task_config
from exh_dev.project.configuration.task_configs import RUNTIMES
from exh_dev.project.project import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.checking.inspection import Inspection
    from exh_dev.project.function_spec import FunctionSpec


_OPTIMIZE = "PYTHONOPTIMIZE"


class _Assumed(dict[str, str]):
    """Variables, all set; unset ones have their own finding."""

    def get(self, key: str, default: object = None) -> str:  # noqa: ARG002 - the signature of `os.environ.get`
        return f"${key}"


def find(inspection: Inspection) -> Iterator[Finding]:
    """Yield functions that break a rule, what no bundle can be built for, and variables without a value."""
    manifest = inspection.manifest
    if isinstance(manifest, DevkitError):
        yield finding_of(manifest, inspection.root, file=MANIFEST)
        return
    for error in manifest.errors:
        yield finding_of(error, inspection.root, file=MANIFEST)
    for spec in inspection.specs:
        try:
            _check_runtime(spec)
        except DevkitError as error:
            line = inspection.line_in_manifest(spec, "Properties", "Runtime")
            yield replace(inspection.in_manifest(spec, error), line=line)
        yield from _slowing_variables(inspection, spec)
        try:
            _check_variables(spec)
        except DevkitError as error:
            yield inspection.in_manifest(spec, error)
    for note in inspection.project.runtime_notes():
        yield Finding("info", MANIFEST, note)


def _slowing_variables(inspection: Inspection, spec: FunctionSpec) -> Iterator[Finding]:
    """Yield variables for which Python passes over the bytecode of a bundle, and compiles at every cold start."""
    for each in (*spec.template_variables, *spec.exh_variables):
        if each.name == _OPTIMIZE and spec.code is None:
            message = (
                f"{_OPTIMIZE} makes Python pass over the bytecode that the bundle brings, and compile everything at "
                "each cold start, which takes more than twice as long"
            )
            error = DevkitError(f"{spec.logical_id}: {message}; take it out of the environment")
            yield replace(inspection.in_manifest(spec, error), line=each.line)


def _check_runtime(spec: FunctionSpec) -> None:
    if spec.code is None:
        Target.of(spec.runtime, spec.architecture)
    elif spec.synced and spec.runtime not in RUNTIMES:
        known = sorted(each for each in RUNTIMES if each.startswith("nodejs"))
        raise DevkitError(f"Extra Horizon takes no {spec.runtime}; it takes {', '.join(known)}")


def _check_variables(spec: FunctionSpec) -> None:
    if spec.synced:
        task_config(spec, spec.runtime)
    elif "exh" in spec.targets:
        spec.environment("exh", _Assumed())
    else:
        # Many have a value only in AWS, where the queue, the table and the rest are made.
        unknown = {each.name: "" for each in spec.template_variables if each.problem}
        spec.environment("aws", _Assumed(), overrides=unknown)
