"""The names in `retryPolicy.errorsToRetry`: one that no error has would never be matched, and nobody would be told."""

from __future__ import annotations

import ast
import builtins
from functools import cache
from typing import TYPE_CHECKING

from devkit.cloudformation import did_you_mean
from devkit.folder.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkit.manifest import FunctionSpec

#: Begins the names of failures that Lambda's runtime itself reports, such as `Runtime.ImportModuleError`.
_LAMBDA = ("Runtime.", "Function.", "Sandbox.")


def check_retried_errors(root: Path, specs: tuple[FunctionSpec, ...]) -> list[Problem]:
    """Say which names are no error's: not of `shared`, not Python's, and not in the function's own modules."""
    problems = []
    for spec in specs:
        names = spec.retry_policy.errors_to_retry if spec.retry_policy else ()
        known = _common() | set(_own_names(root, spec.handler)) if names else set()
        for name in names:
            if name not in known and not name.startswith(_LAMBDA):
                where = f"{spec.logical_id} at line {spec.line}: errorsToRetry names {name}"
                rule = "which no error of shared.errors, of Python or of the function is called"
                problems.append(Problem(spec.path, "", f"{where}, {rule}{did_you_mean(name, known)}"))
    return problems


def _errors_of(module: object) -> set[str]:
    return {name for name, value in vars(module).items() if isinstance(value, type) and issubclass(value, Exception)}


@cache
def _common() -> set[str]:
    import shared.errors
    import shared.sidefx.errors

    return _errors_of(shared.errors) | _errors_of(shared.sidefx.errors) | _errors_of(builtins)


def _own_names(root: Path, handler: str) -> Iterator[str]:
    """The classes that the function's modules define, and what they import from others."""
    module = root.joinpath(*handler.split(".")[:-1])
    files = [module.with_suffix(".py"), *sorted(module.glob("*.py"))]
    for file in files:
        if not file.is_file():
            continue
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue  # which running it tells better
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.ImportFrom):
                names = (alias.asname or alias.name for alias in node.names)
                yield from (name for name in names if name.endswith(("Error", "Exception", "Timeout")))
