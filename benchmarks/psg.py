"""A night of polysomnography, 8 hours of 12 channels at 256 Hz, through `chunk-psg-signals`; 20 ms for each call.

Held against what a task may have: 300 seconds, and the 256 MB of the manifest. `python -m benchmarks.psg HOST` is the
function alone, in the process whose memory counts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.deadline import Deadline

import handlers
from benchmarks.psg_server import CHANNELS, MINUTES, RATE, RECORDING, SIZE, psg_server

# The function is one of the examples, whose folder is a project of its own.
handlers.__path__.append(str(Path(__file__).parents[1] / "examples" / "handlers"))
from handlers.chunk_psg_signals.recording import chunk  # noqa: E402 - found by the line above

LATENCY = 0.02  # seconds
MOST_SECONDS, MOST_MEMORY = 300, 256  # MB


def measure() -> dict[str, Any]:
    """Total time and memory, and the larger of both as a share of its limit."""
    with psg_server(LATENCY) as host:
        command = [sys.executable, "-m", "benchmarks.psg", host]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    measured = json.loads(printed.splitlines()[-1])  # after the function's log lines
    share = max(measured["seconds"] / MOST_SECONDS, measured["peak_memory_mb"] / MOST_MEMORY)
    return {
        "ratio": round(share, 3),
        "target": 0.5,
        "ours_text": f"{measured['seconds']} s, {measured['peak_memory_mb']} MB of memory",
        "theirs_text": f"{MOST_SECONDS} s, {MOST_MEMORY} MB of memory",
        **measured,
        "file_mb": round(SIZE / 1e6, 1),
        "samples": MINUTES * 60 * CHANNELS * RATE,
    }


def _run(host: str) -> dict[str, Any]:
    exh = ExtraHorizon(Credentials(host, "k", "cs", "t", "ts"))
    exh.session.deadline = Deadline(MOST_SECONDS)
    started, processor = time.perf_counter(), time.process_time()
    result = chunk(exh, "psg-recording", RECORDING["id"])
    if result != {"status": "chunked", "minutes": MINUTES, "posted": MINUTES, "warnings": []}:
        raise RuntimeError(f"the recording has not become what it should: {result}")
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "peak_memory_mb": round(_peak_memory(), 1),
    }


def _peak_memory() -> float:
    """MB of this process alone: what `getrusage` says on Linux begins with what the parent process had."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(each for each in status.read_text(encoding="utf-8").splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # macOS counts in bytes


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1])))
