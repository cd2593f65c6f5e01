"""Runs a careless function with every logger at DEBUG, and searches all that comes out for its secrets."""

import json
from pathlib import Path

import pytest

from exh_dev.aws.services import LocalAws
from exh_dev.runtime import Function, Runtime

pytestmark = pytest.mark.slow

FUNCTIONS = Path(__file__).parent / "functions"


def run_with(environment, project_root, log_format):
    function = Function(
        name="tell-all",
        handler="tell_all.handler",
        task_root=FUNCTIONS,
        memory=512,
        environment={"PYTHONPATH": str(project_root), "AWS_LAMBDA_LOG_LEVEL": "DEBUG", **environment},
        log_format=log_format,
    )
    with Runtime([function]) as runtime:
        return runtime.invoke("tell-all", {"id": "task-1"})


def everything_from(invocation):
    lines = "\n".join(line.text for line in invocation.logs)
    return f"{lines}\n{json.dumps(invocation.result)}\n{json.dumps(invocation.error)}"


def assert_no_secret(text, secrets):
    for secret in secrets:
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text


@pytest.mark.parametrize("log_format", ["JSON", "Text"])
def test_no_secret_of_the_environment_comes_out(platform, project_root, log_format):
    environment = platform.environment()
    invocation = run_with(environment, project_root, log_format)
    assert invocation.ok
    text = everything_from(invocation)
    assert_no_secret(text, [value for name, value in environment.items() if name != "API_HOST"])
    assert "[redacted]" in text
    assert "done" in text


def test_no_secret_of_secrets_manager_comes_out(platform, project_root):
    with LocalAws() as aws:
        aws.put_secret("exh/tasks", platform.environment())
        invocation = run_with({"API_SECRET_ID": "exh/tasks", **aws.environment()}, project_root, "JSON")
    assert invocation.ok, invocation.error
    secrets = [value for name, value in platform.environment().items() if name != "API_HOST"]
    assert_no_secret(everything_from(invocation), secrets)


def test_a_refused_secret_is_in_neither_error_nor_traceback(platform, project_root):
    marked = "w\"r%n'g-\\secret"
    invocation = run_with({**platform.environment(), "API_OAUTH_TOKEN_SECRET": marked}, project_root, "JSON")
    assert invocation.error["errorType"] == "OAuthSignatureError"
    assert_no_secret(everything_from(invocation), [marked, platform.credentials.consumer_secret])
