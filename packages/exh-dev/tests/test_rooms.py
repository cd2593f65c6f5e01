"""Which room of the toolkit may import which. All imports count: late ones, and those for type checkers alone."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import exh_dev
import extrahorizon

pytestmark = pytest.mark.slow

TOOLKIT, CLIENT = Path(exh_dev.__file__).parent, Path(extrahorizon.__file__).parent
BOTTOM = {"platform", "runtime", "project"}
ABOVE = {"aws", "checking", "cli", "control_center", "packaging", "remote", "serve", "sidefx", "testing"}
#: Rooms that put others together; serve is theirs alone.
COMPOSING = {"cli", "serve", "testing"}
#: The user's own code, which runs in processes of its own.
USERS = {"handlers", "shared"}


def modules(package):
    """Each module of a package by its name. A wheel holds files of projects too, which are none."""
    found = {}
    for path in sorted(set(package.rglob("*.py")) - set(package.glob("project/init/template/**/*.py"))):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name, path, known):
    """The modules that a module imports; of `from package import name` the submodule, where `name` is one."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for each in node.names:
                yield inner if (inner := f"{source}.{each.name}") in known else source


def graph(package):
    known = modules(package)
    return {name: set(imported(name, path, known)) - {name} for name, path in known.items()}


def room(name):
    """The room that a module of the toolkit is in; empty for those beside the rooms, such as `exh_dev.errors`."""
    top, _, rest = name.partition(".")
    parts = rest.split(".")
    return parts[0] if top == "exh_dev" and (TOOLKIT / parts[0]).is_dir() and rest else ""


def arrows():
    """Each import from one room into another, with the two modules."""
    for name, targets in graph(TOOLKIT).items():
        for target in sorted(targets):
            if room(target) and room(target) != room(name):
                yield room(name), room(target), f"{name} imports {target}"


def circles(edges):
    """The strongly connected parts of a graph that have more than one module (Tarjan)."""
    order, lowest, stack, found = {}, {}, [], []

    def visit(name):
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for target in edges.get(name, ()):
            if target not in edges:
                continue
            if target not in order:
                visit(target)
                lowest[name] = min(lowest[name], lowest[target])
            elif target in stack:
                lowest[name] = min(lowest[name], order[target])
        if lowest[name] == order[name]:
            members = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(members) > 1:
                found.append(sorted(members))

    for name in edges:
        if name not in order:
            visit(name)
    return found


def test_every_room_is_known():
    rooms = {path.name for path in TOOLKIT.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert rooms == BOTTOM | ABOVE


def test_every_package_says_what_is_in_it():
    silent = [path for path in TOOLKIT.rglob("__init__.py") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent


def test_the_lowest_rooms_import_nothing_from_above():
    assert not [text for source, target, text in arrows() if source in BOTTOM and target in ABOVE]


def test_the_lowest_rooms_import_each_other_in_one_order():
    """Of project, platform and runtime each may import those after it: the project checks its templates' syntax."""
    within = {(source, target) for source, target, _ in arrows() if {source, target} <= BOTTOM}
    assert within <= {("project", "platform"), ("project", "runtime"), ("platform", "runtime")}


def test_nobody_but_the_command_line_imports_the_command_line():
    assert not [text for source, target, text in arrows() if target == "cli" and text.split()[0] != "exh_dev.__main__"]


def test_only_serve_puts_rooms_together():
    assert not [text for source, target, text in arrows() if target == "serve" and source not in COMPOSING]


def test_modules_beside_the_rooms_import_only_runtime():
    """So that no arrow runs up by way of `exh_dev.output` or `exh_dev.errors`."""
    beside = [(target, text) for source, target, text in arrows() if not source]
    assert not [text for target, text in beside if target != "runtime" and text.split()[0] != "exh_dev.__main__"]


def test_no_modules_of_the_toolkit_import_each_other():
    assert not circles(graph(TOOLKIT))


def test_the_client_imports_nothing_of_ours():
    outside = defaultdict(set)
    for name, targets in graph(CLIENT).items():
        for target in targets:
            outside[target.partition(".")[0]].add(name)
    assert not {top: names for top, names in outside.items() if top in {"exh_dev", "benchmarks", *USERS}}


def test_the_toolkit_imports_no_code_of_users():
    tops = {(name, target) for name, targets in graph(TOOLKIT).items() for target in targets}
    assert not [(name, target) for name, target in tops if target.partition(".")[0] in USERS]
