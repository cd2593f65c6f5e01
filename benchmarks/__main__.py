"""Run the benchmarks named on the command line, or all but the longest, and write down what was measured.

`docs/benchmarks/results.json` keeps all of it; the plots beside it and the measured part of `docs/benchmarks.md` are
made from that. A benchmark is a module here with a `measure()`; `benchmarks.results.named` says what that returns.
"""

from __future__ import annotations

import json
import pkgutil
import sys
from datetime import UTC, datetime
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmarks
from benchmarks.machine import this_machine
from benchmarks.report import page_with, plots
from benchmarks.results import is_missed, merged, named
from benchmarks.timing import Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.results import Result, Results

DOCS = Path(__file__).parents[1] / "docs"
_NOT_MEASURING = frozenset({"__main__", "plain_handler"})  # the latter needs a function's environment


def found() -> dict[str, Any]:
    """Return what measures something: each module here that has a `measure`."""
    names = [each.name for each in pkgutil.iter_modules(benchmarks.__path__) if each.name not in _NOT_MEASURING]
    modules = {name: import_module(f"benchmarks.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


def main(arguments: Sequence[str], known: Mapping[str, Any], docs: Path) -> int:
    """Measure, and write it into `docs`.

    Returns:
        1 when a target is missed, 2 for a name that no benchmark has, else 0.
    """
    if unknown := [name for name in arguments if name not in known]:
        print(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    usual = [name for name, module in known.items() if not getattr(module, "ON_REQUEST", False)]
    machine, missed = this_machine(), False
    for name in arguments or usual:
        results = _measured(name, known[name])
        for each, result in results.items():
            missed |= is_missed(result)
            print(_summary(each, result), flush=True)
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        _write(docs, merged(_read(docs), results, known=known, machine=machine, date=today))
    return 1 if missed else 0


def _measured(name: str, module: Any) -> dict[str, Result]:
    what = (getdoc(module) or name).split("\n\n")[0].replace("\n", " ")
    try:
        return named(name, what, module.measure())
    except Skipped as reason:
        return {name: {"what": what, "skipped": str(reason)}}


def _summary(name: str, result: Result) -> str:
    if "skipped" in result:
        return f"{name}: skipped. {result['skipped']}"
    if "ratio" not in result:
        return f"{name}: reported"
    if result["target"] is None:
        return f"{name}: {result['ratio']}"
    return f"{name}: {result['ratio']}, {'MISSED' if is_missed(result) else 'met'}: at most {result['target']}"


def _read(docs: Path) -> Results:
    path = docs / "benchmarks" / "results.json"
    found: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _write(docs: Path, results: Results) -> None:
    folder, page = docs / "benchmarks", docs / "benchmarks.md"
    folder.mkdir(exist_ok=True)
    text = page_with(page.read_text(encoding="utf-8"), results)
    drawn = plots(results)
    for path in folder.glob("*.svg"):
        if path.stem not in drawn:
            path.unlink()
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], found(), DOCS))
