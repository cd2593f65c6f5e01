"""The workflow that deploys a project to AWS, its steps run one after another: a runner is a folder and a shell.

GitHub's own actions are left out; the AWS is ministack, which runs functions.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from emulator import emulated
from exh_dev.packaging.installed_wheels import wheel_of
from exh_dev.project.init.project import Wishes, make_project
from newcomer import surroundings
from test_workflows import loaded

pytestmark = [pytest.mark.slow, pytest.mark.rare, pytest.mark.timeout(600)]
COMMAND = Path(__file__).with_name("aws_command.py")
#: What is the system's, or GitHub's.
LEFT_OUT = re.compile(r"sudo ")


class Runner:
    """A machine that runs the steps of one job in a checkout, with the outputs of the jobs before it."""

    def __init__(self, checkout, workflow, environment):
        self.checkout, self.workflow, self.environment = checkout, workflow, environment
        self.outputs = {}

    def run(self, job, context, until=None):
        """Run the scripts of a job, and return what they print; `until` is the name of the first that is left."""
        printed = {}
        for step in self.workflow["jobs"][job]["steps"]:
            if until is not None and step.get("name") == until:
                break
            if "run" in step and not LEFT_OUT.match(step["run"]):
                printed[step.get("name", step["run"])] = self.step(job, step, context)
        return printed

    def step(self, job, step, context, fails=False):
        file = self.checkout.parent / "output"
        file.write_text("")
        layers = [self.workflow.get("env", {}), self.workflow["jobs"][job].get("env", {}), step.get("env", {})]
        variables = {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self.value(found[1], context), value)
            for layer in layers
            for name, value in layer.items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.checkout, env={**self.environment, **variables, "GITHUB_OUTPUT": str(file)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, f"{step['run']}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        if "id" in step:
            for name, _, value in (line.partition("=") for line in file.read_text().splitlines()):
                self.outputs[f"steps.{step['id']}.outputs.{name}"] = value
        return done.stdout + done.stderr

    def value(self, expression, context):
        return {**context, **self.outputs}[expression]

    def outputs_of(self, job):
        """The outputs that a job declares, as the next one reads them."""
        declared = self.workflow["jobs"][job]["outputs"]
        return {
            f"needs.{job}.outputs.{name}": self.value(re.fullmatch(r"\$\{\{ (.*?) \}\}", text)[1], {})
            for name, text in declared.items()
        }


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with emulated(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "my-clinic"
    make_project(folder, Wishes("my-clinic", "aws", "Ada Lovelace"), wheel_of)
    return folder


@pytest.fixture(scope="module")
def workflow(clinic):
    return loaded(clinic / ".github" / "workflows" / "deploy-aws.yml")


@pytest.fixture(scope="module")
def environment(tmp_path_factory, account):
    """A runner's variables: `python` is what setup-python put there, `aws` is on the machine."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "python").symlink_to(Path(sys.executable).resolve())
    (programs / "aws").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{COMMAND}" "$@"\n')
    (programs / "aws").chmod(0o755)
    given = {**surroundings(tmp_path_factory.mktemp("runner") / "home"), **account.environment}
    return {**given, "PATH": f"{programs}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def built(clinic, workflow, environment, tmp_path_factory):
    """What the build job leaves: the folder of its artifact, and its outputs."""
    runner = Runner(shutil.copytree(clinic, tmp_path_factory.mktemp("build") / "my-clinic"), workflow, environment)
    runner.run("build", {"inputs.environment": "dev"})
    return runner.checkout / "build", runner.outputs_of("build")


@pytest.fixture
def deployer(clinic, workflow, environment, built, tmp_path):
    """The machine of the deploy job, once the artifact is there."""
    runner = Runner(shutil.copytree(clinic, tmp_path / "my-clinic"), workflow, environment)
    shutil.copytree(built[0], runner.checkout / "build", ignore=lambda _, names: [n for n in names if "." not in n])
    return runner


@pytest.fixture
def context(built):
    return {"inputs.environment": "dev", **built[1]}


def step_named(workflow, name):
    (step,) = (each for each in workflow["jobs"]["deploy"]["steps"] if each.get("name") == name)
    return step


VERIFY = "Verify that these bundles are the reviewed ones"


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="bundles are built by the Python of template.yaml")
class TestDeploying:
    @pytest.mark.parametrize("also_the_checksum", [False, True])
    def test_a_bundle_that_is_not_the_reviewed_one_is_not_deployed(
        self, deployer, workflow, context, also_the_checksum
    ):
        deployer.step("deploy", step_named(workflow, VERIFY), context)
        bundle = deployer.checkout / "build" / "whoami.zip"
        bundle.write_bytes((deployer.checkout / "build" / "hello-world.zip").read_bytes())
        if also_the_checksum:
            text = subprocess.run(["sha256sum", bundle.name], cwd=bundle.parent, capture_output=True, check=True).stdout
            bundle.with_suffix(".zip.sha256").write_bytes(text)
        deployer.step("deploy", step_named(workflow, VERIFY), context, fails=True)

    def test_it_deploys_and_says_whether_a_function_reaches_the_platform(
        self, deployer, workflow, context, account, platform
    ):
        printed = deployer.run("deploy", context, until="Smoke test")
        changes = next(text for name, text in printed.items() if name.startswith("Deploy"))
        assert re.search(r"Add +Whoami +AWS::Lambda::Function", changes)
        smoke = step_named(workflow, "Smoke test")
        said = deployer.step("deploy", smoke, context, fails=True)  # the secret has no value yet
        assert "exh/my-clinic-dev" in json.loads(said)["errorMessage"]
        value = json.dumps(platform.environment())
        account.client("secretsmanager").put_secret_value(SecretId="exh/my-clinic-dev", SecretString=value)
        deployer.step("deploy", smoke, context)
        again = deployer.run("deploy", context, until="Smoke test")  # nothing has changed, and that is no error
        assert "No changes to deploy" in "".join(again.values())
