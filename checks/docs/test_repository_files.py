"""The files at the root say what is so: the version, the targets, the places."""

import re

import extrahorizon
import pytest
from places import MAKEFILES, ROOMS, place_of


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_each_path_that_it_names_is_there(project_root, name):
    text = (project_root / name).read_text()
    named = re.findall(rf"`((?:{ROOMS}|docs|\.ci)/[\w./-]*)`", text)
    assert [path for path in named if not place_of(path).exists()] == []


def test_each_target_of_make_is_there(project_root):
    targets = set(re.findall(r"^([a-z-]+):.*##", MAKEFILES, re.MULTILINE))
    named = re.findall(r"`make ([a-z -]+)`", (project_root / "CONTRIBUTING.md").read_text())
    assert {target for each in named for target in each.split()} <= targets


def test_the_newest_version_of_the_changelog_is_this_one(project_root):
    text = (project_root / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (Unreleased|\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)
    assert len(headings) == text.count("\n## ")
    assert headings[0][0] == extrahorizon.__version__
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security",
    }  # fmt: skip


def test_the_changelog_names_every_command(project_root):
    from exh_dev.cli.main import app
    from typer.main import get_command

    text = (project_root / "CHANGELOG.md").read_text()
    commands = set(get_command(app).commands)
    assert {name for name in commands if not re.search(rf"`(exh-dev )?{name}`", text)} == set()


def test_a_weakness_is_reported_where_nobody_else_reads_it(project_root):
    text = (project_root / "SECURITY.md").read_text()
    assert "private vulnerability report" in text
    assert "@" not in text
