"""What modules import, without importing them."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, NamedTuple

from devkit.errors import DevkitError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

#: What Lambda's Python runtime has beside the standard library.
_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "dateutil", "jmespath", "six", "urllib3", "awslambdaric"})
_MISSING = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})


class Import(NamedTuple):
    """A module that a file imports, the line, and whether it needs it: under `try` with `except ImportError` or under
    `suppress(ImportError)` it can do without.
    """

    name: str
    line: int
    is_needed: bool


def imported_modules(path: Path, package: Sequence[str]) -> Iterator[Import]:
    """The modules that a file imports when it runs; not those for type checkers only.

    `from a import b` gives both `a` and `a.b`: `b` may be a module.

    Args:
        path: the file.
        package: the names of the package it is in, which relative imports begin with.

    Raises:
        DevkitError: it is not Python.
    """
    yield from _imports(_parsed(path).body, package, is_needed=True)


def defined_names(path: Path) -> set[str]:
    """The names that a module may have once imported: its functions, classes, variables and imports.

    `*` is among them when it takes all that another module has.

    Raises:
        DevkitError: it is not Python.
    """
    found = set()
    waiting: list[ast.AST] = [_parsed(path)]
    while waiting:
        match node := waiting.pop():
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found.update(each.asname or each.name for each in names)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case _:
                waiting += ast.iter_child_nodes(node)
    return found


def check_imports(
    paths: Iterable[Path], root: Path, provided: Collection[str], library: Collection[str], inputs: str
) -> None:
    """See to it that everything that files import is in the bundle, in Python or in Lambda's runtime.

    Args:
        paths: the project's own files.
        root: the project's folder.
        provided: names of the modules and packages that lie at the bundle's root.
        library: those of the target's standard library.
        inputs: the file that lists the packages of the function alone.

    Raises:
        DevkitError: something is not; in Lambda that would be `Runtime.ImportModuleError`.
    """
    known = {*provided, *library, *_RUNTIME, "__main__"}
    for path in paths:
        if path.suffix != ".py":
            continue
        relative = path.relative_to(root)
        for name, line, is_needed in imported_modules(path, relative.parent.parts):
            if is_needed and name.partition(".")[0] not in known:
                raise DevkitError(
                    f"{relative}:{line} imports {name}, which is neither in the bundle nor in the runtime. A package "
                    f"that all functions need goes into `dependencies` in pyproject.toml, one that only this function "
                    f"needs into {inputs}; then `make lock` pins it"
                )


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), path.name)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        version = "{}.{}".format(*sys.version_info)
        reason = getattr(error, "msg", str(error) or type(error).__name__)
        raise DevkitError(f"{path}{line}: this is not Python {version}, by which exh-dev runs: {reason}") from None


def _imports(body: Iterable[ast.AST], package: Sequence[str], *, is_needed: bool) -> Iterator[Import]:
    for node in body:
        match node:
            case ast.Import(names=names):
                yield from (Import(each.name, node.lineno, is_needed) for each in names)
            case ast.ImportFrom():
                yield from (Import(name, node.lineno, is_needed) for name in _named(node, package))
            case ast.If(test=test, orelse=orelse) if _is_for_types(test):
                yield from _imports(orelse, package, is_needed=is_needed)
            case ast.Try(body=tried, handlers=handlers) if any(_is_missing(each.type) for each in handlers):
                yield from _imports(tried, package, is_needed=False)
                yield from _imports([*handlers, *node.orelse, *node.finalbody], package, is_needed=is_needed)
            case ast.With(items=[ast.withitem(context_expr=ast.Call(args=caught))]) if any(map(_is_missing, caught)):
                yield from _imports(node.body, package, is_needed=False)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ) if not name.startswith("."):
                yield Import(name, node.lineno, is_needed)
            case _:
                yield from _imports(ast.iter_child_nodes(node), package, is_needed=is_needed)


def _named(node: ast.ImportFrom, package: Sequence[str]) -> Iterator[str]:
    base = list(package[: len(package) - node.level + 1]) if node.level else []
    base += node.module.split(".") if node.module else []
    if node.module:
        yield ".".join(base)
    yield from (".".join([*base, each.name]) for each in node.names)


def _is_for_types(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_missing(caught: ast.expr | None) -> bool:
    """Whether what is caught is, among others, that a module is not there."""
    each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(one is None or (isinstance(one, ast.Name) and one.id in _MISSING) for one in each)
