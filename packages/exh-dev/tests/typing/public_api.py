"""The types of what tests of functions use, as type checkers see them. `make lint` reads this file, nothing runs it."""

from __future__ import annotations

from typing import Any, assert_type

from exh_dev.testing import (
    FakeExtraHorizon,
    LocalPlatform,
    RunFunction,
    api_event,
    client_of,
    dispatcher_event,
    handle,
    queue_event,
    retry_event,
    task_event,
    transition_event,
)
from extrahorizon import ExtraHorizon, Task, task_handler

assert_type(task_event({"patientId": "5f0a"}), dict[str, Any])
assert_type(transition_event(function_name="count"), dict[str, Any])
assert_type(dispatcher_event("user_created", {}), dict[str, Any])
assert_type(retry_event(task_event()), dict[str, Any])
assert_type(queue_event([task_event()]), dict[str, Any])
assert_type(api_event("GET", "/patients"), dict[str, Any])


@task_handler
def handler(task: Task, exh: ExtraHorizon) -> dict[str, str]:
    return {"id": exh.users.me()["id"]}


def greeting(exh: ExtraHorizon) -> str:
    return f"Hello {exh.users.me()['first_name']}"


def test_with_a_fake(fake_exh: FakeExtraHorizon) -> None:
    fake_exh.when(fake_exh.users.me).returns({"id": "57f3a1"})
    assert_type(fake_exh.when(fake_exh.users.me).calls, list[dict[str, Any]])
    assert handle(handler, task_event(), fake_exh) == {"id": "57f3a1"}
    assert_type(greeting(fake_exh), str)
    _ = fake_exh.users.mee  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def test_on_the_platform(platform: LocalPlatform, run_function: RunFunction) -> None:
    assert_type(client_of(platform.environment()), ExtraHorizon)
    assert_type(run_function("whoami").ok, bool)
    assert_type(platform.url, str)
