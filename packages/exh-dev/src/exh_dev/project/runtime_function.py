"""A function of the manifest as the runtime runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from exh_dev.runtime import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exh_dev.project.function_spec import FunctionSpec, Target
    from exh_dev.project.project import Project

CredentialSource = Literal["env", "secret", "live"]
_TARGET: dict[CredentialSource, Target] = {"env": "exh", "live": "exh", "secret": "aws"}


def function_of(
    project: Project,
    spec: FunctionSpec,
    source: CredentialSource,
    injected: Mapping[str, str],
    overrides: Mapping[str, str],
) -> Function:
    """Return what to run.

    Args:
        project: whose function.
        spec: the function.
        source: where it gets its credentials from. That says which variables of the manifest it has: those of a task,
            or those on AWS.
        injected: variables that the platform sets.
        overrides: variables that replace any other.

    Raises:
        ManifestError: a variable has no value.
        UsageError: the project's `.env` cannot be read.
    """
    target = _TARGET[source] if _TARGET[source] in spec.targets else spec.targets[0]
    return Function(
        name=spec.name,
        handler=spec.handler,
        task_root=project.root / (spec.code or ""),
        timeout=spec.timeout,
        memory=spec.memory,
        environment=spec.environment(target, project.variables(), overrides={**injected, **overrides}),
        runtime=spec.runtime,
        log_format=spec.log_format,
        log_level=spec.log_level,
        without_credentials="" if source != "env" or spec.gets_credentials else spec.how_to_get_credentials(),
    )
