"""The description of a function that the runtime runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


_A_DAY = 24 * 60 * 60  # seconds
_MUCH = 10_240  # MB


@dataclass(frozen=True)
class Function:
    """A function to run in workers."""

    name: str
    """The task name, in kebab-case: `hello-world`."""
    handler: str
    """Module and attribute, dotted: `handlers.hello_world.handler`; of Node.js a path and an export:
    `src/index.handler`."""
    task_root: Path
    """The directory the handler is imported from, which is also the worker's working directory."""
    timeout: float = 30
    """Seconds the handler may take."""
    memory: int = 128
    """MB of resident memory that a worker, its children included, may use."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The function's own variables. Left out of the repr: they hold credentials."""
    runtime: str = "python3.13"
    """`pythonX.Y` or `nodejsX.x`. The version is what `AWS_EXECUTION_ENV` names; the worker runs on this process's own
    Python all the same, or on the `node` that is found on the PATH."""
    log_format: Literal["JSON", "Text"] = "Text"
    log_level: str | None = None
    concurrency: int = 5
    """Maximum number of concurrent workers."""
    without_credentials: str = ""
    """Hint to log when a function without credentials fails because of that."""
    debug_port: int | None = None
    """Port on 127.0.0.1 where the worker waits for a debugger at its start: debugpy, or Node's inspector."""

    def debugged(self, port: int) -> Function:
        """Return this function, waiting for a debugger, and with all the time and memory that looking around takes."""
        return replace(self, debug_port=port, timeout=_A_DAY, memory=_MUCH, concurrency=1)
