"""`exh-dev new`: a function of each kind passes everything at once, and nothing is ever half made."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from exh_dev.cli.main import run_command
from exh_dev.errors import DevkitError, UsageError
from exh_dev.project.init.sources import read_template
from exh_dev.project.new import function
from exh_dev.project.new.function import NewKind, make
from exh_dev.project.new.names import fold
from exh_dev.project.project import Project

pytestmark = pytest.mark.slow

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Timeout: 30, MemorySize: 256}
Parameters:
  LogLevel: {Type: String}
Resources:
  Whoami:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon: {name: whoami, targets: [exh]}
    Properties: {Handler: handlers.whoami.handler}
  Theirs:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b}
"""
PROJECT = Path(__file__).parent / "project"
KINDS = get_args(NewKind)
LONGEST = "-".join(["abcdefg"] * 8)


def everything_in(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return Project(tmp_path)


# Names


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *((each, "greet-patient") for each in ("greet-patient", "greet_patient", "GreetPatient", "greetPatient")),
        *((each, "greet-patient") for each in (" Greet patient ", "GREET_PATIENT", "-greet--patient_")),
        ("HTTPCheck", "http-check"),
        ("sync2Houdini", "sync2-houdini"),
        ("a", "a"),
        (LONGEST, LONGEST),
        ("queue", "queue"),
        ("json", "json"),
        ("email", "email"),
    ],
)
def test_any_spelling_becomes_the_task_name(spelling, name):
    found = fold(spelling)
    assert (found.task, found.module) == (name, name.replace("-", "_"))
    assert fold(found.logical_id).task == name


@pytest.mark.parametrize(
    ("spelling", "told"),
    [
        *((each, "small letters and digits") for each in ("", " ", "-", "2fa", "häuser", "a/b", "../x", "a.b", "a\n*")),
        (f"{LONGEST}-x", "at most 64"),
        ("import", "is a Python keyword"),
        ("Class", "is a Python keyword"),
        ("documents", "holds the types of documents"),
        ("html-to-pdf", "of the platform itself"),
    ],
)
def test_a_name_that_nothing_can_have_is_refused(project, spelling, told):
    before = everything_in(project.root)
    with pytest.raises(UsageError, match=told):
        make(project, spelling, "task")
    assert everything_in(project.root) == before


@pytest.mark.parametrize("spelling", ["whoami", "WhoAmI", "who-ami", "theirs", "LogLevel", "log_level", "whoami-role"])
def test_a_name_that_is_taken_is_refused(project, spelling):
    before = everything_in(project.root)
    with pytest.raises(UsageError, match="already; choose another name"):
        make(project, spelling, "task")
    assert everything_in(project.root) == before


@pytest.mark.parametrize("permission", ["", "view_user", "VIEW USER", "VIEW_USER #", "VIEW_DOCUMENTS:", "A: b"])
def test_what_is_no_permission_is_refused(project, permission):
    before = everything_in(project.root)
    with pytest.raises(UsageError, match="is not a permission"):
        make(project, "greet-patient", "task", [permission])
    assert everything_in(project.root) == before


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "queue"])
def test_the_user_of_a_new_function_has_the_permissions_that_were_asked_for(project, kind):
    wanted = ["VIEW_USER", "VIEW_DOCUMENTS:pulse", "TRANSITION_DOCUMENTS:pulse:finish"]
    make(project, "greet-patient", kind, [*wanted, "VIEW_USER"])
    credentials = Project(project.root).manifest.function("greet-patient").execution_credentials
    assert credentials.permissions == tuple(wanted)


# All or nothing


@pytest.mark.parametrize(
    "file",
    [
        "handlers/greet_patient.py",
        "handlers/greet_patient/__init__.py",
        "events/greet-patient.json",
        "events/greet-patient.seed.json",
        "tests/test_greet_patient.py",
    ],
)
def test_a_file_that_is_there_is_not_touched_and_nothing_is_made(project, file):
    path = project.root / file
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = everything_in(project.root)
    with pytest.raises(UsageError, match="exists already"):
        make(project, "greet-patient", "task")
    assert everything_in(project.root) == before


@pytest.mark.parametrize("after", range(4))
def test_when_writing_fails_all_is_as_before(project, monkeypatch, after):
    before = everything_in(project.root)
    written = 0

    def fail_when_it_is_time():
        nonlocal written
        if written == after:
            raise OSError(28, "No space left on device", "a file")
        written += 1

    real_open, real_replace = Path.open, function.replace

    def open_or_fail(path, mode="r", *args, **kwargs):
        if mode == "x":
            fail_when_it_is_time()
        return real_open(path, mode, *args, **kwargs)

    def replace_or_fail(path, text):
        fail_when_it_is_time()
        real_replace(path, text)

    monkeypatch.setattr(Path, "open", open_or_fail)
    monkeypatch.setattr(function, "replace", replace_or_fail)
    with pytest.raises(DevkitError, match="No space left on device; no file was created"):
        make(project, "greet-patient", "task")
    monkeypatch.undo()
    assert everything_in(project.root) == before


def test_a_broken_manifest_is_refused_before_any_file_is_written(project):
    template = project.root / "template.yaml"
    template.write_text(TEMPLATE.replace("Timeout: 30", "Timeout: 60"))
    before = everything_in(project.root)
    with pytest.raises(UsageError, match=rf"{template}:\d+: GreetPatient: Timeout is 60 s; kind: api allows"):
        make(project, "greet-patient", "api")
    assert everything_in(project.root) == before


def test_a_link_to_a_manifest_stays_one_and_modes_stay(project):
    template, real = project.root / "template.yaml", project.root / "real.yaml"
    template.rename(real)
    template.symlink_to(real)
    real.chmod(0o640)
    make(project, "greet-patient", "task")
    assert template.is_symlink()
    assert "GreetPatient:" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("resources", ["Resources:\n", "Resources: {}\n"])
def test_the_first_function_of_a_project(project, resources):
    (project.root / "template.yaml").write_text(TEMPLATE[: TEMPLATE.index("Resources:")] + resources)
    made = make(project, "greet-patient", "schedule")
    (spec,) = Project(project.root).manifest.functions
    assert (spec.name, spec.schedule.interval, spec.line) == ("greet-patient", 3600, made.line)


# What is printed


@pytest.mark.parametrize(
    ("others", "runtime"),
    [
        ((), "python3.13"),
        (("python3.12",), "python3.12"),
        (("python3.12", "python3.11", "python3.12"), "python3.12"),
    ],
)
def test_without_globals_it_has_the_runtime_of_the_other_functions(tmp_path, others, runtime):
    text = TEMPLATE.replace("Globals:\n  Function: {Runtime: python3.13, Timeout: 30, MemorySize: 256}\n", "")
    head, _, _ = text.partition("  Whoami:\n")
    functions = (
        f"  F{index}:\n    Type: AWS::Serverless::Function\n"
        f"    Metadata: {{ExtraHorizon: {{name: f{index}, targets: [exh]}}}}\n"
        f"    Properties: {{Handler: a.b, Runtime: {each}, CodeUri: build/f{index}.zip}}\n"
        for index, each in enumerate(others)
    )
    (tmp_path / "template.yaml").write_text(head + "".join(functions))
    make(Project(tmp_path), "greet", "task")
    assert Project(tmp_path).manifest.function("greet").runtime == runtime


def test_programs_get_an_object(project, monkeypatch, capfd):
    monkeypatch.chdir(project.root)
    assert run_command(["new", "GreetPatient", "--kind", "event"]) == 0
    made = json.loads(capfd.readouterr().out)
    files = ["handlers/greet_patient.py", "events/greet-patient.json", "tests/test_greet_patient.py"]
    assert (made["name"], made["kind"], made["files"]) == ("greet-patient", "event", files)
    assert made["manifest"]["file"] == "template.yaml"
    assert all((project.root / file).is_file() for file in files)


def test_a_terminal_gets_lines_and_one_line_for_a_refusal(project, monkeypatch, capfd):
    monkeypatch.chdir(project.root)
    assert run_command(["new", "greet-patient", "--table"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("Made greet-patient, a function of the kind task:\n  handlers/greet_patient.py\n")
    assert "exh-dev run greet-patient" in out
    assert run_command(["new", "greet-patient", "--table"]) == 2
    assert "has GreetPatient already" in " ".join(capfd.readouterr().err.split())
    assert run_command(["new", "greet-patient", "--kind", "cron"]) == 2


# Everything passes at once


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A project with a function of each kind, one of them with the longest name."""
    folder = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").write_text(read_template("pyproject.toml"))
    for kind in KINDS:
        make(Project(folder), f"fresh-{kind}", kind)
    make(Project(folder), LONGEST, "api", target="exh")
    return folder


NAMES = [*(f"fresh-{kind}" for kind in KINDS), LONGEST]


def run(folder, *command):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    tools = Path(sys.executable).parent
    command = [sys.executable, "-m", "exh_dev", *command[1:]] if command[0] == "exh-dev" else command
    command = [str(tools / command[0]), *command[1:]] if (tools / command[0]).exists() else command
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_new_function_passes_the_check_and_runs(copy):
    run(copy, "exh-dev", "check")
    report = json.loads(run(copy, "exh-dev", "run", *NAMES, "--credentials", "env", "--credentials", "secret"))
    found = [(each["function"], each["status"]) for each in report["results"]]
    on_exh = [name for name in NAMES if name != "fresh-queue"]
    on_aws = [name for name in NAMES if name not in {"fresh-event", LONGEST}]
    assert sorted(found) == sorted((name, "OK") for name in [*on_exh, *on_aws])


def test_the_tests_of_a_new_function_pass(copy):
    tests = [f"tests/test_{name.replace('-', '_')}.py" for name in NAMES]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    assert "passed" in run(copy, sys.executable, "-m", "pytest", *options, *tests)


def test_a_new_function_is_formatted_and_linted(copy):
    files = [f"{room}{name.replace('-', '_')}.py" for name in NAMES for room in ("handlers/", "tests/test_")]
    run(copy, "ruff", "format", "--check", *files)
    run(copy, "ruff", "check", *files)


def test_a_new_function_passes_mypy_and_cfn_lint(copy):
    run(copy, "mypy", "handlers")
    run(copy, "cfn-lint", "template.yaml")


def test_the_rest_of_the_template_is_line_for_line_what_it_was(copy, project_root):
    before, after = ((folder / "template.yaml").read_bytes().splitlines() for folder in (project_root, copy))
    following = iter(after)
    assert all(line in following for line in before)
