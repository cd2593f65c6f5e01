"""Reading a template: what is YAML, what is CloudFormation's, what an intrinsic function stands for."""

from __future__ import annotations

import pytest
import yaml

from exh_dev.errors import ManifestError, UsageError
from exh_dev.project import cloudformation, strict_yaml
from exh_dev.project.cloudformation import NoValueError, UnresolvableError, read_template


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "template.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_template(path)

    return read


@pytest.fixture
def refused(read, tmp_path):
    def refused(text, line, *words):
        with pytest.raises(ManifestError) as caught:
            read(text)
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / 'template.yaml'}:{line}: "), message
        assert caught.value.line == line
        for word in words:
            assert word in message, message

    return refused


def test_a_missing_template_is_an_error(tmp_path):
    with pytest.raises(UsageError, match=r"template\.yaml cannot be read: No such file") as caught:
        read_template(tmp_path / "template.yaml")
    assert not isinstance(caught.value, ManifestError)


def test_a_template_that_is_a_directory_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_template(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, ["empty file"]),
        ("# only a comment\n", 1, ["empty file"]),
        ("- a\n- b\n", 1, ["mapping with Resources", "a list"]),
        ("hello\n", 1, ["mapping with Resources", "the text `hello`"]),
        ("!Ref A\n", 1, ["`!Ref A`"]),
        ("a: 1\nb: c: d\n", 2, ["not YAML", "quote"]),
        ("a:\n\tb: 1\n", 2, ["not YAML", "tabs"]),
        ("a: 1\n b: 2\n", 2, ["not YAML"]),
        ("a: [1, 2\nb: 3\n", 2, ["not YAML", "brackets"]),
        ("a:\n  - 1\n b: 2\n", 3, ["not YAML", "indentation"]),
        ("a: 1\n---\nb: 1\n", 2, ["not YAML", "another document"]),
        ("a: 1\na: 2\n", 2, ["`a` is given twice", "line 1"]),
        ("a:\n  - b: 1\n    c: 2\n    b: 3\n", 4, ["`b` is given twice", "line 2"]),
        ("a: 1\n? [b]\n: 2\n", 2, ["a key must be a string"]),
        ("? {? [x] : b}\n: 2\n", 1, ["a key must be a string"]),
        ("a: &x 1\nb: *x\n", 2, ["aliases", "`*x`"]),
        ("a: &x [*x]\n", 1, ["aliases"]),
        (b"a: 1\nb: \xff\n", 2, ["UTF-8"]),
        ("a: 1\nb: \x00\n", 2, ["does not allow"]),
        ("a:\n " + "[" * 100_000, 2, ["100 levels"]),
        ("- " * 100_000, 1, ["100 levels"]),
    ],
)
def test_what_is_no_template_is_refused_with_its_line(refused, text, line, words):
    refused(text, line, *words)


@pytest.mark.slow
def test_the_slow_loader_says_the_same(refused, monkeypatch):
    monkeypatch.setattr(strict_yaml, "_LOADER", yaml.SafeLoader)
    refused("a: 1\nb: c: d\n", 2, "not YAML", "quote")
    refused("a: 1\nb: \x00\n", 2, "does not allow")
    refused("a:\n " + "[" * 10_000, 2, "100 levels")


def test_a_byte_order_mark_is_no_part_of_the_text(read):
    assert read(b"\xef\xbb\xbfa: 1\n").find("a").value == "1"


def test_every_tag_of_cloudformation_loads(read):
    strings = ["Base64", "Cidr", "Join", "Select", "Split", "Sub", "Transform"]
    logic = ["And", "Condition", "Equals", "If", "Not", "Or"]
    names = [*strings, *logic, "FindInMap", "GetAZs", "GetAtt", "ImportValue", "Ref"]
    template = read("".join(f"{name}: !{name} [a, {{b: c}}]\n" for name in names))
    assert [name for name in names if template.find(name) is None] == []


TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: test}
  Count: {Type: Number, Default: 3}
  Loud: {Type: String, Default: yes}
  Bare: {Type: String}
  Remote: {Type: "AWS::SSM::Parameter::Value<String>", Default: /some/key}
  Wrong: {Type: String, Default: [1]}
Mappings:
  Hosts:
    test: {Host: localhost}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
Value: """


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ('"30"', "30"),
        ("30", "30"),
        ("010", "8"),
        ("1_000", "1000"),
        ("yes", "true"),
        ("False", "false"),
        ("1.50", "1.5"),
        ("2025-01-31", "2025-01-31"),
        ('""', ""),
        ("!!int abc", "abc"),
        ("!!bool maybe", "maybe"),
        ("0b_", "0b_"),
        ("9" * 5000, "9" * 5000),
        ("!Ref Stage", "test"),
        ("{Ref: Stage}", "test"),
        ("!Ref Count", "3"),
        ("!Ref Loud", "true"),
        ("!Sub plain", "plain"),
        ('!Sub "${Stage}-${ Count }"', "test-3"),
        ('{"Fn::Sub": "a-${Stage}"}', "a-test"),
        ('!Sub "${!Stage}-${Loud}"', "${Stage}-true"),
        ('!Sub ["${Name}-${Stage}", {Name: !Ref Count}]', "3-test"),
        ('{"Fn::Sub": ["${Stage}", {"Stage": "mine"}]}', "mine"),
        ('!Join ["-", [a, !Ref Stage, 1]]', "a-test-1"),
        ('{"Fn::Join": ["", [{"Ref": "Stage"}, b]]}', "testb"),
        ("!FindInMap [Hosts, !Ref Stage, Host]", "localhost"),
        ('{"Fn::FindInMap": [Hosts, test, Host]}', "localhost"),
    ],
)
def test_values_with_a_literal_are_resolved(read, value, text):
    template = read(TEMPLATE + value + "\n")
    assert template.text(template.find("Value")) == text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", ["nothing", "quote"]),
        ("[a]", ["a list"]),
        ("{a: b}", ["a mapping"]),
        ("!Ref Bare", ["`!Ref Bare`", "without a Default", "give it a Default"]),
        ("!Ref Table", ["`!Ref Table`", "names a resource"]),
        ("{Ref: Table}", ["`!Ref Table`", "names a resource"]),
        ("!Ref Nothing", ["`!Ref Nothing`", "no parameter"]),
        ("!Ref AWS::Region", ["`!Ref AWS::Region`", "only in AWS"]),
        ("!Ref Remote", ["`!Ref Remote`", "SSM"]),
        ("!Ref Wrong", ["a list"]),
        ("!Ref", ["`!Ref `", "no parameter"]),
        ("!Ref [a, b]", ["`!Ref`"]),
        ('!Sub "${AWS::Region}"', ["`!Sub ${AWS::Region}`", "only in AWS"]),
        ('!Sub "${Table.Arn}"', ["`!Sub ${Table.Arn}`", "names a resource"]),
        ('!Sub "${Bare}"', ["without a Default"]),
        ('!Sub ["${A}", {A: !GetAtt Table.Arn}]', ["`!GetAtt Table.Arn`"]),
        ("!GetAtt Table.Arn", ["`!GetAtt Table.Arn`"]),
        ('{"Fn::GetAtt": [Table, Arn]}', ["`!GetAtt`"]),
        ("!If [A, b, c]", ["`!If A` names no condition"]),
        ("!ImportValue other", ["`!ImportValue other`"]),
        ('!Join [",", !Split [",", "a,b"]]', ["`!Join`"]),
        ('!Join [",", [!GetAtt Table.Arn]]', ["`!GetAtt Table.Arn`"]),
        ("!FindInMap [Hosts, prod, Host]", ["`!FindInMap`"]),
        ("!FindInMap [Hosts, test]", ["`!FindInMap`"]),
        ("!Unknown x", ["`!Unknown x`"]),
        ('"{{resolve:ssm:/key}}"', ["looked up by AWS"]),
    ],
)
def test_a_value_without_a_literal_says_why(read, value, words):
    template = read(TEMPLATE + value + "\n")
    with pytest.raises(UnresolvableError) as caught:
        template.text(template.find("Value"))
    message = f"{caught.value}; {caught.value.remedy}"
    for word in words:
        assert word in message, message


def test_finding_stops_where_the_path_breaks_off(read):
    template = read("a:\n  b: 1\n")
    assert template.find("a", "b").value == "1"
    assert template.find("a", "c") is None
    assert template.find("a", "b", "c") is None


def test_a_section_takes_from_its_base_what_it_does_not_say(read):
    base = read("Environment: {Variables: {A: 1, B: 2}}\nTimeout: 5\n").root
    own = read("Environment: {Variables: {B: 3, C: 4}}\n").root
    section = cloudformation.Section(own.template, "own", 1, own.own, base)
    variables = section.required("Environment").required("Variables")
    assert {name: entry.node.value for name, entry in variables.entries()} == {"A": "1", "B": "3", "C": "4"}
    assert section.integer("Timeout") == 5


CONDITIONS = """
Parameters:
  Stage: {Type: String, Default: test}
  Bare: {Type: String}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsLive: !Not [!Condition IsTest]
  Either: !Or [!Condition IsLive, !Equals [a, a]]
  Both: {"Fn::And": [{Condition: IsTest}, {Condition: IsLive}]}
  Unknown: !Equals [!Ref Bare, x]
  Odd: maybe
"""


@pytest.mark.parametrize(
    ("condition", "text"), [("IsTest", "left"), ("IsLive", "right"), ("Either", "left"), ("Both", "right")]
)
def test_a_condition_is_what_it_is_while_parameters_have_their_defaults(read, condition, text):
    template = read(f"{CONDITIONS}Value: !If [{condition}, left, right]\n")
    assert template.text(template.find("Value")) == text


def test_no_value_removes_the_property(read):
    template = read(f"{CONDITIONS}Value: !If [IsTest, !Ref AWS::NoValue, x]\n")
    with pytest.raises(NoValueError):
        template.text(template.find("Value"))


@pytest.mark.parametrize(("condition", "words"), [("Unknown", "without a Default"), ("Odd", "is no condition")])
def test_a_condition_that_cannot_be_known_says_why(read, condition, words):
    template = read(f"{CONDITIONS}Value: !If [{condition}, a, b]\n")
    with pytest.raises(UnresolvableError, match=words):
        template.text(template.find("Value"))
