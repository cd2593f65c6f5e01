"""`make` sets up what the locks say, whatever was released since and whichever pip is there."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from exh_dev.errors import DevkitError
from exh_dev.packaging.interpreter import find_python
from newcomer import KEPT
from package_index import NEWER, PackageIndex
from packaging.requirements import Requirement

SPECIAL = re.compile(r"PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|CONSTRAINT)|UV_.*")
#: The oldest pip that comes with a supported Python (3.11.0 brings 22.3, Debian 12 23.0.1), and the newest here.
OLDEST, DEBIAN, NEWEST = "22.3", "23.0.1", None


def make(*targets, folder, environment, check=True):
    done = subprocess.run(
        ["make", *targets], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0 or not check, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def installed(folder):
    """The versions of what is installed, by name."""
    code = "import importlib.metadata as m, json; print(json.dumps([(d.name, d.version) for d in m.distributions()]))"
    done = subprocess.run([folder / ".venv/bin/python", "-c", code], check=True, capture_output=True, text=True)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in json.loads(done.stdout)}


def locked(lock, python=None):
    """The versions in a lock by name: for a version of Python such as 3.11, or every `name==version` there is."""
    requirements = [Requirement(each) for each in re.findall(r"^([a-z0-9].*?) \\$", lock.read_text(), re.MULTILINE)]
    if python is None:
        return {str(each) for each in requirements}
    where = {"python_version": python, "python_full_version": f"{python}.7"}
    listed = [each for each in requirements if each.marker is None or each.marker.evaluate(where)]
    return {each.name: str(each.specifier).removeprefix("==") for each in listed}


@pytest.fixture(scope="module")
def oldest_python():
    """The oldest Python that is supported: the old pips do not run on later ones."""
    try:
        return find_python((3, 11))
    except DevkitError:
        pytest.skip("the pip that came with Python 3.11 can only be tried with Python 3.11")


@pytest.fixture(scope="module")
def environment(oldest_python, tmp_path_factory):
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return {**kept, "HOME": str(tmp_path_factory.mktemp("home")), "PYTHON": str(oldest_python)}


RARE = pytest.mark.rare


def copy(project_root, folder):
    """What git tracks of the project, as it is now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project_root, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (project_root / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project_root / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def index(project_root, environment, tmp_path_factory):
    """The index of a day when everything in the locks has a newer release."""
    folder, files = copy(project_root, tmp_path_factory.mktemp("made")), tmp_path_factory.mktemp("files")
    make(".venv/.made", folder=folder, environment=environment)
    for lock in ("requirements-setup.txt", "packages/requirements-dev.txt"):
        subprocess.run(
            [folder / ".venv/bin/pip", "download", "-q", "--no-deps", "--require-hashes", "-r", lock, "-d", files],
            cwd=folder, env=environment, check=True,
        )  # fmt: skip
    with PackageIndex(files) as index:
        yield index


@pytest.mark.slow
@pytest.mark.rare
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("pip", "uses_uv", "target", "lock"),
    [
        pytest.param(OLDEST, True, ".run", "requirements-run.txt", id="oldest-pip-uv"),
        pytest.param(OLDEST, False, ".dev", "packages/requirements-dev.txt", id="oldest-pip-alone", marks=RARE),
        pytest.param(DEBIAN, False, ".run", "requirements-run.txt", id="debians-pip-alone", marks=RARE),
        pytest.param(NEWEST, True, ".run", "requirements-run.txt", id="newest-pip-uv", marks=RARE),
        pytest.param(NEWEST, False, ".run", "requirements-run.txt", id="newest-pip-alone", marks=RARE),
    ],
)
def test_a_newer_release_of_everything_changes_nothing(
    project_root, tmp_path, environment, index, pip, uses_uv, target, lock
):
    folder = copy(project_root, tmp_path / "a project")
    make(".venv/.made", folder=folder, environment=environment)
    wanted = f"pip=={pip}" if pip else "pip"
    pip_install = [folder / ".venv/bin/python", "-m", "pip", "install", "-q", "--upgrade", wanted]
    subprocess.run(pip_install, env=environment, check=True)
    later = {name: value for name, value in environment.items() if not SPECIAL.fullmatch(name)}
    later |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.url, "UV_DEFAULT_INDEX": index.url}
    if not uses_uv:
        make(".venv/.tools", folder=folder, environment=later)
        (folder / ".venv/bin/uv").unlink()
    done = make(f".venv/{target}", folder=folder, environment=later)
    assert ("Without uv" in done.stderr) is not uses_uv
    here, expected = installed(folder), locked(folder / lock, "3.11")
    assert NEWER not in here.values()
    own = {name: here.pop(name, None) for name in ("setuptools", "uv", "exh-dev", "extrahorizon")}
    assert own["exh-dev"] == own["extrahorizon"]
    building = locked(folder / "packages/requirements-build.txt", "3.11")
    assert here == building | expected


@pytest.mark.slow
@pytest.mark.rare
@pytest.mark.timeout(400)
def test_without_an_index_it_says_so_and_goes_on_later(project_root, tmp_path, environment, index):
    folder = copy(project_root, tmp_path)
    nowhere = {**environment, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    nowhere |= {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/", "UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}
    nowhere.pop("PIP_FIND_LINKS", None)
    done = make(".venv/.run", folder=folder, environment=nowhere, check=False)
    assert done.returncode != 0
    assert "Is the package index reachable? The same command goes on from here" in done.stderr
    there = {**nowhere, "PIP_INDEX_URL": index.url, "UV_DEFAULT_INDEX": index.url}
    make(".venv/.run", folder=folder, environment=there)
    assert installed(folder)["typer"] == locked(folder / "requirements-run.txt", "3.11")["typer"]
    make(".venv/.run", folder=folder, environment=nowhere)  # all is there


@pytest.mark.parametrize(
    ("lock", "smaller"),
    [
        ("packages/requirements-dev.txt", "examples/requirements-run.txt"),
        ("packages/requirements-dev.txt", "requirements-dev.txt"),
        ("examples/requirements-run.txt", "requirements-run.txt"),
        ("requirements-dev.txt", "requirements-run.txt"),
        ("requirements-run.txt", "requirements.txt"),
        ("requirements.txt", "examples/requirements.txt"),
    ],
)
def test_each_lock_holds_the_smaller_one(project_root, lock, smaller):
    small, large = ({each.partition(";")[0] for each in locked(project_root / name)} for name in (smaller, lock))
    assert set() < small <= large


# which Python


@pytest.fixture
def choose(project_root, tmp_path):
    """Which Python `make` sets up, with nothing on the path but what it needs and these programs."""
    folder = tmp_path / "project"
    (folder / ".venv").mkdir(parents=True)
    shutil.copy(project_root / "Makefile", folder)
    (folder / "template.yaml").write_text("Globals:\n  Function:\n    Runtime: python3.13\n")
    programs = tmp_path / "my programs"
    programs.mkdir()
    for name in ("sh", "sed", "head", "touch", "make", "cat"):
        (programs / name).symlink_to(shutil.which(name))

    def choose(pythons, home=tmp_path, **variables):
        for name, version in pythons.items():
            path = programs / name if "/" not in name else Path(home) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(FAKE_PYTHON.format(version=version, name=name))
            path.chmod(0o755)
        environment = {"PATH": str(programs), "HOME": str(home), **variables}
        (folder / ".venv" / ".made").unlink(missing_ok=True)  # as after a lock has changed
        return make(".venv/.made", folder=folder, environment=environment, check=False).stderr

    return choose


#: Answers as Python does to what `make` asks of it, or as a shim of pyenv whose version is not chosen.
FAKE_PYTHON = """#!/bin/sh
version={version}
if [ "$version" = shim ]; then
    [ -n "$PYENV_VERSION" ] || {{ echo "pyenv: python3.13: command not found" >&2; exit 127; }}
    version=$PYENV_VERSION
fi
case $1 in
    --version) echo "Python $version from {name}" ;;
    -c)
        case $2 in
            *realpath*) echo "$0" ;;
            "") exit 0 ;;
            *) [ "$version" = "$3" ] ;;
        esac
        ;;
    -m) exit 0 ;;
esac
"""


def test_the_python_of_the_manifest_comes_first(choose):
    assert "with Python 3.13 from python3.13" in choose({"python3.14": "3.14", "python3.13": "3.13", "python3": "3.11"})


def test_else_it_is_the_newest_that_runs(choose):
    chosen = choose({"python3.14": "shim", "python3.12": "3.12", "python3.11": "3.11", "python3": "3.11"})
    assert "with Python 3.12 from python3.12" in chosen


def test_a_python_without_a_number_in_its_name_is_taken_by_its_version(choose):
    assert "with Python 3.13 from python3" in choose({"python3.11": "3.11", "python3": "3.13"})


def test_a_dead_shim_is_passed_over_for_the_version_behind_it(choose):
    chosen = choose({"python3.13": "shim", ".pyenv/versions/3.13.2/bin/python": "3.13", "python3.12": "3.12"})
    assert "with Python 3.13 from .pyenv/versions/3.13.2/bin/python" in chosen


def test_a_shim_that_lives_by_a_variable_is_taken_while_it_does(choose):
    pythons = {"python3.13": "shim", "python3.12": "3.12"}
    assert "with Python 3.13 from python3.13" in choose(pythons, PYENV_VERSION="3.13")
    assert "with Python 3.12 from python3.12" in choose(pythons)


def test_a_given_python_is_taken_whatever_the_manifest_says(choose):
    assert "with Python 3.11 from mine" in choose({"mine": "3.11", "python3.13": "3.13"}, PYTHON="mine")


def test_a_given_python_is_taken_again_when_a_lock_has_changed(choose):
    choose({"mine": "3.11", "python3.13": "3.13"}, PYTHON="mine")
    assert "with Python 3.11 from mine" in choose({})
    assert "with Python 3.13 from python3.13" in choose({}, PYTHON="python3.13")
    assert "with Python 3.13 from python3.13" in choose({"mine": "3.11"})


def test_a_given_python_that_does_not_run_any_more_is_passed_over(choose):
    choose({"mine": "3.11", "python3.13": "3.13"}, PYTHON="mine")
    assert "with Python 3.13 from python3.13" in choose({"mine": "shim"})


def test_without_any_it_says_how_to_get_one(choose):
    told = choose({"python3": "3.10", "python3.13": "shim"})
    assert "No Python 3.11 to 3.14 with venv was found. Install python3" in told
    assert "python3 and python3-venv (apt)" in told
