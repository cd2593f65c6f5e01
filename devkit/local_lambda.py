"""Functions for AWS alone, beside a served platform: with their secret, their queue, and what feeds them from it.

Local AWS takes a second to start, so that it begins with the first function that needs it.
"""

from __future__ import annotations

from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any

from devkit.aws import LocalAws, WorkQueue, hidden_for, uses_work_queue
from devkit.aws_secrets import grant_for_secrets, put_secrets
from devkit.event_source_mapping import EventSourceMapping
from devkit.runnable import function_of
from devkit.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkit.local import LocalPlatform
    from devkit.manifest import FunctionSpec
    from devkit.project import Project
    from devkit.runtime import Invocation, LogLine

_WINDOW = 1.0  # seconds in which a batch may become full
_AT_ONCE = 2  # batches


class LocalLambda:
    """Runs the functions of a project whose targets do not name `exh`. From any thread."""

    def __init__(self, platform: LocalPlatform, project: Project, specs: Sequence[FunctionSpec]) -> None:
        """Know what to run; nothing is started."""
        self._platform = platform
        self._project = project
        self._specs = {spec.name: spec for spec in specs}
        self._lock = Lock()
        self._runtime: Runtime | None = None
        self._resources = ExitStack()

    def __contains__(self, function: str) -> bool:
        """Whether it runs this function."""
        return function in self._specs

    def invoke(self, function: str, event: Any, request_id: str, on_line: Callable[[LogLine], None]) -> Invocation:
        """Run a function.

        Raises:
            DevkitError: it cannot run.
        """
        return self._started().invoke(function, event, request_id=request_id, on_line=on_line)

    def close(self) -> None:
        """Stop everything; what runs is killed."""
        with self._lock:
            self._runtime = None
            self._resources.pop_all().close()

    def _started(self) -> Runtime:
        with self._lock:
            if self._runtime is None:
                with ExitStack() as resources:
                    self._runtime = self._start(resources)
                    self._resources = resources.pop_all()
            return self._runtime

    def _start(self, resources: ExitStack) -> Runtime:
        specs = list(self._specs.values())
        aws = resources.enter_context(LocalAws())
        secrets = self._platform.call(lambda: grant_for_secrets(self._platform, specs))
        put_secrets(self._platform, aws, secrets)
        queue = aws.create_work_queue(hidden=hidden_for(specs)) if any(map(uses_work_queue, specs)) else None
        injected = {**aws.environment(), **(queue.environment() if queue else {})}
        functions = [function_of(self._project, spec, "secret", injected, {}) for spec in specs]
        runtime = resources.enter_context(Runtime(functions))
        for spec in specs if queue else ():
            if spec.queue_batch is not None and queue is not None:
                resources.enter_context(self._mapping(spec, spec.queue_batch, aws, queue))
        return runtime

    def _mapping(self, spec: FunctionSpec, batch: int, aws: LocalAws, queue: WorkQueue) -> EventSourceMapping:
        return EventSourceMapping(
            aws.client("sqs"),
            queue.url,
            lambda event: self._platform.run_on_aws(spec.name, event),
            timeout=spec.timeout,
            batch_size=batch,
            batching_window=_WINDOW,
            maximum_concurrency=_AT_ONCE,
        )
