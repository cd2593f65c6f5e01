"""Read a file's imports and names with the grammar of its target Python version.

`ast` parses the grammar of the running Python and of earlier versions. A file for a later version is parsed by that
Python, which runs this module as a script; it therefore imports only the standard library.
"""

from __future__ import annotations

import ast
import json
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_OF_THE_PLACE = frozenset({
    "TYPE_CHECKING", "version_info", "platform", "implementation", "find_spec", "environ", "getenv", "name", "modules",
})  # fmt: skip
_MISSING = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})


class Import(NamedTuple):
    """A module that a file imports, the line, and whether it needs it: under `try` with `except ImportError` or under
    `suppress(ImportError)` it can do without.
    """

    name: str
    line: int
    is_needed: bool


def imported_modules(tree: ast.Module, package: Sequence[str]) -> list[Import]:
    """Return the modules that a file imports when it runs; not those for type checkers only.

    `from a import b` gives both `a` and `a.b`: `b` may be a module.

    Args:
        tree: the file.
        package: the names of the package it is in, which relative imports begin with.
    """
    return list(_imports(tree.body, package, is_needed=True))


def defined_names(tree: ast.Module) -> set[str]:
    """Return the names that a module may have once imported: its functions, classes, variables and imports.

    `*` is among them after an `import *`, or when only running it would show the names.
    """
    found = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        match node := waiting.pop():
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
                found.update(each for inner in ast.walk(node) if isinstance(inner, ast.Global) for each in inner.names)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found.update(each.asname or each.name for each in names)
            case ast.Call(func=ast.Name(id="exec" | "globals" | "vars")):
                found.add("*")
                waiting += ast.iter_child_nodes(node)
            case ast.Name(id=name, ctx=ast.Store()) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
                waiting += ast.iter_child_nodes(node)
            case _:
                waiting += ast.iter_child_nodes(node)
    return found


def _imports(body: Iterable[ast.AST], package: Sequence[str], *, is_needed: bool) -> Iterator[Import]:
    for node in body:
        match node:
            case ast.Import(names=names):
                yield from (Import(each.name, node.lineno, is_needed) for each in names)
            case ast.ImportFrom():
                yield from (Import(name, node.lineno, is_needed) for name in _named(node, package))
            case ast.If(test=test, orelse=orelse) if _is_for_types(test):
                yield from _imports(orelse, package, is_needed=is_needed)
            case ast.If(test=test) if _is_of_the_place(test):
                yield from _imports([*node.body, *node.orelse], package, is_needed=False)
            case ast.Try(body=tried, handlers=handlers) if any(_is_missing(each.type) for each in handlers):
                yield from _imports([*tried, *node.orelse], package, is_needed=False)
                yield from _imports([*handlers, *node.finalbody], package, is_needed=is_needed)
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


def _is_of_the_place(test: ast.expr) -> bool:
    """Return whether a condition depends on the environment: Python version, system, variables or packages."""
    return any(
        {getattr(each, kind, None) for kind in ("id", "attr")} & _OF_THE_PLACE
        for each in ast.walk(test)
        if isinstance(each, ast.Name | ast.Attribute)
    )


def _is_missing(caught: ast.expr | None) -> bool:
    """Return whether an except clause catches a missing module."""
    each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(one is None or (isinstance(one, ast.Name) and one.id in _MISSING) for one in each)


if __name__ == "__main__":
    _, path, *inside = sys.argv
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes longer to import than all of this to run
            parsed = ast.parse(file.read(), path)
    except (SyntaxError, ValueError) as error:
        message = f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"
        print(json.dumps({"line": getattr(error, "lineno", None), "message": message}))  # noqa: T201 - the answer to the parent process
    else:
        facts = {"imports": imported_modules(parsed, inside), "names": sorted(defined_names(parsed))}
        print(json.dumps(facts))  # noqa: T201 - the answer to the parent process
