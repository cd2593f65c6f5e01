"""A user's first week with a project of `exh-dev init`: green at each step, and theirs alone."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from exh_dev.project.init.examples import NAMES
from newcomer import surroundings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TARGETS = ("exh", "aws", "both")
MOST_FILES, MOST_LINES = 20, 500
#: Not read in the first week: it is of use once there is an AWS account, and run as it is.
TO_AWS = ".github/workflows/deploy-aws.yml"
SCHEMA = {
    "name": "pulse",
    "description": "Heart rate",
    "createMode": "allUsers",
    "readMode": ["creator"],
    "statuses": {"new": {}},
    "properties": {"beats": {"type": "number"}},
    "creationTransition": {
        "type": "manual",
        "toStatus": "new",
        "afterActions": [{"type": "task", "functionName": "greet-event"}],
    },
}
#: The handler of Extra Horizon's documentation, but for the host, which comes from the environment.
OF_THE_DOCUMENTATION = """\
import json
import os

from requests_oauthlib import OAuth1Session


def handler(event, context):
    session = OAuth1Session(
        os.environ["API_OAUTH_CONSUMER_KEY"],
        client_secret=os.environ["API_OAUTH_CONSUMER_SECRET"],
        resource_owner_key=os.environ["API_OAUTH_TOKEN"],
        resource_owner_secret=os.environ["API_OAUTH_TOKEN_SECRET"],
    )
    response = session.get(f"{os.environ['API_HOST']}/users/v1/me")
    if response.status_code != 200:
        return {"statusCode": response.status_code, "body": json.dumps(response.text)}
    return {"statusCode": 200, "body": json.dumps(response.json()["id"])}
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return surroundings(tmp_path_factory.mktemp("somebody") / "home")


@pytest.fixture(scope="module")
def run(environment):
    """Run a script in a folder, and return what it prints."""

    def run(script, folder):
        done = subprocess.run(
            ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return run


@pytest.fixture(scope="module")
def repository(project_root, tmp_path_factory, run):
    """A clone of this repository, with what running needs, whose `exh-dev` makes projects."""
    folder = tmp_path_factory.mktemp("template") / "clone"
    run(f"git clone -q '{project_root}' '{folder}'", folder.parent)
    run("make .venv/.run", folder)
    return folder


@pytest.fixture(scope="module")
def make_project(repository, run, tmp_path_factory):
    """Make a project for a target, and move it to another place: nothing in it may know where it was made."""

    def make_project(target, *options):
        made = tmp_path_factory.mktemp("made") / "my-clinic"
        command = f".venv/bin/exh-dev init '{made}' --target {target} --author 'Ada Lovelace' {' '.join(options)}"
        printed = json.loads(run(command, repository))
        folder = tmp_path_factory.mktemp("moved away") / "my clinic"
        shutil.move(made, folder)
        return folder, printed

    return make_project


def owned(folder):
    """The files of a project that git keeps, but for locks and wheels, which tools make."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=folder, check=True, capture_output=True, text=True)
    names = [name for name in done.stdout.split("\0") if name]
    return [name for name in names if not name.startswith(("requirements", "wheels/"))]


@pytest.mark.parametrize("target", TARGETS)
def test_a_new_project_is_small_and_the_users_own(make_project, run, target, capsys):
    folder, printed = make_project(target)
    files = owned(folder)
    lines = sum(len((folder / name).read_text().splitlines()) for name in files)
    with capsys.disabled():
        print(f"\nexh-dev init --target {target}: {len(files)} files, {lines} lines")  # noqa: T201 - asked for
    assert (printed["files"], printed["lines"]) == (sorted(files), lines)
    assert len(files) <= MOST_FILES
    later = len((folder / TO_AWS).read_text().splitlines()) if target == "aws" else 0
    assert lines - later <= MOST_LINES
    text = "".join((folder / name).read_text() for name in files)
    assert ("AWS::SecretsManager" in text, "sam deploy" in text) == (target != "exh", target != "exh")
    assert ((folder / "repo-config.json").exists(), "exh sync" in text) == (target != "aws", target != "aws")
    assert not re.search(r"(aws|exh): (begin|end)|extra-horizon-tasks|\{\{\w+\}\}", text)
    assert "Ada Lovelace" in (folder / "LICENSE").read_text()
    assert run("git log --format=%s", folder).startswith("Start with exh-dev")
    assert run("git status --porcelain", folder) == ""


def green(run, folder):
    assert "all OK" in run("make run", folder)
    assert " passed" in run("make test", folder)
    run("make lint", folder)


@pytest.mark.rare  # the first week begins so, in a project for both
@pytest.mark.parametrize("target", TARGETS)
def test_a_new_project_is_green(make_project, run, target):
    folder, _ = make_project(target)
    green(run, folder)


@pytest.mark.rare
def test_a_project_that_begins_with_every_example_is_green(make_project, run):
    folder, _ = make_project("both", *(f"--with {name}" for name in NAMES))
    green(run, folder)


def test_the_first_week(make_project, run, repository):
    clinic, _ = make_project("both")
    exh_dev = ".venv/bin/exh-dev"
    green(run, clinic)
    hidden = repository.rename(repository.with_name("hidden"))
    try:
        for kind in ("task", "api", "event", "schedule"):
            run(f"{exh_dev} new greet-{kind} --kind {kind}", clinic)
        green(run, clinic)
        (clinic / "README.md").write_text("# Ours\n")
        (clinic / "schemas").mkdir()
        (clinic / "schemas" / "pulse.json").write_text(json.dumps(SCHEMA))
        assert not (clinic / "docs").exists()
        green(run, clinic)
        run("git add -A && git commit -qm 'A week'", clinic)
        run(f"{exh_dev} rename greet-event count-beats", clinic)
        assert "count-beats" in (clinic / "schemas" / "pulse.json").read_text()
        left = "git grep -n 'greet.{}' -- '*.py' '*.json' '*.yaml' || true"
        assert run(left.format("event"), clinic) == ""
        green(run, clinic)
        run("git add -A && git commit -qm Renamed", clinic)
        run(f"{exh_dev} remove greet-api", clinic)
        assert run(left.format("api"), clinic) == ""
        green(run, clinic)
        session = clinic / "shared" / "session.py"
        session.write_text(session.read_text() + '\nlogger.append_keys(project="my-clinic")\n')
        green(run, clinic)
        assert '"project"' in run(f"{exh_dev} invoke whoami 2>&1", clinic)
        (clinic / "handlers" / "whoami.py").write_text(OF_THE_DOCUMENTATION)
        (clinic / "tests" / "test_whoami.py").unlink()
        assert json.loads(run(f"{exh_dev} invoke whoami", clinic))["statusCode"] == 200
        version = run(".venv/bin/python -c 'import sys; print(sys.version_info.minor)'", clinic).strip()
        run(f"{exh_dev} build --runtime python3.{version}", clinic)
        run("git add -A && git commit -qm Built", clinic)
        run("git clone -q . ../again && cd ../again && make run && make test", clinic)
    finally:
        hidden.rename(repository)


@pytest.mark.rare
def test_an_upgrade_moves_the_packages_and_nothing_of_the_user(make_project, run, repository, tmp_path):
    folder, _ = make_project("both")
    run("make run", folder)
    newer, wheels = tmp_path / "newer", tmp_path / "wheels"
    run(f"git clone -q '{repository}' '{newer}'", tmp_path)
    for path in (newer / "packages").glob("*/src/*/*.py"):
        path.write_text(path.read_text().replace('__version__ = "0.2.0"', '__version__ = "0.3.0"'))
    pyproject = newer / "packages" / "exh-dev" / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("extrahorizon==0.2.0", "extrahorizon==0.3.0"))
    changes = newer / "CHANGELOG.md"
    section = "## [0.3.0] - 2027-01-01\n\n### Added\n\n- Tea.\n\n## [0.2.0]"
    changes.write_text(changes.read_text().replace("## [0.2.0]", section, 1))
    run("make wheels", newer)
    shutil.copytree(newer / "wheels", wheels)
    done = json.loads(run(f".venv/bin/exh-dev upgrade --wheels '{wheels}'", folder))
    assert (done["old"], done["new"], done["checked"]) == ("0.2.0", "0.3.0", True)
    assert done["changes"].startswith("## [0.3.0] - 2027-01-01")
    assert "- Tea." in done["changes"]
    assert "0.2.0" not in done["changes"]
    changed = {line[3:] for line in run("git status --porcelain", folder).splitlines()}
    assert {name for name in changed if not name.startswith(("requirements", "wheels/"))} == {"pyproject.toml"}
    assert run(".venv/bin/exh-dev --version", folder).strip() == "0.3.0"
    green(run, folder)
    assert json.loads(run(f".venv/bin/exh-dev upgrade --wheels '{wheels}'", folder))["new"] == "0.3.0"


@pytest.mark.rare
def test_an_upgrade_that_fails_leaves_everything_as_it_was(make_project, environment, tmp_path, run):
    folder, _ = make_project("exh")
    run("make run", folder)
    metadata = "Metadata-Version: 2.1\nName: {}\nVersion: 9.9\nRequires-Dist: no-such-package-anywhere\n"
    for name in ("extrahorizon", "exh_dev"):
        with ZipFile(tmp_path / f"{name}-9.9-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}-9.9.dist-info/METADATA", metadata.format(name))
            archive.writestr(f"{name}-9.9.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr(f"{name}-9.9.dist-info/RECORD", "")
    command = [".venv/bin/exh-dev", "upgrade", "--wheels", tmp_path]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the upgrade to 9.9 failed, and the project is as before" in done.stderr
    assert run("git status --porcelain", folder) == ""
    run("make run", folder)


def test_a_folder_that_has_something_in_it_is_left_alone(repository, environment, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    command = [repository / ".venv/bin/exh-dev", "init", tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is not empty; no file was written" in done.stderr
    assert [path.name for path in Path(tmp_path).iterdir()] == ["mine.txt"]
