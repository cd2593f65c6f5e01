"""Run the benchmarks named on the command line, or all, and print what was measured as JSON."""

from __future__ import annotations

import json
import platform
import sys

from benchmarks import fan_out, invoke, signed_call

BENCHMARKS = {"invoke": invoke.measure, "signed_call": signed_call.measure, "fan_out": fan_out.measure}


def main() -> int:
    """Exit code 1 when a target is missed."""
    names = sys.argv[1:] or list(BENCHMARKS)
    measured = {name: BENCHMARKS[name]() for name in names}
    machine = {"python": platform.python_version(), "system": platform.platform(), "processor": platform.machine()}
    print(json.dumps({"machine": machine, "benchmarks": measured}, indent=2))
    return 0 if all(each["ratio"] <= each["target"] for each in measured.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
