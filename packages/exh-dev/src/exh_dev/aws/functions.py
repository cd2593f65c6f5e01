"""Functions that target AWS only, run next to a served platform with their secret, queue and event source mapping.

Local AWS takes a second to start, so it starts with the first function that needs it and keeps running with its queue.
A change of the code or the manifest replaces only the workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from exh_dev.aws.event_source_mapping import EventSourceMapping
from exh_dev.aws.secrets import grant_for_secrets, put_secrets
from exh_dev.aws.secrets_extension import SecretsExtension
from exh_dev.aws.services import LocalAws, WorkQueue, hidden_for, uses_work_queue
from exh_dev.errors import DevkitError
from exh_dev.extras import has_aws
from exh_dev.project.runtime_function import function_of
from exh_dev.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exh_dev.aws.platform import ServingPlatform
    from exh_dev.project.function_spec import FunctionSpec
    from exh_dev.project.project import Project
    from exh_dev.runtime import Invocation, LogLine

_WINDOW = 1.0  # seconds in which a batch may become full
_AT_ONCE = 2  # batches


class AwsFunctions:
    """Runs the functions of a project whose targets do not name `exh`. From any thread."""

    def __init__(self, platform: ServingPlatform, project: Project) -> None:
        self._platform = platform
        self._project = project
        self._lock = Lock()
        self._closed = False
        self._workers: _Workers | None = None
        self._aws: LocalAws | SecretsExtension | None = None
        self._queue: WorkQueue | None = None
        self._mappings: dict[tuple[str, int, int], EventSourceMapping] = {}

    def invoke(self, function: str, event: Any, request_id: str, on_line: Callable[[LogLine], None]) -> Invocation:
        """Run a function.

        Raises:
            DevkitError: it cannot run, or is stopped.
        """
        with self._lock:
            workers = self._started()
            workers.running += 1
        try:
            return workers.runtime.invoke(function, event, request_id=request_id, on_line=on_line)
        finally:
            with self._lock:
                workers.running -= 1
                idle = workers.retired and not workers.running
            if idle:
                workers.runtime.close()

    def renew(self, project: Project) -> None:
        """Start new workers for `project`; current invocations finish."""
        with self._lock:
            self._project = project
            workers, self._workers = self._workers, None
            if workers is None:
                return
            workers.retired = True
            idle = not workers.running
        if idle:
            workers.runtime.close()

    def close(self) -> None:
        """Stop everything; running invocations are killed."""
        with self._lock:
            self._closed = True
            workers, aws, mappings = self._workers, self._aws, list(self._mappings.values())
        if workers:
            workers.runtime.close()  # first, so that no poller waits for a batch
        for mapping in mappings:
            _stop(mapping)
        if aws:
            aws.__exit__(None, None, None)

    def _started(self) -> _Workers:
        if self._closed:
            raise DevkitError("the functions for AWS were stopped")
        if self._workers is None:
            specs = [spec for spec in self._project.manifest.functions if "exh" not in spec.targets]
            aws = self._local_aws(needs_queue=any(map(uses_work_queue, specs)))
            secrets = self._platform.call(lambda: grant_for_secrets(self._platform, specs))
            put_secrets(self._platform, aws, secrets)
            if self._queue is None and isinstance(aws, LocalAws) and any(map(uses_work_queue, specs)):
                self._queue = aws.create_work_queue(hidden=hidden_for(specs))
            injected = {**aws.environment(), **(self._queue.environment() if self._queue else {})}
            functions = [function_of(self._project, spec, "secret", injected, {}) for spec in specs]
            self._workers = _Workers(Runtime(functions))
            if isinstance(aws, LocalAws):
                self._map(aws, specs)
        return self._workers

    def _local_aws(self, *, needs_queue: bool) -> LocalAws | SecretsExtension:
        """Return the server of secrets: local AWS if it is installed or a queue needs it, else the secrets extension.

        Raises:
            DevkitError: a queue needs it, and it is not installed.
        """
        if self._aws is None or (needs_queue and not isinstance(self._aws, LocalAws)):
            started = (LocalAws() if needs_queue or has_aws() else SecretsExtension()).__enter__()
            if self._aws is not None:
                self._aws.__exit__(None, None, None)
            self._aws = started
        return self._aws

    def _map(self, aws: LocalAws, specs: Sequence[FunctionSpec]) -> None:
        """Start the event source mappings that the manifest has, and stop those that it has no more."""
        if self._queue is None:
            return
        wanted: Mapping[tuple[str, int, int], FunctionSpec] = {
            (spec.name, spec.queue_batch, spec.timeout): spec for spec in specs if spec.queue_batch is not None
        }
        for key in set(self._mappings) - set(wanted):
            Thread(target=_stop, args=(self._mappings.pop(key),), daemon=True).start()  # at the end of its batches
        for key in set(wanted) - set(self._mappings):
            name, batch, timeout = key
            self._mappings[key] = EventSourceMapping(
                aws.client("sqs"),
                self._queue.url,
                lambda event, name=name: self._platform.run_on_aws(name, event),  # type: ignore[misc]
                timeout=timeout,
                batch_size=batch,
                batching_window=_WINDOW,
                maximum_concurrency=_AT_ONCE,
            ).__enter__()


@dataclass
class _Workers:
    """The workers of all functions, on one state of the code."""

    runtime: Runtime
    running: int = 0
    retired: bool = False


def _stop(mapping: EventSourceMapping) -> None:
    # A batch that was cut off is no news: its run says so.
    mapping.__exit__(DevkitError, DevkitError("stopped"), None)
