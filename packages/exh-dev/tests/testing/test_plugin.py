"""The fixtures that come with `exh_dev.testing.plugin`, as a project's own tests use them."""

import pytest

from extrahorizon.errors import NoPermissionError


@pytest.mark.slow
def test_a_function_runs_as_aws_would_run_it(run_function, exh_of):
    invocation = run_function("whoami")
    assert invocation.result == {"user_id": exh_of("whoami").users.me()["id"]}
    assert any('"authenticated"' in line.text for line in invocation.logs)


@pytest.mark.slow
def test_a_function_that_fails_says_how(run_function):
    invocation = run_function("whoami", {}, env={"API_OAUTH_TOKEN_SECRET": "wrong"})
    assert (invocation.ok, invocation.error["errorType"]) == (False, "OAuthSignatureError")


def test_a_function_has_a_user_of_its_own_with_the_permissions_of_the_manifest(exh, exh_of):
    user = exh_of("whoami").users.me()
    assert (user["email"], [role["name"] for role in user["roles"]]) == (
        "exh.tasks+whoami@extrahorizon.com",
        ["exh.tasks.whoami"],
    )
    assert user["roles"][0]["permissions"] == []
    with pytest.raises(NoPermissionError):
        exh_of("whoami").tasks.find()


def test_samples_and_seeds_are_those_of_the_project(sample, seed):
    assert sample("Whoami")["functionName"] == "whoami"
    seed("whoami")  # has none


def test_the_client_is_the_platforms_first_user(exh, platform):
    assert exh.users.me()["id"] == platform.credentials.user_id
