"""Running functions on their events on the platform that is being served, through its control center's JSON."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exh_dev.remote.activity import LocalCalls
from exh_dev.remote.dev_api import BASE
from exh_dev.runtime import Invocation, LogLine
from exh_dev.serve.execution import LONGEST_CHAIN, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exh_dev.serve.execution import Case


def execute_served(url: str, cases: Sequence[Case], *, on_log: Callable[[str, LogLine], None]) -> Iterator[Outcome]:
    """Run the cases one after another, each after its seed, on a platform that is being served.

    Args:
        url: of the platform.
        cases: what to run; as tasks have their credentials, whatever they say.
        on_log: gets the functions' log lines, once a function has ended.

    Raises:
        DevkitError: the platform does not know a function, or a seed cannot be loaded.
    """
    with LocalCalls(url) as api:
        for case in cases:
            path = f"{BASE}/functions/{quote(case.function, safe='')}/invoke"
            began = api.post(path, {"event": case.event, "seeded": True})
            api.ended(began["id"])
            finished = api.wait_for_rest(time.monotonic() + LONGEST_CHAIN)
            run = api.run(began["id"])
            for line in _lines(run):
                on_log(case.function, line)
            chain = sorted(_set_off(api, run), key=lambda each: str(each["started"]))
            yield Outcome(case, _invocation(run), run.get("platform_calls"), chain, unfinished=not finished)


def _set_off(api: LocalCalls, run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the runs that a run set off, and those that they set off: the tree that the control center shows."""
    for each in run["set_off"]:
        yield each
        yield from _set_off(api, api.run(each["id"]))


def _lines(run: dict[str, Any]) -> tuple[LogLine, ...]:
    return tuple(LogLine(datetime.fromisoformat(line["timestamp"]), line["text"]) for line in run["logs"] or ())


def _invocation(run: dict[str, Any]) -> Invocation:
    """Return what a run says of the function itself. One that did not take place has no times."""
    error = None if run["status"] == "OK" else run["error"] or {"errorMessage": run["failure"]}
    init = run.get("init_ms")
    return Invocation(
        request_id=run["request_id"],
        function=run["function"],
        result=run.get("result"),
        error=error,
        logs=_lines(run),
        started=datetime.fromisoformat(run["started"]),
        duration=run.get("duration_ms", 0.0) / 1000,
        init_duration=None if init is None else init / 1000,
        waited=run.get("waited_ms", 0.0) / 1000,
        peak_memory=run.get("memory_mb", 0),
    )
