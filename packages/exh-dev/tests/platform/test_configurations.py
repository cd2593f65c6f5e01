import pytest
from people import person

BASE = "/configurations/v2"
GROUP, OTHER = "a" * 24, "b" * 24
ISO = "2023-11-14T22:13:20.000Z"
STAMPS = {"creationTimestamp": ISO, "updateTimestamp": ISO}


def change(app, path, body, token=None, method="PUT"):
    answer = app.as_user(method, f"{BASE}/{path}", token=token, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["affectedRecords"]


def get(app, path, token=None):
    answer = app.as_user("GET", f"{BASE}/{path}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()


def code(app, method, path, token=None, body=None):
    return app.as_user(method, f"{BASE}/{path}", token=token, json=body).json().get("code")


def test_the_general_configuration_is_merged_queried_and_cut(app):
    empty = app.send(None, "GET", f"{BASE}/general").json()
    sections = ("data", "userConfiguration", "groupConfiguration", "staffConfiguration", "patientConfiguration")
    assert empty == {"id": empty["id"], **{name: {} for name in sections}}
    assert change(app, "general", {"data": {"a": {"x": 1, "y": 2}, "b": 1}, "userConfiguration": {"c": 1}}) == 1
    assert change(app, "general", {"data": {"a": {"z": 3}}, "unknown": {}}) == 1
    expected = {**empty, "data": {"a": {"z": 3}, "b": 1}, "userConfiguration": {"c": 1}, **STAMPS}
    assert get(app, "general") == expected
    assert change(app, "general?eq(data.b,2)", {"data": {"b": 3}}) == 0
    fields = {"fields": ["data.a.z", "data.b", "userConfiguration", "data.no.such"]}
    assert change(app, "general/deleteFields?eq(data.b,1)", fields, method="POST") == 1
    assert get(app, "general") == {**empty, "data": {"a": {}}, **STAMPS}


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "general", {"data": 1}, 15),
        ("POST", "general/deleteFields", {}, 14),
        ("POST", "general/deleteFields", {"fields": "x"}, 15),
        ("POST", "general/deleteFields", {"fields": ["x.y"]}, 15),
        ("GET", "groups/x", None, 12),
        ("GET", "users/x", None, 12),
        ("GET", f"users/{GROUP}", None, 16),
        ("PUT", f"users/{GROUP}", {"data": {}}, 16),
        ("PUT", f"users/{GROUP}/staffConfigurations/{GROUP}", {"data": {}}, 16),
    ],
)
def test_invalid_configurations_are_refused(app, method, path, body, expected):
    assert code(app, method, path, body=body) == expected


def test_the_configuration_of_a_group_is_for_its_staff(app):
    everything = {"data": {"a": 1}, "staffConfiguration": {"b": 1}, "patientConfiguration": {"c": 1}}
    path = f"groups/{GROUP}"
    assert change(app, path, everything, person(app, staff={GROUP: ["UPDATE_CONFIGURATIONS"]})) == 1
    stored = {"id": GROUP, **everything, **STAMPS}
    for permission, names in (
        ("VIEW_CONFIGURATIONS", tuple(everything)),
        ("VIEW_STAFF_CONFIGURATIONS", ("staffConfiguration",)),
        ("VIEW_PATIENT_CONFIGURATIONS", ("patientConfiguration",)),
    ):
        seen = get(app, path, person(app, staff={GROUP: [permission]}))
        assert seen == {name: value for name, value in stored.items() if name in names or name not in everything}
        assert code(app, "GET", path, person(app, staff={OTHER: [permission]})) == 10
    assert get(app, path, person(app, "VIEW_CONFIGURATIONS")) == stored
    staff = person(app, staff={GROUP: ["UPDATE_STAFF_CONFIGURATIONS"]})
    assert change(app, path, {"staffConfiguration": {"b": 2}}, staff) == 1
    assert code(app, "PUT", path, staff, {"staffConfiguration": {"b": 3}, "data": {"a": 3}}) == 10
    assert code(app, "POST", f"{path}/deleteFields", staff, {"fields": ["patientConfiguration.c"]}) == 10
    assert change(app, f"{path}/deleteFields", {"fields": ["staffConfiguration.b"]}, staff, "POST") == 1
    assert get(app, path) == {**stored, "staffConfiguration": {}}
    assert change(app, f"{path}?eq(data.a,9)", {"data": {"a": 3}}) == 0


def test_the_configuration_of_a_user_is_theirs_and_for_the_staff_of_their_groups(app):
    token = person(app, patient=[GROUP, OTHER], staff=[GROUP])
    me = token["userId"]
    assert get(app, f"users/{me}", token) == {"id": me, "data": {}}
    assert change(app, f"users/{me}", {"data": {"a": 1, "b": 2}}, token) == 1
    assert change(app, f"users/{me}/deleteFields", {"fields": ["data.b"]}, token, "POST") == 1
    assert change(app, f"users/{me}?eq(data.a,2)", {"data": {"a": 3}}, token) == 0

    patients, staffs = f"users/{me}/patientConfigurations", f"users/{me}/staffConfigurations"
    narrow = person(app, staff={GROUP: ["UPDATE_PATIENT_CONFIGURATIONS"]})
    assert change(app, f"{patients}/{GROUP}", {"data": {"p": 1, "q": 2}}, narrow) == 1
    assert change(app, f"{patients}/{GROUP}/deleteFields", {"fields": ["data.q"]}, narrow, "POST") == 1
    assert code(app, "PUT", f"{staffs}/{GROUP}", narrow, {"data": {}}) == 10
    assert code(app, "PUT", f"{patients}/{OTHER}", narrow, {"data": {}}) == 10
    assert code(app, "PUT", f"{patients}/{GROUP}", token, {"data": {}}) == 10
    assert change(app, f"{patients}/{OTHER}", {"data": {"o": 1}}) == 1
    assert change(app, f"{staffs}/{GROUP}", {"data": {"s": 1}}, person(app, "UPDATE_CONFIGURATIONS")) == 1
    assert code(app, "PUT", f"{staffs}/{OTHER}", None, {"data": {}}) == 16  # no staff there

    of_patient = [{"groupId": GROUP, "data": {"p": 1}}, {"groupId": OTHER, "data": {"o": 1}}]
    of_staff = [{"groupId": GROUP, "data": {"s": 1}}]
    stored = {"id": me, "data": {"a": 1}, "patientConfigurations": of_patient, "staffConfigurations": of_staff}
    assert get(app, f"users/{me}", token) == {**stored, **STAMPS}
    assert get(app, f"users/{me}", person(app, "VIEW_CONFIGURATIONS")) == {**stored, **STAMPS}
    seen = get(app, f"users/{me}", person(app, staff={GROUP: ["VIEW_PATIENT_CONFIGURATIONS"]}))
    assert seen == {"id": me, "patientConfigurations": of_patient[:1], **STAMPS}
    seen = get(app, f"users/{me}", person(app, staff={GROUP: ["VIEW_STAFF_CONFIGURATIONS"]}))
    assert seen == {"id": me, "staffConfigurations": of_staff, **STAMPS}
    for stranger in (person(app), person(app, staff={"c" * 24: ["VIEW_CONFIGURATIONS"]})):
        assert code(app, "GET", f"users/{me}", stranger) == 10
        assert code(app, "PUT", f"users/{me}", stranger, {"data": {}}) == 10
