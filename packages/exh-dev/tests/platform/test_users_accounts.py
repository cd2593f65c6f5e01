import pytest
from people import person
from user_service import BAD_ID, BASE, GROUP, NO_PERMISSION, NOBODY, OTHER, PERSON, UNKNOWN, event_types, register


def test_anybody_registers_and_may_log_in(app):
    user = register(app).json()
    assert (user["activation"], user["roles"], user["failed_count"]) == (False, [], 0)
    assert not {"password", "password_hash", "role_ids"} & set(user)
    assert event_types(app) == [("user_created", {"id": user["id"]})]
    login = {"email": PERSON["email"], "password": PERSON["password"]}
    token = app.as_application("POST", "/auth/v2/oauth1/tokens", json=login).json()
    assert app.as_user("GET", f"{BASE}/me", token=token).json() == user


@pytest.mark.parametrize(
    ("changes", "code", "name"),
    [
        ({"email": None}, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        ({"first_name": None}, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        ({"email": "nonsense"}, 15, "FIELD_FORMAT_EXCEPTION"),
        ({"activation_mode": "pigeon"}, 15, "FIELD_FORMAT_EXCEPTION"),
        ({"password": "short1A"}, 15, "FIELD_FORMAT_EXCEPTION"),
        ({"password": "secret123"}, 15, "FIELD_FORMAT_EXCEPTION"),
        ({"password": "Secretive"}, 15, "FIELD_FORMAT_EXCEPTION"),
        ({"email": "developer@localhost.example"}, 203, "EMAIL_USED_EXCEPTION"),
    ],
)
def test_a_registration_that_is_refused(app, refused, changes, code, name):
    refused(register(app, **changes), 400, code, name)
    assert not event_types(app)


def test_pin_codes_have_to_be_enabled(app, refused):
    refused(register(app, activation_mode="pin_code"), 403, 218, "PIN_CODES_NOT_ENABLED_EXCEPTION")
    assert app.store.one("users", "email", PERSON["email"]) is None


def test_the_platform_says_whether_an_address_is_free(app, refused):
    def available(email):
        return app.send(None, "GET", f"{BASE}/email_available?email={email}").json()

    assert available("new%2Bone@localhost.example") == {"email_available": True}
    assert available(app.first.email) == {"email_available": False}
    missing = app.send(None, "GET", f"{BASE}/email_available")
    refused(missing, 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")


# Who sees whom


def ids(answer):
    return {each["id"] for each in answer.json()["data"]}


def test_view_user_shows_everybody_in_full(app):
    other = person(app, staff={GROUP: ["VIEW_DOCUMENTS"]})
    answer = app.as_user("GET", f"{BASE}/?eq(id,{other['userId']})").json()
    (found,) = answer["data"]
    assert answer["page"] == {"total": 1, "offset": 0, "limit": 20}
    assert found["roles"][0]["permissions"] == []
    (enlistment,) = found["staff_enlistments"]
    assert (enlistment["group_id"], "role_ids" in enlistment) == (GROUP, False)
    assert enlistment["roles"][0]["permissions"] == ["VIEW_DOCUMENTS"]
    assert app.as_user("GET", f"{BASE}/{other['userId']}").json() == found


def test_staff_see_members_and_patients_see_staff(app, refused):
    staff, patient = person(app, staff=[GROUP]), person(app, patient=[GROUP])
    stranger, outsider = person(app), person(app, staff=[OTHER], patient=[OTHER])
    assert ids(app.as_user("GET", BASE, token=staff)) == {staff["userId"], patient["userId"]}
    assert ids(app.as_user("GET", BASE, token=patient)) == {staff["userId"], patient["userId"]}
    assert ids(app.as_user("GET", BASE, token=stranger)) == {stranger["userId"]}
    seen = app.as_user("GET", f"{BASE}/{patient['userId']}", token=staff).json()
    assert not {"roles", "failed_count"} & set(seen)
    assert seen["patient_enlistments"][0]["group_id"] == GROUP
    refused(app.as_user("GET", f"{BASE}/{patient['userId']}", token=outsider), *NO_PERMISSION)
    refused(app.as_user("GET", f"{BASE}/{'0' * 24}", token=stranger), *NO_PERMISSION)
    assert ids(app.as_user("GET", f"{BASE}/patients", token=staff)) == {patient["userId"]}
    assert ids(app.as_user("GET", f"{BASE}/staff", token=staff)) == {staff["userId"]}
    refused(app.as_user("GET", f"{BASE}/patients", token=patient), *NO_PERMISSION)


def test_view_patients_and_view_staff_show_a_part(app, refused):
    staff, patient = person(app, staff=[GROUP]), person(app, patient=[GROUP])
    nurse, chief = person(app, "VIEW_PATIENTS"), person(app, "VIEW_STAFF")
    (seen,) = app.as_user("GET", f"{BASE}/patients", token=nurse).json()["data"]
    assert set(seen) == {
        *("id", "first_name", "last_name", "email", "activation", "phone_number", "language", "time_zone"),
        "patient_enlistments",
    }
    assert app.as_user("GET", f"{BASE}/{patient['userId']}", token=nurse).json() == seen
    (member,) = app.as_user("GET", f"{BASE}/staff", token=chief).json()["data"]
    assert (member["id"], "patient_enlistments" in member) == (staff["userId"], False)
    refused(app.as_user("GET", f"{BASE}/{staff['userId']}", token=nurse), *UNKNOWN)


def test_ids_and_callers_are_checked(app, refused):
    refused(app.as_user("GET", f"{BASE}/nonsense"), *BAD_ID)
    refused(app.as_user("GET", f"{BASE}/{'0' * 24}"), *UNKNOWN)
    for path in ("", "/patients", "/staff", f"/{app.first.user_id}", "/roles"):
        refused(app.as_application("GET", BASE + path), *NOBODY)
        refused(app.send(None, "GET", BASE + path), *NOBODY)


# Queries


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("eq(roles.name,local.developer)", 1),
        ("eq(roles.permissions.name,VIEW_USER)", 1),
        ("contains(roles,eq(name,nothing))", 0),
        ("excludes(roles.0)", 0),
        (f"eq(staff_enlistments.group_id,{GROUP})", 1),
        ("eq(staff_enlistments.roles.permissions,VIEW_DOCUMENTS)", 1),
        (f"eq(patient_enlistments.group_id,{OTHER})", 1),
        ("contains(password_hash)", 0),
        ("contains(role_ids)", 0),
        ("contains(pass%2577ord_hash)", 0),
        ("gt(creation_timestamp,0)", 1),
    ],
)
def test_queries_see_users_as_they_are_shown(app, query, count):
    person(app, staff={GROUP: ["VIEW_DOCUMENTS"]}, patient=[OTHER])
    answer = app.as_user("GET", f"{BASE}/?{query}").json()
    assert (answer["page"]["total"], len(answer["data"])) == (count, count)


def test_queries_of_others_see_no_more_than_their_answers(app):
    nurse, patient = person(app, "VIEW_PATIENTS"), person(app, patient=[GROUP])
    app.store.put("users", {**app.store.get("users", patient["userId"]), "failed_count": 7})
    for query in ("eq(failed_count,7)", "contains(roles)", "contains(password_hash)"):
        assert app.as_user("GET", f"{BASE}/patients?{query}", token=nurse).json()["page"]["total"] == 0
    assert app.as_user("GET", f"{BASE}/patients?eq(first_name,Test)", token=nurse).json()["page"]["total"] == 1


def test_sorting_by_what_is_hidden_does_nothing(app):
    first, second = person(app), person(app)
    for token, text in ((first, "z"), (second, "a")):
        app.store.put("users", {**app.store.get("users", token["userId"]), "password_hash": text})
    answer = app.as_user("GET", f"{BASE}/?sort(password_hash)&eq(last_name,Person)&select(email)").json()
    assert [each["id"] for each in answer["data"]] == [first["userId"], second["userId"]]
    assert set(answer["data"][0]) == {"id", "email"}


# Changing and deleting


def test_one_changes_oneself_and_others_with_a_permission(app, refused):
    token = person(app)
    path = f"{BASE}/{token['userId']}"
    changed = app.as_user("PUT", path, token=token, json={"first_name": "New", "activation": False}).json()
    assert (changed["first_name"], changed["activation"]) == ("New", True)
    assert app.as_user("PUT", path, json={"time_zone": "CET"}).json()["time_zone"] == "CET"
    refused(app.as_user("PUT", f"{BASE}/{app.first.user_id}", token=token, json={}), *NO_PERMISSION)
    refused(app.as_user("PUT", path, json={"language": 1}), 400, 15, "FIELD_FORMAT_EXCEPTION")
    assert app.as_user("PUT", path, json={"language": "SW"}).json()["language"] == "SW"
    refused(app.as_user("PUT", path), 400, 13, "EMPTY_BODY_EXCEPTION")
    refused(app.as_user("PUT", f"{BASE}/{'0' * 24}", json={}), *UNKNOWN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "english"),
        ("language", "en"),
        ("language", "XX"),
        ("language", ""),
        ("time_zone", "Brussels"),
        ("time_zone", "../etc/passwd"),
    ],
)
def test_a_language_and_a_time_zone_are_known_ones(app, refused, name, value):
    body = refused(register(app, **{name: value}), 400, 15, "FIELD_FORMAT_EXCEPTION")
    assert name in body["message"]
    path = f"{BASE}/{app.first.user_id}"
    if value:
        refused(app.as_user("PUT", path, json={name: value}), 400, 15, "FIELD_FORMAT_EXCEPTION")
    assert app.as_user("GET", path).json()[name] != value


def test_a_changed_address_has_to_be_activated_again(app, refused):
    token = person(app)
    path = f"{BASE}/{token['userId']}/email"
    used = {"email": app.first.email}
    refused(app.as_user("PUT", path, token=token, json=used), 400, 203, "EMAIL_USED_EXCEPTION")
    changed = app.as_user("PUT", path, token=token, json={"email": "other@localhost.example"}).json()
    assert (changed["email"], changed["activation"]) == ("other@localhost.example", False)
    refused(app.as_user("PUT", f"{BASE}/{app.first.user_id}/email", token=token, json=used), *NO_PERMISSION)


def test_a_deleted_user_is_gone_with_all_that_lets_in(app, refused):
    token = person(app)
    refused(app.as_user("DELETE", f"{BASE}/{app.first.user_id}", token=token), *NO_PERMISSION)
    answer = app.as_user("DELETE", f"{BASE}/{token['userId']}", token=token)
    assert answer.json() == {"records_affected": 1}
    refused(app.as_user("GET", f"{BASE}/me", token=token), 401, 108, "OAUTH_TOKEN_EXCEPTION")
    assert event_types(app) == [("user_deleted", {"id": token["userId"]})]
    refused(app.as_user("DELETE", f"{BASE}/{token['userId']}"), *UNKNOWN)


def test_deleting_many_takes_rql_and_without_a_permission_only_oneself(app, refused):
    one, two = person(app), person(app)
    refused(app.as_user("DELETE", BASE), 400, 20, "EMPTY_RQL_EXCEPTION")
    query = f"{BASE}/?eq(last_name,Person)"
    assert app.as_user("DELETE", query, token=one).json() == {"records_affected": 1}
    assert app.store.get("users", two["userId"])
    assert app.as_user("DELETE", query).json() == {"records_affected": 1}


def test_a_picture_is_set_and_removed(app, refused):
    token = person(app)
    path = f"{BASE}/{token['userId']}/profile_image"
    assert app.as_user("PUT", path, token=token, json={"hash": "abc"}).json()["profile_image"] == "abc"
    assert "profile_image" not in app.as_user("DELETE", path, token=token).json()
    refused(app.as_user("DELETE", f"{BASE}/{app.first.user_id}/profile_image", token=token), *NO_PERMISSION)


def test_failed_logins_are_forgiven_with_a_permission(app, refused):
    token = person(app)
    app.store.put("users", {**app.store.get("users", token["userId"]), "failed_count": 50})
    path = f"{BASE}/{token['userId']}/reset_failed_login_attempts"
    refused(app.as_user("POST", path, token=token), *NO_PERMISSION)
    assert app.as_user("POST", path).json() == {"records_affected": 1}
    assert app.store.get("users", token["userId"])["failed_count"] == 0
