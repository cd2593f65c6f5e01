"""The workflows do what people do: targets and commands that exist, on the Pythons the project names, with care."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from exh_dev.cli.main import app
from exh_dev.project.project import Project
from typer.main import get_command

WORKFLOWS = Path(__file__).parents[1] / ".github" / "workflows"
ROOT = WORKFLOWS.parents[1]
EXAMPLES = ROOT / "examples" / ".github" / "workflows"
#: What `exh-dev init` writes.
OF_PROJECTS = ROOT / "packages" / "exh-dev" / "src" / "exh_dev" / "project" / "init" / "files" / "ci.yml"
ALL = sorted([*WORKFLOWS.glob("*.yml"), *EXAMPLES.glob("*.yml"), OF_PROJECTS])
USES = re.compile(
    r"^ *(?:- )?uses: (?P<action>[\w-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)$"
)


def loaded(path):
    return yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506 - makes texts only, of `on` too


def workflow(name):
    return loaded((WORKFLOWS if (WORKFLOWS / name).exists() else EXAMPLES) / name)


@pytest.fixture(params=ALL, ids=lambda path: str(path.relative_to(ROOT)))
def path(request):
    return request.param


@pytest.fixture
def jobs(path):
    return loaded(path)["jobs"]


def steps_of(jobs):
    return [step for job in jobs.values() for step in job["steps"]]


def commands(jobs):
    """Each command of the steps, in words."""
    for step in steps_of(jobs):
        script = step.get("run", "").replace("\\\n", " ")
        lexer = shlex.shlex(script, posix=True, punctuation_chars=";&|(){}<>\n")
        lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
        command = []
        for word in [*lexer, "\n"]:
            if not re.fullmatch(r"[;&|(){}<>\n]+", word):
                command.append(word)
            elif command:
                yield command
                command = []


def secrets_of(step):
    found = {name: re.fullmatch(r"\$\{\{ secrets\.(\w+) \}\}", value) for name, value in step.get("env", {}).items()}
    return {name: secret[1] for name, secret in found.items() if secret}


def test_each_make_target_exists(jobs, project_root):
    text = "".join((project_root / name).read_text() for name in ("Makefile", "GNUmakefile"))
    targets = set(re.findall(r"^([a-z-]+):.*##", text, re.MULTILINE))
    called = [word for words in commands(jobs) if words[0] == "make" for word in words[1:]]
    assert called
    tools = {f".venv-{path.stem.removeprefix('requirements-')}/.ready" for path in ROOT.glob("requirements-*.txt")}
    assert set(called) <= targets | tools


def test_each_command_of_exh_dev_exists_with_its_options(jobs, project_root):
    makefile = (project_root / "Makefile").read_text()
    called = [words[1:] for words in commands(jobs) if words[0] == ".venv/bin/exh-dev"]
    called += [line.split() for line in re.findall(r"\$\(BIN\)/exh-dev (.*)", makefile)]
    exh_dev = get_command(app)
    for name, *arguments in called:
        command = exh_dev.commands[name]
        while hasattr(command, "commands"):
            command = command.commands[arguments.pop(0)]
        command.make_context(name, arguments)  # as the command line is read; nothing runs


def test_the_pythons_tested_are_those_the_project_names(project_root):
    for package in ("extrahorizon", "exh-dev"):
        project = tomllib.loads((project_root / "packages" / package / "pyproject.toml").read_text())["project"]
        named = [each.rpartition(" ")[2] for each in project["classifiers"] if "Python :: 3." in each]
        assert workflow("ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == named


@pytest.mark.parametrize("name", ["ci.yml", "deploy.yml", "deploy-aws.yml"])
def test_make_takes_the_python_that_was_set_up(name, project_root):
    assert workflow(name)["env"]["PYTHON"] == "python"
    assert "named=$(PYTHON);" in (project_root / "Makefile").read_text()


@pytest.mark.parametrize("name", ["ci.yml", "deploy.yml", "deploy-aws.yml"])
def test_a_job_takes_the_rights_it_needs_and_has_an_end(name):
    assert workflow(name)["permissions"] == {}
    for job in workflow(name)["jobs"].values():
        assert job["permissions"]["contents"] == "read"
        assert int(job["timeout-minutes"]) <= 60


def test_an_action_is_named_by_the_commit_of_a_release(path):
    """A user who can move a tag could run any code with this repository's rights."""
    lines = [line for line in path.read_text().splitlines() if re.search(r"\buses\b", line)]
    assert lines
    assert [line for line in lines if not USES.match(line)] == []


def test_every_workflow_takes_the_same_release_of_an_action():
    found = {}
    for path in ALL:
        for each in filter(None, map(USES.match, path.read_text().splitlines())):
            found.setdefault(each["action"], set()).add((each["commit"], each["version"]))
    assert {name: releases for name, releases in found.items() if len(releases) > 1} == {}


def test_lint_looks_at_every_workflow():
    patterns = re.search(r"^WORKFLOWS := \$\(wildcard (.*)\)$", (ROOT / "GNUmakefile").read_text(), re.MULTILINE)[1]
    assert sorted(path for each in patterns.split() for path in ROOT.glob(each)) == ALL


def test_dependabot_looks_wherever_a_workflow_is():
    (actions,) = (
        each
        for each in yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
        if each["package-ecosystem"] == "github-actions"
    )
    folders = [WORKFLOWS if each == "/" else ROOT / each.strip("/") for each in actions["directories"]]
    assert {path.parent for path in ALL} == set(folders)


def test_a_checkout_leaves_no_token(jobs):
    for step in steps_of(jobs):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


def test_jobs_that_test_have_the_same_system_packages(jobs):
    """Without them PDFs cannot be made, and the tests of them fail."""
    packages = (ROOT / ".ci" / "pdf-packages").read_text().split()
    for job in jobs.values():
        installed, tested = None, False
        for step in job["steps"]:
            words = shlex.split(step.get("run", ""))
            if "apt-get" in words:
                installed = packages if words[-2:] == ["<", ".ci/pdf-packages"] else words[-len(packages) :]
                assert [each for each in words if each.startswith("-")] == ["-q", "-qy", "--no-install-recommends"]
            if words[:1] == ["make"] and {"test", "run"} & {*words}:
                tested = True
                assert installed == packages
        assert tested == (installed is not None)


def test_nothing_from_outside_is_put_into_a_script(jobs):
    for step in steps_of(jobs):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("name", ["deploy.yml", "deploy-aws.yml"])
def test_deploying_takes_a_hand_and_an_environment(name):
    deploy = workflow(name)
    assert set(deploy["on"]) == {"workflow_dispatch"}
    # One that is not there is made by GitHub without reviewers: people choose, and do not type.
    assert deploy["on"]["workflow_dispatch"]["inputs"]["environment"]["type"] in {"choice", "environment"}
    assert "${{ inputs.environment }}" in deploy["concurrency"]["group"]
    assert deploy["concurrency"]["cancel-in-progress"] == "false"
    guarded = {name for name, job in deploy["jobs"].items() if job.get("environment") == "${{ inputs.environment }}"}
    with_rights = {
        name
        for name, job in deploy["jobs"].items()
        if any(secrets_of(step) for step in job["steps"]) or "id-token" in job["permissions"]
    }
    assert with_rights == guarded == {"deploy"}
    assert deploy["jobs"]["deploy"]["needs"] == "build"


def test_deploying_from_github_is_make_deploy_without_its_question(project_root):
    (mine,) = re.findall(r"bin/sam (deploy .*)", (project_root / "Makefile").read_text())
    (theirs,) = (
        words[1:]
        for words in commands(workflow("deploy-aws.yml")["jobs"])
        if words[0].endswith("/sam") and words[1] == "deploy"
    )
    asked = shlex.split(mine.replace("$(ENV)", "$ENVIRONMENT"))
    assert theirs[: len(asked)] == asked
    assert theirs[len(asked) :] == ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]


def test_what_deploys_to_aws_runs_no_code_of_the_project():
    """Jobs with the right to request a token can deploy, so jobs that build or test must not have it."""
    called = [words[0] for words in commands({"deploy": workflow("deploy-aws.yml")["jobs"]["deploy"]})]
    assert set(called) <= {"cd", "cat", "sha256sum", "cut", "test", "exit", "make", ".venv-sam/bin/sam"} | {
        each
        for each in called
        if each.startswith(("function=", "error="))  # the AWS CLI
    }
    made = [words for words in commands({"deploy": workflow("deploy-aws.yml")["jobs"]["deploy"]}) if words[0] == "make"]
    assert made == [["make", ".venv-sam/.ready"]]


def test_only_what_calls_the_platform_has_secrets():
    for step in workflow("deploy.yml")["jobs"]["deploy"]["steps"]:
        first = step.get("run", "").partition(" ")[0]
        assert bool(secrets_of(step)) == (first in {"exh", ".venv/bin/exh-dev"}), step


def test_the_official_cli_has_all_that_the_manifest_takes_from_the_environment(project_root):
    (sync,) = (step for step in steps_of(workflow("deploy.yml")["jobs"]) if step.get("run") == "exh sync")
    needed = {"API_HOST"} | {
        f"API_OAUTH_{each}" for each in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET")
    }
    for spec in Project(project_root / "examples").manifest.functions:
        needed |= {variable.text[1:] for variable in spec.exh_variables if variable.text.startswith("$")}
    assert needed <= secrets_of(sync).keys()
    assert all(name == secret for name, secret in secrets_of(sync).items())


def test_the_hooks_before_a_commit_call_what_there_is(project_root):
    (local,) = yaml.safe_load((project_root / ".pre-commit-config.yaml").read_text())["repos"]
    lint = "".join((project_root / name).read_text() for name in ("Makefile", "GNUmakefile"))
    for hook in local["hooks"]:
        program, *arguments = hook["entry"].split()
        assert program.startswith(".venv/bin/")
        name = program.removeprefix(".venv/bin/")
        if name == "exh-dev":
            get_command(app).commands[arguments[0]].make_context(arguments[0], arguments[1:])
        else:
            assert (Path(sys.executable).parent / name).exists()
            assert f"$(BIN)/{name}" in lint
