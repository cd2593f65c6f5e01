"""Run functions: a `Runtime` for each version of a function, in the function's own environment."""

from __future__ import annotations

import asyncio
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.tasks import built_in
from exh_dev.platform.tasks.records import FUNCTIONS
from exh_dev.runtime import Function, Runtime, is_node, runs_here

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exh_dev.platform.storage.store import Document, Store
    from exh_dev.platform.tasks.built_in import BuiltIn
    from exh_dev.platform.tasks.runs import Run, Runs
    from exh_dev.runtime import Invocation

#: Concurrency limits: queued tasks, direct executions, API functions.
MOST_TASKS, MOST_DIRECT, MOST_API = 5, 5, 10
_MOST_WORKERS = MOST_TASKS + MOST_DIRECT + MOST_API
_FOLDER = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class OwnFunction:
    """A function of the served project, which was not uploaded and runs from its source folder."""

    function: Function
    description: str | None = None
    execution_options: Mapping[str, Any] = field(default_factory=dict)
    """`permissionMode` and `defaultPriority` of the function's record."""
    retry_policy: Mapping[str, Any] = field(default_factory=dict)
    """`enabled` and `errorsToRetry`, the same."""


class NotInvocableError(Exception):
    """The function did not run at all; the message says why."""


class Runner:
    """Runs functions on threads. All its methods must run on the event loop's thread, like those of the store."""

    def __init__(
        self,
        code: Path,
        runs: Runs,
        functions: Sequence[OwnFunction],
        built_in: Mapping[str, BuiltIn],
    ) -> None:
        """Run uploaded functions from folders below `code`, `functions` and `built_in` ones; record them in `runs`."""
        self.code = code
        self.runs = runs
        self._built_in = built_in
        self._own: dict[str, Function] = {}
        self.replace_functions(functions)
        self._versions: dict[str, _Version] = {}
        self._threads: ThreadPoolExecutor | None = None

    def replace_functions(self, functions: Sequence[OwnFunction]) -> None:
        """Run these functions of the served project from now on, in the place of those before."""
        self._own = {own.function.name: own.function for own in functions}

    async def invoke(self, function: Document, event: Any, kind: str) -> Invocation:
        """Run the function of a record. `kind` is what `Runs.begin` takes.

        Raises:
            NotInvocableError: the function cannot run.
        """
        return await self.perform(self.runs.begin(function["name"], event, kind=kind), function)

    async def perform(self, run: Run, function: Document) -> Invocation:
        """Perform a run that has begun. Raises as `invoke` does."""
        name = function["name"]
        try:
            if name in self._built_in and name not in self._own and "code" not in function:
                invocation = await built_in.invoke(name, self._built_in[name], run.details["event"], run.request_id)
            else:
                invocation = await self._invoke(function, run)
        except NotInvocableError as error:
            self.runs.fail(run, str(error))
            raise
        except asyncio.CancelledError:
            self.runs.fail(run, "the platform was stopped meanwhile")
            raise
        except Exception as error:
            self.runs.fail(run, f"a defect in the local platform: {type(error).__name__}: {error}")
            raise
        await self.runs.end(run, invocation)
        return invocation

    def workers(self, function: Document) -> tuple[int, int]:
        """Return the number of a function's workers, and how many are idle."""
        version = self._versions.get(function["version"])
        return version.runtime.workers(function["name"]) if version else (0, 0)

    def warm(self, function: Document) -> None:
        """Start a worker of a function."""
        self._version(function).runtime.warm(function["name"])

    async def _invoke(self, function: Document, run: Run) -> Invocation:
        name = function["name"]
        version = self._version(function)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_MOST_WORKERS, "function")
        version.running += 1
        try:
            loop = asyncio.get_running_loop()
            call = partial(
                version.runtime.invoke, name, run.details["event"], request_id=run.request_id, on_line=run.on_line
            )
            with self.runs.calls.made_with(version.token, run.request_id):
                return await loop.run_in_executor(self._threads, call)
        except (DevkitError, OSError, ValueError) as error:
            raise NotInvocableError(str(error)) from error
        finally:
            version.running -= 1
            if version.retired and not version.running:
                _end(version, version.folder)

    def retire(self, function: Document, *, with_code: bool) -> None:
        """Forget a record's version, and perhaps its code; invocations in progress come to their end first."""
        version = self._versions.pop(function["version"], None)
        folder = self.code / function["code"] if with_code and "code" in function else None
        if version is not None and version.running:
            version.retired, version.folder = True, folder
        else:
            _end(version, folder)

    def clean(self, store: Store) -> None:
        """Delete the code that no function has: what an earlier run could not delete."""
        if self.code.is_dir():
            used = {function["code"] for function in store.matching(FUNCTIONS, EVERYTHING)}
            for folder in self.code.iterdir():
                if _FOLDER.match(folder.name) and folder.name not in used:
                    shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        versions, self._versions = self._versions, {}
        for version in versions.values():
            version.runtime.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    def _version(self, function: Document) -> _Version:
        if version := self._versions.get(function["version"]):
            return version
        if not runs_here(function["runtime"]):
            raise NotInvocableError(
                f"The runtime {function['runtime']} does not run on the local platform, only python3.x and nodejsX.x do"
            )
        runnable = self._runnable(function)
        version = _Version(Runtime([runnable]), runnable.environment.get("API_OAUTH_TOKEN"))
        self._versions[function["version"]] = version
        return version

    def _runnable(self, function: Document) -> Function:
        environment = {name: each["value"] for name, each in function.get("environmentVariables", {}).items()}
        settings: dict[str, Any] = {
            "handler": function["entryPoint"],
            "timeout": function["timeLimit"],
            "memory": function["memoryLimit"],
            "environment": environment,
            "runtime": function["runtime"],
            "concurrency": _MOST_WORKERS,
        }
        if "code" not in function:
            return replace(self._own[function["name"]], **settings)
        if is_node(function["runtime"]):
            # So that no package.json above the folder, such as the one of a project around it, is about this code.
            (self.code / "package.json").write_text("{}\n", encoding="utf-8")
        return Function(name=function["name"], task_root=self.code / function["code"], **settings)


@dataclass
class _Version:
    """A version of a function that has run, and its user's OAuth1 token; `folder` is deleted once it is retired."""

    runtime: Runtime
    token: str | None = None
    running: int = 0
    retired: bool = False
    folder: Path | None = None


def _end(version: _Version | None, folder: Path | None) -> None:
    if version is not None:
        version.runtime.close()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
