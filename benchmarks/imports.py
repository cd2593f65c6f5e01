"""What `import handlers.whoami` loads from its bundle, and how long each module takes, by `python -X importtime`."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.bundles import runtime_folder, scratch, unpacked, whoami_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 9
LEAST = 1_000  # microseconds with all that is below, to be shown
DEPTH = 8
#: Each package that a task function imports, and why; `tests/test_imports.py` lets no other in.
WHY = {
    "aws_lambda_powertools": "the structured log. It brings tracing and metrics along, which its own package imports",
    "jmespath": "Powertools' Logger imports it, to find correlation ids in events",
    "typing_extensions": "Powertools' Logger imports it",
}
OWN = {
    "handlers": "the function",
    "shared": "what functions share",
    "extrahorizon": "the client, its transport, and `@task_handler`",
}
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( +)(\S+)$", re.MULTILINE)
_BEFORE = "awslambdaric.bootstrap"


@dataclass(frozen=True)
class Module:
    """A module that was imported, in microseconds: by itself, and with those that it imported first."""

    name: str
    alone: float
    total: float
    below: tuple[Module, ...]


def measure() -> dict[str, Any]:
    """Return the tree, and what each package takes; nothing is compared."""
    with scratch() as made:
        folder = Path(made)
        runtime = runtime_folder(folder)
        task_root = unpacked(whoami_zip(folder), folder / "whoami")
        runs = [_run(task_root, runtime) for _ in range(ROUNDS)]
    roots = tree(runs)
    return {
        "target": None,
        "rounds": ROUNDS,
        **_summed([each for root in roots for each in _flat(root)]),
        "tree": [line for root in roots for line in lines(root)],
    }


def tree(runs: list[str]) -> list[Module]:
    """Return the modules that nothing else imported, with medians of several runs of `-X importtime`.

    Raises:
        ValueError: the runs have not imported the same.
    """
    waiting: dict[int, list[Module]] = defaultdict(list)
    for found in zip(*map(_LINE.findall, runs), strict=True):  # a line, as each of the runs has it
        _, _, indent, name = found[0]
        alone, total = (statistics.median(int(each[column]) for each in found) for column in (0, 1))
        depth = len(indent) // 2
        waiting[depth].append(Module(name, alone, total, tuple(waiting.pop(depth + 1, ()))))
    return waiting[0]


def lines(module: Module, depth: int = 0) -> Iterator[str]:
    """Yield a module and those below it that take long, one a line, in ms."""
    if module.total < LEAST or depth > DEPTH:
        return
    yield f"{module.total / 1000:6.1f}  {'  ' * depth}{module.name}"
    for each in module.below:
        yield from lines(each, depth + 1)


def _flat(module: Module) -> Iterator[Module]:
    yield module
    for each in module.below:
        yield from _flat(each)


def _summed(modules: list[Module]) -> dict[str, Any]:
    of: dict[str, list[Module]] = defaultdict(list)
    for each in modules:
        package = each.name.partition(".")[0]
        of[package if package in WHY or package in OWN else ""].append(each)
    reasons = {**OWN, **WHY, "": "what all of these import of it, and the runtime client has not"}
    packages = [
        {
            "name": name or "Python's own",
            "modules": len({each.name for each in of[name]}),
            "ms": round(sum(each.alone for each in of[name]) / 1000, 2),
            "why": why,
        }
        for name, why in reasons.items()
        if name in of
    ]
    return {
        "modules": len({each.name for each in modules}),
        "ms": round(sum(each.alone for each in modules) / 1000, 1),
        "packages": sorted(packages, key=lambda each: -float(str(each["ms"]))),
    }


def _run(task_root: Path, runtime: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-X", "importtime", "-c", f"import {_BEFORE}\nimport handlers.whoami"],
        cwd=task_root,
        env={
            "PYTHONPATH": f"{task_root}:{runtime}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_FUNCTION_NAME": "whoami",  # there the first call's imports are made at once
        },
        capture_output=True,
        text=True,
        check=True,
    )
    before, mark, after = done.stderr.partition(f" {_BEFORE}\n")
    if not mark:
        raise RuntimeError(f"{_BEFORE} was not imported: {before[-500:]}")
    return after
