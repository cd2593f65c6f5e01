"""The result of one event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


def trace_root(request_id: str) -> str:
    """Return the X-Ray trace id of an invocation, derived from the request id, a UUID."""
    digits = request_id.replace("-", "")
    return f"1-{digits[:8]}-{digits[8:]}"


@dataclass(frozen=True)
class LogLine:
    """A line a worker wrote to its standard output or error."""

    timestamp: datetime
    """When the line arrived, in UTC."""
    text: str
    """Without the newline at its end. A record that the runtime client writes over several lines (an error with
    its stack trace) is one line here, as it is one event in CloudWatch Logs."""


@dataclass(frozen=True)
class Invocation:
    """One event that was handled or failed."""

    request_id: str
    function: str
    result: Any
    """The handler's return value, parsed; a string if it returned bytes that are not JSON; None if it failed."""
    error: dict[str, Any] | None
    """Lambda's error object (`errorType`, `errorMessage`, `stackTrace`, `requestId`; of Node.js `trace` in the place of
    the last two; a timeout has a message only), or None."""
    logs: tuple[LogLine, ...]
    """Lines written since the previous invocation of the same worker; a cold start's lines are in the first."""
    started: datetime
    """When the worker received it, in UTC."""
    duration: float
    """Seconds in the handler."""
    init_duration: float | None
    """Seconds from the start of the worker until it was ready or failed; None when it was warm."""
    waited: float
    """Seconds until the handler began: in a cold start as much of it as was still to come."""
    peak_memory: int
    """MB, resident: the most its worker was seen to use so far."""
    import_duration: float | None = None
    """Seconds of `init_duration` spent importing the function's module; None for a warm worker or if unknown."""

    @property
    def ok(self) -> bool:
        """Return whether the handler returned."""
        return self.error is None

    def failure(self) -> str:
        """Return the error's name and message; empty when the handler returned."""
        error = self.error or {}
        return ": ".join(str(part) for part in (error.get("errorType"), error.get("errorMessage")) if part)

    def init_parts(self) -> dict[str, float] | None:
        """Return what of a cold start is known, in milliseconds: `runtime_ms` until the language and its runtime client
        had started, `import_ms` in the function's module and all that it imports.
        """
        if self.init_duration is None or self.import_duration is None:
            return None
        imported = min(self.import_duration, self.init_duration)
        parts = {"runtime_ms": self.init_duration - imported, "import_ms": imported}
        return {name: round(seconds * 1000, 1) for name, seconds in parts.items()}

    def summary(self) -> dict[str, Any]:
        """Return JSON output: durations in milliseconds, memory in MB, `init_ms` null for a warm worker."""
        return {
            "status": "OK" if self.ok else "FAILED",
            "failure": self.failure(),
            "request_id": self.request_id,
            "started": self.started.isoformat(timespec="milliseconds"),
            "duration_ms": round(self.duration * 1000, 1),
            "waited_ms": round(self.waited * 1000, 1),
            "init_ms": None if self.init_duration is None else round(self.init_duration * 1000, 1),
            "memory_mb": self.peak_memory,
        }
