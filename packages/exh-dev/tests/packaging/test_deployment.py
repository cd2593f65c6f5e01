"""`exh-dev build --config-env`: bundles for what an environment of samconfig.toml deploys."""

import json
import shutil
import sys
from pathlib import Path

import pytest

RUNTIME = f"python3.{sys.version_info.minor}"
PARAMETERS = """
Parameters:
  Architecture:
    Type: String
    AllowedValues: [x86_64, arm64]
    Default: x86_64
  Note:
    Type: String
    Default: ""
"""
SAM = """
version = 0.1

[dev.deploy.parameters]
stack_name = "small-dev"
parameter_overrides = "Note=none"

[staging.deploy.parameters]
parameter_overrides = {overrides}

[production.deploy.parameters]
stack_name = "small"
"""
UNREADABLE = "which is not Key=Value"
ELSEWHERE = "references to other files are not supported"


@pytest.fixture
def deployed(small):
    """The small project, whose processor is a parameter."""
    template = small.root / "template.yaml"
    text = template.read_text().replace("Timeout: 30", "Timeout: 30\n      Architectures: [!Ref Architecture]")
    template.write_text(PARAMETERS + text.replace("Timeout: 30", "CodeUri: build/greet.zip\n      Timeout: 30"))
    small.write("samconfig.toml", SAM.format(overrides='"Architecture=arm64"'))
    cached = small.root / ".exh-dev" / "wheels"
    shutil.copytree(cached / f"{RUNTIME}-x86_64", cached / f"{RUNTIME}-arm64")
    return small


@pytest.mark.parametrize(
    "overrides",
    [
        '"Architecture=arm64"',
        "'Note=\"a b\" Architecture=arm64'",
        "\"Note='Architecture=x86_64' Architecture=arm64\"",
        '"ParameterKey=Note,ParameterValue=x ParameterKey=Architecture,ParameterValue=arm64"',
        "['Note=\"a b\"', 'Architecture=arm64']",
        '{ Note = "a b", Architecture = "arm64" }',
        '["Architecture=x86_64", { Architecture = "arm64" }]',
        r'"Note=a\\ Architecture=x86_64 Architecture=arm64"',
    ],
)
def test_the_processor_is_that_of_the_environment_however_it_is_written(deployed, overrides):
    deployed.write("samconfig.toml", SAM.format(overrides=overrides))
    done = deployed.build("--config-env", "staging")
    assert done.bundles["greet"]["architecture"] == "arm64"
    assert done.lines == []


@pytest.mark.slow
def test_without_an_environment_or_a_value_the_template_says_it(deployed):
    for options in ((), ("--config-env", "dev"), ("--config-env", "production")):
        assert deployed.build(*options).bundles["greet"]["architecture"] == "x86_64"


@pytest.mark.slow
def test_global_parameters_of_samconfig_apply_unless_deploy_has_its_own(deployed):
    everywhere = '[dev.global.parameters]\nparameter_overrides = "Architecture=arm64"\n'
    deployed.write("samconfig.toml", everywhere)
    assert deployed.build("--config-env", "dev").bundles["greet"]["architecture"] == "arm64"
    deployed.write("samconfig.toml", f'{everywhere}[dev.deploy.parameters]\nparameter_overrides = "Note=x"\n')
    assert deployed.build("--config-env", "dev").bundles["greet"]["architecture"] == "x86_64"


def test_the_runtime_may_be_a_parameter_too(deployed):
    template = deployed.root / "template.yaml"
    text = template.read_text().replace(f"Runtime: {RUNTIME}", "Runtime: !Ref Runtime")
    template.write_text(text.replace("\n  Note:", "\n  Runtime: {Type: String, Default: python3.11}\n  Note:"))
    deployed.write("samconfig.toml", SAM.format(overrides=f'"Architecture=arm64 Runtime={RUNTIME}"'))
    assert deployed.build("--config-env", "staging").bundles["greet"]["runtime"] == RUNTIME


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ("prod", "has no environment `prod` (did you mean `production`?); there are: dev, staging, production"),
        ("stagin", "(did you mean `staging`?)"),
        ("version", "has no environment `version`; there are: dev, staging, production"),
        ("", "has no environment ``; there are: dev, staging, production"),
    ],
)
def test_an_environment_that_there_is_not_is_refused_before_anything_is_built(deployed, environment, told):
    deployed.write("handlers/greet.py", "def broken(:")  # which building would tell
    done = deployed.build("--config-env", environment)
    assert done.code == 2
    assert told in done.message
    assert not Path("build").exists()


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ('"Architecture"', UNREADABLE),
        ('["Architecture=arm64", 5]', ELSEWHERE),
        ('"file://parameters.json"', ELSEWHERE),
        ('{ "$include" = "parameters.json" }', ELSEWHERE),
        ('"Architecture=amd64"', "gives Architecture the value `amd64` (did you mean `arm64`?); template.yaml allows"),
    ],
)
def test_values_that_cannot_be_used_are_refused(deployed, overrides, told):
    deployed.write("samconfig.toml", SAM.format(overrides=overrides))
    done = deployed.build("--config-env", "staging")
    assert done.code == 2
    assert told in done.message
    assert not Path("build").exists()


def test_a_parameter_that_the_template_does_not_have_is_a_warning(deployed):
    deployed.write("samconfig.toml", SAM.format(overrides='"Architectur=arm64"'))
    done = deployed.build("--config-env", "staging")
    assert done.bundles["greet"]["architecture"] == "x86_64"
    (line,) = done.lines
    assert line["level"] == "WARNING"
    assert "Architectur, which is not a parameter of template.yaml (did you mean `Architecture`?)" in line["message"]


@pytest.mark.parametrize(
    ("parameter", "given", "told"),
    [
        ("AllowedPattern: ^https://[^ /]+$", "https://clinic.example/", "allows what fits ^https://[^ /]+$"),
        ("MinValue: 2", "1", "allows at least 2"),
        ("MaxValue: 1000", "1001", "allows at most 1000"),
        ("MinValue: 2", "many", "allows a number"),
        ("AllowedPattern: '['", "x", None),
        ("MinValue: 2", "2", None),
    ],
)
def test_what_cloudformation_would_refuse_is_refused_before_the_upload(deployed, parameter, given, told):
    text = (deployed.root / "template.yaml").read_text()
    own = f"Parameters:\n  Own:\n    Type: String\n    {parameter}\n"
    deployed.write("template.yaml", text.replace("Parameters:\n", own, 1))
    deployed.write("samconfig.toml", SAM.format(overrides=f'"Own={given}"'))
    done = deployed.build("--config-env", "staging")
    assert done.code == (2 if told else 0)
    assert told is None or told in done.message


@pytest.mark.slow
def test_a_parameter_without_a_value_is_a_warning(deployed):
    text = (deployed.root / "template.yaml").read_text()
    deployed.write("template.yaml", text.replace("Parameters:\n", "Parameters:\n  AlarmEmail:\n    Type: String\n", 1))
    done = deployed.build("--config-env", "staging")
    assert [line["level"] for line in done.lines] == ["WARNING"]
    assert "no Default for the parameter AlarmEmail, and samconfig.toml no value" in done.lines[0]["message"]
    deployed.write("samconfig.toml", SAM.format(overrides='"AlarmEmail=none"'))
    assert deployed.build("--config-env", "staging").lines == []


def test_a_missing_or_broken_samconfig_is_refused(deployed):
    deployed.write("samconfig.toml", "[dev")
    assert "samconfig.toml cannot be read" in deployed.build("--config-env", "dev").message
    (deployed.root / "samconfig.toml").unlink()
    done = deployed.build("--config-env", "dev")
    assert done.code == 2
    assert "has no samconfig.toml with the environments of `make deploy`" in done.message


def test_another_runtime_than_the_deployments_is_refused(deployed):
    done = deployed.build("--config-env", "dev", "--runtime", "python3.12")
    assert done.code == 2
    assert "excludes --runtime" in done.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("built", "told"),
    [({"runtime": "python3.9"}, "python3.9 on arm64"), ({"architecture": "x86_64"}, f"{RUNTIME} on x86_64")],
)
def test_a_bundle_that_was_built_for_something_else_is_refused(deployed, built, told):
    template = deployed.root / "template.yaml"
    function = template.read_text().partition("  Greet:")[2]
    second = function.replace("name: greet", "name: second").replace("build/greet.zip", "build/second.zip")
    template.write_text(f"{template.read_text()}\n  Second:{second}")
    assert deployed.build("--config-env", "staging").code == 0
    bill = Path("build/second.cdx.json")
    said = json.loads(bill.read_text())
    for each in said["metadata"]["component"]["properties"]:
        each["value"] = built.get(each["name"], each["value"])
    bill.write_text(json.dumps(said))
    done = deployed.build("greet", "--config-env", "staging")
    assert done.code == 1
    assert f"Second: staging runs it by {RUNTIME} on arm64, but build/second.zip was built for {told}" in done.message
    assert "exh-dev build --config-env staging" in done.message
    assert deployed.build("--config-env", "staging").code == 0


@pytest.mark.slow
def test_a_bundle_of_which_nothing_is_known_is_left_to_sam(deployed):
    template = deployed.root / "template.yaml"
    template.write_text(template.read_text().replace("CodeUri: build/greet.zip", "CodeUri: {Bucket: b, Key: k}"))
    assert deployed.build("--config-env", "dev").code == 0
    template.write_text(template.read_text().replace("CodeUri: {Bucket: b, Key: k}", "CodeUri: build/elsewhere.zip"))
    assert deployed.build("--config-env", "dev").code == 0
