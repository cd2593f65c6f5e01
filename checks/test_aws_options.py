"""What the page about AWS offers beside the template: merged into that of the examples, each part does what it says."""

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from aws_stack import allowed, arn, deployed, source, statements, translated
from exh_dev.packaging.task_config import task_config
from exh_dev.project.project import Project
from samtranslator.yaml_helper import yaml_parse

WITH_API = {"JwtIssuer": "https://id.example.com", "JwtAudience": "clinic"}
LAYER = "arn:aws:lambda:eu-central-1:615299751070:layer:AWSOpenTelemetryDistroPython:11"
OPTIONS = ("gradual_deployment.yaml", "traces.yaml")


def merged(whole, part):
    """Merge a part of a template into it: mappings are merged, other values replaced."""
    if not isinstance(whole, dict) or not isinstance(part, dict) or "Fn::If" in whole:
        return part
    return {**whole, **{name: merged(whole.get(name), each) for name, each in part.items()}}


@pytest.fixture
def with_option(project_root):
    """The examples' template with a snippet in it, as plain data."""

    def with_option(name):
        part = yaml_parse((project_root / "docs" / "snippets" / name).read_text())
        return merged(source(project_root / "examples"), part)

    return with_option


@pytest.fixture
def gradual(with_option):
    return translated(with_option("gradual_deployment.yaml"), **WITH_API)


@pytest.fixture
def traced(with_option):
    return translated(with_option("traces.yaml"), OpenTelemetryLayerArn=LAYER)


def of_type(stack, kind, **parameters):
    return {name: each for name, each in deployed(stack, **parameters).items() if each["Type"] == kind}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_page_shows_the_snippet(project_root, name):
    docs = project_root / "docs"
    shown = f"[`snippets/{name}`](snippets/{name}):\n\n```yaml\n{(docs / 'snippets' / name).read_text()}```\n"
    assert shown in (docs / "deploy-aws.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_cfn_lint_has_nothing_to_say_of_what_sam_makes_of_it(project_root, with_option, name, tmp_path):
    """Circles among others: an alarm of the API would depend on what depends on it."""
    shutil.copytree(project_root / "examples" / "aws", tmp_path / "aws")
    (tmp_path / "template.yaml").write_text(json.dumps(with_option(name), default=str))
    stack = translated(with_option(name), **WITH_API, OpenTelemetryLayerArn=LAYER)
    (tmp_path / "translated.json").write_text(json.dumps(stack))
    program = Path(sys.executable).with_name("cfn-lint")
    for file in ("template.yaml", "translated.json"):
        # SAM repeats a condition within what has it already (W1028), without the option too.
        command = [program, "--ignore-checks", "W1028", "--template", tmp_path / file]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), file


# Gradual deployment


GRADUAL = {
    "PatientApi": ("Canary10Percent5Minutes", {"NewPatientApiFails"}),
    "AnalyzeQueuedMeasurements": ("Linear10PercentEvery1Minute", {"WorkerFails", "WorkFails"}),
}


def alias_of(stack, function):
    """The logical id of a function's alias."""
    (name,) = (
        name
        for name, each in of_type(stack, "AWS::Lambda::Alias", **WITH_API).items()
        if arn(each["Properties"]["FunctionName"]) == f"{{{function}}}"
    )
    assert stack["Resources"][name]["Properties"]["Name"] == "live"
    return name


def test_what_calls_a_function_calls_its_alias(gradual):
    api, worker = map(partial(alias_of, gradual), GRADUAL)
    resources = gradual["Resources"]
    assert resources["PatientApiEverythingPermission"]["Properties"]["FunctionName"] == {"Ref": api}
    assert re.findall(r"functions/\$\{(\w+)\}/invocations", json.dumps(resources["HttpApi"])) == [api, api]
    (mapping,) = of_type(gradual, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["Properties"]["FunctionName"] == {"Ref": worker}


@pytest.mark.parametrize(("function", "shift", "alarms"), [(name, *each) for name, each in GRADUAL.items()])
def test_a_version_is_tried_by_some_and_alarms_take_it_back(gradual, function, shift, alarms):
    update = gradual["Resources"][alias_of(gradual, function)]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = of_type(gradual, "AWS::CodeDeploy::DeploymentGroup", **WITH_API)[update["DeploymentGroupName"]["Ref"]]
    properties = group["Properties"]
    text, names = properties["DeploymentConfigName"]["Fn::Sub"]
    assert text.replace("${ConfigName}", names["ConfigName"]) == f"CodeDeployDefault.Lambda{shift}"
    rolled_back = properties["AutoRollbackConfiguration"]
    assert (rolled_back["Enabled"], "DEPLOYMENT_STOP_ON_ALARM" in rolled_back["Events"]) == (True, True)
    assert properties["AlarmConfiguration"]["Enabled"] is True
    assert {each["Name"]["Ref"] for each in properties["AlarmConfiguration"]["Alarms"]} == alarms
    assert alarms <= of_type(gradual, "AWS::CloudWatch::Alarm", **WITH_API).keys()
    role = gradual["Resources"][properties["ServiceRoleArn"]["Fn::GetAtt"][0]]["Properties"]
    assert "codedeploy.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])


def test_an_alarm_is_of_the_new_version_of_the_api_alone(gradual):
    """Errors of a version, as Lambda counts them behind an alias: by function, alias and version together."""
    alarm = gradual["Resources"]["NewPatientApiFails"]["Properties"]
    version = arn(gradual["Resources"][alias_of(gradual, "PatientApi")]["Properties"]["FunctionVersion"])
    assert {each["Name"]: arn(each["Value"]) for each in alarm["Dimensions"]} == {
        "FunctionName": "{PatientApi}",
        "Resource": "{PatientApi}:live",
        "ExecutedVersion": version,
    }
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 60  # within the five minutes


def test_alarms_of_the_worker_count_what_goes_through_its_alias(gradual):
    """Lambda counts by function all that goes through any alias; the worker's own metrics have no version."""
    for name in GRADUAL["AnalyzeQueuedMeasurements"][1]:
        (dimension,) = gradual["Resources"][name]["Properties"]["Dimensions"]
        assert arn(dimension["Value"]) == "{AnalyzeQueuedMeasurements}"


def test_without_an_issuer_only_the_worker_is_deployed_gradually(with_option):
    there = deployed(translated(with_option("gradual_deployment.yaml")))
    assert not {name for name in there if "PatientApi" in name}
    kinds = [each["Type"] for each in there.values()]
    assert kinds.count("AWS::Lambda::Alias") == kinds.count("AWS::CodeDeploy::DeploymentGroup") == 1


@pytest.mark.parametrize("function", GRADUAL)
def test_changed_properties_are_a_version_too(with_option, function):
    template = with_option("gradual_deployment.yaml")
    before = of_type(translated(template, **WITH_API), "AWS::Lambda::Version", **WITH_API).keys()
    template["Resources"][function]["Properties"]["MemorySize"] = 1024
    after = of_type(translated(template, **WITH_API), "AWS::Lambda::Version", **WITH_API).keys()
    assert [name.startswith(f"{function}Version") for name in before ^ after] == [True, True]


# Traces


def test_every_function_has_the_layer_and_is_started_by_it(traced):
    functions = of_type(traced, "AWS::Lambda::Function")
    assert functions
    for function in functions.values():
        properties = function["Properties"]
        assert properties["TracingConfig"] == {"Mode": "Active"}
        first, second = properties["Layers"]
        assert first in ({"Ref": "OpenTelemetryLayerArn"}, LAYER)
        assert second["Fn::If"][0] == "HasSecretsExtension"
        variables = properties["Environment"]["Variables"]
        assert variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/otel-instrument"
        assert variables["API_SECRET_ID"] == {"Ref": "CredentialsSecretName"}  # what was there is there


def test_every_function_may_write_traces_and_nothing_more_than_before(traced, with_option):
    for name, function in of_type(traced, "AWS::Lambda::Function").items():
        role = arn(function["Properties"]["Role"]).removeprefix("{").removesuffix(".Arn}")
        for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
            assert allowed(traced, role, action, "*"), name
        anywhere = [each["Action"] for each in statements(traced, role) if each["Resource"] == "*"]
        assert anywhere == [["xray:PutTraceSegments", "xray:PutTelemetryRecords"]]


def test_an_environment_says_which_layer_it_takes(with_option):
    """It is of one region and one version: a default would be wrong nearly everywhere."""
    parameter = with_option("traces.yaml")["Parameters"]["OpenTelemetryLayerArn"]
    assert "Default" not in parameter
    assert re.fullmatch(parameter["AllowedPattern"], LAYER)
    assert not re.fullmatch(parameter["AllowedPattern"], LAYER.rpartition(":")[0])


def test_no_url_with_a_query_is_traced(with_option):
    """RQL contains search values such as an address or a name."""
    (pattern,) = with_option("traces.yaml")["Globals"]["Function"]["Environment"]["Variables"][
        "OTEL_PYTHON_URLLIB3_EXCLUDED_URLS"
    ].split(",")
    assert re.search(pattern, "https://api.example.com/users/v1/?email=ada@example.com")
    assert not re.search(pattern, "https://api.example.com/users/v1/me")


def test_what_runs_on_extra_horizon_is_not_started_by_a_layer(project_root, with_option, tmp_path):
    (tmp_path / "template.yaml").write_text(json.dumps(with_option("traces.yaml"), default=str))
    specs = [each for each in Project(tmp_path).manifest.functions if "exh" in each.targets]
    for spec in specs:
        names = task_config(spec, spec.runtime)["environment"]
        assert "AWS_LAMBDA_EXEC_WRAPPER" not in names, spec.name
