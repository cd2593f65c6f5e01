"""Test helpers for functions: event builders, a fake client and fixtures.

    from exh_dev.testing import handle, task_event

    def test_it_greets(fake_exh):
        assert handle(handler, task_event({"name": "Ada"}), fake_exh) == {"greeting": "Hello, Ada!"}

The fixtures (`fake_exh`, `platform`, `exh`, `exh_of`, `sample`, `seed`, `run_function`) are those of the pytest plugin,
which pytest finds by itself; `exh_dev.testing.plugin` describes them. Names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from exh_dev.remote.client import client_of
    from exh_dev.runtime.events import (
        api_event,
        dispatcher_event,
        queue_event,
        retry_event,
        task_event,
        transition_event,
    )
    from exh_dev.serve.local_platform import LocalPlatform
    from exh_dev.testing.fake_exh import FakeExtraHorizon
    from exh_dev.testing.oidc import oidc_code, oidc_provider
    from exh_dev.testing.plugin import RunFunction
    from extrahorizon import ExtraHorizon

__all__ = [
    "FakeExtraHorizon",
    "LocalPlatform",
    "RunFunction",
    "api_event",
    "client_of",
    "dispatcher_event",
    "handle",
    "oidc_code",
    "oidc_provider",
    "queue_event",
    "retry_event",
    "task_event",
    "transition_event",
]

_EVENTS = "exh_dev.runtime.events"
_MODULES = {
    "FakeExtraHorizon": "exh_dev.testing.fake_exh",
    "LocalPlatform": "exh_dev.serve.local_platform",
    "RunFunction": "exh_dev.testing.plugin",
    "api_event": _EVENTS,
    "client_of": "exh_dev.remote.client",
    "dispatcher_event": _EVENTS,
    "oidc_code": "exh_dev.testing.oidc",
    "oidc_provider": "exh_dev.testing.oidc",
    "queue_event": _EVENTS,
    "retry_event": _EVENTS,
    "task_event": _EVENTS,
    "transition_event": _EVENTS,
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the plugin is loaded by every pytest of the environment."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def handle(handler: Callable[..., Any], event: object, exh: FakeExtraHorizon | ExtraHorizon) -> Any:
    """Call the function under `@task_handler` with a client of the test's choice.

    Args:
        handler: a handler that is decorated with `@task_handler`.
        event: the event, from `task_event()` or another builder.
        exh: a fake client, or the real one.

    Raises:
        InvalidEventError: the event is not a task object.

    **Test a handler without a platform**

        >>> from exh_dev.testing import FakeExtraHorizon, handle, task_event
        >>> from extrahorizon import task_handler
        >>> @task_handler
        ... def handler(task, exh):
        ...     return {"greeting": f"Hello, {task.data['name']}!"}
        >>> handle(handler, task_event({"name": "Ada"}), FakeExtraHorizon())
        {'greeting': 'Hello, Ada!'}
    """
    from extrahorizon.task import Task

    function: Callable[..., Any] = handler.__wrapped__  # type: ignore[attr-defined]
    return function(Task.from_event(event), exh)
