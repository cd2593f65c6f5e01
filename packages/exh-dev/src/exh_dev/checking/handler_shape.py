"""Check from its definition that a handler is a plain function with the right signature."""

from __future__ import annotations

import ast
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.checking.own_modules import module_file
from exh_dev.errors import DevkitError, SourceError
from exh_dev.packaging.imports import read_module
from extrahorizon.handler_checks import OF_A_TASK, OF_LAMBDA, problem_of

if TYPE_CHECKING:
    from pathlib import Path

    from exh_dev.project.function_spec import FunctionSpec
    from extrahorizon.handler_checks import Call

_Definition = ast.FunctionDef | ast.AsyncFunctionDef
_PACKAGE, _DECORATOR = "extrahorizon", "task_handler"
_MOST_MODULES = 5  # that a handler is handed on by


class _Origin(NamedTuple):
    """The origin of a name. `path` and `found` are None if it is outside the project or has no statement."""

    module: str
    name: str
    path: Path | None = None
    found: ast.stmt | None = None


def problem_with_handler(root: Path, spec: FunctionSpec, version: tuple[int, int]) -> SourceError | None:
    """Return why a function's handler cannot be called; None if it can, or if only running it would show."""
    module, _, name = spec.handler.rpartition(".")
    origin = _origin(root, module, name, version)
    if origin.path is None or not isinstance(origin.found, _Definition):
        return None
    call = _call_of(origin.found, root, origin.module, version)
    problem = _problem(origin.found, call) if call else None
    return SourceError(origin.path, origin.found.lineno, problem) if problem else None


def _origin(root: Path, module: str, name: str, version: tuple[int, int]) -> _Origin:
    """Resolve where a name is defined, following re-exports through the project's modules."""
    for _ in range(_MOST_MODULES):
        path = module_file(root, module)
        if path is None:
            break
        try:
            tree = read_module(path, path.relative_to(root).parent.parts, version).tree
        except DevkitError:
            break
        found = _bound_last(tree, name) if tree else None
        if not isinstance(found, ast.ImportFrom):
            return _Origin(module, name, path, found)
        name = next(each.name for each in found.names if (each.asname or each.name) == name)
        module = _absolute(found, module, is_package=path.name == "__init__.py")
    return _Origin(module, name)


def _bound_last(tree: ast.Module, name: str) -> ast.stmt | None:
    """Return the last top-level statement that binds a name, because the last binding wins."""
    for each in reversed(tree.body):
        match each:
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) | ast.ClassDef(name=found):
                if found == name:
                    return each
            case ast.ImportFrom(names=names) if any((one.asname or one.name) == name for one in names):
                return each
            case (
                ast.Assign() | ast.AnnAssign() | ast.If() | ast.Try() | ast.TryStar() | ast.With() | ast.For()
                | ast.While() | ast.Match()
            ):  # fmt: skip
                # The block may contain anything.
                inner = (one for one in ast.walk(each) if isinstance(one, ast.Name | _Definition | ast.alias))
                if any(getattr(one, "id", None) == name or getattr(one, "name", None) == name for one in inner):
                    return each
    return None


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """Return the name of the module that is imported from, by the one that imports."""
    parts = module.split(".") if is_package else module.split(".")[:-1]
    base = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])


def _call_of(found: _Definition, root: Path, module: str, version: tuple[int, int]) -> Call | None:
    """Return how a function is called; None if unknown decorators wrap it."""
    if not found.decorator_list:
        return OF_LAMBDA
    innermost = found.decorator_list[-1]
    target = innermost.func if isinstance(innermost, ast.Call) else innermost
    return OF_A_TASK if isinstance(target, ast.Name) and _is_ours(target.id, root, module, version) else None


def _is_ours(name: str, root: Path, module: str, version: tuple[int, int]) -> bool:
    """Return whether a name of a module is `extrahorizon`'s decorator; one of the project's own may do whatever it
    likes.
    """
    origin = _origin(root, module, name, version)
    return origin.path is None and origin.name == _DECORATOR and origin.module.partition(".")[0] == _PACKAGE


def _problem(found: _Definition, call: Call) -> str | None:
    code = _compiled(found)
    if code is None:
        return None
    pairs = zip(found.args.kwonlyargs, found.args.kw_defaults, strict=True)
    return problem_of(
        code,
        found.name,
        call,
        defaults=len(found.args.defaults),
        named_defaults=[argument.arg for argument, default in pairs if default is not None],
    )


def _compiled(found: _Definition) -> CodeType | None:
    """Return the code of a definition without what Python would run when it meets it: decorators, defaults,
    annotations.
    """
    given = found.args
    arguments = ast.arguments(
        posonlyargs=[ast.arg(each.arg) for each in given.posonlyargs],
        args=[ast.arg(each.arg) for each in given.args],
        vararg=ast.arg(given.vararg.arg) if given.vararg else None,
        kwonlyargs=[ast.arg(each.arg) for each in given.kwonlyargs],
        kw_defaults=[None if each is None else ast.Constant(None) for each in given.kw_defaults],
        kwarg=ast.arg(given.kwarg.arg) if given.kwarg else None,
        defaults=[ast.Constant(None) for _ in given.defaults],
    )
    bare = type(found)(name=found.name, args=arguments, body=found.body, decorator_list=[], returns=None)
    try:
        compiled = compile(ast.fix_missing_locations(ast.Module([bare], [])), "handler", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, TypeError):
        return None
    return next(
        (each for each in compiled.co_consts if isinstance(each, CodeType) and each.co_name == found.name), None
    )
