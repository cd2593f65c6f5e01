"""Examples in docstrings run: lines after `>>>` as doctests, functions `test_…` with the fixtures that they ask for."""

import doctest
import importlib
import inspect
import textwrap
from pathlib import Path

import pytest
from titled_examples import TITLED

import exh_dev
from exh_dev import testing
from exh_dev.testing import plugin

FIXTURES = ("fake_exh", "project", "platform", "exh", "exh_of", "sample", "seed", "run_function")
PUBLIC = {
    **{name: getattr(testing, name) for name in testing.__all__},
    **{name: getattr(plugin, name) for name in FIXTURES},
}


def example_of(value):
    found = TITLED.search((inspect.getdoc(value) or "") + "\n")
    return textwrap.dedent(found[2]) if found else ""


def modules_with_doctests():
    """Modules are imported only if they have one: some need what is not installed everywhere."""
    root = Path(exh_dev.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if ">>> " in path.read_text():
            parts = path.relative_to(root.parent).with_suffix("").parts
            yield importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


DOCTESTS = [
    test for module in modules_with_doctests() for test in doctest.DocTestFinder(exclude_empty=True).find(module)
]
TESTS = {name: example_of(value) for name, value in PUBLIC.items() if "def test_" in example_of(value)}


@pytest.mark.parametrize("example", [each for each in DOCTESTS if each.examples], ids=lambda each: each.name)
def test_an_example_prints_what_it_says(example):
    report = []
    doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", sorted(TESTS))
def test_an_example_of_a_test_passes(name, request):
    namespace = {}
    exec(compile(TESTS[name], name, "exec"), namespace)  # noqa: S102 - the example of a docstring
    (test,) = (value for key, value in namespace.items() if key.startswith("test_"))
    test(**{fixture: request.getfixturevalue(fixture) for fixture in inspect.signature(test).parameters})


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_has_an_example(name):
    assert TITLED.search((inspect.getdoc(PUBLIC[name]) or "") + "\n")


def test_strict_json_is_among_the_examples():
    assert "exh_dev.strict_json.loads" in {each.name for each in DOCTESTS if each.examples}
