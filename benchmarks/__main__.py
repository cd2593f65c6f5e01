"""Run the benchmarks named on the command line, or all but the longest, and print what was measured as JSON."""

from __future__ import annotations

import json
import pkgutil
import platform
import sys
from importlib import import_module
from typing import Any

import benchmarks


def found() -> dict[str, Any]:
    """What measures something: each module here that has a `measure`."""
    names = [each.name for each in pkgutil.iter_modules(benchmarks.__path__) if each.name != "__main__"]
    modules = {name: import_module(f"benchmarks.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


def main() -> int:
    """Exit code 1 when a target is missed, 2 for a name that no benchmark has."""
    known = found()
    if unknown := [name for name in sys.argv[1:] if name not in known]:
        print(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    usual = [name for name, module in known.items() if not getattr(module, "ON_REQUEST", False)]
    measured = {name: known[name].measure() for name in sys.argv[1:] or usual}
    machine = {"python": platform.python_version(), "system": platform.platform(), "processor": platform.machine()}
    print(json.dumps({"machine": machine, "benchmarks": measured}, indent=2))
    return 0 if all(each["ratio"] <= each["target"] for each in measured.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
