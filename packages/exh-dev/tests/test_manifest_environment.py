"""The variables of a function: template, Globals and metadata over each other, and what has no literal value."""

from __future__ import annotations

import pytest

from exh_dev.errors import ManifestError
from exh_dev.project.function_spec import ENVIRONMENT_LIMIT
from exh_dev.project.manifest import load_manifest

FIXED = """\
Parameters: {Stage: {Default: test}, Bare: {Type: String}}
Globals:
  Function:
    Handler: handlers.one.handler
    Runtime: python3.13
    Timeout: 30
    Environment:
      Variables:
        A: from Globals
        B: from Globals
Resources:
"""


def function(variables=None, overlay=None, *, name="One", credentials=False):
    """A resource; each of `variables` and `overlay` (its metadata's environment) stands on a line of its own."""
    lines = [
        f"  {name}:",
        "    Type: AWS::Serverless::Function",
        "    Metadata:",
        "      ExtraHorizon:",
        f"        name: {name.lower()}",
        "        targets: [exh, aws]",
        "        executionCredentials: {permissions: []}" if credentials else "",
        "        environment:" if overlay else "",
        *(f"          {key}: {text}" for key, text in (overlay or {}).items()),
        "    Properties:",
        "      Environment:" if variables else "      Description: no variables",
        "        Variables:" if variables else "",
        *(f"          {key}: {text}" for key, text in (variables or {}).items()),
    ]
    return "\n".join(line for line in lines if line) + "\n"


@pytest.fixture
def load(tmp_path):
    def load(*functions):
        path = tmp_path / "template.yaml"
        path.write_text(FIXED + "".join(functions), encoding="utf-8")
        return load_manifest(path)

    return load


@pytest.fixture
def spec(load):
    """The only function of a template."""

    def spec(variables=None, overlay=None, **options):
        (only,) = load(function(variables, overlay, **options)).functions
        return only

    return spec


def refused(spec, line, words, variables=None, target="exh"):
    """The environment cannot be had, because of the line that reads `line`."""
    with pytest.raises(ManifestError) as caught:
        spec.environment(target, variables or {})
    assert spec.path.read_text(encoding="utf-8").splitlines()[caught.value.line - 1].strip() == line.strip()
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_overlay_wins_over_function_and_function_over_globals(spec):
    found = spec(
        {"B": "mine", "C": "mine", "G": "!Sub '${Stage}-1'", "H": "true"},
        {"C": "from the metadata", "D": "$HERE", "E": "!Ref Stage", "F": "5"},
    )
    on_aws = {"A": "from Globals", "B": "mine", "C": "mine", "G": "test-1", "H": "true"}
    assert found.environment("aws", {}) == on_aws
    overlay = {"C": "from the metadata", "D": "found", "E": "test", "F": "5"}
    assert found.environment("exh", {"HERE": "found"}) == {**on_aws, **overlay}


def test_credentials_in_the_template_are_not_for_extra_horizon(spec):
    found = spec({"API_HOST": "!GetAtt A.B", "API_OAUTH_TOKEN": "t", "API_SECRET_ID": "s"})
    assert found.environment("exh", {}) == {"A": "from Globals", "B": "from Globals"}
    assert found.environment("aws", {}, overrides={"API_HOST": "h"})["API_SECRET_ID"] == "s"
    itself = spec({"API_SECRET_ID": "s"}, {"API_SECRET_ID": "of the task"})
    assert itself.environment("exh", {})["API_SECRET_ID"] == "of the task"


def test_variables_of_a_layer_are_not_for_extra_horizon(spec):
    found = spec({"AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument"})
    assert "AWS_LAMBDA_EXEC_WRAPPER" in found.environment("aws", {})
    assert "AWS_LAMBDA_EXEC_WRAPPER" not in found.environment("exh", {})


def test_credentials_in_the_metadata_are_allowed_without_execution_credentials(spec):
    found = spec({"API_OAUTH_TOKEN": "t"}, {"API_OAUTH_TOKEN": "$TOKEN"})
    assert found.environment("exh", {"TOKEN": "x"})["API_OAUTH_TOKEN"] == "x"


def test_credentials_in_the_metadata_are_refused_with_execution_credentials(spec):
    found = spec({}, {"C": "d", "API_HOST": "localhost"}, credentials=True)
    refused(found, "API_HOST: localhost", ["One: API_HOST", "executionCredentials", "remove one"])
    assert found.environment("aws", {}) == {"A": "from Globals", "B": "from Globals"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("!Ref Bare", ["`!Ref Bare`", "without a Default", "give it a Default, or set it in Metadata: ExtraHorizon"]),
        ("!Ref One", ["`!Ref One`", "names a resource", "or set it in Metadata: ExtraHorizon: environment"]),
        ("!GetAtt One.Arn", ["`!GetAtt One.Arn`", "write a literal"]),
        ("!If [A, b, c]", ["`!If A` names no condition"]),
        ("!ImportValue x", ["`!ImportValue x`"]),
        ("!Ref AWS::Region", ["`!Ref AWS::Region`", "only in AWS"]),
        ("[a]", ["a list"]),
        ("", ["nothing", "quotes"]),
        ("$HOME", ["`$HOME`", "may not begin with `$`", "Metadata: ExtraHorizon: environment"]),
    ],
)
def test_what_is_no_literal_is_an_error_when_asked_for(spec, value, words):
    refused(spec({"C": "d", "TABLE": value}), f"TABLE: {value}", ["One: variable TABLE", *words])
    assert spec({"TABLE": value}, {"TABLE": "mine"}).environment("exh", {})["TABLE"] == "mine"


def test_what_is_no_literal_is_an_error_on_aws_too(spec):
    found = spec({"TABLE": "!GetAtt One.Arn"}, {"TABLE": "mine"})
    refused(found, "TABLE: !GetAtt One.Arn", ["TABLE", "a parameter that has a Default"], target="aws")
    with pytest.raises(ManifestError, match=r"has a Default$"):  # the metadata would not help here
        found.environment("aws", {})


def test_a_dollar_is_a_character_like_any_other_on_aws(spec):
    assert spec({"PRICE": "$5"}).environment("aws", {})["PRICE"] == "$5"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("$UNSET", ["$UNSET", "not set or empty", "set UNSET"]),
        ("$EMPTY", ["$EMPTY", "not set or empty"]),
        ("${SET}", ["`${SET}`", "may not begin with `$`", "`$NAME`"]),
        ("$5", ["`$5`", "may not begin with `$`"]),
        ("!GetAtt A.B", ["`!GetAtt A.B`", "write a literal"]),
    ],
)
def test_overlay_references(spec, value, words):
    found = spec({}, {"C": "d", "KEY": value})
    refused(found, f"KEY: {value}", ["One: variable KEY", *words], {"SET": "x", "EMPTY": ""})


def test_a_value_that_is_looked_up_may_be_anything(spec):
    assert spec({}, {"KEY": "$SET"}).environment("exh", {"SET": "$x"})["KEY"] == "$x"


def test_the_environment_is_at_most_4096_bytes_in_utf_8(spec):
    rest = len("Afrom GlobalsB")
    fits = "é" * ((ENVIRONMENT_LIMIT - rest) // 2)
    assert sum(len((name + text).encode()) for name, text in spec({"B": fits}).environment("exh", {}).items()) == 4096
    too_big = spec({"B": f"{fits}x"})
    for target in ("exh", "aws"):
        refused(too_big, "One:", ["One: ", "4097 bytes", "4096"], target=target)


def test_one_function_s_environment_does_not_stop_another(load):
    manifest = load(function({"C": "!GetAtt B.C"}), function({"C": "fine"}, name="Two"))
    assert manifest.function("two").environment("exh", {})["C"] == "fine"
    refused(manifest.function("one"), "C: !GetAtt B.C", ["One: variable C"])


def test_an_override_replaces_any_variable_even_one_without_a_literal_value(spec):
    one = spec({"C": "!GetAtt Table.Arn"}, {"D": "$NOT_SET"})
    found = one.environment("exh", {}, overrides={"B": "over", "C": "over", "D": "over", "API_HOST": "over"})
    assert found == {"A": "from Globals", **dict.fromkeys(("B", "C", "D", "API_HOST"), "over")}
