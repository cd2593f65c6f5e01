from __future__ import annotations

from pathlib import Path

import pytest

from exh_dev.project.project import Project

pytest_plugins = ["commons"]

PROJECT = Path(__file__).parent / "project"


@pytest.fixture
def profile():
    """Write a profile into the home directory: a credentials file of this name with the five `API_*` variables."""

    def profile(name, environment, mode=0o600):
        path = Path.home() / ".exh" / f"credentials.{name}"
        path.parent.mkdir(exist_ok=True)
        names = [each for each in environment if each.startswith("API_")]
        path.write_text("".join(f"{each}={environment[each]}\n" for each in names))
        path.chmod(mode)
        return path

    return profile


@pytest.fixture(scope="session")
def project_root():
    """A project of these tests' own."""
    return PROJECT


@pytest.fixture(scope="session")
def project(project_root):
    """The plugin looks for a project where pytest was started; this package is none."""
    return Project(project_root)


def pytest_make_parametrize_id(val, argname):
    """Name archives by their argument: they have the time in them, and workers must collect the same tests."""
    is_archive = isinstance(val, bytes) and (len(val) > 40 or b"\x1f\x8b" in val)
    return argname if is_archive else None
