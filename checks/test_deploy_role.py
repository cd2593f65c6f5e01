"""The role that the workflow takes on: who GitHub's tokens vouch for, by the rules of IAM."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from aws_stack import arn
from samtranslator.yaml_helper import yaml_parse
from test_workflows import workflow

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
SNIPPET = "github_deploy_role.yaml"


@pytest.fixture
def path(project_root):
    return project_root / "docs" / "snippets" / SNIPPET


@pytest.fixture
def template(path):
    return yaml_parse(path.read_text())


def trusted(template, subject, audience=AUDIENCE, repository="acme/clinic"):
    """Whether a token makes AWS give the role to its holder."""
    (statement,) = template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRoleWithWebIdentity")
    assert arn(statement["Principal"]["Federated"]) == f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
    ((operator, wanted),) = statement["Condition"].items()
    assert operator == "StringEquals"
    claims = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
    given = {"{Repository}": repository, "{Environment}": "production"}
    return claims == {
        name: re.sub(r"\{\w+\}", lambda found: given[found[0]], arn(value)) for name, value in wanted.items()
    }


def test_only_jobs_of_the_environment_of_the_repository_get_the_role(template):
    assert trusted(template, "repo:acme/clinic:environment:production")
    immutable = "acme@123456/clinic@456789"
    assert trusted(template, f"repo:{immutable}:environment:production", repository=immutable)


@pytest.mark.parametrize(
    "subject",
    [
        "repo:acme/clinic:environment:dev",
        "repo:acme/clinic:environment:production-2",
        "repo:acme/clinic:ref:refs/heads/main",
        "repo:acme/clinic:pull_request",
        "repo:acme/clinic-2:environment:production",
        "repo:acme@1/clinic@2:environment:production",
        "repo:mallory/clinic:environment:production",
    ],
)
def test_nobody_else_does(template, subject):
    assert not trusted(template, subject)
    assert not trusted(template, "repo:acme/clinic:environment:production", audience="https://github.com/acme")


@pytest.mark.parametrize("name", ["acme/clinic", "acme@123456/clinic@456789"])
def test_a_repository_is_named_as_a_token_names_it(template, name):
    pattern = template["Parameters"]["Repository"]["AllowedPattern"]
    assert re.fullmatch(pattern, name)
    for other in ("clinic", "acme/*", "*/clinic", "acme/clinic:ref", "https://github.com/acme/clinic"):
        assert not re.fullmatch(pattern, other)
    assert not re.fullmatch(template["Parameters"]["Environment"]["AllowedPattern"], "*")


def test_the_provider_takes_the_tokens_that_the_action_asks_for(template):
    provider = template["Resources"]["GitHub"]["Properties"]
    assert provider["Url"] == f"https://{ISSUER}"
    (step,) = (
        each
        for each in workflow("deploy-aws.yml")["jobs"]["deploy"]["steps"]
        if each.get("uses", "").startswith("aws-actions/configure-aws-credentials@")
    )
    assert provider["ClientIdList"] == [step["with"].get("audience", AUDIENCE)]  # the action's default


@pytest.mark.slow
def test_cfn_lint_has_nothing_to_say(path):
    program = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([program, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_page_says_how_to_make_it(project_root, template):
    page = (project_root / "docs" / "deploy-aws.md").read_text()
    assert f"[`{SNIPPET}`](snippets/{SNIPPET})" in page
    (given,) = re.findall(r"--parameter-overrides (Repository=.*)", page)
    values = dict(each.split("=", 1) for each in given.split())
    required = {name for name, each in template["Parameters"].items() if "Default" not in each}
    assert values.keys() == required
    for name, value in values.items():
        assert re.fullmatch(template["Parameters"][name].get("AllowedPattern", ".*"), value)
