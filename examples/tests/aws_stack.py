"""The template as AWS sees it: through SAM's own translator, with names where only AWS knows what is there."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

with_a_worker = pytest.mark.skipif(
    "AnalyzeQueuedMeasurements" not in (Path(__file__).parents[1] / "template.yaml").read_text(),
    reason="no function of this project works off the queue",
)

ACCOUNT = "123456789012"
REGION = "eu-central-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "tasks",
    "AWS::URLSuffix": "amazonaws.com",
}


def source(root):
    """`template.yaml` as plain data, intrinsic functions as `Fn::…`."""
    return yaml_parse((Path(root) / "template.yaml").read_text())


def translated(template, **parameters):
    """CloudFormation's template: bundles lie in a bucket, as `sam deploy` would have put them there."""
    fragment = json.loads(json.dumps(template, default=str))
    for name, resource in fragment["Resources"].items():
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            properties["CodeUri"] = {"Bucket": "bundles", "Key": name}
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = f"https://bundles.s3.amazonaws.com/{Path(properties['Location']).name}"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    return translator.translate(fragment, {**PSEUDO, **parameters})


def holds(template, name, parameters):
    """Whether a condition holds with these parameters, the others having their defaults."""
    return _truth(template["Conditions"][name], template, parameters)


def _truth(condition, template, parameters):
    ((name, argument),) = condition.items()
    match name:
        case "Fn::Equals":
            first, second = (_value(each, template, parameters) for each in argument)
            return first == second
        case "Fn::Not":
            return not _truth(argument[0], template, parameters)
        case "Condition":
            return holds(template, argument, parameters)
    raise AssertionError(condition)


def _value(value, template, parameters):
    if not isinstance(value, dict):
        return value
    name = value["Ref"]
    return PSEUDO.get(name) or parameters.get(name, template["Parameters"].get(name, {}).get("Default"))


def deployed(template, **parameters):
    """The resources that there will be, by logical id."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(template, resource["Condition"], parameters)
    }


def arn(value):
    """A text for an ARN that is only known once deployed: `{WorkQueue.Arn}` for `!GetAtt WorkQueue.Arn`."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return PSEUDO.get(name, f"{{{name}}}")
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{{{name}.{attribute}}}"
        case {"Fn::Sub": [text, names]}:
            for name, each in names.items():
                text = text.replace(f"${{{name}}}", arn(each))
            return arn({"Fn::Sub": text})
        case {"Fn::Sub": str(text)}:
            for name, each in PSEUDO.items():
                text = text.replace(f"${{{name}}}", each)
            return text.replace("${", "{")
        case {"Fn::Join": [delimiter, parts]}:
            return delimiter.join(map(arn, parts))
    raise AssertionError(value)


def allowed(role, action, resource):
    """Whether a role's own policies allow an action on a resource, by the rules of IAM: a denial wins."""
    verdict = False
    for policy in role["Properties"].get("Policies", []):
        for statement in _listed(policy["PolicyDocument"]["Statement"]):
            actions = [each.lower() for each in _listed(statement["Action"])]
            resources = [arn(each) for each in _listed(statement["Resource"])]
            fits = any(fnmatch.fnmatchcase(action.lower(), each) for each in actions) and any(
                fnmatch.fnmatchcase(resource, each.replace("[", "[[]")) for each in resources
            )
            if fits and statement["Effect"] == "Deny":
                return False
            verdict = verdict or fits
    return verdict


def statements(role):
    """All statements of a role's own policies."""
    for policy in role["Properties"].get("Policies", []):
        yield from _listed(policy["PolicyDocument"]["Statement"])


def _listed(value):
    return value if isinstance(value, list) else [value]
