import pytest

EVENTS = "/events/v1"


def publish(app, **members):
    answer = app.as_user("POST", EVENTS, json={"type": "measured", **members})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_event_is_stored_and_listed(app):
    event = publish(app, content={"documentId": "1", "nested": {"a": [1]}})
    assert event == {
        "id": event["id"],
        "type": "measured",
        "content": {"documentId": "1", "nested": {"a": [1]}},
        "creation_timestamp": 1_700_000_000_000,
    }
    bare = publish(app, type="bare")
    assert set(bare) == {"id", "type", "creation_timestamp"}
    assert app.as_user("GET", f"{EVENTS}/").json()["data"] == [event, bare]
    assert app.as_user("GET", f"{EVENTS}/?eq(type,bare)").json()["data"] == [bare]
    assert app.as_user("GET", f"{EVENTS}/?creation_timestamp>=2023-11-14T22:13:21Z").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "code"), [({}, 14), ({"type": 1}, 15), ({"type": ""}, 15), ({"type": "x", "content": [1]}, 15)]
)
def test_an_invalid_event_is_refused(app, body, code):
    assert app.as_user("POST", EVENTS, json=body).json()["code"] == code


SUBSCRIPTION = {
    "service": {"name": "own", "version": {"major": 1, "minor": 0, "patch": 2}},
    "event_types": ["user_created"],
}


def test_subscriptions_are_stored_and_listed(app):
    made = app.as_user("POST", f"{EVENTS}/subscriptions", json={**SUBSCRIPTION, "retriable": True}).json()
    assert made == {
        "id": made["id"],
        **SUBSCRIPTION,
        "retriable": True,
        "creation_timestamp": 1_700_000_000_000,
        "update_timestamp": 1_700_000_000_000,
    }
    assert app.as_user("GET", f"{EVENTS}/subscriptions").json()["data"] == [made]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"service": None}, 14),
        ({"service": "x"}, 15),
        ({"service": {"name": "own"}}, 14),
        ({"service": {"name": "own", "version": {"major": 1, "minor": 0}}}, 14),
        ({"event_types": None}, 14),
        ({"event_types": "x"}, 15),
    ],
)
def test_an_invalid_subscription_is_refused(app, change, code):
    assert app.as_user("POST", f"{EVENTS}/subscriptions", json=SUBSCRIPTION | change).json()["code"] == code


def test_the_platform_publishes_what_it_does(app):
    group = "a" * 24
    body = {"first_name": "A", "last_name": "B", "email": "ab@localhost.example", "phone_number": "1"}
    body |= {"language": "EN", "password": "Secret123x", "activation_mode": "hash"}
    user = app.as_user("POST", "/users/v1/register", json=body).json()["id"]
    app.as_user("POST", f"/users/v1/{user}/patient_enlistments", json={"group_id": group})
    app.as_user("DELETE", f"/users/v1/{user}/patient_enlistments/{group}")
    app.as_user("DELETE", f"/users/v1/{user}")
    events = app.as_user("GET", f"{EVENTS}/").json()["data"]
    enlistment = {"user_id": user, "group_id": group}
    assert [(each["type"], each["content"]) for each in events] == [
        ("user_created", {"id": user}),
        ("patient_enlistment_added", enlistment),
        ("patient_enlistment_removed", enlistment),
        ("user_deleted", {"id": user}),
    ]


def test_redelivery_needs_an_event(app, refused):
    refused(app.send(None, "POST", f"/_dev/events/{'0' * 24}/redeliver"), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    refused(app.send(None, "POST", "/_dev/events/x/redeliver"), 400, 12, "ID_FORMAT_EXCEPTION")
