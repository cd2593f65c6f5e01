"""The page of public names is complete and true: what it lists is there, and what is public it lists."""

import importlib
import json
import re
import subprocess
import sys

import exh_dev.testing
import extrahorizon
import pytest
from doc_blocks import table_rows
from exh_dev.cli.main import app
from typer.main import get_command

#: What functions read of AWS's own, and names that are no variables: no contract of this project.
_OTHERS = re.compile(r"AWS_|LAMBDA_|EXH_CLI_|UV_")
_VARIABLE = re.compile(
    r'"((?:API|AWS|DOCUMENT|EXH|FUNCTION|LAMBDA|PARAMETERS|POWERTOOLS|SCHEMA|SIDEFX|UV|WORK)_[A-Z0-9_]+)"'
)


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / "contracts.md").read_text()


def words(text):
    return re.findall(r"`([^`]+)`", text)


def commands():
    for name, command in get_command(app).commands.items():
        for each, sub in getattr(command, "commands", {"": command}).items():
            yield f"{name} {each}".strip(), sub


def test_each_command_is_listed_with_all_its_options(page):
    listed = {words(cells[0])[0]: set(words(cells[2])) for cells in table_rows(page, "Commands")}
    there = {
        name: {each for option in command.params for each in (*option.opts, *option.secondary_opts) if each[0] == "-"}
        for name, command in commands()
    }
    assert listed == there


def test_each_import_path_is_there(page):
    section = page.partition("## Import paths")[2].partition("\n## ")[0]
    for name in words(section):
        if re.fullmatch(r"extrahorizon(\.\w+)+", name):
            importlib.import_module(name)


@pytest.mark.parametrize("package", [extrahorizon, exh_dev.testing])
def test_what_a_package_exports_is_what_is_listed(page, package):
    section = page.partition(f"From `{package.__name__}`:")[2].partition(".\n" if package is extrahorizon else ". ")[0]
    assert set(words(section)) == set(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_each_variable_that_is_read_is_listed(page, project_root):
    section = page.partition("## Environment variables")[2].partition("\n## ")[0]
    read = {
        name
        for path in (project_root / "packages").glob("*/src/**/*.py")
        for name in _VARIABLE.findall(path.read_text())
        if not _OTHERS.match(name) or name == "EXH_DEV_DEBUG"
    }
    assert {name for name in words(section) if name.isupper()} == read


def members(page, command):
    (row,) = (cells for cells in table_rows(page, "JSON") if words(cells[0]) == [command])
    return row[1]


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_members_of_a_commands_json(page, project_root, command):
    done = subprocess.run(
        [sys.executable, "-m", "exh_dev", command, "--json"], cwd=project_root, capture_output=True, check=True
    )
    assert list(json.loads(done.stdout)) == words(members(page, command))


def test_the_page_on_functions_shows_the_typed_documents_that_are_checked(project_root):
    shown = (project_root / "packages/exh-dev/tests/data/typed_documents.txt").read_text()
    assert f"```python\n{shown}```" in (project_root / "docs" / "functions.md").read_text()
