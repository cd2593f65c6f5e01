"""The manifest: the functions of `template.yaml`. Only this module parses them, with `function_code`.

    load_manifest()       the file as a `Manifest`; a rule it breaks is a `ManifestError` with the line
    read_manifest()       the same, with every function that breaks a rule among its `errors`
    Manifest.function()   one function, by any spelling of its name

A function is an `AWS::Serverless::Function` with `Metadata: ExtraHorizon:`. Unknown keys there are errors; cfn-lint
checks the rest of the template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exh_dev.errors import ManifestError, UsageError
from exh_dev.project.cloudformation import FUNCTION, NoValueError, UnresolvableError, read_template
from exh_dev.project.function_code import quoted, read_function_code
from exh_dev.project.function_spec import (
    ARCHITECTURES,
    EXECUTION_PERMISSIONS,
    KINDS,
    LOG_FORMATS,
    LOG_LEVELS,
    TARGETS,
    Architecture,
    ExecutionCredentials,
    FunctionSpec,
    Kind,
    LogFormat,
    RetryPolicy,
    Schedule,
    Target,
    Variable,
)
from exh_dev.suggestions import did_you_mean
from extrahorizon.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from exh_dev.project.cloudformation import Entry, Section, Template

_METADATA = (
    "name",
    "targets",
    "kind",
    "executionPermission",
    "defaultPriority",
    "retryPolicy",
    "executionCredentials",
    "schedule",
    "environment",
    "events",
)
LONGEST_NAME = 64  # characters
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_RULE = f"small letters and digits in words joined by `-`, such as hello-world, at most {LONGEST_NAME} long"
_EXH_TIMEOUT = (3, 300)  # seconds
_AWS_TIMEOUT = (1, 900)  # seconds, Lambda's limits
_API_TIMEOUT = 30
_MEMORY = (128, 10240)  # MB
SHORTEST_INTERVAL = 60  # seconds
# What SAM takes for a property that is not given.
_SAM_TIMEOUT = 3
_SAM_MEMORY = 128  # MB, SAM's default
_LAMBDAS_BATCH = 10  # messages, unless the mapping says another number


@dataclass(frozen=True)
class Manifest:
    """The functions of a template, in its order.

    Attributes:
        path: the file.
        functions: those that can be used.
        others: the logical ids of SAM functions that are not ours.
        errors: what is wrong with functions that cannot be used.
        template: what all of this was read from.
    """

    path: Path
    functions: tuple[FunctionSpec, ...]
    others: tuple[str, ...] = ()
    errors: tuple[ManifestError, ...] = ()
    template: Template | None = None

    def function(self, name: str) -> FunctionSpec:
        """Return the function called `name`: `hello-world`, `hello_world`, `HelloWorld`, or its logical id.

        Raises:
            UsageError: it is unknown; the message has the closest name and lists all.
        """
        wanted = folded(name)
        by_spelling = {folded(spec.logical_id): spec for spec in self.functions}
        by_spelling.update({folded(spec.name): spec for spec in self.functions})
        if found := by_spelling.get(wanted):
            return found
        if other := next((other for other in self.others if folded(other) == wanted), None):
            raise UsageError(f"{other} in {self.path} has no Metadata: ExtraHorizon: name and targets make it ours")
        names = [spec.name for spec in self.functions]
        hint = did_you_mean(name.replace("_", "-"), names)
        raise UsageError(f"{self.path} has no function `{name}`{hint}; there are: {', '.join(names) or 'none'}")


def load_manifest(path: Path) -> Manifest:
    """Read and check a template. Environment values are checked on use.

    Raises:
        UsageError: the file does not exist or cannot be read.
        ManifestError: it breaks a rule; the error has the line.
    """
    return without_errors(read_manifest(path))


def without_errors(manifest: Manifest) -> Manifest:
    """Return the manifest, of which every function can be used.

    Raises:
        ManifestError: one cannot; the first of them.
    """
    for error in manifest.errors:
        raise error
    return manifest


def read_manifest(path: Path, parameters: Mapping[str, str] | None = None) -> Manifest:
    """Read a template. Functions that break a rule are in its errors instead of its functions.

    Args:
        path: the file.
        parameters: values of its parameters, which override their defaults.

    Raises:
        UsageError: the file does not exist or cannot be read.
        ManifestError: it is not a template.
    """
    template = read_template(path, parameters)
    resources = template.root.required("Resources")
    sam = template.root.section("Globals")
    defaults = sam.section("Function") if sam else None
    functions: dict[str, FunctionSpec] = {}
    others: list[str] = []
    errors: list[ManifestError] = []
    for logical_id in resources.own:
        kind = template.find("Resources", logical_id, "Type")
        if kind is None or kind.value != FUNCTION:
            continue
        if template.find("Resources", logical_id, "Metadata", "ExtraHorizon") is None:
            others.append(logical_id)
            continue
        try:
            spec = _read_function(logical_id, resources.required(logical_id), defaults)
        except ManifestError as error:
            errors.append(error)
            continue
        twin = functions.setdefault(folded(spec.name), spec)
        if twin is not spec:
            taken = f"{twin.logical_id} at line {twin.line} is already called `{twin.name}`"
            message = f"{logical_id}: the name `{spec.name}` is not unique, {taken}; rename one of them"
            errors.append(ManifestError(path, spec.line, message))
    return Manifest(path, tuple(functions.values()), tuple(others), tuple(errors), template)


def folded(name: str) -> str:
    """Return what all spellings of a name have in common."""
    return name.replace("-", "").replace("_", "").lower()


def _read_function(logical_id: str, resource: Section, defaults: Section | None) -> FunctionSpec:
    resource = replace(resource, title=logical_id)
    meta = resource.required("Metadata").required("ExtraHorizon")
    meta.only(*_METADATA)
    own = resource.section("Properties")
    settings = replace(resource, own=own.own if own else {}, base=defaults)
    logging = settings.section("LoggingConfig")
    environment = settings.section("Environment")
    targets: tuple[Target, ...] | None = meta.choices("targets", TARGETS)
    if not targets:
        raise meta.error("targets is missing or empty; say where it is deployed: exh, aws or both", "targets")
    given_kind: Kind | None = meta.choice("kind", KINDS)
    kind = given_kind or "task"
    log_format: LogFormat | None = logging.choice("LogFormat", LOG_FORMATS) if logging else None
    name = _read_name(meta)
    code = read_function_code(resource, settings)
    return FunctionSpec(
        path=resource.template.path,
        line=resource.line,
        logical_id=logical_id,
        name=name,
        handler=code.handler,
        code=code.folder,
        image=code.is_image,
        description=settings.text("Description") or "",
        runtime=code.runtime,
        architecture=_read_architecture(settings),
        timeout=_read_timeout(settings, targets, kind),
        memory=_read_memory(settings),
        log_format=log_format or "Text",
        log_level=logging.choice("ApplicationLogLevel", LOG_LEVELS) if logging else None,
        targets=targets,
        kind=kind,
        execution_permission=meta.choice("executionPermission", EXECUTION_PERMISSIONS),
        default_priority=meta.integer("defaultPriority"),
        retry_policy=_read_retry_policy(meta),
        execution_credentials=_read_execution_credentials(meta),
        schedule=_read_schedule(meta, kind),
        events=meta.texts("events") or (),
        queue_batch=_read_queue_batch(settings.section("Events")),
        template_variables=_read_variables(environment.section("Variables") if environment else None),
        exh_variables=_read_variables(meta.section("environment")),
    )


def _read_name(meta: Section) -> str:
    name = meta.text("name")
    if not name or not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise meta.error(f"name is {quoted(name)}; it must be {NAME_RULE}", "name")
    return name


def _read_architecture(settings: Section) -> Architecture:
    found: tuple[Architecture, ...] | None = settings.choices("Architectures", ARCHITECTURES)
    if found is None:
        return "x86_64"
    if len(found) != 1:
        raise settings.error(f"Architectures must hold exactly one of {' and '.join(ARCHITECTURES)}", "Architectures")
    return found[0]


def _read_timeout(settings: Section, targets: tuple[Target, ...], kind: Kind) -> int:
    found = settings.integer("Timeout")
    timeout = _SAM_TIMEOUT if found is None else found
    shortest, longest = _EXH_TIMEOUT if "exh" in targets else _AWS_TIMEOUT
    judge, reason = ("Extra Horizon", "; targets has exh") if "exh" in targets else ("AWS Lambda", "")
    if kind == "api" and timeout > _API_TIMEOUT:
        longest, judge, reason = _API_TIMEOUT, "kind: api", ", because direct and API calls stop there"
    if not shortest <= timeout <= longest:
        message = f"Timeout is {timeout} s; {judge} allows {shortest} to {longest} s{reason}"
        raise settings.error(message, "Timeout")
    return timeout


def _read_memory(settings: Section) -> int:
    found = settings.integer("MemorySize")
    memory = _SAM_MEMORY if found is None else found
    least, most = _MEMORY
    if not least <= memory <= most:
        raise settings.error(f"MemorySize is {memory} MB; a function can have {least} to {most} MB", "MemorySize")
    return memory


def _read_retry_policy(meta: Section) -> RetryPolicy | None:
    section = meta.section("retryPolicy")
    if section is None:
        return None
    section.only("enabled", "errorsToRetry")
    enabled = section.flag("enabled")
    if enabled is None:
        raise section.error("enabled is missing; it is true or false")
    return RetryPolicy(enabled, section.texts("errorsToRetry") or ())


def _read_execution_credentials(meta: Section) -> ExecutionCredentials | None:
    section = meta.section("executionCredentials")
    if section is None:
        return None
    section.only("permissions", "email")
    permissions = section.texts("permissions")
    if permissions is None:
        raise section.error("permissions is missing; list the permissions of the function's user, [] for none")
    return ExecutionCredentials(permissions, section.text("email"))


def _read_schedule(meta: Section, kind: Kind) -> Schedule | None:
    section = meta.section("schedule")
    if section is None:
        if kind == "schedule":
            raise meta.error("kind: schedule needs `schedule: {interval: SECONDS}`", "kind")
        return None
    if kind != "schedule":
        raise meta.error(f"schedule requires kind: schedule, but kind is {kind}", "schedule")
    section.only("interval", "start")
    interval = section.integer("interval")
    if interval is None or interval < SHORTEST_INTERVAL:
        found = "missing" if interval is None else f"{interval} s"
        raise section.error(f"interval is {found}; it must be {SHORTEST_INTERVAL} seconds or more", "interval")
    start = section.text("start")
    try:
        _ = start is None or parse(start)
    except ValueError:
        raise section.error(f"start is `{start}`; it must be a time such as 2026-01-15T05:00:00Z", "start") from None
    return Schedule(interval, start)


def _read_queue_batch(events: Section | None) -> int | None:
    for name in events.own if events else ():
        event = events.section(name) if events else None
        if event and event.text("Type") == "SQS":
            properties = event.section("Properties")
            return (properties.integer("BatchSize") if properties else None) or _LAMBDAS_BATCH
    return None


def _read_variables(section: Section | None) -> tuple[Variable, ...]:
    if section is None:
        return ()
    found = (_read_variable(section, name, entry) for name, entry in section.entries())
    return tuple(variable for variable in found if variable is not None)


def _read_variable(section: Section, name: str, entry: Entry) -> Variable | None:
    try:
        return Variable(name, entry.line, text=section.template.text(entry.node))
    except NoValueError:
        return None
    except UnresolvableError as error:
        return Variable(name, entry.line, problem=f"{error}; {error.remedy}")
