import pytest
from people import person

V1, V2 = "/notifications/v1", "/notifications/v2"
GROUP = "a" * 24
NOBODY = "0" * 24
MS, ISO = 1_700_000_000_000, "2023-11-14T22:13:20.000Z"
MESSAGE = {"type": "message", "fields": {"title": "t", "body": "b", "sender_id": NOBODY}}


def call(app, method, path, token=None, **options):
    answer = app.as_user(method, path, token=token, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Version 1


def test_a_user_notifies_themselves(app):
    token = person(app)
    made = call(app, "POST", V1, token, json=MESSAGE)
    assert made == {
        "id": made["id"],
        "user_id": token["userId"],
        **MESSAGE,
        "important": False,
        "viewed": False,
        "creation_timestamp": MS,
        "update_timestamp": MS,
    }
    call(app, "POST", V1, json={"type": "activated"})
    assert call(app, "GET", V1, token)["data"] == [made]
    assert call(app, "GET", f"{V1}/notifications", token)["data"] == [made]
    assert call(app, "GET", f"{V1}/notifications")["page"]["total"] == 2
    assert call(app, "GET", V1)["page"]["total"] == 1


def test_notifying_somebody_else_needs_a_permission(app, refused):
    token, sender = person(app), person(app, "CREATE_NOTIFICATIONS")
    body = {**MESSAGE, "user_id": token["userId"], "important": True}
    refused(app.as_user("POST", V1, token=person(app), json=body), 401, 10, "NO_PERMISSION_EXCEPTION")
    call(app, "POST", V1, sender, json=body)
    assert [each["important"] for each in call(app, "GET", V1, token)["data"]] == [True]


def test_notifications_are_marked_as_viewed(app):
    token = person(app)
    first, second = (call(app, "POST", V1, token, json=MESSAGE)["id"] for _ in range(2))
    foreign = call(app, "POST", V1, json=MESSAGE)["id"]
    app.now += 1
    assert call(app, "POST", f"{V1}/viewed?in(id,{first},{foreign})", token) == {"records_affected": 1}
    assert [
        (each["id"], each["update_timestamp"]) for each in call(app, "GET", f"{V1}?eq(viewed,true)", token)["data"]
    ] == [(first, MS + 1000)]
    assert call(app, "POST", f"{V1}/viewed", token) == {"records_affected": 2}
    assert call(app, "GET", f"{V1}?eq(viewed,false)", token)["data"] == []
    assert call(app, "GET", f"{V1}?eq(viewed,false)")["page"]["total"] == 1
    assert second


def test_notifications_are_deleted(app, refused):
    made = call(app, "POST", V1, json=MESSAGE)["id"]
    refused(app.as_user("DELETE", f"{V1}/notifications"), 400, 20, "EMPTY_RQL_EXCEPTION")
    refused(
        app.as_user("DELETE", f"{V1}/notifications?eq(id,{made})", token=person(app)),
        401,
        10,
        "NO_PERMISSION_EXCEPTION",
    )
    assert call(app, "DELETE", f"{V1}/notifications?eq(id,{made})") == {"records_affected": 1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 14),
        ({"type": "x"}, 15),
        ({"type": "message"}, 14),
        ({"type": "link", "fields": {"title": "t", "body": "b"}}, 14),
        ({"type": "measurement_reviewed", "fields": {"measurement_id": "x"}}, 12),
        ({**MESSAGE, "user_id": "x"}, 12),
        ({**MESSAGE, "important": "x"}, 15),
        ({**MESSAGE, "fields": []}, 15),
    ],
)
def test_an_invalid_notification_is_refused(app, body, code):
    assert app.as_user("POST", V1, json=body).json()["code"] == code


def test_the_types_are_for_everybody(app):
    types = app.send(None, "GET", f"{V1}/types").json()["data"]
    assert {"name": "measurement_reviewed", "required_fields": {"measurement_id": "OBJECT_ID"}} in types
    assert len(types) == 7


def test_settings_are_stored_listed_and_deleted(app, refused):
    token = person(app)
    mine = f"{V1}/settings/{token['userId']}"
    body = {"key": "k", "preferences": {"message": False, "link": True}}
    made = call(app, "PUT", mine, token, json=body)
    assert made == {"id": token["userId"], **body, "creation_timestamp": MS, "update_timestamp": MS}
    app.now += 1
    made = call(app, "PUT", mine, token, json={"key": "l", "preferences": {}})
    assert (made["key"], made["creation_timestamp"], made["update_timestamp"]) == ("l", MS, MS + 1000)
    call(app, "PUT", f"{V1}/settings/{app.first.user_id}", json=body)
    assert call(app, "GET", f"{V1}/settings", token)["data"] == [made]
    assert call(app, "GET", f"{V1}/settings")["page"]["total"] == 2
    for method in ("PUT", "DELETE"):
        refused(app.as_user(method, mine, token=person(app), json=body), 401, 10, "NO_PERMISSION_EXCEPTION")
    refused(app.as_user("DELETE", mine, token=token), 401, 10, "NO_PERMISSION_EXCEPTION")
    assert call(app, "DELETE", mine) == {"records_affected": 1}
    refused(app.as_user("DELETE", mine), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    for wrong, code in (({"key": "k"}, 14), ({"preferences": {}}, 14), ({**body, "preferences": {"link": 1}}, 15)):
        assert app.as_user("PUT", mine, json=wrong).json()["code"] == code


# Version 2


def push(app, token=None, **members):
    return app.as_user("POST", V2, token=token, json={"title": "t", "body": "b", **members})


def test_a_notification_is_sent_when_a_device_has_a_token(app):
    token = person(app)
    me = token["userId"]
    made = push(app, token, targetUserId=me, data={"a-b": "c"}, android={"ttl": "1s"}).json()
    assert made == {
        "id": made["id"],
        "creatorId": me,
        "targetUserId": me,
        "title": "t",
        "body": "b",
        "data": {"a-b": "c"},
        "android": {"ttl": "1s"},
        "sent": False,
        "creationTimestamp": ISO,
        "updateTimestamp": ISO,
    }
    user = f"{V2}/users/{me}"
    stamps = {"creationTimestamp": ISO, "updateTimestamp": ISO}
    assert call(app, "GET", user, token) == {"id": me, "fcmToken": None, "devices": [], **stamps}
    device = f"{user}/devices/phone"
    assert call(app, "PUT", device, token, json={"description": "d"}) == {"affectedRecords": 1}
    assert push(app, token, targetUserId=me).json()["sent"] is False
    assert call(app, "PUT", device, token, json={"fcmToken": "f"}) == {"affectedRecords": 1}
    assert push(app, token, targetUserId=me).json()["sent"] is True
    known = {"name": "phone", "description": "d", "creationTimestamp": ISO, "updateTimestamp": ISO}
    settings = {"id": me, "fcmToken": None, **stamps}
    assert call(app, "GET", f"{V2}/users")["data"][0]["fcmToken"] is None
    assert call(app, "GET", user, token) == {**settings, "devices": [{**known, "fcmToken": "f"}]}
    call(app, "PUT", device, token, json={"fcmToken": None})
    assert call(app, "GET", user, token) == {**settings, "devices": [known]}
    call(app, "PUT", user, token, json={"fcmToken": "g"})
    assert push(app, token, targetUserId=me).json()["sent"] is True
    assert call(app, "GET", f"{V2}/users?eq(fcmToken,g)")["page"]["total"] == 1
    assert call(app, "GET", f"{V2}/?eq(sent,true)")["page"]["total"] == 2
    assert call(app, "DELETE", device, token) == {"affectedRecords": 1}
    assert app.as_user("DELETE", device, token=token).json()["code"] == 16
    assert call(app, "DELETE", user, token) == {"affectedRecords": 1}
    assert app.as_user("DELETE", user, token=token).json()["code"] == 16


def test_notifying_a_patient_needs_a_permission_in_their_group_or_everywhere(app):
    patient = person(app, patient=[GROUP])["userId"]
    staff = person(app, staff={GROUP: ["CREATE_NOTIFICATIONS"]})
    assert push(app, staff, targetUserId=patient).status_code == 200
    assert push(app, person(app, "CREATE_NOTIFICATIONS"), targetUserId=patient).status_code == 200
    for token, target in ((staff, app.first.user_id), (person(app, staff=[GROUP]), patient), (person(app), patient)):
        assert push(app, token, targetUserId=target).json()["code"] == 10


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"targetUserId": None}, 14),
        ({"targetUserId": "x"}, 12),
        ({"title": None}, 14),
        ({"body": 1}, 15),
        ({"data": {"a": 1}}, 15),
        ({"apns": "x"}, 15),
    ],
)
def test_an_invalid_push_notification_is_refused(app, change, code):
    assert push(app, **{"targetUserId": app.first.user_id, **change}).json()["code"] == code


@pytest.mark.parametrize(
    ("method", "path", "permission", "status"),
    [
        ("GET", "", "VIEW_NOTIFICATION_SETTINGS", 200),
        ("PUT", "", "UPDATE_NOTIFICATION_SETTINGS", 200),
        ("DELETE", "", "DELETE_NOTIFICATION_SETTINGS", 404),
        ("PUT", "/devices/x", "UPDATE_NOTIFICATION_SETTINGS_DEVICE", 200),
        ("DELETE", "/devices/x", "DELETE_NOTIFICATION_SETTINGS_DEVICE", 404),
    ],
)
def test_the_devices_of_others_need_a_permission(app, refused, method, path, permission, status):
    url = f"{V2}/users/{NOBODY}{path}"
    refused(app.as_application(method, url, json={}), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user(method, url, token=person(app), json={}), 401, 10, "NO_PERMISSION_EXCEPTION")
    assert app.as_user(method, url, token=person(app, permission), json={}).status_code == status
    refused(app.as_user(method, f"{V2}/users/x{path}", json={}), 400, 12, "ID_FORMAT_EXCEPTION")
