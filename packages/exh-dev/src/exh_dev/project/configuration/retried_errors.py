"""Check `retryPolicy.errorsToRetry`: the platform never matches a misspelt name, and does not report it."""

from __future__ import annotations

import ast
import builtins
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from exh_dev.project.configuration.reading import Problem
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exh_dev.project.function_spec import FunctionSpec

#: Begins the names of failures that Lambda's runtime itself reports, such as `Runtime.ImportModuleError`.
_LAMBDA = ("Runtime.", "Function.", "Sandbox.")


def check_retried_errors(root: Path, specs: tuple[FunctionSpec, ...]) -> list[Problem]:
    """Say which names are no error's: not of `shared`, not Python's, and not in the function's own modules.

    In JavaScript an error may get any name when it is thrown, so that functions for Node.js are passed over.
    """
    problems = []
    for spec in specs:
        if spec.code is not None:
            continue
        names = spec.retry_policy.errors_to_retry if spec.retry_policy else ()
        # What takes longer to find is only looked for where a name is not known yet: every command waits for this.
        if all(name in _common() or name.startswith(_LAMBDA) for name in names):
            continue
        known = _common() | {*_own_names(root, spec.handler), *_of_sidefx()}
        for name in names:
            if name not in known and not name.startswith(_LAMBDA):
                where = f"{spec.logical_id}: errorsToRetry names {name}"
                rule = "which no error of extrahorizon.errors, of Python or of the function is called"
                problems.append(Problem(spec.path, "", f"{where}, {rule}{did_you_mean(name, known)}", spec.line))
    return problems


def _errors_of(module: object) -> set[str]:
    return {name for name, value in vars(module).items() if isinstance(value, type) and issubclass(value, Exception)}


@cache
def _common() -> set[str]:
    import extrahorizon.errors

    return _errors_of(extrahorizon.errors) | _errors_of(builtins)


def _of_sidefx() -> Iterator[str]:
    """Read the names from source, because importing the module imports an HTTP client."""
    import extrahorizon

    return _classes_in(Path(extrahorizon.__path__[0]) / "sidefx" / "errors.py")


def _own_names(root: Path, handler: str) -> Iterator[str]:
    """Yield the classes that the function's modules define, and what they import from others."""
    module = root.joinpath(*handler.split(".")[:-1])
    files = [module.with_suffix(".py"), *sorted(module.glob("*.py"))]
    for file in files:
        if file.is_file():
            yield from _classes_in(file)


def _classes_in(file: Path) -> Iterator[str]:
    """Yield the classes that a file defines, and what it imports that sounds like an error."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # running it reports this better
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            names = (alias.asname or alias.name for alias in node.names)
            yield from (name for name in names if name.endswith(("Error", "Exception", "Timeout")))
