"""Activity of a running local platform: which functions ran, what they called, and what is pending."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from exh_dev.remote.dev_api import BASE, DevApi
from exh_dev.runtime.invocation import Invocation, LogLine

_LATER = 15  # seconds: work due within them, such as a retry, counts as part of the case
_ALL = 10_000  # runs; the platform keeps no more
_LOOK = 0.05  # seconds between two looks


class LocalCalls(DevApi):
    """Follows what a case triggers. Not thread-safe."""

    _last: str | None = None

    def wait_for_rest(self, until: float) -> bool:
        """Wait until no task runs or is due soon and no event is pending. Return False on a timeout."""
        while self.get("/_dev/pending", within=_LATER)["pending"]:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK)
        return True

    def new_runs(self) -> list[dict[str, Any]]:
        """Return the runs of functions that began since the last time this was asked, the first first."""
        found: list[dict[str, Any]] = self.get(f"{BASE}/runs", limit=_ALL, after=self._last)["data"][::-1]
        if found:
            self._last = found[-1]["id"]
        return found

    def count(self, request_id: str) -> int:
        """Return the number of platform calls that an invocation made."""
        return int(self.get(f"{BASE}/calls/{request_id}")["total"])


def invocation_of(run: dict[str, Any]) -> Invocation:
    """Return what a run of the control center, in full, says of the function itself.

    One that did not take place has no times.
    """
    init = run.get("init_ms")
    return Invocation(
        request_id=run["request_id"],
        function=run["function"],
        result=run.get("result"),
        error=None if run["status"] == "OK" else run["error"] or {"errorMessage": run["failure"]},
        logs=tuple(LogLine(datetime.fromisoformat(each["timestamp"]), each["text"]) for each in run["logs"] or ()),
        started=datetime.fromisoformat(run["started"]),
        duration=run.get("duration_ms", 0.0) / 1000,
        init_duration=None if init is None else init / 1000,
        waited=run.get("waited_ms", 0.0) / 1000,
        peak_memory=run.get("memory_mb", 0),
    )
