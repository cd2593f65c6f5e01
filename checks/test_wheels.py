"""Both packages work from their wheels, in a clean environment, without this repository."""

import os
import shutil
import subprocess

import pytest
from exh_dev.errors import DevkitError
from exh_dev.packaging.interpreter import find_python
from newcomer import surroundings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.rare,  # a new project installs both wheels in `make test-all` too
    pytest.mark.timeout(1200),
]

SCRIPT = """
import sys
from extrahorizon import ExtraHorizon, Task, logger, rql, task_handler
from extrahorizon.credentials import Credentials
from extrahorizon.errors import PlatformUnreachableError

exh = ExtraHorizon(Credentials("http://localhost:9", "key", "secret", "token", "token secret"))
try:
    exh.users.find(rql.eq("first_name", "Ada"))
except PlatformUnreachableError:
    print("unreachable")
assert not [name for name in sys.modules if name.startswith(("exh_dev", "moto", "boto3"))]
"""
#: A part of exh-dev's tests, which is quick. EXH_WHEEL_TESTS=all runs all of them: `make test-wheels`.
SOME = ["tests/test_init.py", "tests/test_execution.py", "tests/testing", "tests/platform/test_workflow.py"]
ALL = os.environ.get("EXH_WHEEL_TESTS") == "all"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return surroundings(tmp_path_factory.mktemp("somebody") / "home")


def run(environment, *command, cwd=None):
    words = [str(each) for each in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(project_root, environment, tmp_path_factory):
    """The wheels, made in a clone."""
    folder = tmp_path_factory.mktemp("made") / "clone"
    run(environment, "git", "clone", "-q", project_root, folder)
    run(environment, "make", "wheels", cwd=folder)
    return folder / "wheels"


@pytest.fixture(scope="module", params=["3.11", "3.13"])
def python(request):
    try:
        return find_python(tuple(map(int, request.param.split("."))))
    except DevkitError:
        pytest.skip(f"Python {request.param} is not on this machine")


@pytest.fixture
def install(project_root, environment, python, tmp_path):
    """Make an environment with what a lock lists, and then the wheels of some packages; return its Python."""

    def install(lock, *wheels):
        uv, folder = project_root / ".venv" / "bin" / "uv", tmp_path / "environment"
        run(environment, uv, "venv", "-q", "--python", python, folder)
        options = ["--python", folder / "bin" / "python", "--no-deps"]
        run(environment, uv, "pip", "install", "-q", *options, "--require-hashes", "-r", project_root / lock)
        run(environment, uv, "pip", "install", "-q", *options, *wheels)
        run(environment, uv, "pip", "check", "-q", "--python", folder / "bin" / "python")
        return folder / "bin" / "python"

    return install


def own_tests(project_root, package, folder):
    """A package's tests without its source."""
    source = project_root / "packages" / package
    shutil.copytree(source / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "pyproject.toml", folder)
    return folder


def test_the_client_alone_is_enough_for_a_script(install, environment, wheels):
    python = install("requirements.txt", next(wheels.glob("extrahorizon-*.whl")))
    assert run(environment, python, "-c", SCRIPT).splitlines()[-1] == "unreachable"


def test_the_clients_tests_pass_from_its_wheel(install, environment, wheels, project_root, tmp_path):
    python = install("packages/requirements-dev.txt", next(wheels.glob("extrahorizon-*.whl")))
    folder = own_tests(project_root, "extrahorizon", tmp_path)
    assert " passed" in run(environment, python, "-m", "pytest", "-q", "-m", "not slow", cwd=folder)


def test_the_toolkits_tests_pass_from_its_wheel(install, environment, wheels, project_root, tmp_path):
    python = install("packages/requirements-dev.txt", *wheels.glob("*.whl"))
    folder = own_tests(project_root, "exh-dev", tmp_path)
    tests = [] if ALL else SOME
    assert " passed" in run(environment, python, "-m", "pytest", "-q", "-m", "not slow", *tests, cwd=folder)
