"""The data sources of the control center."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from exh_dev.errors import DevkitError
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.tasks.records import find_function
from exh_dev.platform.tasks.runner import NotInvocableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from exh_dev.platform.dev.change_notifications import Changes
    from exh_dev.platform.dev.refused_calls import Refusals
    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.runner import Runner
    from exh_dev.platform.tasks.runs import Run
    from exh_dev.runtime import Invocation, LogLine


class LocalProject(Protocol):
    """The served project; `serve.project.ServedProject` implements it.

    Its methods may be called from any thread.
    """

    @property
    def name(self) -> str:
        """The name of the project's folder."""
        ...

    @property
    def root(self) -> Path: ...

    def functions(self) -> list[dict[str, Any]]:
        """Return the manifest's description of each function."""
        ...

    def events(self, function: str) -> list[dict[str, Any]]:
        """Return the sample events of a function."""
        ...

    def problems(self) -> list[dict[str, Any]]:
        """Return the problems of the project's files."""
        ...

    def reloads(self) -> list[dict[str, Any]]:
        """Return the latest hot reloads, newest first: `timestamp`, `files`, `problems`."""
        ...

    def changed_schemas(self, known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a problem for each schema on the platform that differs from its file."""
        ...

    def seed(self, function: str) -> None:
        """Load the function's seed into the platform, if it has one.

        Raises:
            DevkitError: the seed cannot be loaded.
        """

    def keep_event(self, function: str, case: str, event: Any, *, replace: bool) -> str:
        """Save an event as a sample event of a function, and return its file name.

        Raises:
            DevkitError: the function is not in the project, the file exists, or it cannot be written.
        """
        ...

    def runs_on_aws(self, function: str) -> bool:
        """Return whether a function targets AWS only."""
        ...

    def invoke_on_aws(
        self, function: str, event: Any, request_id: str, on_line: Callable[[LogLine], None]
    ) -> Invocation:
        """Run a function for AWS alone.

        Raises:
            DevkitError: it cannot run.
        """
        ...


@dataclass(frozen=True)
class Context:
    """The parts of a platform that the control center shows.

    Attributes:
        store: the platform's database.
        runner: the runner of functions, with their runs.
        changes: change notifications for open pages.
        refusals: the latest refused calls.
        project: the served project, if there is one.
        details: returns the connection details, secrets included.
    """

    store: Store
    runner: Runner
    changes: Changes
    refusals: Refusals
    project: LocalProject | None
    details: Callable[[], dict[str, Any]]

    def record_of(self, function: str) -> Document | None:
        """Return the platform's record of a function; None if it targets AWS only.

        Raises:
            ErrorAnswer: 16 when there is no such function.
        """
        record = find_function(self.store, function)
        if record is None and not (self.project and self.project.runs_on_aws(function)):
            raise ErrorAnswer(16, f"There is no function {function}")
        return record

    def begin(
        self, function: str, event: Any, *, again: str | None = None, turns: asyncio.Semaphore | None = None
    ) -> Run:
        """Run a function once with this event. This returns at once; the run starts when a worker is free.

        Raises:
            ErrorAnswer: 16 when there is no such function.
        """
        record = self.record_of(function)
        run = self.runner.runs.begin(function, event, kind="invoke", again=again)
        running = asyncio.create_task(self._in_turn(run, record, turns))
        _running.add(running)
        running.add_done_callback(_running.discard)
        return run

    async def batch(self, function: str, batch: Any) -> Invocation:
        """Run a function for AWS alone with a batch of a queue's messages.

        Raises:
            DevkitError: it cannot run.
        """
        try:
            return await self._on_aws(self.runner.runs.begin(function, batch, kind="queue"))
        except NotInvocableError as error:
            raise DevkitError(str(error)) from error

    async def _in_turn(self, run: Run, record: Document | None, turns: asyncio.Semaphore | None) -> None:
        async with turns or nullcontext():
            await self._perform(run, record)

    async def _perform(self, run: Run, record: Document | None) -> None:
        try:
            if record is not None:
                await self.runner.perform(run, record)
            else:
                await self._on_aws(run)
        except NotInvocableError:
            pass  # the run says so

    async def _on_aws(self, run: Run) -> Invocation:
        assert self.project is not None
        call = self.project.invoke_on_aws
        function, event = run.record["function"], run.details["event"]
        try:
            invocation = await asyncio.to_thread(call, function, event, run.request_id, run.on_line)
        except Exception as error:
            self.runner.runs.fail(run, str(error) or type(error).__name__)
            raise NotInvocableError(str(error)) from error
        await self.runner.runs.end(run, invocation)
        return invocation


#: What runs is only referred to from here.
_running: set[asyncio.Task[None]] = set()
