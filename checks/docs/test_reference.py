"""The reference is what the docstrings say now, and names every method."""

import re
import runpy
import sys

import pytest


@pytest.fixture(scope="module")
def pages(project_root):
    """The pages as they would be made now. It is an error where a method or parameter of the SDK is unexplained."""
    sys.path.append(str(project_root / "docs"))  # one script imports the other
    return runpy.run_path(str(project_root / "docs" / "make_reference.py"))["pages"]()


def test_it_is_up_to_date(project_root, pages):
    """`make reference` brings it up to date."""
    folder = project_root / "docs" / "reference"
    assert {path.name: path.read_text() for path in folder.glob("*.md")} == pages


def test_every_method_of_the_javascript_sdk_is_in_the_table(pages):
    rows = re.findall(r"^\| `(\w+(?:\.\w+)*)` \| ", pages["parity.md"].partition("## Methods")[2], re.MULTILINE)
    assert len(rows) == len(set(rows)) == 441
    assert "|  |  |" not in pages["parity.md"]


@pytest.mark.parametrize(
    ("method", "made_up"), [("auth.applications.create", "madeUp"), ("data.schemas.find", "madeUp"), ("users.me", "id")]
)
@pytest.mark.usefixtures("pages")
def test_a_parameter_that_nothing_here_is_like_is_an_error(method, made_up, monkeypatch):
    import make_parity

    monkeypatch.setitem(make_parity.SDK["methods"][method], made_up, [])
    with pytest.raises(ValueError, match=f"{method}: {made_up}"):
        make_parity.page()


def test_every_method_is_in_it_once(project_root, pages):
    listed = [name for text in pages.values() for name in re.findall(r"^### `exh\.([\w.]+)`$", text, re.MULTILINE)]
    assert len(listed) == len(set(listed)) > 400
    source = project_root / "packages" / "extrahorizon" / "src" / "extrahorizon" / "services"
    methods = re.compile(r"(?<!property\n)^    def ([a-z]\w*)\(self", re.MULTILINE)
    defined = {name for path in source.rglob("*.py") for name in methods.findall(path.read_text())}
    assert defined <= {name.rpartition(".")[2] for name in listed}
    for text in pages.values():
        assert not re.search(r"\bItem\b|Unpack\[", text)
