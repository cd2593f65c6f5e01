"""What `exh-dev serve` says of a run when it is over: one line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_FAILURE = 200  # characters; the control center has the rest


def line_of(run: Mapping[str, Any]) -> str:
    """Return the line for a run that has ended: when it began, what ran, how long and how it ended.

    Args:
        run: its record, as `/_dev/api/runs` has it.
    """
    began = datetime.fromisoformat(run["started"]).astimezone()
    by_hand = ", by hand" if run["kind"] == "invoke" else ""
    attempt = f", attempt {run['attempt']}" if run["attempt"] > 1 else ""
    took = f" in {run['duration_ms']:,.0f} ms" if run.get("duration_ms") is not None else ""
    cold = " (cold start)" if run.get("init_ms") is not None else ""
    failure = run["failure"].partition("\n")[0]
    if len(failure) > _LONGEST_FAILURE:
        failure = f"{failure[:_LONGEST_FAILURE]}…"
    why = f": {failure}" if failure else ""
    return f"{began:%H:%M:%S} {run['function']} ({run['trigger']}{by_hand}{attempt}) {run['status']}{took}{cold}{why}"
