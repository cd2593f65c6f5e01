import base64
import json
from pathlib import Path

import pytest
from handlers import whoami

from exh_dev.testing import api_event, dispatcher_event, handle, retry_event, task_event, transition_event
from extrahorizon.task import Task


def sample(project_root, name):
    return json.loads((Path(__file__).parents[1] / "data" / "events" / f"{name}.json").read_text())


def shape(value):
    """The names in an event, without its values."""
    return {name: shape(member) for name, member in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("task_from_create", task_event({"patientId": "p", "window": {"from": "a", "to": "b"}}, tags=["nightly"])),
        ("task_from_transition", transition_event({"algorithmVersion": "2.1"}, priority=1)),
        ("task_from_dispatcher", dispatcher_event("user_deleted", {"id": "u"}, {"retentionDays": 0}, tags=["gdpr"])),
        ("task_from_retry", retry_event(retry_event(transition_event({"algorithmVersion": "2.1"})))),
        ("api_request_plain_body", api_event("POST", "/echo", json={"weightKg": 71.4})),
    ],
)
def test_an_event_has_the_members_that_the_platform_sends(project_root, name, built):
    assert shape(built) == shape(sample(project_root, name))


def test_a_retry_has_a_new_id_and_knows_the_ones_before():
    first = task_event({"n": 1})
    third = retry_event(retry_event(first), task_id="third")
    assert (third["id"], Task.from_event(third).first_id) == ("third", first["id"])
    assert len(third["retryForTaskIds"]) == 2
    assert "retryForTaskIds" not in first


def test_a_body_is_encoded_when_it_has_to_be_or_may_be():
    binary, encoded, empty = api_event(body=b"\xff"), api_event(body="é", base64_encoded=True), api_event()
    assert (binary["isBase64Encoded"], base64.b64decode(binary["body"])) == (True, b"\xff")
    assert (encoded["isBase64Encoded"], base64.b64decode(encoded["body"]).decode()) == (True, "é")
    assert (empty["isBase64Encoded"], "body" in empty) == (False, False)


def test_an_api_request_says_who_calls_and_keeps_its_query():
    event = api_event("GET", "/patients/1", query="full=yes", headers={"X-Test": "1"})
    assert (event["rawPath"], event["rawQueryString"], event["headers"]["x-test"]) == ("/patients/1", "?full=yes", "1")
    assert event["headers"]["x-exh-requesting-user-id"]
    assert not [name for name in api_event(user_id=None)["headers"] if name.startswith("x-exh")]


def test_a_handler_runs_with_the_client_it_is_given(fake_exh):
    fake_exh.users.me.returns({"id": "u1", "email": "jan@example.com"})
    assert handle(whoami.handler, task_event(function_name="whoami"), fake_exh) == {"user_id": "u1"}
