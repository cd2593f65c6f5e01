"""The template as AWS sees it: through SAM's own translator, with names where only AWS knows what is there."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ACCOUNT = "123456789012"
REGION = "eu-central-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "tasks",
    "AWS::URLSuffix": "amazonaws.com",
}

#: Parameters of an environment that has an issuer of tokens, and with it the HTTP API.
WITH_API = {"JwtIssuer": "https://id.example.com", "JwtAudience": "clinic", "CorsOrigins": "https://a.example"}

#: The ARN of the secret that functions read.
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:{CredentialsSecretName}-AbCdEf"


def source(root):
    """`template.yaml` as plain data, intrinsic functions as `Fn::…`."""
    return yaml_parse((Path(root) / "template.yaml").read_text())


def translated(template, **parameters):
    """CloudFormation's template: bundles lie in a bucket, as `sam deploy` would have put them there."""
    fragment = json.loads(json.dumps(template, default=str))
    for name, resource in fragment["Resources"].items():
        properties = resource.get("Properties", {})
        for member in ("CodeUri", "DefinitionUri"):
            if member in properties:
                properties[member] = {"Bucket": "bundles", "Key": name}
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


def role_of(stack, function):
    """The logical id of a function's role, by that of the function."""
    return arn(stack["Resources"][function]["Properties"]["Role"]).removeprefix("{").removesuffix(".Arn}")


def of_type(stack, kind, **parameters):
    """The resources of a type that are deployed, by their logical ids."""
    return {name: each for name, each in deployed(stack, **parameters).items() if each["Type"] == kind}


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


def statements(stack, role):
    """All statements that a role has: of its own policies, of the template's managed ones, and of AWS's."""
    properties = stack["Resources"][role]["Properties"]
    for policy in properties.get("Policies", []):
        yield from _listed(policy["PolicyDocument"]["Statement"])
    for managed in properties.get("ManagedPolicyArns", []):
        yield from _listed(_managed(stack, managed)["Statement"])
    for resource in stack["Resources"].values():
        if {"Ref": role} in resource.get("Properties", {}).get("Roles", []):  # a policy that names its roles
            yield from _listed(resource["Properties"]["PolicyDocument"]["Statement"])


def _managed(stack, policy):
    """The document of a managed policy."""
    if isinstance(policy, dict) and "Ref" in policy:
        return stack["Resources"][policy["Ref"]]["Properties"]["PolicyDocument"]
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    known = json.loads(aws_managed_policies_data)
    return known[arn(policy).rpartition("/")[2]]["Document"]


def allowed(stack, role, action, resource):
    """Whether a role allows an action on a resource, by the rules of IAM: a denial wins."""
    verdict = False
    for statement in statements(stack, role):
        if grants(statement, action, resource):
            if statement["Effect"] == "Deny":
                return False
            verdict = True
    return verdict


def grants(statement, action, resource):
    """Whether a statement speaks of an action on a resource."""
    actions = [each.lower() for each in _listed(statement["Action"])]
    resources = [arn(each) for each in _listed(statement["Resource"])]
    return any(fnmatch.fnmatchcase(action.lower(), each) for each in actions) and any(
        fnmatch.fnmatchcase(resource, each.replace("[", "[[]")) for each in resources
    )


def _listed(value):
    return value if isinstance(value, list) else [value]
