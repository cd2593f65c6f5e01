"""A function tested with mocked HTTP (`responses`) and mocked AWS (`moto`), from the event to the signed request."""

import json

import boto3
import pytest
import responses
from extrahorizon.errors import OAuthSignatureError
from moto import mock_aws

from handlers.whoami import handler

HOST = "https://api.sandbox.acme.extrahorizon.io"
SECRETS = ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET")
CREDENTIALS = {"API_HOST": HOST} | {f"API_OAUTH_{name}": f"my {name.lower()}" for name in SECRETS}
USER = {"id": "57f3a1", "first_name": "Jan", "email": "jan@example.com"}


@pytest.fixture
def credentials_in_the_environment(monkeypatch):
    """As Extra Horizon gives them to a task."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def credentials_in_secrets_manager(monkeypatch):
    """As a function on AWS finds them."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("API_SECRET_ID", "exh/tasks")
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="exh/tasks", SecretString=json.dumps(CREDENTIALS))
        yield


@responses.activate
@pytest.mark.usefixtures("credentials_in_the_environment")
def test_only_the_id_leaves_the_function(sample, caplog):
    responses.get(f"{HOST}/users/v1/me", json=USER)
    assert handler(sample("whoami"), None) == {"user_id": "57f3a1"}
    assert 'oauth_consumer_key="my%20consumer_key"' in responses.calls[0].request.headers["Authorization"]
    assert "jan@example.com" not in caplog.text


@responses.activate
@pytest.mark.usefixtures("credentials_in_secrets_manager")
def test_on_aws_the_credentials_come_from_secrets_manager(sample):
    responses.get(f"{HOST}/users/v1/me", json=USER)
    assert handler(sample("whoami"), None) == {"user_id": "57f3a1"}


@responses.activate
@pytest.mark.usefixtures("credentials_in_the_environment")
def test_refused_credentials_raise_an_error_that_the_retry_policy_can_name(sample):
    responses.get(f"{HOST}/users/v1/me", status=401, json={"code": 109, "name": "OAUTH_SIGNATURE_EXCEPTION"})
    with pytest.raises(OAuthSignatureError):
        handler(sample("whoami"), None)


def test_it_runs_on_the_local_platform_as_lambda_runs_it(run_function):
    assert run_function("whoami").result.keys() == {"user_id"}
