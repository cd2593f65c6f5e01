"""`exh-dev invoke`, from command start to first result, against importing requests_oauthlib alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.timing import command_time, comparison, interleaved

ROOT = Path(__file__).parent.parent
ROUNDS = 25  # of which each command is measured in, in an order that changes
SLOW = (
    "Most of it is importing: the command line, the platform's services and the server. What a project's configuration "
    "makes of an empty platform is kept from the first time on."
)
EXH_DEV = str(Path(sys.executable).parent / "exh-dev")


def measure() -> dict[str, dict[str, Any]]:
    """Return the developer waits for a command line, a platform, a worker and a signed call.

    The yardstick gets better when requests gets slower; so what a bare interpreter takes is reported beside it.
    """
    bare = [sys.executable, "-c", ""]
    times = interleaved(
        {
            "whoami": lambda: command_time([EXH_DEV, "invoke", "whoami", "--json", "--fresh"], cwd=ROOT),
            "configured": lambda: command_time(
                [EXH_DEV, "invoke", "on-task-failed", "--json", "--fresh"], cwd=ROOT / "examples"
            ),
            "requests": lambda: command_time([sys.executable, "-c", "import requests_oauthlib"], cwd=ROOT),
            "bare": lambda: command_time(bare, cwd=ROOT),
        },
        rounds=ROUNDS,
    )
    start = "from command start to first result"
    return {
        "whoami": {
            "what": f"`exh-dev invoke whoami`, {start}, against importing requests_oauthlib alone",
            **comparison(times["whoami"], times["requests"], target=2.8, if_missed=SLOW),
        },
        "configured": {
            "what": f"The same of an example with schemas and templates, {start}, on an image of them",
            **comparison(times["configured"], times["requests"], target=3.5, if_missed=SLOW),
        },
        "interpreter": {
            "what": f"`exh-dev invoke whoami`, {start}, against an interpreter that does nothing",
            **comparison(times["whoami"], times["bare"], target=None),
        },
    }
