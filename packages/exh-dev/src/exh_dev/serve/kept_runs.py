"""Store runs of `exh-dev run` and `invoke` on fresh platforms for the served platform's control center."""

from __future__ import annotations

import fcntl
import json
from typing import TYPE_CHECKING, Any

from exh_dev.errors import DevkitError
from exh_dev.platform.tasks.foreign_runs import is_run
from exh_dev.remote.dev_api import BASE, DevApi
from exh_dev.serve.datadir import DataDir, write_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST = 200  # runs
_LARGEST = 20_000_000  # characters of JSON in all; events and results have up to 6 MB each


def hand_over(data_dir: Path, runs: Sequence[dict[str, Any]]) -> str:
    """Add runs to the served platform's control center, or store them for the next start.

    Args:
        data_dir: the project's data directory.
        runs: complete records, oldest first.

    Returns:
        The URL of the served platform, or an empty string.

    Raises:
        OSError: they cannot be stored.
    """
    try:
        place = str(DataDir(data_dir).running()["host"])
        with DevApi(place) as api:
            for each in runs:
                api.post(f"{BASE}/runs", each)
    except DevkitError:  # none is, or it stops just now
        keep(data_dir, runs)
        return ""
    return place


def keep(data_dir: Path, runs: Sequence[dict[str, Any]]) -> None:
    """Append runs to the stored ones, dropping the oldest beyond the limit.

    Args:
        data_dir: the project's data directory; created if missing.
        runs: complete records, oldest first.

    Raises:
        OSError: they cannot be written.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _file(data_dir).with_suffix(".lock").open("w") as lock:  # another command may keep its runs now
        fcntl.flock(lock, fcntl.LOCK_EX)
        every = [*kept(data_dir), *runs][-MOST:]
        texts = [json.dumps(each) for each in every]
        for place, each in enumerate(every):
            if sum(map(len, texts)) > _LARGEST:
                texts[place] = json.dumps(_without_bodies(each))
        while sum(map(len, texts)) > _LARGEST:
            texts.pop(0)
        write_private(_file(data_dir), "".join(f"{text}\n" for text in texts))


def kept(data_dir: Path) -> list[dict[str, Any]]:
    """Return the stored runs, oldest first, skipping damaged lines."""
    try:
        lines = _file(data_dir).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [run for line in lines if is_run(run := _parsed(line))]


def _without_bodies(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run without the bodies of its calls, which are the largest part of most."""
    calls = run.get("calls")
    if not isinstance(calls, list):
        return run
    parts = ("request", "answer")
    bare = [
        {
            **call,
            **{name: {**call[name], "body": {"left_out": True}} for name in parts if isinstance(call.get(name), dict)},
        }
        for call in calls
        if isinstance(call, dict)
    ]
    return {**run, "calls": bare}


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _file(data_dir: Path) -> Path:
    return data_dir / "kept-runs.jsonl"
