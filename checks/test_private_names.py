"""No code depends on the inside of another package, unless a test fails on the upgrade that breaks it.

The inside is what has a private name, and what is replaced there by something of ours.
Tests are not looked at: what they depend on themselves, they fail by.
"""

import ast
import builtins
import functools
import importlib
import inspect
import re
from contextlib import suppress

import pytest

CLIENT, PLATFORM = "packages/extrahorizon/tests/transport", "packages/exh-dev/tests/platform"
ADDRESSES = "test_addresses_that_do_not_answer_end_with_the_deadline_together"
COSTS = "test_what_writes_next_to_nothing_has_a_cost"
ENDED = "test_a_template_that_would_never_end_is_stopped_and_its_line_named"
OUR_OWN = {"exh_dev", "extrahorizon", "handlers", "shared"}
FOLDERS = ("packages/extrahorizon/src", "packages/exh-dev/src", "handlers", "shared", "examples")
#: Names that begin with an underscore and are documented: of the standard library's modules, of named tuples.
DOCUMENTED = {"_exit", "_getframe", "_asdict", "_fields", "_make", "_replace"}
#: By file and name: the test that fails on an upgrade after which it is not there, or is not used any more.
GUARDED = {
    "packages/extrahorizon/src/extrahorizon/transport/adapter.py": {
        "_new_conn": f"{CLIENT}/test_before_the_request.py::{ADDRESSES}",
        "_dns_host": f"{CLIENT}/test_before_the_request.py::{ADDRESSES}",
        "_tunnel": f"{CLIENT}/test_before_the_request.py::"
        "test_a_proxy_that_is_slow_and_a_host_that_is_silent_end_with_one_deadline",
    },
    "packages/extrahorizon/src/extrahorizon/transport/final_response.py": {
        "_read_status": f"{CLIENT}/test_answers.py::test_interim_answers_end",
    },
    "packages/exh-dev/src/exh_dev/platform/templates/formatting.py": {
        "_Locale__data": f"{PLATFORM}/test_intl.py::"
        "test_a_month_alone_is_in_the_language_that_is_asked_for_whatever_was_before",
    },
    "packages/exh-dev/src/exh_dev/platform/templates/handlebars.py": {
        "_render_one": f"{PLATFORM}/test_handlebars.py::test_an_error_names_its_line",
        **dict.fromkeys(("_render", "_eval_call"), f"{PLATFORM}/test_handlebars.py::{COSTS}"),
        **dict.fromkeys(
            ("_call", "_js_text", "_line_ending_after", "_parse", "_step", "_tokens"),
            f"{PLATFORM}/test_handlebars.py::test_a_handlebars_template_is_rendered",
        ),
    },
    "packages/exh-dev/src/exh_dev/platform/templates/handlebars_lines.py": dict.fromkeys(
        ("_render", "_tokens"), f"{PLATFORM}/test_handlebars.py::test_an_error_names_its_line"
    ),
    "packages/exh-dev/src/exh_dev/platform/templates_v1/engine.py": {
        "_Element": f"{PLATFORM}/test_templates_v1.py::test_an_error_names_the_field_and_the_line",
        "airspeed.StoppableStream": f"{PLATFORM}/test_templates_v1.py::test_what_a_template_writes_is_bounded",
        "airspeed.NullLoader": f"{PLATFORM}/test_templates_v1.py::test_a_template_takes_up_no_file",
        "airspeed.NameOrCall.calculate": f"{PLATFORM}/test_templates_v1.py::"
        "test_a_template_reaches_nothing_but_its_content",
        "airspeed.InterpolatedStringLiteral.parse": f"{PLATFORM}/test_templates_v1.py::{ENDED}",
        **dict.fromkeys(
            (
                "_FunctionDefinition",
                "airspeed.BinaryOperator.OPERATORS",
                "airspeed.ForeachDirective.evaluate_raw",
                "airspeed.FormalReference.evaluate_raw",
                "airspeed.MacroCall.evaluate_raw",
                "airspeed.ParameterList.parse",
                "airspeed.Range.calculate",
                "airspeed.SubExpression.calculate",
                "airspeed.Text.PLAIN",
                "airspeed.UserDefinedDirective.DIRECTIVES",
            ),
            f"{PLATFORM}/test_templates_v1.py::test_velocity_is_rendered",
        ),
    },
    "packages/exh-dev/src/exh_dev/platform/templates_v1/velocity.py": {
        "_Element": f"{PLATFORM}/test_templates_v1.py::{ENDED}",
    },
}


def is_private(name):
    return re.fullmatch(r"_+[A-Za-z]\w*", name) is not None and not name.endswith("__") and name not in DOCUMENTED


def private_names(path):
    """The names inside of other packages that a file uses, inherits, overrides or replaces."""
    tree = ast.parse(path.read_bytes())
    found = rebound(tree)
    for node, classes in with_classes(tree):
        if isinstance(node, ast.ClassDef):
            names = {name for name in names_within(node) if is_private(name)} if node.bases else set()
            found |= names and names & inherited(node, tree)
        elif names := {name for name in named(node) if is_private(name)}:
            is_import = isinstance(node, ast.Import | ast.ImportFrom)
            found |= names if is_import else names.difference(*map(names_within, classes))
    return found


def with_classes(node, classes=()):
    """Each node below, with the classes that it is in."""
    for child in ast.iter_child_nodes(node):
        yield child, classes
        yield from with_classes(child, (*classes, child) if isinstance(child, ast.ClassDef) else classes)


def named(node):
    """The names of something else that a node has: of a module or of an object, but for those of `self`."""
    match node:
        case ast.Import(names=names):
            return {part for each in names for part in foreign_parts(each.name)}
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return {part for each in names for part in foreign_parts(f"{module}.{each.name}")}
        case ast.Attribute(value=value, attr=name) if not is_itself(value):
            return {name}
        case ast.Call(func=ast.Name(id="getattr" | "hasattr" | "setattr" | "delattr"), args=[_, name, *_]):
            return {str(getattr(name, "value", ""))}
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars")) | ast.Attribute(attr="__dict__"), slice=name):
            return {str(getattr(name, "value", ""))}
    return set()


def is_itself(value):
    """Whether an expression is `self`, `cls` or `super()`."""
    match value:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return True
    return False


def rebound(tree):
    """The names in modules of other packages that a file gives another value."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    foreign = {
        each.asname or each.name.partition(".")[0]
        for node in imports
        for each in node.names
        if (getattr(node, "module", None) or each.name).partition(".")[0] not in OUR_OWN
    }
    targets = [each for node in ast.walk(tree) if isinstance(node, ast.Assign) for each in node.targets]
    names = [name for each in targets if re.fullmatch(r"\w+(\.\w+)+", name := ast.unparse(each))]
    return {name for name in names if name.split(".")[0] in foreign and not any(map(is_private, name.split(".")))}


def foreign_parts(name):
    parts = name.split(".")
    return set() if parts[0] in OUR_OWN else set(parts)


def names_within(definition):
    """The names that a class defines, or uses of itself."""
    found = set()
    for node in ast.walk(definition):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Attribute(value=value, attr=name) if is_itself(value):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {each.id for each in targets if isinstance(each, ast.Name)}
    return found


def inherited(definition, tree):
    """The private names of a class's bases in other packages."""
    here = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = set()
    for base in definition.bases:
        name = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
        if name in here:
            found |= inherited(here[name], tree)
        else:
            for each in getattr(imported(name, tree), "__mro__", ()):
                if each.__module__.partition(".")[0] not in OUR_OWN:
                    found |= privates_of(each)
    return found


def imported(name, tree):
    """What a name stands for by the imports of a file, wherever they are in it; None where it is no imported one."""
    first, *rest = name.split(".")
    for node in ast.walk(tree):
        for each in getattr(node, "names", ()) if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.Import) and first in {each.asname, each.name.partition(".")[0]}:
                module = importlib.import_module(each.name)
                return functools.reduce(getattr, rest, module if each.asname else importlib.import_module(first))
            if isinstance(node, ast.ImportFrom) and first == (each.asname or each.name):
                return functools.reduce(getattr, rest, getattr(importlib.import_module(node.module), first, None))
    return getattr(builtins, name, None)


@functools.cache
def privates_of(base):
    found = set(vars(base))
    with suppress(TypeError, OSError):  # it is written in C
        found |= set(re.findall(r"\bself\.(_\w+)", inspect.getsource(base)))
    return {name for name in found if is_private(name)}


def modules(project_root):
    for folder in FOLDERS:
        for path in sorted((project_root / folder).rglob("*.py")):
            place = path.relative_to(project_root)
            if not {"tests", "build", ".venv"} & set(place.parts):
                yield place.as_posix()


@pytest.mark.slow
def test_each_private_name_of_another_package_has_a_test(project_root):
    found = {each: names for each in modules(project_root) if (names := private_names(project_root / each))}
    assert found == {file: set(tests) for file, tests in GUARDED.items()}


@pytest.mark.parametrize("test", sorted({test for tests in GUARDED.values() for test in tests.values()}))
def test_the_test_is_there(project_root, test):
    file, _, name = test.partition("::")
    assert f"\ndef {name}(" in (project_root / file).read_text()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import a\na.b._c", {"_c"}),
        ("import a._b\nfrom c import _d\nfrom exh_dev._e import _f", {"_b", "_d"}),
        ("def f(x): return getattr(getattr(x, '_fp', None), '_sock')", {"_fp", "_sock"}),
        ("vars(x)['_a'], x.__dict__['_b'], x['_c']", {"_a", "_b"}),
        ("import os, sys\nos._exit(1), sys._getframe(), x.__class__", set()),
        ("class A:\n    def f(self, other):\n        self._a = 1\n        return other._a, other._b", {"_b"}),
        ("class A:\n    _a: int\n    def f(self, other): return getattr(other, '_a')", set()),
        ("from http.client import HTTPResponse\nclass A(HTTPResponse):\n    def _read_status(self): pass",
         {"_read_status"}),
        ("import http.client\nclass A(http.client.HTTPConnection): pass\nclass B(A):\n    def f(self): self._tunnel()",
         {"_tunnel"}),
        ("from threading import Thread\nclass A(Thread):\n    def __init__(self): self._target = 1", {"_target"}),
        ("import a.b\na.C.d = 1\na._e.f = 2\nfrom shared import g\ng.h = 3", {"a.C.d", "_e"}),
        ("class A(Exception):\n    def __init__(self): self._own = 1", set()),
    ],
)  # fmt: skip
def test_a_private_name_is_seen(tmp_path, code, names):
    (tmp_path / "module.py").write_text(code)
    assert private_names(tmp_path / "module.py") == names
