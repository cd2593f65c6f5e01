"""Commands in messages can be pasted where they are read."""

import sys

import pytest

from exh_dev import hints
from exh_dev.hints import pasteable


@pytest.fixture
def started_as(monkeypatch, tmp_path):
    """Make this process one that was started as a file of the working directory, with a PATH of one folder."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    script = tmp_path / ".venv/bin/exh-dev"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)

    def start(argument):
        monkeypatch.setattr(sys, "argv", [str(tmp_path / argument)])
        hints.command.cache_clear()
        return tmp_path

    yield start
    hints.command.cache_clear()


def test_a_command_that_is_not_on_the_path_is_written_as_a_path(started_as):
    started_as(".venv/bin/exh-dev")
    assert pasteable("start one with `exh-dev serve`") == "start one with `.venv/bin/exh-dev serve`"
    assert pasteable("exh-dev --help shows") == ".venv/bin/exh-dev --help shows"
    assert pasteable("test it: pytest tests/test_a.py") == "test it: .venv/bin/pytest tests/test_a.py"
    assert pasteable("pip install 'exh-dev[aws]'") == ".venv/bin/pip install 'exh-dev[aws]'"


def test_a_command_that_is_on_the_path_is_written_as_it_is(started_as, monkeypatch):
    folder = started_as(".venv/bin/exh-dev")
    (folder / "bin/exh-dev").symlink_to(folder / ".venv/bin/exh-dev")
    hints.command.cache_clear()
    assert pasteable("start one with `exh-dev serve`") == "start one with `exh-dev serve`"


def test_another_exh_dev_on_the_path_is_not_meant(started_as):
    folder = started_as(".venv/bin/exh-dev")
    other = folder / "bin/exh-dev"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    hints.command.cache_clear()
    assert pasteable("exh-dev runs") == ".venv/bin/exh-dev runs"


def test_in_another_folder_the_path_is_absolute(started_as, monkeypatch):
    folder = started_as(".venv/bin/exh-dev")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert pasteable("exh-dev runs") == f"{folder}/.venv/bin/exh-dev runs"


def test_a_path_with_a_space_is_quoted(started_as, monkeypatch):
    folder = started_as(".venv/bin/exh-dev")
    spaced = folder / "a b"
    (folder / ".venv").rename(spaced)
    monkeypatch.setattr(sys, "argv", [str(spaced / "bin/exh-dev")])
    assert pasteable("exh-dev runs; pytest tests/a.py") == "'a b/bin/exh-dev' runs; 'a b/bin/pytest' tests/a.py"


def test_a_command_that_was_started_as_a_module_is_suggested_as_one(started_as, monkeypatch):
    folder = started_as("site-packages/exh_dev/__main__.py")
    monkeypatch.setattr(sys, "executable", str(folder / ".venv/bin/python"))
    assert pasteable("exh-dev runs") == ".venv/bin/python -m exh_dev runs"
    assert pasteable("pytest tests/a.py") == ".venv/bin/python -m pytest tests/a.py"


def test_under_uv_a_command_is_run_by_uv(started_as, monkeypatch):
    folder = started_as(".venv/bin/exh-dev")
    monkeypatch.setenv("PATH", str(folder / ".venv/bin"))  # as uv sets it, and no shell outside of it has it
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    hints.command.cache_clear()
    assert pasteable("exh-dev runs; pytest tests/a.py") == "uv run exh-dev runs; uv run pytest tests/a.py"


@pytest.mark.parametrize("message", ["a defect in exh-dev: x", "packages/exh-dev serve", "no-exh-dev run", "exh-devs"])
def test_what_is_not_a_command_is_unchanged(message, started_as):
    started_as(".venv/bin/exh-dev")
    assert pasteable(message) == message
