"""The line that `exh-dev serve` prints after each run.

For an error it has the class and the start of the message, enough to recognize it. Messages may contain personal data,
and terminal output ends up in scrollback and CI logs, so only the control center shows the full message.
`cli/visible.py` escapes unprintable characters.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_MESSAGE = 80  # characters
_CLASS = re.compile(r"([A-Za-z_][\w.]{0,99}): ")


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
    failure = _beginning(run["failure"])
    why = f": {failure}" if failure else ""
    return f"{began:%H:%M:%S} {run['function']} ({run['trigger']}{by_hand}{attempt}) {run['status']}{took}{cold}{why}"


def _beginning(failure: str) -> str:
    """Return the class of an error, if it has one, and the beginning of the first line of its message."""
    found = _CLASS.match(failure)
    name = found[0] if found else ""
    message = failure[len(name) :].partition("\n")[0]
    return name + (message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…")
