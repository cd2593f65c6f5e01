import pytest

from exh_dev.runtime.events import api_event, dispatcher_event, retry_event, task_event, transition_event
from exh_dev.runtime.triggers import trigger_of


@pytest.mark.parametrize(
    ("event", "trigger"),
    [
        (task_event(), "task"),
        (task_event({"schemaId": "s"}), "task"),
        (transition_event(), "transition"),
        (dispatcher_event("user_deleted", {"id": "x"}), "dispatcher"),
        (retry_event(transition_event()), "retry"),
        (api_event("GET", "/"), "api"),
        ({"data": ["no object"]}, "task"),
        (None, "task"),
        ([], "task"),
    ],
)
def test_what_started_a_function_is_read_from_its_event(event, trigger):
    assert trigger_of(event) == trigger
