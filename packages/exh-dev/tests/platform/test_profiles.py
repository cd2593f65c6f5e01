import pytest
from people import person

BASE = "/profiles/v1"
GROUP, OTHER = "a" * 24, "b" * 24
MS = 1_700_000_000_000
BODY = {"country": "BE", "region": "VLI", "birthday": "1970-01-01", "gender": 9}


def create(app, token, **members):
    answer = app.as_user("POST", BASE, token=token, json={"id": token["userId"], **BODY, **members})
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(app, token=None, query=""):
    return [each["id"] for each in app.as_user("GET", f"{BASE}/?{query}", token=token).json()["data"]]


def code(app, method, path, token=None, body=None):
    return app.as_user(method, BASE + path, token=token, json=body).json().get("code")


def test_a_user_creates_changes_and_reads_their_own_profile(app):
    token = person(app)
    me = token["userId"]
    made = create(app, token, custom_fields={"shoeSize": "4", "a": "b"}, unknown=1, smoker=False)
    stamps = {"creation_timestamp": MS, "update_timestamp": MS}
    assert made == {"id": me, **BODY, "smoker": False, "custom_fields": {"shoeSize": "4", "a": "b"}, **stamps}
    assert code(app, "POST", "", token, {"id": me, **BODY}) == 301
    app.now += 1
    answer = app.as_user("PUT", f"{BASE}/?eq(id,{me})", token=token, json={"length": 1.7, "comorbidities": ["COPD"]})
    assert answer.json() == {"records_affected": 1}
    path = f"{BASE}/remove_fields?eq(id,{me})"
    answer = app.as_user("POST", path, token=token, json={"fields": ["region", "custom_fields.a", "weight"]})
    assert answer.json() == {"records_affected": 1}
    (profile,) = app.as_user("GET", BASE, token=token).json()["data"]
    expected = {**made, "length": 1.7, "comorbidities": ["COPD"], "update_timestamp": MS + 1000}
    expected["custom_fields"] = {"shoeSize": "4"}
    assert profile == {name: value for name, value in expected.items() if name != "region"}
    for name in ("birthday", "groups", "id"):
        refused = app.as_user("POST", path, token=token, json={"fields": [name]})
        assert (refused.status_code, refused.json()["code"]) == (403, 11)
    assert found(app, token, "eq(birthday,string:1970-01-01)") == [me]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": None}, 14),
        ({"id": "x"}, 12),
        ({"id": "0" * 24}, 16),
        ({"country": None}, 14),
        ({"birthday": "1970-02-30"}, 15),
        ({"birthday": "19700101"}, 15),
        ({"gender": 3}, 15),
        ({"gender": True}, 15),
        ({"gender": []}, 15),
        ({"weight": "1"}, 15),
        ({"smoker": 1}, 15),
        ({"comorbidities": ["x"]}, 15),
        ({"activity": "x"}, 15),
        ({"custom_fields": []}, 15),
    ],
)
def test_an_invalid_profile_is_refused(app, change, expected):
    assert code(app, "POST", "", body={"id": app.first.user_id, **BODY, **change}) == expected


def test_profiles_are_seen_and_changed_by_permission_and_group(app):
    patient, in_profile, stranger = person(app, patient=[GROUP]), person(app), person(app)
    for token in (patient, in_profile, stranger):
        create(app, token)
    app.as_user("POST", f"{BASE}/{in_profile['userId']}/groups", token=in_profile, json={"group_id": GROUP})
    of_group = [patient["userId"], in_profile["userId"]]
    assert found(app, person(app, staff=[GROUP])) == of_group
    assert found(app, person(app, staff=[OTHER])) == []
    assert found(app, person(app, "VIEW_PATIENTS")) == [*of_group, stranger["userId"]]
    query = "/?eq(country,BE)"
    for token, number in (
        (person(app, staff=[GROUP]), 0),
        (person(app, staff={GROUP: ["UPDATE_PROFILES"]}), 2),
        (person(app, "UPDATE_PROFILES"), 3),
        (stranger, 1),
    ):
        answer = app.as_user("PUT", BASE + query, token=token, json={"city": "Hasselt"})
        assert answer.json() == {"records_affected": number}
    assert code(app, "PUT", "", stranger, {"city": "x"}) == 20
    assert code(app, "POST", f"/remove_fields{query}", stranger, {}) == 14
    other = {"id": person(app)["userId"], **BODY}
    assert code(app, "POST", "", stranger, other) == 10
    assert code(app, "POST", "", person(app, "CREATE_PROFILES"), other) is None


def test_a_group_is_added_to_any_profile_with_both_permissions(app):
    token = person(app)
    create(app, token)
    groups, group = f"/{token['userId']}/groups", {"group_id": GROUP}
    for one in ("ADD_PATIENT", "ACTIVATE_PRESCRIPTIONS"):
        assert code(app, "POST", groups, person(app, one), group) == 10
    both = person(app, "ADD_PATIENT", "ACTIVATE_PRESCRIPTIONS")
    assert app.as_user("POST", BASE + groups, token=both, json=group).json() == group
    assert app.as_user("POST", BASE + groups, json={"group_id": OTHER}).status_code == 200


def test_the_part_of_a_profile_for_a_group_is_changed_by_its_staff(app):
    token = person(app)
    create(app, token)
    groups = f"/{token['userId']}/groups"
    one = f"{groups}/{GROUP}"
    staff = person(app, staff={GROUP: ["ADD_PATIENT", "UPDATE_PROFILES"]})
    group = {"group_id": GROUP, "reason": "r", "custom_fields": {"aB": "c"}}
    assert app.as_user("POST", BASE + groups, token=staff, json=group).json() == group
    assert code(app, "POST", groups, staff, group) == 17
    assert code(app, "POST", groups, staff, {"group_id": OTHER}) == 10
    assert code(app, "POST", groups, token, {}) == 14
    assert code(app, "PUT", one, token, {"reason": "s"}) == 10
    assert code(app, "PUT", one, staff, {"reason": 1}) == 15
    changed = app.as_user("PUT", BASE + one, token=staff, json={"patient_id": "p"}).json()
    assert changed == {**group, "patient_id": "p"}
    assert code(app, "POST", f"{one}/remove_fields", staff, {"fields": ["group_id"]}) == 11
    left = app.as_user("POST", f"{BASE}{one}/remove_fields", token=staff, json={"fields": ["reason"]}).json()
    assert left == {"group_id": GROUP, "custom_fields": {"aB": "c"}, "patient_id": "p"}
    assert code(app, "DELETE", one, person(app)) == 10
    assert app.as_user("DELETE", BASE + one, token=token).json() == {"records_affected": 1}
    assert code(app, "DELETE", one, token) == 16
    assert code(app, "POST", f"/{person(app)['userId']}/groups", staff, group) == 16


def test_the_log_of_a_profile_is_written_by_staff_and_changed_by_its_author(app):
    token = person(app)
    create(app, token)
    app.as_user("POST", f"{BASE}/{token['userId']}/groups", token=token, json={"group_id": GROUP})
    path = f"/{token['userId']}/groups/{GROUP}/logs"
    writer, other = (
        person(app, staff={GROUP: ["CREATE_PROFILE_LOG_ENTRIES", "VIEW_PROFILE_LOG_ENTRIES"]}) for _ in range(2)
    )
    made = app.as_user("POST", BASE + path, token=writer, json={"text": "t"}).json()
    assert made == {
        "id": made["id"],
        "profile_id": token["userId"],
        "group_id": GROUP,
        "user_id": writer["userId"],
        "text": "t",
        "creation_timestamp": MS,
        "update_timestamp": MS,
    }
    assert app.as_user("GET", f"{BASE}{path}/", token=other).json()["data"] == [made]
    entry = f"{path}/{made['id']}"
    assert app.as_user("PUT", BASE + entry, token=writer, json={"text": "u"}).json() == {**made, "text": "u"}
    for method in ("PUT", "DELETE"):
        assert code(app, method, entry, other, {"text": "v"}) == 10
        assert code(app, method, entry, token, {"text": "v"}) == 10
    assert app.as_user("DELETE", BASE + entry, token=writer).json() == {"records_affected": 1}
    assert code(app, "DELETE", entry, writer) == 16
    assert code(app, "GET", path.replace(GROUP, OTHER)) == 16
    assert code(app, "POST", path, writer, {}) == 14


def test_what_profiles_can_name_is_for_everybody(app):
    for path, name in (("comorbidities", "DIABETES"), ("impediments", "TREMOR")):
        answer = app.send(None, "GET", f"{BASE}/{path}").json()
        assert name in answer["data"]
        assert answer["page"]["total"] == len(answer["data"])
