"""The specification of a function in `template.yaml`, and its environment variables for each target.

FunctionSpec.environment()   its variables as a plain mapping
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from exh_dev.errors import ManifestError, UnsetVariableError
from extrahorizon.settings import EXTENSION_PORT, HOST, OAUTH_NAMES, SECRET_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Target = Literal["exh", "aws"]
Kind = Literal["task", "api", "event", "schedule"]
ExecutionPermission = Literal["permissionRequired", "allUsers", "public"]
Architecture = Literal["x86_64", "arm64"]
LogFormat = Literal["JSON", "Text"]
LogLevel = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]

TARGETS: tuple[Target, ...] = get_args(Target)
KINDS: tuple[Kind, ...] = get_args(Kind)
EXECUTION_PERMISSIONS: tuple[ExecutionPermission, ...] = get_args(ExecutionPermission)
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
LOG_FORMATS: tuple[LogFormat, ...] = get_args(LogFormat)
LOG_LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)

CREDENTIAL_VARIABLES = (HOST, *OAUTH_NAMES)
"""Variables that the official CLI sets itself for a function with `executionCredentials`."""

_OF_AWS = (SECRET_ID, EXTENSION_PORT, "AWS_LAMBDA_EXEC_WRAPPER")
"""Variables for AWS only: the secret with the credentials, and the wrapper program of a layer.

Extra Horizon reads no AWS secrets and has no layers, so a function with the wrapper's variable would not start.
"""

ENVIRONMENT_LIMIT = 4096
"""The bytes (UTF-8) all names and values of a function's variables may take together, here and in AWS."""

REFERENCE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
"""`$NAME`, a reference to the variable of that name."""

_OVERLAY = "Metadata: ExtraHorizon: environment"


@dataclass(frozen=True)
class RetryPolicy:
    """Policy for retries of a failed task; empty `errors_to_retry` means after every error."""

    enabled: bool
    errors_to_retry: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExecutionCredentials:
    """The user created for a function: its permissions, and its e-mail address if not the default."""

    permissions: tuple[str, ...]
    email: str | None = None


@dataclass(frozen=True)
class Schedule:
    """Run every `interval` seconds, from `start` (a time in ISO 8601, UTC unless it says) or from deployment on."""

    interval: int
    start: str | None = None


@dataclass(frozen=True)
class Variable:
    """An environment variable: its value, or the error that prevents one."""

    name: str
    line: int
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class FunctionSpec:
    """The manifest's description of a function. `timeout` is in seconds, `memory` in MB, `line` is the resource's."""

    path: Path
    line: int
    logical_id: str
    name: str
    handler: str
    """`handlers.whoami.handler`; for Node.js `src/index.handler`, relative to `code`."""
    code: str | None
    """The folder of a Node.js function's code, relative to the project.

    None for Python, where it is the project's folder.
    """
    image: bool
    """Whether it is deployed as a container image, which Extra Horizon's staff set up instead of the official CLI."""
    description: str
    runtime: str
    architecture: Architecture
    timeout: int
    memory: int
    log_format: LogFormat
    log_level: LogLevel | None
    targets: tuple[Target, ...]
    kind: Kind
    execution_permission: ExecutionPermission | None
    default_priority: int | None
    retry_policy: RetryPolicy | None
    execution_credentials: ExecutionCredentials | None
    schedule: Schedule | None
    events: tuple[str, ...]
    queue_batch: int | None
    """Batch size of its queue on AWS; None if it has no queue."""
    template_variables: tuple[Variable, ...] = field(repr=False)
    exh_variables: tuple[Variable, ...] = field(repr=False)

    @property
    def synced(self) -> bool:
        """Return whether the official CLI deploys the function, from its bundle and a `task-config.json`."""
        return "exh" in self.targets and not self.image

    @property
    def has_credentials_of_its_own(self) -> bool:
        """Return whether `environment` in its metadata sets credentials, which replace `executionCredentials`."""
        return any(each.name in CREDENTIAL_VARIABLES for each in self.exh_variables)

    @property
    def gets_credentials(self) -> bool:
        """Return whether it has credentials at run time: as a task from the manifest, on AWS from its secret."""
        return bool(self.execution_credentials) or self.has_credentials_of_its_own or "exh" not in self.targets

    def how_to_get_credentials(self) -> str:
        """Return what to write into the manifest where a function has no credentials."""
        return (
            f"{self.name} has no credentials, here as on a cluster; to give it some, write `executionCredentials: "
            f"{{permissions: []}}` into Metadata: ExtraHorizon: of {self.logical_id} ({self.path.name}:{self.line}), "
            "with the permissions that it needs"
        )

    def environment(
        self, target: Target, variables: Mapping[str, str], *, overrides: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return the function's variables on a target; `$VAR` in the manifest is looked up in `variables`.

        For `aws` these are the template's (Globals, then the function's own). For `exh` the credentials are left out,
        which the platform injects, with what is AWS's alone, and `Metadata: ExtraHorizon: environment` is laid
        over. `overrides` replace any of them unread, so they also help out where the template has no literal value.

        Raises:
            ManifestError: A variable has no literal value, `variables` lacks one, or all are too big together.
        """
        overrides = overrides or {}
        overlay = [each for each in self.exh_variables if target == "exh" and each.name not in overrides]
        elsewhere = (*CREDENTIAL_VARIABLES, *_OF_AWS) if target == "exh" else ()
        left_out = {*overrides, *elsewhere, *(each.name for each in overlay)}
        kept = [variable for variable in self.template_variables if variable.name not in left_out]
        found = {variable.name: self._literal(variable, target) for variable in kept}
        found.update((variable.name, self._overlaid(variable, variables)) for variable in overlay)
        found.update(overrides)
        size = sum(len(f"{name}{text}".encode()) for name, text in found.items())
        if size > ENVIRONMENT_LIMIT:
            message = f"the environment takes {size} bytes; names and values may take {ENVIRONMENT_LIMIT} together"
            raise self._error(self.line, f"{message}: move long values to a secret or a file")
        return found

    def _literal(self, variable: Variable, target: Target) -> str:
        if variable.problem:
            instead = "" if target == "aws" or variable in self.exh_variables else f", or set it in {_OVERLAY}"
            raise self._error(variable.line, f"variable {variable.name}: {variable.problem}{instead}")
        if target == "exh" and variable.text.startswith("$"):
            message = f"variable {variable.name}: `{variable.text}` may not begin with `$`, which Extra Horizon's tool"
            reason = "replaces by the variable of that name"
            raise self._error(variable.line, f"{message} {reason}; `$NAME` is allowed in {_OVERLAY}")
        return variable.text

    def _overlaid(self, variable: Variable, variables: Mapping[str, str]) -> str:
        if self.execution_credentials and variable.name in CREDENTIAL_VARIABLES:
            message = f"{variable.name} is not allowed in {_OVERLAY} next to executionCredentials, which set it"
            raise self._error(variable.line, f"{message}; remove one of the two")
        if not REFERENCE.fullmatch(variable.text):
            return self._literal(variable, "exh")
        wanted = variable.text[1:]
        if not (text := variables.get(wanted)):
            message = f"variable {variable.name} is taken from ${wanted}, which is not set or empty"
            remedy = f"set {wanted} in the shell or in .env"
            raise UnsetVariableError(self.path, variable.line, f"{self.logical_id}: {message}; {remedy}")
        return text

    def _error(self, line: int, message: str) -> ManifestError:
        return ManifestError(self.path, line, f"{self.logical_id}: {message}")
