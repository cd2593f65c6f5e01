"""A project on the local platform: its functions run there, its configuration is loaded, its seeds are sown."""

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
    tell: Callable[[str], None],
    shown: LocalProject | None = None,
    *,
    in_part: bool = False,
    is_configured: bool = False,
) -> Configuration | None:
    """Start a platform with a project's functions and its configuration; with nothing, without a project. `shown` is
    the project as the control center has it. `tell` gets a sentence for what cannot be served, and for each schema that
    was another one on the platform; not for what is found without a platform (`exh_dev.checking`). `in_part`, files of
    the configuration that have a mistake are left out. `is_configured` says that the platform has all of it already.

    Returns:
        The configuration that was loaded; None where there is nothing to load.

    Raises:
        DevkitError: the configuration has a mistake; nothing has been started then.
    """
    if is_configured:
        platform.start(own_functions(platform, tell, project) if project else (), shown)
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
    platform.start(own_functions(platform, tell, project) if project else (), shown)
    if project and configuration and not configuration.is_empty:
        exh = client_of(platform.environment_without_faults())
        known = exh.data.schemas.find_all() if configuration.schemas else []
        for name, file, members in outranking.changed_schemas(configuration, project.root, known):
            tell(f"the schema {name} of the platform is another than {file} in {', '.join(members)}; the file wins")
        try:
            load(configuration, platform)
        except DevkitError as error:
            if not in_part:
                raise
            tell(str(error))
    return configuration


def schedule(platform: LocalPlatform, project: Project, tell: Callable[[str], None]) -> None:
    """See to it that the functions of a project run by the schedules that the manifest has for them, not by old ones.

    `tell` gets a sentence for a schedule that stays although it may not be meant to.

    Raises:
        DevkitError: the manifest cannot be used.
    """
    from exh_dev.remote import schedules

    exh = client_of(platform.environment_without_faults())
    plan = schedules.read_plan(project.manifest, exh, prune=True)
    for _ in schedules.apply(plan.steps, exh):
        pass
    for sentence in plan.notes():
        tell(sentence)


def load(configuration: Configuration, platform: LocalPlatform) -> None:
    """Bring a running platform to what a configuration says.

    Raises:
        DevkitError: the platform does not take something that the checks have let through.
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
    """Put on the platform what `events/<name>.seed.json` says, if there is one.

    Raises:
        DevkitError: the seed cannot be sown.
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
    """Give a function the user that its `executionCredentials` describe, and return the variables that it gets.

    Without `executionCredentials` there are no credentials, as on a cluster. One for AWS alone has those of its secret.
    Of the local SideFX a function hears when a `SIDEFX_*` variable of its own says that it calls the real one. When it
    may be called: see `LocalPlatform.grant`.
    """
    found: dict[str, str] = {}
    credentials = spec.execution_credentials
    if credentials or "exh" not in spec.targets:
        permissions, email = (credentials.permissions, credentials.email) if credentials else ((), None)
        platform.grant(spec.name, permissions, email)
        found = platform.function_environment(spec.name)
    elif spec.has_credentials_of_its_own:
        # Those are a cluster's, where nothing that runs here may call; what their user may do there is not known.
        found = platform.environment()
    if any(each.name in platform.sidefx_environment() for each in (*spec.template_variables, *spec.exh_variables)):
        found |= platform.sidefx_environment()
    return found


def own_functions(platform: LocalPlatform, tell: Callable[[str], None], project: Project) -> list[OwnFunction]:
    """Return the functions for Extra Horizon of a project, each with the credentials of its own user.

    Args:
        platform: where they run; not started yet, or this is its own thread.
        tell: gets a sentence for what cannot be served and only shows itself here, such as a variable that is not set.
        project: whose functions.
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
                tell(f"{spec.name} is not served: {error}")
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
