"""Bundles: how large they are, and how long they take to build again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.bundles import ROOT, compiled, plain_folder, scratch, whoami_zip, zipped
from benchmarks.invoke import EXH_DEV
from benchmarks.timing import command_time, comparison, interleaved

ROUNDS = 7
UNCHANGED, CHANGED = 3.0, 5.0  # seconds
_LEFT = shutil.ignore_patterns("__pycache__", ".exh-dev", "build")


def measure() -> dict[str, dict[str, Any]]:
    """Sizes have no spread: the same files give the same bytes. All bundles of the examples are built each time."""
    with scratch() as folder:
        size = whoami_zip(Path(folder)).stat().st_size
        plain = plain_folder(Path(folder))
        theirs, with_bytecode = (zipped(each).stat().st_size for each in (plain, compiled(plain)))
    unchanged, changed = _again()
    return {
        "size": {
            "what": "Bytes of `whoami`'s zip, bytecode included, against those of the plain handler's as pip packs it, "
            "without any",
            "ratio": round(size / theirs, 3),
            "target": None,
            "ours_bytes": size,
            "theirs_bytes": theirs,
            "theirs_with_bytecode_bytes": with_bytecode,
        },
        "unchanged": {
            "what": "`exh-dev build` of all bundles of the examples, nothing changed, against 3 s",
            **comparison(unchanged, [UNCHANGED] * ROUNDS, target=1.0),
        },
        "changed": {
            "what": "The same with one function changed, against 5 s",
            **comparison(changed, [CHANGED] * ROUNDS, target=1.0),
        },
    }


def _again() -> tuple[list[float], list[float]]:
    """Seconds of builds in a copy of the examples that was built once."""
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    command = [EXH_DEV, "build", "--json", "--runtime", runtime]
    with scratch() as folder:
        copy = Path(folder) / "examples"
        shutil.copytree(ROOT / "examples", copy, ignore=_LEFT)
        wheels = ROOT / "examples" / ".exh-dev" / "wheels"  # what was downloaded before
        if wheels.is_dir():
            shutil.copytree(wheels, copy / ".exh-dev" / "wheels")
        subprocess.run(command, cwd=copy, check=True, capture_output=True)
        handler = copy / "handlers" / "on_task_failed" / "failures.py"
        text, numbers = handler.read_text(), iter(range(1_000_000))

        def change() -> float:
            handler.write_text(f"{text}# {next(numbers)}\n")
            seconds = command_time(command, cwd=copy)
            handler.write_text(text)
            subprocess.run(command, cwd=copy, check=True, capture_output=True)  # for the next measurement
            return seconds

        times = interleaved({"same": lambda: command_time(command, cwd=copy), "other": change}, rounds=ROUNDS)
        return times["same"], times["other"]
