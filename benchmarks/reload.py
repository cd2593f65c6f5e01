"""From saving a handler to the first answer of the new code, against starting the command anew"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exh_dev.remote.dev_api import BASE, DevApi

from benchmarks.invoke import EXH_DEV
from benchmarks.timing import command_time, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
HANDLER = "def handler(event, context):\n    return {number}\n"


def measure() -> dict[str, Any]:
    """Under `exh-dev serve` a developer saves and runs; without it, `exh-dev invoke` would do that."""
    with _project() as folder, _serving(folder) as api:
        numbers = iter(range(1, 1_000_000))
        return compare(
            lambda: _save_and_run(folder, api, next(numbers)),
            lambda: command_time([EXH_DEV, "invoke", "whoami", "--json"], cwd=folder),
            rounds=15,
            target=1.0,
        )


def _save_and_run(folder: Path, api: DevApi, number: int) -> float:
    """Seconds until a run gives what was saved."""
    began = time.perf_counter()
    (folder / "handlers/whoami.py").write_text(HANDLER.format(number=number))
    while _run(api) != number:
        pass
    return time.perf_counter() - began


def _run(api: DevApi) -> Any:
    started = api.post(f"{BASE}/functions/whoami/invoke", {"event": {}})["id"]
    while (run := api.run(started))["status"] == "running":
        pass
    return run["result"]


@contextmanager
def _project() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("handlers", "events", "template.yaml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder) / name)
        (Path(folder) / "handlers/whoami.py").write_text(HANDLER.format(number=0))
        yield Path(folder)


@contextmanager
def _serving(folder: Path) -> Iterator[DevApi]:
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0", "--ephemeral"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        with DevApi(json.loads(process.stdout.readline())["url"]) as api:
            yield api
        process.terminate()
