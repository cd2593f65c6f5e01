"""Running functions on their events: which cases there are, what a function finds in its environment, what came out.

A case is one function, one event and one way to get credentials:

env      the five `API_*` variables, as an Extra Horizon task has them
secret   a Secrets Manager secret that `API_SECRET_ID` names, as on AWS
live     the developer's own credentials, for a real cluster
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from devkit.aws import LocalAws
from devkit.errors import UsageError
from devkit.local import LocalPlatform
from devkit.runtime import Function, Invocation, LogLine, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from devkit.manifest import FunctionSpec, Target
    from devkit.project import Project

CredentialSource = Literal["env", "secret", "live"]
_TARGET: dict[CredentialSource, Target] = {"env": "exh", "live": "exh", "secret": "aws"}


@dataclass(frozen=True)
class Case:
    """One invocation to make."""

    function: str
    event_name: str
    event: Any
    credentials: CredentialSource


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    case: Case
    invocation: Invocation

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return self.invocation.ok

    def failure(self) -> str:
        """The error's name and message; empty when the function returned."""
        error = self.invocation.error or {}
        return ": ".join(part for part in (error.get("errorType"), error.get("errorMessage")) if part)

    def as_json(self) -> dict[str, Any]:
        """For programs; durations in milliseconds, memory in MB, `init_ms` null when the worker was warm."""
        invocation = self.invocation
        return {
            "function": self.case.function,
            "event": self.case.event_name,
            "credentials": self.case.credentials,
            "status": "OK" if self.ok else "FAILED",
            "result": invocation.result,
            "error": invocation.error,
            "request_id": invocation.request_id,
            "duration_ms": round(invocation.duration * 1000, 1),
            "init_ms": None if invocation.init_duration is None else round(invocation.init_duration * 1000, 1),
            "memory_mb": invocation.peak_memory,
        }


def execute(
    project: Project,
    cases: Sequence[Case],
    *,
    overrides: Mapping[str, str],
    live: Mapping[str, str] | None = None,
    on_log: Callable[[str, LogLine], None],
) -> Iterator[Outcome]:
    """Run the cases one after another, against one ephemeral platform, or the real one that `live` is for.

    Args:
        project: where the functions are.
        cases: what to run.
        overrides: variables that replace any other, from `--env`.
        live: the five `API_*` variables of a real cluster, for cases with `live` credentials.
        on_log: gets the functions' log lines as they appear.

    Raises:
        UsageError: a function cannot run this way; nothing has run then.
    """
    with ExitStack() as stack:
        platform = None if live is not None else stack.enter_context(LocalPlatform())
        runtimes: dict[CredentialSource, Runtime] = {}
        for source in dict.fromkeys(case.credentials for case in cases):
            names = dict.fromkeys(case.function for case in cases if case.credentials == source)
            specs = [project.manifest.function(name) for name in names]
            injected = live if platform is None else _injected(source, platform, specs, stack)
            functions = [_function(project.root, spec, source, injected or {}, overrides) for spec in specs]
            runtimes[source] = stack.enter_context(Runtime(functions, on_log=on_log))
        # The first worker starts while the platform does.
        runtimes[cases[0].credentials].warm(cases[0].function)
        if platform is not None:
            platform.start()
        for case, following in zip(cases, [*cases[1:], None], strict=True):
            if following is not None and (following.function, following.credentials) != (
                case.function,
                case.credentials,
            ):
                runtimes[following.credentials].warm(following.function)
            yield Outcome(case, runtimes[case.credentials].invoke(case.function, case.event))


def _injected(
    source: CredentialSource, platform: LocalPlatform, specs: Sequence[FunctionSpec], stack: ExitStack
) -> dict[str, str]:
    credentials = {**platform.environment(), **platform.sidefx_environment()}
    if source == "env":
        return credentials
    aws = stack.enter_context(LocalAws())
    for secret_id in {_secret_id(spec) for spec in specs}:
        aws.put_secret(secret_id, credentials)
    return aws.environment()


def _secret_id(spec: FunctionSpec) -> str:
    secret_id = spec.environment("aws", os.environ).get("API_SECRET_ID", "")
    if not secret_id:
        raise UsageError(f"{spec.name} has no API_SECRET_ID in template.yaml, so there is no secret to read")
    return secret_id


def _function(
    root: Path, spec: FunctionSpec, source: CredentialSource, injected: Mapping[str, str], overrides: Mapping[str, str]
) -> Function:
    target = _TARGET[source] if _TARGET[source] in spec.targets else spec.targets[0]
    return Function(
        name=spec.name,
        handler=spec.handler,
        task_root=root,
        timeout=spec.timeout,
        memory=spec.memory,
        environment=spec.environment(target, os.environ, overrides={**injected, **overrides}),
        runtime=spec.runtime,
        log_format=spec.log_format,
        log_level=spec.log_level,
    )
