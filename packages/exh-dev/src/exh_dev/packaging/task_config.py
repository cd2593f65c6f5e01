"""`task-config.json`: a function as Extra Horizon's official CLI reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exh_dev.errors import ManifestError
from exh_dev.project.function_spec import CREDENTIAL_VARIABLES, ENVIRONMENT_LIMIT

if TYPE_CHECKING:
    from exh_dev.project.function_spec import FunctionSpec

BUNDLE = "bundle"
_TOKEN = 40  # characters of a key or token
_HOST = 60  # characters, more than a cluster's address has


def task_config(spec: FunctionSpec, runtime: str) -> dict[str, Any]:
    """Return the `task-config.json` of a function, whose bundle is in the folder `bundle` next to it.

    Everything the manifest can say is written out, because the CLI leaves missing members unchanged: a value once set
    on the cluster would stay. (A priority of 0 stays out of what it sends all the same: one that was set goes back to 0
    only through the API.) Variables that the manifest takes from `$NAME` stay `$NAME`: the CLI substitutes them at `exh
    sync`, so that no secret is written into `build/`.

    Args:
        spec: the function.
        runtime: the bundle's runtime.

    Raises:
        ManifestError: a variable has no value, or the CLI does not support a setting.
    """
    references = {each.text[1:]: each.text for each in spec.exh_variables if each.text.startswith("$")}
    environment = spec.environment("exh", references)
    if spec.execution_credentials:
        _check_room(spec, environment)
    config: dict[str, Any] = {
        "name": spec.name,
        "description": spec.description or spec.name,
        "path": f"./{BUNDLE}",
        "entryPoint": spec.handler,
        "runtime": runtime,
        "timeLimit": spec.timeout,
        "memoryLimit": spec.memory,
        "executionPermission": spec.execution_permission or "permissionRequired",
        "defaultPriority": spec.default_priority or 0,
        "environment": environment,
        "retryPolicy": {"enabled": False},
    }
    if spec.retry_policy:
        config["retryPolicy"] = {
            "enabled": spec.retry_policy.enabled,
            "errorsToRetry": list(spec.retry_policy.errors_to_retry),
        }
    if credentials := spec.execution_credentials:
        email = {"email": credentials.email} if credentials.email else {}
        config["executionCredentials"] = {"permissions": list(credentials.permissions), **email}
    _refuse_dollars(spec, {name: value for name, value in config.items() if name != "environment"})
    return config


def _check_room(spec: FunctionSpec, environment: dict[str, str]) -> None:
    own = sum(len(f"{name}{text}".encode()) for name, text in environment.items())
    credentials = sum(map(len, CREDENTIAL_VARIABLES)) + 4 * _TOKEN + _HOST
    if own + credentials > ENVIRONMENT_LIMIT:
        raise ManifestError(
            spec.path,
            spec.line,
            f"{spec.logical_id}: its variables take {own} bytes, and the credentials that the CLI adds about "
            f"{credentials}; {ENVIRONMENT_LIMIT} is the most for all together",
        )


def _refuse_dollars(spec: FunctionSpec, value: Any) -> None:
    """Refuse `$` at the beginning of a string, which the CLI takes for the name of a variable in any case."""
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_dollars(spec, each)
    if isinstance(value, str) and value.startswith("$"):
        message = (
            f"{spec.logical_id}: `{value}` begins with `$`, which Extra Horizon's tool takes for a variable's name"
        )
        raise ManifestError(spec.path, spec.line, f"{message}; write it otherwise")
