"""Deploy a project to the local platform: functions, configuration and seeds."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError, UnsetVariableError, UsageError
from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.project.project import read_event
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.client import client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exh_dev.control_center.context import LocalProject
    from exh_dev.project.configuration.configuration import Configuration
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project
    from exh_dev.serve.local_platform import LocalPlatform


def start(
    platform: LocalPlatform,
    project: Project | None,
    warn: Callable[[str], None],
    shown: LocalProject | None = None,
    *,
    in_part: bool = False,
    is_configured: bool = False,
) -> Configuration | None:
    """Start a platform, with a project's functions and configuration if there is a project.

    `shown` is the project as the control center has it. `warn` is called with a message for what cannot be served and
    for each schema that differed on the platform, but not for findings of `exh_dev.checking`. With `in_part`, files of
    the configuration with a mistake are left out. `is_configured` means that the platform has the configuration
    already.

    Returns:
        The configuration that was loaded; None if there is none.

    Raises:
        DevkitError: the configuration has a mistake; nothing was started.
    """
    if is_configured:
        platform.start(own_functions(platform, warn, project) if project else (), shown)
        return None
    from exh_dev.project.configuration.configuration import read_configuration
    from exh_dev.serve import outranking

    configuration = read_configuration(project) if project else None
    if project and configuration and configuration.problems:
        if not in_part:
            from exh_dev.checking.configuration import of_problem
            from exh_dev.checking.inspection import Inspection

            first, *others = configuration.problems
            more = f", and {len(others)} more problem{'s' * (len(others) > 1)}" if others else ""
            raise DevkitError(f"{of_problem(Inspection(project), first)}{more}; `exh-dev check` lists them")
        configuration = configuration.without_broken()
    platform.start(own_functions(platform, warn, project) if project else (), shown)
    if project and configuration and not configuration.is_empty:
        exh = client_of(platform.environment_without_faults())
        known = exh.data.schemas.find_all() if configuration.schemas else []
        for name, file, members in outranking.changed_schemas(configuration, project.root, known):
            warn(f"the schema {name} of the platform is another than {file} in {', '.join(members)}; the file wins")
        try:
            load(configuration, platform)
        except DevkitError as error:
            if not in_part:
                raise
            warn(str(error))
    return configuration


def schedule(platform: LocalPlatform, project: Project, note: Callable[[str], None]) -> None:
    """Replace a project's schedules with those of the manifest.

    `note` is called with a message for a schedule that stays although it may be unwanted.

    Raises:
        DevkitError: the manifest cannot be used.
    """
    from exh_dev.remote import schedules

    exh = client_of(platform.environment_without_faults())
    plan = schedules.read_plan(project.manifest, exh, prune=True)
    for _ in schedules.apply(plan.steps, exh):
        pass
    for sentence in plan.notes():
        note(sentence)


def load(configuration: Configuration, platform: LocalPlatform) -> None:
    """Load a configuration into a running platform.

    Raises:
        DevkitError: the platform rejects something that passed the checks.
    """
    from exh_dev.project.configuration import loading
    from extrahorizon.errors import PlatformError

    try:
        loading.load(configuration, client_of(platform.environment_without_faults()))
    except PlatformError as error:
        raise DevkitError(f"the project's configuration cannot be loaded: {error}: {error.message}") from error
    except (TypeError, ValueError) as error:  # the client refuses to send it
        raise DevkitError(f"the project's configuration cannot be loaded: {error}") from error


def seed(platform: LocalPlatform, project: Project, spec: FunctionSpec) -> None:
    """Load `events/<name>.seed.json` into the platform, if it exists.

    Raises:
        DevkitError: the seed cannot be loaded.
    """
    path = project.seed(spec)
    if path is None:
        return
    import http.client
    from urllib.parse import urlsplit

    from exh_dev.project.seed_files import with_contents

    body = json.dumps(with_contents(read_event(path), path))
    connection = http.client.HTTPConnection(urlsplit(platform.url).netloc, timeout=30)
    try:
        connection.request("POST", "/_dev/seed", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        raise DevkitError(f"{path}: {json.loads(content)['message']}")


def injected(platform: LocalPlatform, spec: FunctionSpec) -> dict[str, str]:
    """Create the user of a function's `executionCredentials`, and return the function's variables.

    Without `executionCredentials` there are no credentials, as on a cluster. A function that targets only AWS has those
    of its secret. It gets the local SideFX's variables if it has a `SIDEFX_*` variable of its own. See
    `LocalPlatform.grant` for when to call this.
    """
    found: dict[str, str] = {}
    credentials = spec.execution_credentials
    if credentials or "exh" not in spec.targets:
        permissions, email = (credentials.permissions, credentials.email) if credentials else ((), None)
        platform.grant(spec.name, permissions, email)
        found = platform.function_environment(spec.name)
    elif spec.has_credentials_of_its_own:
        # These are a cluster's credentials, which must not be used by local runs; their permissions are unknown here.
        found = platform.environment()
    if any(each.name in platform.sidefx_environment() for each in (*spec.template_variables, *spec.exh_variables)):
        found |= platform.sidefx_environment()
    return found


def own_functions(platform: LocalPlatform, warn: Callable[[str], None], project: Project) -> list[OwnFunction]:
    """Return the functions for Extra Horizon of a project, each with the credentials of its own user.

    Args:
        platform: the platform, not started yet or on its own thread.
        warn: called with a message for a problem that only appears here, such as an unset variable.
        project: the project.
    """
    try:
        specs = project.manifest.functions
    except DevkitError:  # which `exh_dev.checking` finds
        return []
    found = []
    for spec in specs:
        if "exh" not in spec.targets:
            continue
        try:
            found.append(_own_function(project, spec, injected(platform, spec)))
        except DevkitError as error:
            if isinstance(error, UnsetVariableError) or not isinstance(error, UsageError):
                warn(f"{spec.name} is not served: {error}")
    return found


def _own_function(project: Project, spec: FunctionSpec, variables: Mapping[str, str]) -> OwnFunction:
    options: dict[str, Any] = {}
    if spec.execution_permission is not None:
        options["permissionMode"] = spec.execution_permission
    if spec.default_priority is not None:
        options["defaultPriority"] = spec.default_priority
    policy: dict[str, Any] = {}
    if spec.retry_policy is not None:
        policy["enabled"] = spec.retry_policy.enabled
        if spec.retry_policy.errors_to_retry:
            policy["errorsToRetry"] = list(spec.retry_policy.errors_to_retry)
    return OwnFunction(
        function_of(project, spec, "env", variables, {}),
        description=spec.description,
        execution_options=options,
        retry_policy=policy,
    )
