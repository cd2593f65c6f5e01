"""`exh-dev invoke whoami`, from command start to first result, against importing requests_oauthlib alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.timing import command_time, compare

ROOT = Path(__file__).parent.parent
SLOW = (
    "A project with schemas, templates and localizations waits longer: they are loaded into the platform piece by "
    "piece over HTTP, as the official CLI does."
)
EXH_DEV = str(Path(sys.executable).parent / "exh-dev")


def measure() -> dict[str, Any]:
    """The developer waits for a command line, a platform, a worker and a signed call: at most 4 imports' worth."""
    return compare(
        lambda: command_time([EXH_DEV, "invoke", "whoami", "--json"], cwd=ROOT),
        lambda: command_time([sys.executable, "-c", "import requests_oauthlib"], cwd=ROOT),
        rounds=15,
        target=4.0,
        if_missed=SLOW,
    )
