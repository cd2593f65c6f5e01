"""A project that is served, as the control center shows it: its functions, their events, and what is wrong with it."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.project import replacing
from exh_dev.project.project import read_event
from exh_dev.serve import deploy, outranking

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from exh_dev.aws.functions import AwsFunctions
    from exh_dev.project.configuration.configuration import Configuration
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project
    from exh_dev.runtime import Invocation, LogLine
    from exh_dev.serve.local_platform import LocalPlatform

_MOST_RELOADS = 20  # the newest, which the control center lists


class ServedProject:
    """A project on a platform. Its methods may be called from any thread."""

    def __init__(self, platform: LocalPlatform, project: Project) -> None:
        """Wrap `project`; nothing is read yet."""
        self._platform = platform
        self._lock = Lock()
        self._project = project
        self._problems: list[dict[str, Any]] = []
        self._aws: AwsFunctions | None = None
        self._configuration: Configuration | None = None
        self._reloads: deque[dict[str, Any]] = deque(maxlen=_MOST_RELOADS)

    @property
    def name(self) -> str:
        """The name of the project's folder."""
        return self._project.root.name

    @property
    def root(self) -> Path:
        return self._project.root

    @property
    def project(self) -> Project:
        """The project, as it was read last."""
        return self._project

    def become(self, project: Project) -> None:
        """Replace the project after a change of its manifest."""
        with self._lock:
            self._project = project
            aws = self._aws
        if aws:
            aws.renew(project)

    def renew_aws(self) -> None:
        """Reload the code of functions that target AWS only."""
        self.become(self._project)

    def close(self) -> None:
        """Stop what runs for AWS."""
        with self._lock:
            aws, self._aws = self._aws, None
        if aws:
            aws.close()

    def report(self, problems: list[dict[str, Any]]) -> None:
        """Show these problems from now on, and no others."""
        self._problems = problems

    def problems(self) -> list[dict[str, Any]]:
        """Return what was reported last."""
        return self._problems

    def reloaded(self, files: Sequence[str]) -> None:
        """Record a hot reload of these files."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._reloads.appendleft({"timestamp": now, "files": list(files), "problems": len(self._problems)})

    def reloads(self) -> list[dict[str, Any]]:
        """Return what was saved lately, the latest first."""
        return list(self._reloads)

    def loaded(self, configuration: Configuration | None) -> None:
        """Note that the platform has this configuration now."""
        self._configuration = configuration

    def changed_schemas(self, known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a problem for each of the platform's schemas that is another than its file was when it was loaded."""
        if self._configuration is None:
            return []
        return [
            {
                "file": file,
                "line": None,
                "message": f"the schema {name} was changed on the platform, in {', '.join(members)}: save the file, or "
                "start exh-dev serve again, for the file to win",
                "functions": [],
            }
            for name, file, members in outranking.changed_schemas(self._configuration, self.root, known)
        ]

    def functions(self) -> list[dict[str, Any]]:
        """Return what the manifest says of each function; none while it cannot be read, which is reported."""
        return [_described(self._project, spec) for spec in self._project.functions]

    def events(self, function: str) -> list[dict[str, Any]]:
        """Return the sample events. One that cannot be read has a `problem`."""
        spec = self._spec(function)
        if spec is None:
            return []
        try:
            paths = self._project.sample_events(spec)
        except DevkitError as error:
            return [{"name": f"{spec.name}.json", "event": {}, "problem": str(error)}]
        return [_sample(path) for path in paths]

    def seed(self, function: str) -> None:
        """Put the function's seed on the platform, if it has one.

        Raises:
            DevkitError: it cannot be sown.
        """
        spec = self._spec(function)
        if spec is not None:
            deploy.seed(self._platform, self._project, spec)

    def keep_event(self, function: str, case: str, event: Any, *, replace: bool) -> str:
        """Write an event as `events/NAME.CASE.json`, and return that path.

        Raises:
            DevkitError: the project has no such function, the file exists, or it cannot be written.
        """
        spec = self._spec(function)
        if spec is None:
            raise DevkitError(f"{function} is not a function of this project: a sample event belongs to one")
        path = self.root / "events" / f"{spec.name}.{case}.json"
        name = path.relative_to(self.root).as_posix()
        if path.exists() and not replace:
            raise DevkitError(f"{name} exists already: choose another name, or replace it")
        try:
            path.parent.mkdir(exist_ok=True)
            replacing.replace(path, json.dumps(event, indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise DevkitError(f"{name} cannot be written: {(error.strerror or '').lower()}") from error
        return name

    def runs_on_aws(self, function: str) -> bool:
        """Return whether it is for AWS alone."""
        spec = self._spec(function)
        return spec is not None and "exh" not in spec.targets

    def invoke_on_aws(
        self, function: str, event: Any, request_id: str, on_line: Callable[[LogLine], None]
    ) -> Invocation:
        """Run a function for AWS alone.

        Raises:
            DevkitError: it cannot run.
        """
        from exh_dev.aws.functions import AwsFunctions

        with self._lock:
            if self._aws is None:
                self._aws = AwsFunctions(self._platform, self._project)
            aws = self._aws
        return aws.invoke(function, event, request_id, on_line)

    def _spec(self, function: str) -> FunctionSpec | None:
        return next((spec for spec in self._project.functions if spec.name == function), None)


def _sample(path: Path) -> dict[str, Any]:
    try:
        return {"name": path.name, "event": read_event(path)}
    except DevkitError as error:
        return {"name": path.name, "event": {}, "problem": str(error)}


def _described(project: Project, spec: FunctionSpec) -> dict[str, Any]:
    credentials, policy, schedule = spec.execution_credentials, spec.retry_policy, spec.schedule
    triggers: list[dict[str, Any]] = []
    if spec.kind == "api":
        triggers.append({"type": "api", "path": f"/tasks/v1/api/{spec.name}/"})
    if spec.queue_batch is not None:
        triggers.append({"type": "queue", "batch": spec.queue_batch})
    if schedule and "exh" not in spec.targets:
        triggers.append({"type": "schedule", "interval": schedule.interval})
    return {
        "name": spec.name,
        "description": spec.description,
        "kind": spec.kind,
        "targets": list(spec.targets),
        "handler": spec.handler,
        "runtime": spec.runtime,
        "timeout": spec.timeout,
        "memory": spec.memory,
        "permissions": list(credentials.permissions) if credentials else None,
        "retry_policy": {
            "enabled": policy is not None and policy.enabled,
            "errorsToRetry": list(policy.errors_to_retry) if policy else [],
        },
        "variables": sorted({each.name for each in (*spec.template_variables, *spec.exh_variables)}),
        "seeded": project.seed(spec) is not None,
        "triggers": triggers,
    }
