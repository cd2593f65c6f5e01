"""Where the client id, the client secret and the URLs come from."""

import json
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto import mock_aws

from exh_dev.sidefx import failures
from extrahorizon.errors import ConfigurationError, DeadlineExceededError
from extrahorizon.sidefx import ACCESS_TOKEN_URL, ENDPOINT_URL, AuthorizationError, service
from extrahorizon.sidefx.account import ID_NAMES, URL_NAMES

IN_ENVIRONMENT = dict(zip(ID_NAMES, ("env-id", "env-secret"), strict=True))
IN_SECRET = dict(zip(ID_NAMES, ("sm-id", "sm-secret"), strict=True))
LOCAL = dict(zip(URL_NAMES, ("http://localhost:1/token", "http://localhost:1/api/"), strict=True))
OTHER = dict(zip(URL_NAMES, ("https://other.example/token", "https://other.example/api/"), strict=True))


@pytest.fixture
def environment(monkeypatch):
    def environment(values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return environment


@pytest.fixture
def aws(environment):
    environment({"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t"})
    with mock_aws():
        yield boto3.client("secretsmanager")


def found(**kwargs):
    account = service(**kwargs)._accounts.current()
    return account.client_id, account.client_secret, account.access_token_url, account.endpoint_url


def test_arguments_win_and_use_their_own_urls(environment):
    environment({**IN_ENVIRONMENT, **LOCAL})
    assert found(client_id="i", client_secret_key="s") == ("i", "s", ACCESS_TOKEN_URL, ENDPOINT_URL)


def test_the_environment_is_used_without_arguments(environment, aws):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    environment({**IN_ENVIRONMENT, "API_SECRET_ID": "exh"})
    assert found() == ("env-id", "env-secret", ACCESS_TOKEN_URL, ENDPOINT_URL)


def test_white_space_around_a_value_does_not_count(environment):
    environment({name: f" {value}\n" for name, value in {**IN_ENVIRONMENT, **LOCAL}.items()})
    assert found() == ("env-id", "env-secret", *LOCAL.values())


def test_the_secret_is_used_without_arguments_and_environment(environment, aws):
    aws.create_secret(Name="exh", SecretString=json.dumps({**IN_SECRET, "API_HOST": "x"}))
    environment({"API_SECRET_ID": "exh"})
    assert found() == ("sm-id", "sm-secret", ACCESS_TOKEN_URL, ENDPOINT_URL)


def test_urls_may_be_beside_the_credentials(environment, aws):
    aws.create_secret(Name="exh", SecretString=json.dumps({**IN_SECRET, **OTHER}))
    environment({"API_SECRET_ID": "exh"})
    assert found() == ("sm-id", "sm-secret", *OTHER.values())


def test_urls_of_the_environment_replace_those_of_the_secret(environment, aws):
    aws.create_secret(Name="exh", SecretString=json.dumps({**IN_SECRET, **OTHER}))
    environment({**LOCAL, "API_SECRET_ID": "exh"})
    assert found() == ("sm-id", "sm-secret", *LOCAL.values())


def test_url_arguments_win(environment):
    environment({**IN_ENVIRONMENT, **LOCAL})
    assert found(endpoint_url="https://x.example/api") == (
        "env-id",
        "env-secret",
        LOCAL[URL_NAMES[0]],
        "https://x.example/api",
    )


@pytest.mark.parametrize(
    "given", [{}, {ID_NAMES[0]: "env-id"}, {ID_NAMES[1]: "env-secret"}, dict.fromkeys(ID_NAMES, " ")]
)
def test_what_is_missing_from_the_environment_is_named(environment, given):
    environment(given)
    with pytest.raises(ConfigurationError) as raised:
        found()
    named, _, advice = str(raised.value).partition(" missing from the environment. ")
    assert [name for name in ID_NAMES if name in named] == [
        name for name in ID_NAMES if not given.get(name, "").strip()
    ]
    assert "the Secrets Manager secret that API_SECRET_ID names" in advice
    assert not any(value.strip() and value in str(raised.value) for value in given.values())


def test_half_in_the_environment_is_not_completed_from_the_secret(environment, aws):
    aws.create_secret(Name="exh", SecretString=json.dumps(IN_SECRET))
    environment({ID_NAMES[0]: "env-id", "API_SECRET_ID": "exh"})
    with pytest.raises(ConfigurationError, match="SIDEFX_CLIENT_SECRET is missing from the environment"):
        found()


def test_what_is_missing_from_the_secret_is_named(environment, aws):
    aws.create_secret(Name="exh", SecretString=json.dumps({"API_HOST": "x", ID_NAMES[0]: "sm-id"}))
    environment({"API_SECRET_ID": "exh"})
    with pytest.raises(ConfigurationError, match="SIDEFX_CLIENT_SECRET is missing from the secret 'exh'"):
        found()


@pytest.mark.parametrize(
    "given", [{"client_id": "i"}, {"client_secret_key": "s"}, {"client_id": "i", "client_secret_key": ""}]
)
def test_half_as_arguments_is_refused_at_once(environment, given):
    environment(IN_ENVIRONMENT)
    with pytest.raises(ConfigurationError, match="is missing: pass both client_id and client_secret_key, or neither"):
        service(**given)


@pytest.mark.parametrize("name", URL_NAMES)
def test_one_url_alone_is_refused(environment, name):
    environment({**IN_ENVIRONMENT, name: LOCAL[name]})
    with pytest.raises(ConfigurationError, match=f"{name} is set and .* is not: they name one SideFX"):
        found()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is not a URL"),
        ("www.sidefx.com/api/", "is not a URL"),
        ("https://", "is not a URL"),
        ("ftp://sidefx.example", "is not a URL"),
        ("https://a b.example", "is not a URL"),
        ("https://x:y", "is not a URL"),
        ("https://[::1", "is not a URL"),
        ("https://user:password@sidefx.example", "holds a user name or password"),
        ("http://sidefx.example/api/", "is not https, and only localhost may be called without TLS"),
        ("http://localhost.sidefx.example/", "is not https"),
    ],
)
def test_a_url_that_cannot_be_called_is_refused(environment, url, reason):
    for name in ("access_token_url", "endpoint_url"):
        with pytest.raises(ConfigurationError, match=f"{name} {reason}") as raised:
            service(client_id="i", client_secret_key="s", **{name: url})
        assert "password@" not in str(raised.value)
    if url:
        environment({**IN_ENVIRONMENT, **LOCAL, "SIDEFX_API_URL": url})
        with pytest.raises(ConfigurationError, match=f"SIDEFX_API_URL {reason}"):
            found()


@pytest.mark.parametrize(
    "url", ["http://localhost:8420/x", "http://127.0.0.1/x", "http://[::1]:1/x", "https://a.example"]
)
def test_loopback_needs_no_tls(url):
    assert found(client_id="i", client_secret_key="s", endpoint_url=url)[3] == url


# A secret that is changed while a function is warm


def secret_text(environment, urls, client_secret):
    names = (*ID_NAMES, *URL_NAMES)
    values = ("client-id-Zq81", client_secret, urls["access_token_url"], urls["endpoint_url"])
    environment({"API_SECRET_ID": "exh"})
    return json.dumps(dict(zip(names, values, strict=True)))


def test_a_rotated_secret_is_fetched_once_more(sidefx, urls, monkeypatch, environment):
    from extrahorizon import secrets_manager

    wrong = secret_text(environment, urls, "old secret")
    right = secret_text(environment, urls, "client/secret+é:Xy27")
    answers = [wrong, right]
    monkeypatch.setattr(secrets_manager, "by_boto3", lambda *_: answers.pop(0))
    assert service().bugs.get_submission_options()
    assert answers == []
    assert sidefx.token_requests == 2


@pytest.mark.slow
def test_a_call_with_little_time_does_not_wait_for_the_secret(monkeypatch, environment, urls):
    from extrahorizon import secrets_manager

    text = secret_text(environment, urls, "s")
    over = threading.Event()
    monkeypatch.setattr(secrets_manager, "by_boto3", lambda *_: over.wait(10) and text)
    api = service()
    until = time.monotonic() + 0.2
    api.remaining = lambda: until - time.monotonic()
    with pytest.raises(DeadlineExceededError, match="no time is left for reading the secret"):
        api.bugs.get_submission_options()
    assert api.remaining() > -0.5
    over.set()


def test_a_secret_that_has_not_changed_is_refused_once(sidefx, urls, monkeypatch, environment):
    from extrahorizon import secrets_manager

    wrong = secret_text(environment, urls, "old secret")
    monkeypatch.setattr(secrets_manager, "by_boto3", lambda *_: wrong)
    with pytest.raises(AuthorizationError) as raised:
        service().bugs.get_submission_options()
    assert sidefx.token_requests == 1
    assert "old secret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.slow
def test_threads_share_a_rotated_secret(sidefx, urls, monkeypatch, environment):
    from extrahorizon import secrets_manager

    answers = [secret_text(environment, urls, "old secret")]
    right = secret_text(environment, urls, "client/secret+é:Xy27")
    monkeypatch.setattr(secrets_manager, "by_boto3", lambda *_: answers.pop() if answers else right)
    api = service()
    assert api.endpoint_url
    sidefx.fail(failures.Failure(403, b"no", delay=0.2), where="token")
    with ThreadPoolExecutor(10) as pool:
        for future in [pool.submit(api.bugs.get_submission_options) for _ in range(10)]:
            assert future.result()
