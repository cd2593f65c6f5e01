"""`task-config.json`, as the manifest says it and as the official CLI wants it."""

import json

import pytest

from exh_dev.errors import ManifestError
from exh_dev.packaging.task_config import task_config
from exh_dev.project.configuration.task_configs import check_task_config, check_task_configs
from exh_dev.project.manifest import load_manifest

TEMPLATE = """
Parameters:
  Greeting: {{Type: String, Default: hello}}
  Where: {{Type: String}}
Resources:
  Table: {{Type: AWS::DynamoDB::Table}}
  Greet:
    Type: AWS::Serverless::Function
    Metadata:
      ExtraHorizon:
        name: greet
        targets: [exh, aws]
{meta}
    Properties:
      Handler: handlers.greet.handler
      Runtime: python3.13
      Timeout: 30
{properties}
"""


def config_of(tmp_path, *, meta="", properties=""):
    path = tmp_path / "template.yaml"
    indented = [f"        {line}" for line in meta.splitlines()]
    own = [f"      {line}" for line in properties.splitlines()]
    path.write_text(TEMPLATE.format(meta="\n".join(indented), properties="\n".join(own)))
    return task_config(load_manifest(path).function("greet"), "python3.12")


def test_defaults_are_written_out_so_that_nothing_older_stays_on_the_cluster(tmp_path):
    assert config_of(tmp_path) == {
        "name": "greet",
        "description": "greet",
        "path": "./bundle",
        "entryPoint": "handlers.greet.handler",
        "runtime": "python3.12",
        "timeLimit": 30,
        "memoryLimit": 128,
        "executionPermission": "permissionRequired",
        "defaultPriority": 0,
        "environment": {},
        "retryPolicy": {"enabled": False},
    }


def test_everything_in_the_manifest_is_in_the_task_config(tmp_path):
    config = config_of(
        tmp_path,
        meta="executionPermission: allUsers\ndefaultPriority: 7\n"
        "retryPolicy: {enabled: true, errorsToRetry: [ServerError]}\n"
        "executionCredentials: {permissions: [VIEW_USER], email: greet@example.com}",
        properties="Description: Greets\nMemorySize: 512",
    )
    assert config["description"] == "Greets"
    assert (config["memoryLimit"], config["executionPermission"], config["defaultPriority"]) == (512, "allUsers", 7)
    assert config["retryPolicy"] == {"enabled": True, "errorsToRetry": ["ServerError"]}
    assert config["executionCredentials"] == {"permissions": ["VIEW_USER"], "email": "greet@example.com"}


def test_literals_of_the_template_overlaid_by_those_for_extra_horizon_without_the_credentials(tmp_path):
    config = config_of(
        tmp_path,
        meta="environment: {MODE: fast, TOKEN: $GREET_TOKEN}",
        properties="Environment:\n  Variables: {MODE: slow, WORD: !Ref Greeting, API_HOST: x, API_OAUTH_TOKEN: y}",
    )
    # the CLI fills in $GREET_TOKEN when it synchronises: no secret lies in build/
    assert config["environment"] == {"MODE": "fast", "WORD": "hello", "TOKEN": "$GREET_TOKEN"}


@pytest.mark.parametrize(
    ("meta", "properties", "told"),
    [
        ("", "Environment:\n  Variables: {TABLE: !Ref Table}", "variable TABLE: `!Ref Table` names a resource"),
        ("", "Environment:\n  Variables: {PLACE: !Ref Where}", "variable PLACE: `!Ref Where` is a parameter without"),
        ("", "Environment:\n  Variables: {PRICE: $5}", "variable PRICE: `$5` may not begin with `$`"),
        (
            "executionCredentials: {permissions: []}\nenvironment: {API_HOST: x}",
            "",
            "API_HOST is not allowed in Metadata: ExtraHorizon: environment next to executionCredentials",
        ),
        ("environment: {LONG: " + "x" * 4100 + "}", "", "the environment takes 4104 bytes"),
        (
            "executionCredentials: {permissions: []}\nenvironment: {LONG: " + "x" * 3900 + "}",
            "",
            "its variables take 3904 bytes, and the credentials that the CLI adds about",
        ),
        ("", "Description: $5 a call", "`$5 a call` begins with `$`"),
        ("executionCredentials: {permissions: [$ALL]}", "", "`$ALL` begins with `$`"),
    ],
)
def test_what_a_task_config_cannot_express_is_refused_at_its_line(tmp_path, meta, properties, told):
    with pytest.raises(ManifestError) as error:
        config_of(tmp_path, meta=meta, properties=properties)
    assert told in str(error.value)
    assert "template.yaml:" in str(error.value)


GOOD = {"name": "greet", "path": "./bundle", "entryPoint": "handlers.greet.handler", "runtime": "python3.13"}


def problems_of(tmp_path, config):
    folder = tmp_path / "greet"
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    file = folder / "task-config.json"
    file.write_text(config if isinstance(config, str) else json.dumps(config))
    return [f"{problem.pointer} {problem.rule}" for problem in check_task_config(file)]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"$schema": "x", "description": "", "timeLimit": 3, "memoryLimit": 10240, "defaultPriority": -5},
        {"timeLimit": 300, "memoryLimit": 128, "executionPermission": "public", "runtime": "nodejs22.x"},
        {"environment": {"A": "1", "B": "$B"}, "retryPolicy": {"enabled": False}},
        {"retryPolicy": {"enabled": True, "errorsToRetry": ["ServerError"]}},
        {"executionCredentials": {"permissions": [], "email": "a@example.com"}, "environment": {"A": "1"}},
        {"environment": {"API_HOST": "x"}},
        {"runtime": "$RUNTIME"},
    ],
)
def test_a_task_config_that_the_cli_accepts_is_valid(tmp_path, more):
    assert problems_of(tmp_path, {**GOOD, **more}) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"name": "hello_world"}, "/name expected a string that matches [A-Za-z0-9-]+"),
        ({"name": ""}, "/name expected"),
        ({"path": "./src"}, "/path there is no folder ./src"),
        ({"runtime": "python2.7"}, "/runtime expected"),
        ({"entryPoint": 5}, "/entryPoint expected a string, not a number"),
        ({"timeLimit": 900}, "/timeLimit expected an integer from 3 to 300 seconds"),
        ({"timeLimit": 2}, "/timeLimit expected"),
        ({"timeLimit": 5.5}, "/timeLimit expected"),
        ({"timeLimit": True}, "/timeLimit expected"),
        ({"timeLimit": "$LIMIT"}, "/timeLimit expected"),
        ({"memoryLimit": 64}, "/memoryLimit expected an integer from 128 to 10240 MB"),
        ({"executionPermission": "all"}, "/executionPermission expected"),
        ({"defaultPriority": 1.5}, "/defaultPriority expected"),
        ({"executionOptions": {}}, "/executionOptions executionOptions is not known here"),
        ({"description": None}, "/description null"),
        ({"environment": {"A": None}}, "/environment/A null"),
        ({"environment": {"A": 1}}, "/environment/A expected a string"),
        ({"environment": []}, "/environment expected an object"),
        ({"environment": {"A": "x" * 5000}}, "/environment 5001 bytes"),
        ({"environment": {"A": "${B}"}}, "/environment/A begins with `$`"),
        ({"environment": {"A": "$B-1"}}, "/environment/A begins with `$`"),
        ({"description": "$5 a call"}, "/description begins with `$`"),
        ({"retryPolicy": {}}, "/retryPolicy enabled is missing"),
        ({"retryPolicy": {"enabled": "yes"}}, "/retryPolicy/enabled expected true or false"),
        ({"retryPolicy": {"enabled": True, "errors": []}}, "/retryPolicy/errors errors is not known"),
        ({"retryPolicy": {"enabled": True, "errorsToRetry": "X"}}, "/retryPolicy/errorsToRetry expected a list"),
        ({"executionCredentials": {}}, "/executionCredentials permissions is missing"),
        ({"executionCredentials": {"permissions": [1]}}, "/executionCredentials/permissions/0 expected a string"),
        ({"executionCredentials": {"permissions": [], "user": "x"}}, "/executionCredentials/user user is not known"),
        (
            {"executionCredentials": {"permissions": []}, "environment": {"API_OAUTH_TOKEN": "x"}},
            "/environment/API_OAUTH_TOKEN API_OAUTH_TOKEN cannot be combined with executionCredentials",
        ),
    ],
)
def test_a_task_config_that_stops_the_cli_is_refused(tmp_path, more, told):
    (problem,) = problems_of(tmp_path, {**GOOD, **more})
    assert problem.startswith(told)


@pytest.mark.parametrize("missing", GOOD)
def test_members_that_the_cli_requires_are_required(tmp_path, missing):
    config = {name: value for name, value in GOOD.items() if name != missing}
    assert problems_of(tmp_path, config) == [f" {missing} is missing"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", '{"name": NaN}'])
def test_a_task_config_that_is_not_an_object_is_refused(tmp_path, text):
    assert problems_of(tmp_path, text)


def test_every_folder_of_tasks_has_a_config_and_a_name_of_its_own(tmp_path):
    for name in ("first", "second", "third"):
        (tmp_path / name / "bundle").mkdir(parents=True)
    for name in ("first", "second"):
        (tmp_path / name / "task-config.json").write_text(json.dumps(GOOD))
    (tmp_path / "greet.zip").write_bytes(b"")
    found = [
        (problem.file.relative_to(tmp_path).as_posix(), problem.pointer) for problem in check_task_configs(tmp_path)
    ]
    assert found == [("second/task-config.json", "/name"), ("third", "")]
