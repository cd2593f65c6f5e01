"""Check that the bundles in `build/` match an AWS deployment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from yaml.nodes import ScalarNode, SequenceNode

from exh_dev.errors import DevkitError, UsageError
from exh_dev.packaging.sbom import ARCHITECTURE, RUNTIME
from exh_dev.project.cloudformation import UnresolvableError
from exh_dev.project.project import MANIFEST
from exh_dev.project.sam_configuration import FILE
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exh_dev.project.cloudformation import Template
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project


def check_parameters(project: Project) -> Iterator[str]:
    """Yield a message for each parameter without a value, or with a value but not in the template.

    SAM ignores unknown parameters silently; a missing value makes the first deployment of a stack fail.

    Raises:
        UsageError: the template does not allow a value; CloudFormation would reject it only after the upload.
    """
    template = project.readable_manifest.template
    declared = template.root.section("Parameters") if template else None
    known = list(declared.own) if declared else []
    for name in template.required_parameters if template else ():
        if name not in project.parameters:
            yield (
                f"{MANIFEST} has no Default for the parameter {name}, and {FILE} no value: a new stack cannot be "
                "deployed, and one that is there keeps the value it has"
            )
    for name, value in project.parameters.items():
        if template is None or name not in known:
            yield (
                f"{FILE} gives a value to {name}, which is not a parameter of {MANIFEST}{did_you_mean(name, known)}: "
                "it has no effect"
            )
        elif rule := _broken_rule(template, name, value):
            raise UsageError(f"{FILE} gives {name} the value `{value}`{rule[1]}; {MANIFEST} allows {rule[0]}")


def _broken_rule(template: Template, name: str, value: str) -> tuple[str, str] | None:
    """Return what a parameter allows, where a value is none of it, and what may be meant."""
    said = {
        rule: template.find("Parameters", name, rule)
        for rule in ("AllowedValues", "AllowedPattern", "MinValue", "MaxValue")
    }
    choices, pattern = said["AllowedValues"], said["AllowedPattern"]
    if isinstance(choices, SequenceNode):
        known = [str(each.value) for each in choices.value]
        if value not in known:
            return ", ".join(known), did_you_mean(value, known)
    if isinstance(pattern, ScalarNode):
        try:
            fits = re.fullmatch(pattern.value, value) is not None
        except re.error:
            fits = True  # which CloudFormation, and Java, have to say
        if not fits:
            return f"what fits {pattern.value}", ""
    for rule, word in (("MinValue", "at least"), ("MaxValue", "at most")):
        node = said[rule]
        if isinstance(node, ScalarNode):
            try:
                is_over = float(value) < float(node.value) if word == "at least" else float(value) > float(node.value)
            except ValueError:
                return "a number", ""
            if is_over:
                return f"{word} {node.value}", ""
    return None


def check_bundles(project: Project, environment: str) -> None:
    """Check that bundles were built for the runtime and processor of the template's functions.

    SAM reports a missing bundle. A bundle without a bill of materials is skipped.

    Args:
        project: with the deployment's parameters.
        environment: the deployment environment.

    Raises:
        DevkitError: a bundle was built for another runtime or processor.
    """
    for spec in project.manifest.functions:
        bundle = None if spec.image else _bundle(project, spec)
        said = _said(bundle.with_suffix(".cdx.json")) if bundle and bundle.suffix == ".zip" else {}
        built = said.get(RUNTIME, spec.runtime), said.get(ARCHITECTURE, spec.architecture)
        if bundle and built != (spec.runtime, spec.architecture):
            raise DevkitError(
                f"{spec.path}:{spec.line}: {spec.logical_id}: {environment} runs it by {spec.runtime} on "
                f"{spec.architecture}, but {bundle.relative_to(project.root)} was built for {' on '.join(built)}, and "
                f"would fail there; rebuild it: `exh-dev build --config-env {environment}`"
            )


def _bundle(project: Project, spec: FunctionSpec) -> Path | None:
    """Return the file in `CodeUri`, if it is in the project."""
    template = project.manifest.template
    node = template.find("Resources", spec.logical_id, "Properties", "CodeUri") if template else None
    if template is None or node is None:
        return None
    try:
        path = (project.root / template.text(node)).resolve()
    except UnresolvableError:
        return None
    return path if path.is_relative_to(project.root) else None


def _said(bill: Path) -> dict[str, str]:
    """Return what a bill of materials says that the bundle was built for."""
    try:
        properties = json.loads(bill.read_bytes())["metadata"]["component"]["properties"]
        return {each["name"]: each["value"] for each in properties}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
