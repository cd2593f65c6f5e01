"""`sam deploy`, as `make deploy` runs it, into one account: three environments, an update, a roll back, a new start.

The emulator is ministack; bundles are small ones, for nothing runs in them. What it cannot show: an HTTP API's routes,
which it does not import (test_template.py reads them), and that a name of Secrets Manager is taken.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile

import pytest
from emulator import ROOT, emulated

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ENVIRONMENTS = ("dev", "staging", "production")
VALUE = '{"API_HOST": "https://api.example.com"}'


class Account:
    """An account, and a project that is deployed to it."""

    def __init__(self, aws, folder, project_root):
        self.aws, self.folder = aws, folder
        for name in ("template.yaml", "samconfig.toml"):
            shutil.copy(project_root / name, folder)
        shutil.copytree(project_root / "aws", folder / "aws")
        (folder / "build").mkdir()
        self.template = folder / "template.yaml"
        for path in re.findall(r"build/\S+\.zip", self.template.read_text()):
            with zipfile.ZipFile(folder / path, "w") as archive:
                archive.writestr("handlers/__init__.py", "")

    def deploy(self, environment, overrides="", fails=False):
        """Run `sam deploy` with a section of samconfig.toml, and with parameters besides those that it names."""
        samconfig = self.folder / "samconfig.toml"
        text = samconfig.read_text()
        section = text.index(f"[{environment}.deploy.parameters]")
        own = re.compile(r'parameter_overrides = "(.*)"').search(text, section)[1]
        command = ["deploy", "--config-env", environment, "--no-confirm-changeset", "--no-progressbar"]
        command += ["--parameter-overrides", f"{own} {overrides}"]
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "SAM_CLI_TELEMETRY": "0"}
        done = subprocess.run(
            [ROOT / ".venv-sam" / "bin" / "sam", *command], cwd=self.folder, env={**environ, **self.aws.environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def stack(self, environment):
        try:
            (found,) = self.aws.client("cloudformation").describe_stacks(StackName=name_of(environment))["Stacks"]
        except self.aws.client("cloudformation").exceptions.ClientError:
            return None
        return found

    def outputs(self, environment):
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack(environment).get("Outputs", [])}

    def resources(self, environment):
        pages = self.aws.client("cloudformation").get_paginator("list_stack_resources")
        found = pages.paginate(StackName=name_of(environment)).search("StackResourceSummaries[]")
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def secrets(self):
        return {each["Name"] for each in self.aws.client("secretsmanager").list_secrets()["SecretList"]}

    def delete(self, environment):
        cloudformation = self.aws.client("cloudformation")
        cloudformation.delete_stack(StackName=name_of(environment))
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=name_of(environment), WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )


def name_of(environment):
    return f"exh-tasks-{environment}"


def secret_of(environment):
    return f"exh/tasks-{environment}"


@pytest.fixture(scope="module")
def account(project_root, tmp_path_factory):
    if not (ROOT / ".venv-sam" / "bin" / "sam").exists():
        pytest.skip("`make lint` installs the AWS SAM CLI")
    folder = tmp_path_factory.mktemp("account")
    (folder / "project").mkdir()
    (folder / "aws").mkdir()
    with emulated(folder / "aws") as aws:
        yield Account(aws, folder / "project", project_root)


@pytest.fixture(scope="module")
def deployed(account):
    """All three environments, beside each other; production has no alarms without somebody to tell."""
    account.deploy("dev")
    account.deploy("staging")
    account.deploy("production", "AlarmEmail=ops@example.com")
    return account


def test_production_asks_who_is_told_of_alarms(account):
    assert "AlarmEmail" in account.deploy("production", fails=True)


def test_three_environments_live_in_one_account(deployed):
    found = {environment: deployed.resources(environment) for environment in ENVIRONMENTS}
    assert [deployed.stack(environment)["StackStatus"] for environment in ENVIRONMENTS] == ["CREATE_COMPLETE"] * 3
    for logical_id in found["dev"]:
        names = [found[environment][logical_id] for environment in ENVIRONMENTS]
        assert len(set(names)) == 3, names
    schedules = deployed.aws.client("scheduler").list_schedules()["Schedules"]
    functions = {each["Target"]["Arn"].rpartition(":")[2] for each in schedules}
    assert functions == {found[environment]["SyncHoudiniBuilds"] for environment in ENVIRONMENTS}
    assert deployed.secrets() >= {secret_of(environment) for environment in ENVIRONMENTS}


@pytest.mark.rare
def test_without_an_issuer_there_is_no_api_and_with_one_there_is(deployed):
    assert "HttpApi" not in deployed.resources("dev")
    assert "HttpApiUrl" not in deployed.outputs("dev")
    api = "JwtIssuer=https://id.example.com JwtAudience=clinic CorsOrigins=https://a.example,https://b.example"
    deployed.deploy("dev", api)
    assert deployed.stack("dev")["StackStatus"] == "UPDATE_COMPLETE"
    made = deployed.resources("dev")
    body = processed(deployed, "dev")["HttpApi"]["Properties"]
    assert body["FailOnWarnings"] is True
    assert body["Body"]["paths"].keys() == {"/$default", "/{proxy+}"}
    variables = deployed.aws.client("lambda").get_function(FunctionName=made["PatientApi"])["Configuration"]
    assert variables["Environment"]["Variables"]["CORS_ORIGINS"] == "https://a.example,https://b.example"
    deployed.deploy("dev", "JwtIssuer='' JwtAudience='' CorsOrigins=''")  # what is not named stays as it was
    assert "HttpApi" not in deployed.resources("dev")


def processed(account, environment):
    template = account.aws.client("cloudformation").get_template(
        StackName=name_of(environment), TemplateStage="Processed"
    )["TemplateBody"]
    return (json.loads(template) if isinstance(template, str) else template)["Resources"]


def test_an_update_that_fails_is_rolled_back_and_the_next_one_is_made(deployed):
    before, text = deployed.resources("staging"), deployed.template.read_text()
    try:
        deployed.template.write_text(with_a_broken_resource(text.replace("Timeout: 120", "Timeout: 110")))
        deployed.deploy("staging", fails=True)
        assert deployed.stack("staging")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert deployed.resources("staging") == before
        assert timeout_of(deployed, "staging") == 120
        deployed.template.write_text(text.replace("Timeout: 120", "Timeout: 110"))
        deployed.deploy("staging")
        assert timeout_of(deployed, "staging") == 110
    finally:
        deployed.template.write_text(text)


def with_a_broken_resource(text):
    """A template with a resource that cannot be made, after all others: an alarm without a metric."""
    broken = """
  Broken:
    Type: AWS::CloudWatch::Alarm
    DependsOn: [Dashboard, ExtraHorizonCredentials, DeadLetterQueue]
    Properties: {ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1}

Outputs:
"""
    return text.replace("\nOutputs:\n", broken)


def timeout_of(account, environment):
    worker = account.resources(environment)["AnalyzeQueuedMeasurements"]
    return account.aws.client("lambda").get_function_configuration(FunctionName=worker)["Timeout"]


@pytest.mark.rare
def test_a_first_deployment_that_fails_leaves_nothing_in_the_way(account):
    def queues():
        return set(account.aws.client("sqs").list_queues().get("QueueUrls", []))

    samconfig, text, before = account.folder / "samconfig.toml", account.template.read_text(), queues()
    (dev,) = re.findall(r"(?s)\[dev\..*?\n\n", samconfig.read_text())
    samconfig.write_text(samconfig.read_text() + "\n" + dev.replace("dev", "trial"))
    try:
        account.template.write_text(with_a_broken_resource(text))
        account.deploy("trial", fails=True)
    finally:
        account.template.write_text(text)
    assert account.stack("trial")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert secret_of("trial") not in account.secrets()
    assert queues() == before
    account.delete("trial")  # as CloudFormation asks for, after a roll back of the first one
    account.deploy("trial")
    assert secret_of("trial") in account.secrets()


def test_a_stack_that_is_deleted_keeps_its_secret_and_the_next_one_takes_it(deployed):
    secrets, sqs = deployed.aws.client("secretsmanager"), deployed.aws.client("sqs")
    secrets.put_secret_value(SecretId=secret_of("production"), SecretString=VALUE)
    dead = deployed.outputs("production")["DeadLetterQueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody="what could not be done")
    deployed.delete("production")
    assert secrets.get_secret_value(SecretId=secret_of("production"))["SecretString"] == VALUE
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "what could not be done"
    deployed.deploy("production", "AlarmEmail=ops@example.com ExistingSecret=yes")
    assert "ExtraHorizonCredentials" not in deployed.resources("production")
    assert secrets.get_secret_value(SecretId=secret_of("production"))["SecretString"] == VALUE
    worker = deployed.resources("production")["AnalyzeQueuedMeasurements"]
    variables = deployed.aws.client("lambda").get_function_configuration(FunctionName=worker)["Environment"][
        "Variables"
    ]
    assert variables["API_SECRET_ID"] == secret_of("production")
