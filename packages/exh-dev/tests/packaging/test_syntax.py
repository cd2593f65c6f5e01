"""A function's files are read by the grammar of the Python that its runtime has, not of the one that builds."""

import sys

import pytest

from exh_dev.errors import DevkitError
from exh_dev.packaging import imports
from exh_dev.packaging.imports import read_module
from exh_dev.packaging.interpreter import find_python

ALIAS = "import json\n\ntype UserId = str\n\n\ndef handler(event, context):\n    return {}\n"
LATER, EARLIER = (3, 12), (3, 11)


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "greet.py"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def _later_python():
    if sys.version_info[:2] < LATER:
        try:
            find_python(LATER)
        except DevkitError:
            pytest.skip("there is no Python 3.12 here to read a file by")


@pytest.mark.usefixtures("_later_python")
def test_syntax_of_a_later_python_is_accepted_for_it(write):
    facts = read_module(write(ALIAS), (), LATER)
    assert [(each.name, each.line) for each in facts.imports] == [("json", 1)]
    assert "handler" in facts.names


def test_syntax_of_a_later_python_is_refused_for_an_earlier_one(write):
    with pytest.raises(DevkitError, match=r"greet\.py:3: SyntaxError: .*read as Python 3\.11"):
        read_module(write(ALIAS), (), EARLIER)


@pytest.mark.usefixtures("_later_python")
def test_a_syntax_error_is_reported_with_its_line(write):
    with pytest.raises(DevkitError, match=r"greet\.py:2: SyntaxError: .*read as Python 3\.12"):
        read_module(write("\ndef broken(:\n"), (), LATER)


def test_without_that_python_it_says_which_one_to_install(write, monkeypatch):
    def find_none(version):
        raise DevkitError("there is none")

    monkeypatch.setattr(imports, "find_python", find_none)
    monkeypatch.setattr(imports, "_HERE", EARLIER)
    with pytest.raises(DevkitError, match=r"no Python 3\.99 here to read it.*install Python 3\.99"):
        read_module(write("type = = 1\n"), (), (3, 99))


@pytest.mark.usefixtures("_later_python")
def test_relative_imports_begin_with_the_package(write):
    text = "type A = int\nfrom . import day\nfrom ..documents import Document\n"
    facts = read_module(write(text), ("handlers", "daily_report"), LATER)
    assert {each.name for each in facts.imports} == {
        "handlers.daily_report.day", "handlers.documents", "handlers.documents.Document",
    }  # fmt: skip
