import pytest
from local_app import LocalApp, local_app
from people import person
from uploads import upload
from waiting import wait_for

from exh_dev.platform.events import events
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.mails import sending
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.runtime import Function
from exh_dev.serve.local_platform import LocalPlatform

DISPATCHERS = "/dispatchers/v1"
NOBODY = "0" * 24
TASK = {"type": "task", "functionName": "analyze"}
MAIL = {"type": "mail", "recipients": {"to": ["a@localhost.example"]}, "templateId": "b" * 24}


@pytest.fixture
def app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def create(app, *actions, **members):
    body = {"eventType": "measured", "actions": list(actions), **members}
    answer = app.as_user("POST", DISPATCHERS, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def publish(app, **members):
    return app.as_user("POST", "/events/v1", json={"type": "measured", "content": {"a": 1}, **members}).json()


def publish_and_fail(store):
    with store.transaction():
        events.publish(store, "measured", {}, now=0)
        raise ZeroDivisionError


def tasks(app):
    return app.store.matching("tasks", EVERYTHING)


def left(app):
    return app.store.matching(events.DELIVERIES, EVERYTHING)


# The service


def test_a_dispatcher_and_its_actions_are_created_changed_and_deleted(app):
    made = create(app, {**TASK, "name": "run"}, MAIL, name="first", description="d", tags=["EXH_CLI_MANAGED"])
    assert made == {
        "id": made["id"],
        "eventType": "measured",
        "name": "first",
        "description": "d",
        "tags": ["EXH_CLI_MANAGED"],
        "actions": [
            {"id": made["actions"][0]["id"], "name": "run", **TASK},
            {"id": made["actions"][1]["id"], **MAIL},
        ],
        "creationTimestamp": 1_700_000_000_000,
        "updateTimestamp": 1_700_000_000_000,
    }
    find = f"{DISPATCHERS}/?eq(tags,EXH%255FCLI%255FMANAGED)&limit(50)"
    assert app.as_user("GET", find).json()["data"] == [made]

    one = f"{DISPATCHERS}/{made['id']}"
    app.now += 1
    answer = app.as_user("PUT", one, json={"eventType": "other", "name": "second", "actions": []})
    assert answer.json() == {"affectedRecords": 1}
    added = app.as_user("POST", f"{one}/actions", json={**TASK, "data": {"a": {"b-c": 1}}, "tags": ["x"]}).json()
    assert added == {"id": added["id"], **TASK, "data": {"a": {"b-c": 1}}, "tags": ["x"]}
    mail = made["actions"][1]["id"]
    answer = app.as_user("PUT", f"{one}/actions/{mail}", json={"name": "tell", "templateId": "c" * 24})
    assert answer.json() == {"affectedRecords": 1}
    answer = app.as_user("DELETE", f"{one}/actions/{made['actions'][0]['id']}")
    assert answer.json() == {"affectedRecords": 1}
    (found,) = app.as_user("GET", DISPATCHERS).json()["data"]
    changed = {**MAIL, "id": mail, "name": "tell", "templateId": "c" * 24}
    assert found == {
        **made,
        "eventType": "other",
        "name": "second",
        "actions": [changed, added],
        "updateTimestamp": 1_700_000_001_000,
    }
    assert app.as_user("DELETE", one).json() == {"affectedRecords": 1}
    assert app.as_user("GET", DISPATCHERS).json()["page"]["total"] == 0


def test_names_are_unique(app, refused):
    taken = (400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")
    create(app, name="first")
    made = create(app, {**TASK, "name": "run"}, name="second")
    create(app)
    create(app)  # without a name there may be many
    one = f"{DISPATCHERS}/{made['id']}"
    body = {"eventType": "x", "actions": []}
    refused(app.as_user("POST", DISPATCHERS, json={**body, "name": "first"}), *taken)
    refused(app.as_user("PUT", one, json={"name": "first"}), *taken)
    refused(app.as_user("POST", f"{one}/actions", json={**MAIL, "name": "run"}), *taken)
    refused(app.as_user("POST", DISPATCHERS, json={**body, "actions": [{**TASK, "name": "a"}] * 2}), *taken)
    other = app.as_user("POST", f"{one}/actions", json={**MAIL, "name": "tell"}).json()["id"]
    refused(app.as_user("PUT", f"{one}/actions/{other}", json={"name": "run"}), *taken)
    assert app.as_user("PUT", one, json={"name": "second"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"actions": []}, 14),
        ({"eventType": "x"}, 14),
        ({"eventType": 1, "actions": []}, 15),
        ({"eventType": "x", "actions": {}}, 15),
        ({"eventType": "x", "actions": ["x"]}, 15),
        ({"eventType": "x", "actions": [{}]}, 14),
        ({"eventType": "x", "actions": [{"type": "x"}]}, 15),
        ({"eventType": "x", "actions": [{"type": "task"}]}, 14),
        ({"eventType": "x", "actions": [{**TASK, "data": 1}]}, 15),
        ({"eventType": "x", "actions": [{**TASK, "startTimestamp": "x"}]}, 15),
        ({"eventType": "x", "actions": [{**TASK, "startTimestamp": -1}]}, 15),
        ({"eventType": "x", "actions": [{**MAIL, "templateId": None}]}, 14),
        ({"eventType": "x", "actions": [{**MAIL, "templateId": "x"}]}, 12),
        ({"eventType": "x", "actions": [{**MAIL, "recipients": None}]}, 14),
        ({"eventType": "x", "actions": [{**MAIL, "recipients": {"to": []}}]}, 14),
        ({"eventType": "x", "actions": [{**MAIL, "recipients": {"to": [1]}}]}, 15),
    ],
)
def test_an_invalid_dispatcher_is_refused(app, body, code):
    assert app.as_user("POST", DISPATCHERS, json=body).json()["code"] == code


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/actions", TASK),
        ("PUT", f"/actions/{NOBODY}", TASK),
        ("DELETE", f"/actions/{NOBODY}", None),
    ],
)
def test_unknown_dispatchers_and_actions_are_refused(app, refused, method, path, body):
    refused(app.as_user(method, f"{DISPATCHERS}/{NOBODY}{path}", json=body), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    refused(app.as_user(method, f"{DISPATCHERS}/x{path}", json=body), 400, 12, "ID_FORMAT_EXCEPTION")
    if NOBODY in path:
        made = create(app)
        refused(
            app.as_user(method, f"{DISPATCHERS}/{made['id']}{path}", json=body), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION"
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "permission", "status"),
    [
        ("GET", "", None, "VIEW_DISPATCHERS", 200),
        ("POST", "", {"eventType": "x", "actions": []}, "CREATE_DISPATCHERS", 200),
        ("PUT", f"/{NOBODY}", {"name": "x"}, "UPDATE_DISPATCHERS", 404),
        ("DELETE", f"/{NOBODY}", None, "DELETE_DISPATCHERS", 404),
        ("POST", f"/{NOBODY}/actions", TASK, "UPDATE_DISPATCHERS", 404),
        ("PUT", f"/{NOBODY}/actions/{NOBODY}", TASK, "UPDATE_DISPATCHERS", 404),
        ("DELETE", f"/{NOBODY}/actions/{NOBODY}", None, "UPDATE_DISPATCHERS", 404),
    ],
)
def test_each_call_needs_its_permission(app, refused, method, path, body, permission, status):
    refused(app.as_application(method, DISPATCHERS + path, json=body), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user(method, DISPATCHERS + path, token=person(app), json=body), 401, 10, "NO_PERMISSION_EXCEPTION")
    assert app.as_user(method, DISPATCHERS + path, token=person(app, permission), json=body).status_code == status


# What they do


def test_an_event_starts_tasks(app):
    upload(app)
    action = {**TASK, "data": {"days": 0, "event": "mine"}, "tags": ["gdpr"]}
    create(app, action, {**TASK, "startTimestamp": "2024-01-01T00:00:00.000Z"})
    create(app, {**TASK, "startTimestamp": 1_704_067_200_000})
    create(app, TASK, eventType="other")
    event = publish(app)
    assert tasks(app) == []
    app.settle()
    first, *later = tasks(app)
    assert first == {
        "id": first["id"],
        "functionName": "analyze",
        "status": "complete",
        "statusChangedTimestamp": "2023-11-14T22:13:20.000Z",
        "data": {"days": 0, "event": event},
        "tags": ["gdpr"],
        "startTimestamp": "2023-11-14T22:13:20.000Z",
        "priority": 0,
        "createdByApplicationId": app.first.application_id,
        "createdByUserId": app.first.user_id,
        "creationTimestamp": "2023-11-14T22:13:20.000Z",
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    assert [(each["status"], each["startTimestamp"], each["data"]) for each in later] == [
        ("new", "2024-01-01T00:00:00.000Z", {"event": event})
    ] * 2
    assert left(app) == []
    app.settle()
    assert len(tasks(app)) == 3


def test_what_a_service_publishes_starts_tasks(app):
    upload(app)
    create(app, TASK, eventType="task_failed")
    app.as_user("POST", "/tasks/v1", json={"functionName": "analyze", "data": {"error": "ValueError"}})
    app.settle()
    failed, alarm = tasks(app)
    event = alarm["data"]["event"]
    assert (event["type"], event["content"]["id"]) == ("task_failed", failed["id"])
    assert (failed["status"], alarm["status"]) == ("failed", "complete")


def test_an_alarm_that_fails_does_not_set_itself_off_at_once(app):
    create(app, TASK, {**TASK, "functionName": "other"}, eventType="task_failed")  # there are no such functions
    app.as_user("POST", "/tasks/v1", json={"functionName": "analyze"})
    app.settle()
    assert [task["status"] for task in tasks(app)] == ["failed"] * 3
    assert len(left(app)) == 4
    app.now += events.FAILED_ALARM_DELAY
    app.settle()
    assert len(tasks(app)) == 7


def test_dispatchers_that_set_each_other_off_do_not_settle(app, refused, monkeypatch):
    monkeypatch.setattr(events, "FAILED_ALARM_DELAY", 0)
    create(app, TASK, eventType="task_failed")  # there is no such function
    app.as_user("POST", "/tasks/v1", json={"functionName": "analyze"})
    refused(app.send(None, "POST", "/_dev/tasks/settle"), 400, 27, "ILLEGAL_STATE_EXCEPTION")


def test_an_event_is_mailed(app, monkeypatch):
    sent = []

    async def send(_, **members):
        sent.append(members)

    monkeypatch.setattr(sending, "send_by_template", send)
    create(app, MAIL)
    event = publish(app)
    app.settle()
    assert sent == [
        {
            "template_id": "b" * 24,
            "recipients": MAIL["recipients"],
            "content": {"event": event},
            "now": app.now,
            "creator_id": app.first.user_id,
        }
    ]
    assert left(app) == []


def test_a_failed_delivery_is_tried_three_times_more(app, monkeypatch, caplog):
    tried = []

    def fail(_, **__):
        tried.append(app.now)
        raise ErrorAnswer(16, "There is no such template")

    monkeypatch.setattr(sending, "send_by_template", fail)
    create(app, MAIL, TASK)
    began = app.now
    publish(app)
    for delay in (1, 5, 30):
        app.settle()
        app.now += delay - 0.001
        app.settle()
        app.now += 0.001
    assert not caplog.records
    app.settle()
    assert tried == pytest.approx([began, began + 1, began + 6, began + 36])
    assert "could not be done" in caplog.text
    assert left(app) == []
    assert len(tasks(app)) == 1  # one action that fails keeps no other


def test_data_over_the_limit_is_a_failed_delivery(app):
    create(app, TASK)
    publish(app, content={"a": "x" * 256_000})
    app.settle()
    assert [each["failures"] for each in left(app)] == [1]
    assert tasks(app) == []


def test_a_deleted_dispatcher_or_action_does_nothing(app):
    made = create(app, TASK)
    changed = create(app, TASK)
    publish(app)
    app.as_user("DELETE", f"{DISPATCHERS}/{made['id']}")
    app.as_user("DELETE", f"{DISPATCHERS}/{changed['id']}/actions/{changed['actions'][0]['id']}")
    app.settle()
    assert (tasks(app), left(app)) == ([], [])


def test_an_event_can_be_delivered_again(app):
    create(app, TASK)
    event = publish(app)
    app.settle()
    assert app.send(None, "POST", f"/_dev/events/{event['id']}/redeliver").json() == {"deliveries": 1}
    app.settle()
    assert [each["data"] for each in tasks(app)] == [{"event": event}] * 2


def test_deliveries_are_stored_with_their_event_and_survive(app, tmp_path):
    store = Store(tmp_path / "platform.db")
    first = LocalApp(store)
    create(first, TASK)
    with pytest.raises(ZeroDivisionError):
        publish_and_fail(store)
    assert (left(first), store.matching(events.COLLECTION, EVERYTHING)) == ([], [])
    publish(first)
    store.close()
    store = Store(tmp_path / "platform.db")
    again = LocalApp(store)
    assert len(left(again)) == 1
    again.settle()
    assert len(tasks(again)) == 1
    store.close()


def test_a_served_platform_delivers_by_itself(tmp_path):
    from extrahorizon.client import ExtraHorizon
    from extrahorizon.credentials import Credentials

    (tmp_path / "own.py").write_text("def handler(event, context): return event['data']['event']['type']")
    with LocalPlatform() as platform:
        platform.start([OwnFunction(Function("own", "own.handler", tmp_path))])
        first = platform.credentials
        keys = Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
        call = ExtraHorizon(keys).session.call
        action = {"type": "task", "functionName": "own"}
        call("POST", f"{DISPATCHERS}/", json={"eventType": "measured", "actions": [action]})
        call("POST", "/events/v1/", json={"type": "measured"})
        wait_for(lambda: call("GET", "/tasks/v1/?eq(status,complete)")["page"]["total"], seconds=20)


def test_a_mail_is_made_of_a_template(app):
    outputs = {"subject": "{{@inputs.event.type}}", "body": "{{@inputs.event.content.a}}"}
    content = {"type": "object", "properties": {"a": {"type": "number"}}}
    inputs = {"event": {"type": "object", "properties": {"type": {"type": "string"}, "content": content}}}
    template = app.as_user("POST", "/templates/v2", json={"name": "told", "inputs": inputs, "outputs": outputs}).json()
    create(app, {**MAIL, "templateId": template["id"]})
    publish(app)
    app.settle()
    (mail,) = app.as_user("GET", "/mail/v1").json()["data"]
    assert (mail["subject"], mail["body"], mail["recipients"]) == ("measured", "1", MAIL["recipients"])
    assert mail["creator_id"] == app.first.user_id
    assert left(app) == []
