"""Tests against a local platform."""

from collections.abc import Callable

from exh_dev.testing import LocalPlatform, RunFunction
from extrahorizon.client import ExtraHorizon


def test_the_function_as_aws_runs_it(run_function: RunFunction, exh_of: Callable[[str], ExtraHorizon]) -> None:
    invocation = run_function("whoami")
    assert invocation.result == {"user_id": exh_of("whoami").users.me()["id"]}
    assert any('"authenticated"' in line.text for line in invocation.logs)


def test_a_wrong_secret_is_an_error_that_a_retry_policy_can_name(run_function: RunFunction) -> None:
    invocation = run_function("whoami", env={"API_OAUTH_TOKEN_SECRET": "wrong"})
    assert invocation.error is not None
    assert invocation.error["errorType"] == "OAuthSignatureError"


def test_the_client_calls_as_the_first_user(exh: ExtraHorizon, platform: LocalPlatform) -> None:
    assert exh.users.me()["id"] == platform.credentials.user_id
