"""Tests that let the local platform fail."""

import pytest
from exh_dev.testing import LocalPlatform, RunFunction
from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import PlatformUnreachableError


def test_a_read_is_sent_again_after_two_failures(platform: LocalPlatform, exh: ExtraHorizon) -> None:
    platform.faults.add("GET /users/v1/me:503 x2")
    assert exh.users.me()["id"] == platform.credentials.user_id


def test_an_unanswered_write_is_reported(platform: LocalPlatform, exh: ExtraHorizon) -> None:
    platform.faults.add("PUT /users/v1/*:reset-after x1")
    with pytest.raises(PlatformUnreachableError) as raised:
        exh.users.update(platform.credentials.user_id, first_name="Ada")
    assert raised.value.sent, "the platform may have done it"
    assert exh.users.me()["first_name"] == "Ada"


def test_the_function_fails_when_the_platform_does(platform: LocalPlatform, run_function: RunFunction) -> None:
    platform.faults.add("* /users/v1/me:403")
    invocation = run_function("whoami")
    assert invocation.error is not None
