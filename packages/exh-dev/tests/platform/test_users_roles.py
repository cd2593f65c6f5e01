import pytest
from people import person
from user_service import BAD_ID, BASE, GROUP, NO_PERMISSION, OTHER, UNKNOWN, event_types

MISSING = (400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
FORMAT = (400, 15, "FIELD_FORMAT_EXCEPTION")
EMPTY_RQL = (400, 20, "EMPTY_RQL_EXCEPTION")
DONE = {"records_affected": 1}


@pytest.fixture
def role(app):
    return app.as_user("POST", f"{BASE}/roles", json={"name": "exh.tasks.x", "description": "d"}).json()


def test_a_role_is_created_changed_assigned_and_deleted(app, refused, role):
    assert role["permissions"] == []
    one = f"?eq(name,{role['name']})"
    add, remove = f"{BASE}/roles/add_permissions{one}", f"{BASE}/roles/remove_permissions{one}"
    assert app.as_user("POST", add, json={"permissions": ["VIEW_ROLE", "MY_OWN", "VIEW_ROLE"]}).json() == DONE
    assert app.as_user("POST", remove, json={"permissions": ["MY_OWN"]}).json() == DONE
    (found,) = app.as_user("GET", f"{BASE}/roles{one}").json()["data"]
    assert found["permissions"] == [{"name": "VIEW_ROLE", "description": ""}]
    assert app.as_user("PUT", f"{BASE}/roles/{role['id']}", json={"name": "new"}).json()["name"] == "new"
    token = person(app)
    member = f"?eq(id,{token['userId']})"
    given = {"roles": [role["id"], "0" * 24]}
    refused(app.as_user("GET", f"{BASE}/roles", token=token), *NO_PERMISSION)
    assert app.as_user("POST", f"{BASE}/add_roles{member}", json=given).json() == DONE
    assert app.as_user("GET", f"{BASE}/roles", token=token).status_code == 200
    assert app.as_user("POST", f"{BASE}/remove_roles{member}", json=given).json() == DONE
    refused(app.as_user("GET", f"{BASE}/roles", token=token), *NO_PERMISSION)
    app.as_user("POST", f"{BASE}/add_roles{member}", json=given)
    assert app.as_user("DELETE", f"{BASE}/roles?eq(id,{role['id']})").json() == DONE
    assert role["id"] not in app.store.get("users", token["userId"])["role_ids"]


def test_invalid_changes_of_roles_are_refused(app, refused, role):
    body = {"permissions": ["X"]}
    for path in (f"{BASE}/roles/add_permissions", f"{BASE}/roles/remove_permissions"):
        refused(app.as_user("POST", path, json=body), *EMPTY_RQL)
        refused(app.as_user("POST", f"{path}?eq(name,nothing)", json=body), *UNKNOWN)
        refused(app.as_user("POST", f"{path}?eq(id,{role['id']})", json={"permissions": []}), *FORMAT)
        refused(app.as_user("POST", f"{path}?eq(id,{role['id']})", json={"permissions": [""]}), *FORMAT)
        refused(app.as_user("POST", path, json={}), *MISSING)
    refused(app.as_user("POST", f"{BASE}/roles", json={"name": "x"}), *MISSING)
    refused(app.as_user("PUT", f"{BASE}/roles/{'0' * 24}", json={}), *UNKNOWN)
    refused(app.as_user("PUT", f"{BASE}/roles/x", json={}), *BAD_ID)
    refused(app.as_user("DELETE", f"{BASE}/roles"), *EMPTY_RQL)
    refused(app.as_user("DELETE", f"{BASE}/roles?eq(name,nothing)"), *UNKNOWN)
    refused(app.as_user("POST", f"{BASE}/add_roles", json={"roles": ["x"]}), *EMPTY_RQL)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/groups/{GROUP}/roles"),
        ("DELETE", f"/groups/{GROUP}/roles/{'0' * 24}"),
        ("DELETE", f"/{'0' * 24}/patient_enlistments/{GROUP}"),
    ],
)
def test_group_roles_and_enlistments_need_permissions(app, refused, method, path):
    refused(app.as_user(method, BASE + path, token=person(app), json={}), *NO_PERMISSION)
    refused(app.send(None, method, BASE + path, json={}), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")


def test_all_permissions_are_listed(app):
    for path in ("permissions", "groups/permissions"):
        answer = app.send(None, "GET", f"{BASE}/{path}").json()
        assert answer["page"]["total"] == len(answer["data"]) <= answer["page"]["limit"]
        assert {"name": "VIEW_DOCUMENTS", "description": ""} in answer["data"]


def test_a_group_role_is_managed_from_within_the_group(app, refused):
    names = (
        *("CREATE_GROUP_ROLE", "UPDATE_GROUP_ROLE", "DELETE_GROUP_ROLE", "ADD_GROUP_ROLE_PERMISSION"),
        *("REMOVE_GROUP_ROLE_PERMISSION", "ADD_GROUP_ROLE_TO_STAFF", "REMOVE_GROUP_ROLE_FROM_STAFF"),
        *("ADD_STAFF", "REMOVE_STAFF"),
    )
    chief, member = person(app, staff={GROUP: names}), person(app)
    roles, me = f"{BASE}/groups/{GROUP}/roles", f"?eq(id,{member['userId']})"

    def post(path, **body):
        return app.as_user("POST", path, token=chief, json=body)

    role = post(roles, name="nurse", description="d").json()
    assert (role["group_id"], role["permissions"]) == (GROUP, [])
    one = f"?eq(id,{role['id']})"
    assert post(f"{roles}/add_permissions{one}", permissions=["VIEW_DOCUMENTS", "X"]).json() == DONE
    assert post(f"{roles}/remove_permissions{one}", permissions=["X"]).json() == DONE
    refused(post(f"{BASE}/groups/{GROUP}/staff/add_roles{me}", roles=[role["id"]]), *UNKNOWN)
    assert post(f"{BASE}/add_to_staff{me}", groups=[GROUP]).json() == DONE
    refused(post(f"{BASE}/add_to_staff{me}", groups=[GROUP, OTHER]), *NO_PERMISSION)
    refused(post(f"{BASE}/add_to_staff{me}", groups=["x"]), *BAD_ID)
    assert post(f"{BASE}/groups/{GROUP}/staff/add_roles{me}", roles=[role["id"], "0" * 24]).json() == DONE
    (enlistment,) = app.as_user("GET", f"{BASE}/me", token=member).json()["staff_enlistments"]
    assert [each["permissions"] for each in enlistment["roles"]] == [["VIEW_DOCUMENTS"]]
    assert app.as_user("GET", roles + one, token=member).json()["data"][0]["name"] == "nurse"
    changed = app.as_user("PUT", f"{roles}/{role['id']}", token=chief, json={"name": "n", "description": "e"}).json()
    assert (changed["name"], changed["description"]) == ("n", "e")
    assert post(f"{BASE}/groups/{GROUP}/staff/remove_roles{me}", roles=[role["id"]]).json() == DONE
    assert post(f"{BASE}/groups/{GROUP}/staff/add_roles{me}", roles=[role["id"]]).json() == DONE
    assert app.as_user("DELETE", roles + one, token=chief).json() == DONE
    assert app.store.get("users", member["userId"])["staff_enlistments"][0]["role_ids"] == []
    assert post(f"{BASE}/remove_from_staff{me}", groups=[GROUP]).json() == DONE
    assert app.as_user("GET", f"{BASE}/me", token=member).json()["staff_enlistments"] == []


@pytest.mark.parametrize("action", ["add_roles", "remove_roles"])
def test_a_role_of_another_group_is_refused_and_changes_nothing(app, refused, action):
    member = person(app, staff={GROUP: []})
    before = app.store.get("users", member["userId"])
    other = app.as_user("POST", f"{BASE}/groups/{OTHER}/roles", json={"name": "a", "description": "b"}).json()
    everywhere = app.as_user("POST", f"{BASE}/roles", json={"name": "a", "description": "b"}).json()
    gone = "0" * 24
    for asked in ([other["id"]], [everywhere["id"]], [gone], [other["id"], gone]):
        path = f"{BASE}/groups/{GROUP}/staff/{action}?eq(id,{member['userId']})"
        answer = app.as_user("POST", path, json={"roles": asked})
        refused(answer, *UNKNOWN)
        assert f"The group {GROUP} has none of these roles: {', '.join(asked)}" in answer.text
    assert app.store.get("users", member["userId"]) == before


def test_a_role_belongs_to_its_group(app, refused):
    role = app.as_user("POST", f"{BASE}/groups/{GROUP}/roles", json={"name": "a", "description": "b"}).json()
    other = f"{BASE}/groups/{OTHER}/roles"
    assert app.as_user("GET", other).json()["data"] == []
    refused(app.as_user("PUT", f"{other}/{role['id']}", json={}), *UNKNOWN)
    refused(app.as_user("DELETE", f"{other}/{role['id']}"), *UNKNOWN)
    refused(app.as_user("DELETE", f"{other}?eq(id,{role['id']})"), *UNKNOWN)
    refused(app.as_user("GET", f"{BASE}/groups/x/roles"), *BAD_ID)
    assert app.as_user("DELETE", f"{BASE}/groups/{GROUP}/roles/{role['id']}").json() == DONE


def test_patients_are_enlisted_and_removed(app, refused):
    token = person(app)
    path = f"{BASE}/{token['userId']}/patient_enlistments"
    body = {"group_id": GROUP, "expiry_timestamp": round(app.now * 1000) + 1000}
    assert app.as_user("POST", path, json=body).json() == DONE
    refused(app.as_user("POST", path, json=body), 400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")
    (enlistment,) = app.as_user("GET", f"{BASE}/me", token=token).json()["patient_enlistments"]
    assert (enlistment["group_id"], enlistment["expired"]) == (GROUP, False)
    app.now += 1
    assert app.as_user("GET", f"{BASE}/me", token=token).json()["patient_enlistments"][0]["expired"]
    refused(app.as_user("POST", path, json={"group_id": "x"}), *BAD_ID)
    refused(app.as_user("POST", path, json={}), *MISSING)
    refused(app.as_user("POST", f"{BASE}/{'0' * 24}/patient_enlistments", json={"group_id": GROUP}), *UNKNOWN)
    assert app.as_user("DELETE", f"{path}/{GROUP}", token=token).json() == DONE
    refused(app.as_user("DELETE", f"{path}/{GROUP}", token=token), *UNKNOWN)
    content = {"user_id": token["userId"], "group_id": GROUP}
    assert event_types(app) == [("patient_enlistment_added", content), ("patient_enlistment_removed", content)]


def test_a_permission_in_the_group_removes_a_patient(app):
    nurse, patient = person(app, staff={GROUP: ["REMOVE_PATIENT"]}), person(app, patient=[GROUP])
    path = f"{BASE}/{patient['userId']}/patient_enlistments/{GROUP}"
    assert app.as_user("DELETE", path, token=nurse).json() == DONE
