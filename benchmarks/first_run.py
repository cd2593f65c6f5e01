"""`make run` in a fresh clone with an empty HOME, from the command to the table, against pip installing the same"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.timing import Skipped, compare

#: Packages are fetched: how fast depends on where they come from, so that this runs when it is asked for.
ON_REQUEST = True
ROOT = Path(__file__).parent.parent


def measure() -> dict[str, Any]:
    """Return seconds with uv, and with uv taken away, both from an empty cache."""
    try:
        return compare(
            lambda: _first_run(uses_uv=True), lambda: _first_run(uses_uv=False), rounds=3, target=0.9, warm_up=False
        )
    except subprocess.CalledProcessError as error:
        raise Skipped(f"Nothing could be installed: {error.stderr[-300:]}") from error


def _first_run(*, uses_uv: bool) -> float:
    with tempfile.TemporaryDirectory() as folder:
        home, clone = Path(folder, "home"), Path(folder, "clone")
        home.mkdir()
        _run(["git", "clone", "-q", str(ROOT), str(clone)], Path(folder), {})
        environment = {"HOME": str(home)}
        begin = time.perf_counter()
        if not uses_uv:
            _run(["make", ".venv/.tools"], clone, environment)
            (clone / ".venv/bin/uv").unlink()
        _run(["make", "run"], clone, environment)
        return time.perf_counter() - begin


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
