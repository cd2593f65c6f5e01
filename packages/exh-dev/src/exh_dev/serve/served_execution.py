"""Running functions on their events on the platform that is being served, through its control center's JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from exh_dev.remote.activity import LocalCalls, invocation_of
from exh_dev.serve.execution import LONGEST_CHAIN, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exh_dev.runtime import LogLine
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
            run_id = api.invoke(case.function, case.event, seeded=True)["id"]
            finished = api.wait_for_rest(time.monotonic() + LONGEST_CHAIN)
            run = api.run(run_id)  # again, for what it has set off meanwhile
            invocation = invocation_of(run)
            for line in invocation.logs:
                on_log(case.function, line)
            chain = sorted(_set_off(api, run), key=lambda each: str(each["started"]))
            yield Outcome(case, invocation, run.get("platform_calls"), chain, unfinished=not finished)


def _set_off(api: LocalCalls, run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the runs that a run set off, and those that they set off: the tree that the control center shows."""
    for each in run["set_off"]:
        yield each
        yield from _set_off(api, api.run(each["id"]))
