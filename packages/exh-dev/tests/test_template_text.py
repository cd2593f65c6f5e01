"""Changing a template as text: what is not concerned stays byte for byte."""

import difflib
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import read_template
from exh_dev.project.template_text import entries_for, with_entry, with_resource, without_functions

HEAD = 'AWSTemplateFormatVersion: "2010-09-09" # a version\n'
FUNCTION = "  {0}: # {0}\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: a.b\n"
ONE, TWO, THREE = (FUNCTION.format(name) for name in ("One", "Two", "Three"))
SECRET = "  # holds secrets\n  Secret:\n    Type: AWS::SecretsManager::Secret\n"
OUTPUTS = "# what comes out\nOutputs:\n  OneArn:\n    Value: !GetAtt One.Arn\n"
NEW = "New:\n  Type: AWS::Serverless::Function # new\n"
ADDED = "  New:\n    Type: AWS::Serverless::Function # new\n"


@pytest.fixture
def template(tmp_path):
    def template(text):
        path = tmp_path / "template.yaml"
        path.write_bytes(text.encode())
        return path

    return template


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD}Resources:\n{ONE}\n{SECRET}", f"{HEAD}Resources:\n{ONE}\n{ADDED}\n{SECRET}"),
        (f"Resources:\n{ONE}\n{SECRET}\n{TWO}", f"Resources:\n{ONE}\n{ADDED}\n{SECRET}\n{TWO}"),
        (f"Resources:\n{SECRET}", f"Resources:\n{ADDED}\n{SECRET}"),
        (f"Resources:\n{ONE}{SECRET}", f"Resources:\n{ONE}\n{ADDED}\n{SECRET}"),
        (f"Resources:\n{ONE}", f"Resources:\n{ONE}\n{ADDED}"),
        (f"Resources:\n{ONE}".rstrip("\n"), f"Resources:\n{ONE}\n{ADDED}"),
        (f"Resources:\n{ONE}\n\n", f"Resources:\n{ONE}\n{ADDED}\n\n"),
        (f"Resources:\n{ONE}\n{OUTPUTS}", f"Resources:\n{ONE}\n{ADDED}\n{OUTPUTS}"),
        (f"Resources:\n{ONE}{OUTPUTS}", f"Resources:\n{ONE}\n{ADDED}\n{OUTPUTS}"),
        (f"Resources:\n{ONE}  # Two: is gone\n", f"Resources:\n{ONE}  # Two: is gone\n\n{ADDED}"),
        (f"Resources:\n{ONE}# the end\n...\n", f"Resources:\n{ONE}\n{ADDED}\n# the end\n...\n"),
        ("Resources:\n", f"Resources:\n{ADDED}"),
        ("Resources:", f"Resources:\n{ADDED}"),
        ("Resources: {}\n", f"Resources:\n{ADDED}"),
        ("Resources: { } # none yet\nOutputs: {}\n", f"Resources: # none yet\n{ADDED}\nOutputs: {{}}\n"),
        ("Resources: null # none\n", f"Resources: # none\n{ADDED}"),
        ("Resources:\n # One:\n\nOutputs: {}\n", f"Resources:\n{ADDED}\n # One:\n\nOutputs: {{}}\n"),
        (f"Resources:\n{ONE}\n".replace("  ", "    "),
         f"Resources:\n{ONE}".replace("  ", "    ") + "\n    New:\n      Type: AWS::Serverless::Function # new\n\n"),
        (f"Resources:\r\n{ONE}\r\n{SECRET}".replace("\r", "").replace("\n", "\r\n"),
         f"Resources:\n{ONE}\n{ADDED}\n{SECRET}".replace("\n", "\r\n")),
        (f"Resources:\n{ONE}      Description: |+\n        # text\n\n\n{SECRET}", None),
        (f"\ufeffResources:\n{ONE}", f"\ufeffResources:\n{ONE}\n{ADDED}"),
    ],
)  # fmt: skip
def test_a_resource_is_inserted(template, before, after):
    path = template(before)
    changed = with_resource(path, NEW)
    if after is not None:
        assert changed == after
    added = [line for line in difflib.ndiff(before.splitlines(), changed.splitlines()) if line[0] == "-"]
    assert added == [] or "Resources:" in added[0]
    assert path.read_bytes() == before.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"Resources": {"One": {"Type": "AWS::Serverless::Function"}}}',
        "Resources: {One: {Type: AWS::Serverless::Function}}\n",
        "Resources: {\n}\n",
        f"Resources:\n{ONE}      Description: |+\n        text\n\n\n",
    ],
)
def test_a_template_that_has_no_place_for_lines_is_refused(template, text):
    with pytest.raises(UsageError, match="cannot be changed line by line"):
        with_resource(template(text), NEW)


@pytest.mark.parametrize(("text", "told"), [("Resources: [a]\n", "Resources"), ("Outputs: {}\n", "Resources")])
def test_a_template_without_resources_is_refused(template, text, told):
    with pytest.raises(UsageError, match=told):
        with_resource(template(text), NEW)


@pytest.mark.parametrize(
    ("before", "names", "after"),
    [
        (f"Resources:\n{ONE}\n{TWO}\n{SECRET}", ["Two"], f"Resources:\n{ONE}\n{SECRET}"),
        (f"Resources:\n{ONE}\n  # about two\n{TWO}\n{THREE}", ["Two", "Three"], f"Resources:\n{ONE}"),
        (f"Resources:\n{ONE}\n{TWO}\n{OUTPUTS}", ["One"], f"Resources:\n{TWO}"),
        (f"Resources:\n{ONE}\n{TWO}\n{OUTPUTS}", ["Two"], f"Resources:\n{ONE}\n{OUTPUTS}"),
        (f"Resources:\n{ONE}      Role: !Ref Secret\n\n{TWO}\n{SECRET}", ["One"], f"Resources:\n{TWO}\n{SECRET}"),
        (f"Resources:\n{ONE}      Role: !Ref Secret\n\n{TWO}      Role: !Ref Secret\n{SECRET}", ["One"],
         f"Resources:\n{TWO}      Role: !Ref Secret\n{SECRET}"),
        (f"Parameters:\n  Size: {{Type: String}}\n\nResources:\n{ONE}      Size: !Ref Size\n\n{TWO}", ["One"],
         f"Resources:\n{TWO}"),
    ],
)  # fmt: skip
def test_functions_are_removed_with_the_resources_that_only_they_need(template, before, names, after):
    assert without_functions(template(before), names).text == after


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("  Both:\n    Type: AWS::CloudWatch::Dashboard\n    Properties:\n      Body:\n        !Sub ${One} ${Two}\n",
         "template.yaml:16: Both is of One and of Two; take One out of it first"),
        (f"{THREE}      Calls:\n        - !Ref One\n",
         "template.yaml:17: Three refers to One; change that first"),
    ],
)  # fmt: skip
def test_resources_that_others_need_are_not_removed(template, other, told):
    with pytest.raises(UsageError, match=re.escape(told)):
        without_functions(template(f"Resources:\n{ONE}\n{TWO}\n{other}"), ["One"])


def test_resources_that_only_refer_to_each_other_are_removed(template):
    queue = "  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      One: names no function\n"
    policy = "  Policy:\n    Type: AWS::SQS::QueuePolicy\n    Properties:\n      Queues: [!Ref Queue]\n"
    rule = "Rules:\n  Some:\n    Assert: !Ref Size\n"
    before = f"Parameters:\n  Size: {{Type: String}}\n{rule}Resources:\n{ONE}      Queue: !Ref Queue\n"
    before += "      Size: !Ref Size\n"

    def ours(parts):
        return {("Resources", "Queue"), ("Resources", "Policy")}

    assert without_functions(template(f"{before}{queue}{policy}{TWO}"), ["One"], ours).text == f"Resources:\n{TWO}"
    assert (
        without_functions(template(f"{before}{queue}{policy}{TWO}"), ["One"]).text
        == f"Resources:\n{queue}{policy}{TWO}"
    )
    kept = f"{queue}{policy}{TWO}      Queue: !Ref Queue\n"
    assert without_functions(template(f"{before}{kept}"), ["One"], ours).text == f"Resources:\n{kept}"


@pytest.mark.slow
@given(st.permutations([ONE, TWO, THREE, SECRET]), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_inserting_and_removing_leaves_the_template_unchanged(tmp_path_factory, resources, newline, spaced, ends):
    text = f"{HEAD}\nResources:\n{chr(10).join(resources) if spaced else ''.join(resources)}\n{OUTPUTS}"
    text = (text if ends else text.rstrip("\n")).replace("\n", newline)
    path = tmp_path_factory.mktemp("template") / "template.yaml"
    path.write_bytes(text.encode())
    changed = with_resource(path, NEW)
    path.write_bytes(changed.encode())
    assert [key.value for key, _ in read_template(path).find("Resources").value].count("New") == 1
    assert yaml.compose(without_functions(path, ["New"]).text, yaml.SafeLoader) is not None
    kept = [line for line in changed.splitlines() if line.strip()]
    assert [line for line in text.splitlines() if line.strip()] == [
        line for line in kept if line not in ADDED.splitlines()
    ]


QUEUED = """\
Parameters:
  Retention:
    Type: Number
  Other:
    Type: String
Conditions:
  # on this machine alone
  Here: !Equals [a, a]
Resources:
  One:
    Type: AWS::Serverless::Function
    Condition: Here
    Properties:
      Queue: !Ref Queue

  Two:
    Type: AWS::Serverless::Function
    Properties:
      Queue: !Ref Queue

  # what waits
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      RetentionPeriod: !Ref Retention

  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]

  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Queue: !Ref Queue
      Topic: !Ref Topic

  Topic:
    Type: AWS::SNS::Topic
"""


def test_a_function_comes_with_what_it_refers_to(template):
    found = entries_for(template(QUEUED), "One")
    assert list(found) == [
        ("Parameters", "Retention"),
        ("Conditions", "Here"),
        ("Resources", "One"),
        ("Resources", "Queue"),
        ("Resources", "QueuePolicy"),
        ("Resources", "Alarm"),
        ("Resources", "Topic"),
    ]
    assert found["Resources", "Queue"].startswith("# what waits\nQueue:\n  Type: AWS::SQS::Queue\n")
    assert found["Conditions", "Here"] == "# on this machine alone\nHere: !Equals [a, a]\n"


def test_what_runs_it_comes_along_and_what_others_have_a_part_in_does_not(template):
    others = """
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties: {Runs: !Ref One}

  OfBoth:
    Type: AWS::CloudWatch::Dashboard
    Properties: {Body: !Sub "${One} ${Two}"}

  RoleOfTwo:
    Type: AWS::IAM::Role
    Properties: {Queue: !Ref Queue}
"""
    rule = "Rules:\n  Positive:\n    Assert: !Ref Retention\n  Another:\n    Assert: !Ref Other\n"
    found = {name for _, name in entries_for(template(rule + QUEUED + others), "One")}
    assert found & {"Machine", "OfBoth", "RoleOfTwo", "Positive", "Another"} == {"Machine", "Positive"}


def test_what_a_function_comes_with_can_be_added_elsewhere(template, tmp_path):
    entries = entries_for(template(QUEUED), "Two")
    path = tmp_path / "other.yaml"
    path.write_text(f"{HEAD}\nResources:\n{ONE}\n{SECRET}")
    for (section, _), text in entries.items():
        path.write_text(with_resource(path, text) if section == "Resources" else with_entry(path, section, text))
    changed = path.read_text()
    assert changed.startswith(f"{HEAD}\nParameters:\n  Retention:\n    Type: Number\n\nResources:\n{ONE}\n  Two:")
    assert "      Queues: [!Ref Queue]\n" in changed
    assert changed.endswith(f"      RetentionPeriod: !Ref Retention\n\n{SECRET}")


def test_an_entry_goes_to_the_end_of_its_section(template):
    before = "Parameters:\n  A:\n    Type: String\n\n# functions\nResources:\n" + ONE
    changed = with_entry(template(before), "Parameters", "B:\n  Type: String\n")
    assert changed == before.replace("String\n", "String\n  B:\n    Type: String\n", 1)
    changed = with_entry(template(before), "Conditions", "Here: !Equals [a, a]\n")
    assert changed == before.replace("# functions", "Conditions:\n  Here: !Equals [a, a]\n\n# functions")
