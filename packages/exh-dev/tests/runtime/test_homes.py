"""Folders that killed workers leave are removed, and those of others are not."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from exh_dev.runtime.worker import sweep_homes


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sweep_homes.cache_clear()
    yield tmp_path
    sweep_homes.cache_clear()


def home(folder, number):
    made = folder / f"exh-dev-home-{number}-abc"
    (made / "tmp").mkdir(parents=True)
    (made / "tmp" / "file").write_text("x")
    return made


def ended():
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_killed_process_left_is_removed_and_nothing_else(temporary):
    left, own = home(temporary, ended()), home(temporary, os.getpid())
    others = [Path(temporary, name) for name in ("exh-dev-home-", "exh-dev-home-x-y", "exh-dev-other")]
    for each in others:
        each.mkdir()
    sweep_homes()
    assert not left.exists()
    assert all(each.exists() for each in (own, *others))


def test_a_folder_that_cannot_be_removed_stops_nothing(temporary, monkeypatch):
    left = home(temporary, ended())
    stat = Path.stat

    def refused(path, **options):
        if path == left:
            raise PermissionError("no")
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refused)
    sweep_homes()
    monkeypatch.undo()
    assert left.exists()
