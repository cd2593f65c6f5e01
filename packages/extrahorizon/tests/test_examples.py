"""Examples in docstrings run, or compile where they call a platform; each public name has one."""

import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap

import pytest

import extrahorizon

#: Modules without an import of what only AWS or a user has.
MODULES = [
    module.name
    for module in pkgutil.walk_packages(extrahorizon.__path__, "extrahorizon.")
    if not module.name.endswith(("__main__", ".queue", ".batch"))
]
#: A bold title, and below it the lines of the example.
TITLED = re.compile(r"^\*\*.+\*\*\n\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)


class Context:
    """The context that Lambda passes, as far as examples need it."""

    aws_request_id = "6f7a3c1e-0d7b-4a36-9f0d-2f2f2f2f2f2f"
    function_name = "example"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:example"

    def get_remaining_time_in_millis(self):
        return 3000


def examples():
    finder = doctest.DocTestFinder()
    found = (test for name in MODULES for test in finder.find(importlib.import_module(name)))
    return [test for test in found if test.docstring and "**" in test.docstring]


EXAMPLES = examples()


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.examples], ids=lambda each: each.name)
def test_an_example_prints_what_it_says(example):
    report = []
    example.globs["context"] = Context()
    doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("example", [each for each in EXAMPLES if not each.examples], ids=lambda each: each.name)
def test_an_example_of_calls_is_python(example):
    code = TITLED.findall(inspect.cleandoc(example.docstring) + "\n")
    for each in code:
        compile(textwrap.dedent(each), example.name, "exec")


@pytest.mark.parametrize("name", ["ExtraHorizon", "RQL", "Task", "task_handler"])
def test_a_public_name_has_an_example(name):
    assert TITLED.search(inspect.getdoc(getattr(extrahorizon, name)) + "\n")
