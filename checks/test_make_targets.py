"""What the template's own `make` targets call, with stand-ins for the programs: nothing is installed or deployed."""

import os
import shutil
import subprocess

import pytest

PROGRAM = '#!/bin/sh\necho "$(basename "$0") $*" >> called\n[ "$(basename "$0")" != "$FAILS" ]\n'


@pytest.fixture
def make(project_root, tmp_path):
    """`make` in a project that is set up; gives what it called, and what it said."""
    shutil.copy(project_root / "Makefile", tmp_path)
    (tmp_path / "requirements-sam.txt").touch()
    for program in (".venv/bin/exh-dev", ".venv-sam/bin/sam"):
        (tmp_path / program).parent.mkdir(parents=True)
        (tmp_path / program).write_text(PROGRAM)
        (tmp_path / program).chmod(0o755)
    for made in (".venv/.made", ".venv/.tools", ".venv/.run", ".venv-sam/.ready"):
        (tmp_path / made).touch()

    def make(*arguments, **environment):
        (tmp_path / "called").write_text("")
        done = subprocess.run(
            ["make", *arguments], cwd=tmp_path, env={**os.environ, **environment},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return done, (tmp_path / "called").read_text().splitlines()

    return make


@pytest.fixture
def only_what_make_takes(tmp_path):
    """A PATH without a uv."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "rm", "make", "mkdir", "basename"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


@pytest.mark.parametrize(("arguments", "environment"), [([], "dev"), (["ENV=staging"], "staging")])
def test_deploying_builds_for_the_environment_that_it_deploys_to(make, arguments, environment):
    done, called = make("deploy", *arguments)
    assert done.returncode == 0
    assert called == [f"exh-dev build --table --config-env {environment}", f"sam deploy --config-env {environment}"]


def test_a_build_before_it_does_not_take_its_place(make):
    _, called = make("build", "deploy", "ENV=production")
    assert called[1:] == ["exh-dev build --table --config-env production", "sam deploy --config-env production"]


def test_what_cannot_be_built_is_not_deployed(make, tmp_path):
    shutil.rmtree(tmp_path / ".venv-sam")  # nor is anything installed for it
    done, called = make("deploy", "ENV=prod", FAILS="exh-dev")
    assert done.returncode != 0
    assert called == ["exh-dev build --table --config-env prod"]


def test_locks_are_made_by_the_uv_that_there_is(make, tmp_path, only_what_make_takes):
    uv = tmp_path / "elsewhere" / "uv"
    uv.parent.mkdir()
    uv.write_text(PROGRAM)
    uv.chmod(0o755)
    path = f"{uv.parent}:{only_what_make_takes}"
    done, called = make("lock", PATH=path)
    assert done.returncode == 0
    assert called[1].startswith("uv pip compile -q --upgrade --generate-hashes --universal")
    shutil.copy(uv, tmp_path / ".venv" / "bin" / "uv")
    uv.unlink()
    done, again = make("lock", PATH=path)
    assert (done.returncode, again) == (0, called)


def test_without_uv_it_says_what_to_do_and_tries_again_later(make, tmp_path, only_what_make_takes):
    done, called = make("lock", PATH=str(only_what_make_takes))
    assert done.returncode != 0
    assert called == []
    assert "Only uv makes locks, and it could not be installed into .venv" in done.stderr
    assert "any uv on the PATH will do" in done.stderr
    assert not (tmp_path / ".venv/.tools").exists()
