"""The project's modules: which of them a handler loads, and names that they import of each other and that are not
there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from exh_dev.errors import DevkitError, SourceError
from exh_dev.packaging.imports import read_module
from exh_dev.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exh_dev.packaging.imports import Facts

#: What gives a module names that are not seen in it.
_DYNAMIC = frozenset({"globals", "locals", "exec", "setattr", "vars", "modules", "__dict__", "__getattr__"})


def module_file(root: Path, name: str) -> Path | None:
    """Return the file of one of the project's modules or packages; None if it does not exist."""
    base = root.joinpath(*name.split("."))
    for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
        if path.is_file():
            return path
    return None


def loaded_files(root: Path, handler: Path, version: tuple[int, int]) -> set[Path]:
    """Return the project's files that loading a handler loads too, as far as they can be read."""
    found: set[Path] = set()
    waiting = [handler]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += [init for folder in path.parents if (init := folder / "__init__.py").is_file() and folder != root]
        facts = _facts(root, path, version)
        for name, *_ in facts.imports if facts else ():
            parts = name.split(".")
            files = (module_file(root, ".".join(parts[:depth])) for depth in range(1, len(parts) + 1))
            waiting += [file for file in files if file]
    return {path for path in found if path.is_relative_to(root)}


def missing_names(root: Path, paths: Iterable[Path], version: tuple[int, int]) -> Iterator[SourceError]:
    """Yield an error for each module, and each name of a module, that is imported and that the project does not have.

    Args:
        root: the project's folder.
        paths: files that can be read.
        version: the Python that they are for.
    """
    for path in paths:
        facts = _facts(root, path, version)
        reported = set()
        for name, line, is_needed in facts.imports if facts else ():
            missing = _missing(root, name.split("."), version) if is_needed else None
            if missing and (line, missing) not in reported:
                reported.add((line, missing))
                yield SourceError(path, line, missing)


def _missing(root: Path, parts: list[str], version: tuple[int, int]) -> str | None:
    folder = root / parts[0]
    if not (any(folder.glob("*.py")) or module_file(root, parts[0])):
        return None  # a package, or the standard library's; a folder such as events/ has no modules
    for depth in range(1, len(parts)):
        outer, name = ".".join(parts[:depth]), parts[depth]
        if name == "*":
            return None
        if module_file(root, f"{outer}.{name}") or root.joinpath(*parts[: depth + 1]).is_dir():
            continue
        beside = _modules_in(root.joinpath(*parts[:depth]))
        file = module_file(root, outer)
        if file is None:  # a folder without an __init__.py
            return f"imports {outer}.{name}, and there is no such module{did_you_mean(name, beside)}"
        facts = _facts(root, file, version)
        if facts is None or name.startswith("__") or _may_have(facts, name):
            return None
        known = {*facts.names, *beside}
        return f"imports {name} from {outer}, which has no such name or module{did_you_mean(name, known)}"
    return None


def _may_have(facts: Facts, name: str) -> bool:
    if {name, "*"} & set(facts.names) or facts.tree is None:
        return True
    return any(
        {getattr(each, kind, None) for kind in ("id", "name", "attr")} & _DYNAMIC
        for each in ast.walk(facts.tree)
        if isinstance(each, ast.Name | ast.FunctionDef | ast.Attribute)
    )


def _modules_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [each.stem for each in folder.iterdir() if each.suffix == ".py" or (each / "__init__.py").is_file()]


def _facts(root: Path, path: Path, version: tuple[int, int]) -> Facts | None:
    try:
        return read_module(path, path.relative_to(root).parent.parts, version)
    except (DevkitError, ValueError):  # reported with the syntax of all files
        return None
