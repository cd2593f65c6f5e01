"""Who may see, change, move, link and delete documents."""

import pytest
from people import person

from exh_dev.platform.storage.ids import object_id

GROUP, OTHER = object_id(), object_id()
UNKNOWN, FORBIDDEN = 16, 10


@pytest.fixture
def make(app):
    """A schema with these modes and one document of `creator`; answers the document's path and what it is."""

    def make(creator=None, *, link=(), groups=(), **modes):
        answer = app.as_user("POST", "/data/v1", json={"name": "pulse", "description": "", **modes})
        assert answer.status_code == 200, answer.text
        schema_id = answer.json()["id"]
        app.as_user("POST", "/data/v1/pulse/properties", json={"name": "n", "configuration": {"type": "number"}})
        app.as_user("POST", "/data/v1/pulse/statuses", json={"name": "done"})
        transition = {"type": "manual", "name": "end", "fromStatuses": ["new"], "toStatus": "done"}
        app.as_user("POST", "/data/v1/pulse/transitions", json=transition)
        document = app.as_user("POST", "/data/v1/pulse/documents", token=creator, json={"n": 1}).json()
        linked = {**document, "userIds": list(link), "groupIds": list(groups)}
        app.store.put(f"documents:{schema_id}", linked)
        return f"/data/v1/pulse/documents/{document['id']}"

    return make


def sees(app, token):
    return app.as_user("GET", "/data/v1/pulse/documents", token=token).json()["page"]["total"] == 1


def code(answer):
    return answer.json().get("code")


@pytest.mark.parametrize(
    ("mode", "seen_by"),
    [
        (["creator"], {"creator"}),
        (["linkedUsers"], {"linked"}),
        (["linkedGroupStaff"], {"staff"}),
        (["linkedGroupPatients"], {"patient"}),
        (["creator", "linkedGroupStaff"], {"creator", "staff"}),
        ("allUsers", {"creator", "linked", "staff", "patient", "stranger"}),
        ("permissionRequired", set()),
        ("default", {"linked", "staff"}),
        ("enlistedInLinkedGroups", {"patient", "staff"}),
    ],
)
def test_the_read_mode_says_who_sees_a_document(app, make, mode, seen_by):
    people = {
        "creator": person(app),
        "linked": person(app),
        "staff": person(app, staff=[GROUP]),
        "patient": person(app, patient=[GROUP]),
        "stranger": person(app, staff=[OTHER], patient=[OTHER]),
    }
    make(people["creator"], link=[people["linked"]["userId"]], groups=[GROUP], readMode=mode)
    assert {name for name, token in people.items() if sees(app, token)} == seen_by


@pytest.mark.parametrize("permission", ["VIEW_DOCUMENTS", "VIEW_DOCUMENTS:pulse"])
def test_a_permission_shows_what_the_mode_does_not(app, make, permission):
    make(readMode="permissionRequired", groups=[GROUP])
    assert sees(app, person(app, permission))
    assert sees(app, person(app, staff={GROUP: [permission]}))
    assert not sees(app, person(app, staff={OTHER: [permission]}))
    assert not sees(app, person(app, "VIEW_DOCUMENTS:other"))


def test_what_is_not_shown_is_unknown_and_what_may_not_be_changed_is_forbidden(app, make):
    reader, stranger = person(app), person(app)
    path = make(link=[reader["userId"]], readMode=["linkedUsers"], updateMode=["creator"])
    for method, where, body in (
        ("PUT", path, {"n": 2}),
        ("POST", f"{path}/transition", {"name": "end"}),
        ("POST", f"{path}/deleteFields", {"fields": ["n"]}),
        ("DELETE", path, None),
    ):
        assert code(app.as_user(method, where, token=stranger, json=body)) == UNKNOWN
        assert code(app.as_user(method, where, token=reader, json=body)) == FORBIDDEN


@pytest.mark.parametrize(
    ("permission", "may_update", "may_move"),
    [
        ("UPDATE_DOCUMENTS", True, True),
        ("UPDATE_DOCUMENTS:pulse", True, True),
        ("TRANSITION_DOCUMENTS", False, True),
        ("TRANSITION_DOCUMENTS:pulse", False, True),
        ("TRANSITION_DOCUMENTS:pulse:end", False, True),
        ("TRANSITION_DOCUMENTS:pulse:other", False, False),
        ("TRANSITION_DOCUMENTS:other", False, False),
    ],
)
def test_a_permission_may_be_for_changing_or_only_for_moving(app, make, permission, may_update, may_move):
    path = make(readMode="allUsers", updateMode="permissionRequired")
    token = person(app, permission)
    assert code(app.as_user("PUT", path, token=token, json={"n": 2})) == (None if may_update else FORBIDDEN)
    answer = app.as_user("POST", f"{path}/transition", token=token, json={"name": "end"})
    assert code(answer) == (None if may_move else FORBIDDEN)


GRANTED = [
    ("UPDATE_DOCUMENTS", {"change", "remove fields", "move"}),
    ("UPDATE_DOCUMENTS:pulse", {"change", "remove fields", "move"}),
    ("TRANSITION_DOCUMENTS", {"move"}),
    ("TRANSITION_DOCUMENTS:pulse", {"move"}),
    ("TRANSITION_DOCUMENTS:pulse:end", {"move"}),
    ("TRANSITION_DOCUMENTS:pulse:other", set()),
    ("UPDATE_DOCUMENTS:other", set()),
    ("CREATE_DOCUMENT_COMMENTS", {"comment"}),
    ("VIEW_DOCUMENT_COMMENTS", {"read comments"}),
    ("DELETE_DOCUMENTS", {"delete"}),
    ("DELETE_DOCUMENTS:pulse", {"delete"}),
    ("DELETE_DOCUMENTS:other", set()),
]
EACH_KIND = (
    "UPDATE_DOCUMENTS",
    "TRANSITION_DOCUMENTS",
    "CREATE_DOCUMENT_COMMENTS",
    "VIEW_DOCUMENT_COMMENTS",
    "DELETE_DOCUMENTS",
)


@pytest.mark.parametrize(
    ("permission", "can", "scope"),
    [
        *((*each, scope) for scope in ("everywhere", "in the group") for each in GRANTED),
        *((permission, set(), "in another group") for permission in EACH_KIND),
    ],
)
def test_a_permission_needs_no_other_one_to_see_the_document(app, make, permission, can, scope):
    path = make(groups=[GROUP], readMode="permissionRequired", updateMode="permissionRequired",
                deleteMode="permissionRequired")  # fmt: skip
    token = person(app, permission) if scope == "everywhere" else person(
        app, staff={GROUP if scope == "in the group" else OTHER: [permission]}
    )  # fmt: skip
    calls = {
        "change": ("PUT", path, {"n": 2}),
        "remove fields": ("POST", f"{path}/deleteFields", {"fields": ["n"]}),
        "move": ("POST", f"{path}/transition", {"name": "end"}),
        "comment": ("POST", f"{path}/comments", {"text": "x"}),
        "read comments": ("GET", f"{path}/comments", None),
        "delete": ("DELETE", path, None),
    }
    done = {name for name, (method, where, body) in calls.items()
            if (answer := app.as_user(method, where, token=token, json=body)).status_code == 200
            or code(answer) != UNKNOWN}  # fmt: skip
    assert done == can
    assert not sees(app, token)


def test_creating_may_need_a_permission_and_then_a_global_one(app, make):
    make(createMode="permissionRequired")
    for token, expected in (
        (person(app), FORBIDDEN),
        (person(app, staff={GROUP: ["CREATE_DOCUMENTS"]}), FORBIDDEN),
        (person(app, "CREATE_DOCUMENTS:other"), FORBIDDEN),
        (person(app, "CREATE_DOCUMENTS:pulse"), None),
    ):
        assert code(app.as_user("POST", "/data/v1/pulse/documents", token=token, json={"n": 1})) == expected


def test_access_is_given_and_taken_by_a_global_permission_only(app, make):
    path = make(readMode=["linkedUsers"])
    friend = person(app)
    for token in (person(app), person(app, staff={GROUP: ["UPDATE_ACCESS_TO_DOCUMENT"]})):
        answer = app.as_user("POST", f"{path}/linkUsers", token=token, json={"userIds": [friend["userId"]]})
        assert code(answer) == FORBIDDEN
    helper = person(app, "UPDATE_ACCESS_TO_DOCUMENT:pulse")
    app.as_user("POST", f"{path}/linkUsers", token=helper, json={"userIds": [friend["userId"]]})
    assert sees(app, friend)
    app.as_user("POST", f"{path}/unlinkUsers", token=helper, json={"userIds": []})
    assert sees(app, friend)
    app.as_user("POST", f"{path}/unlinkUsers", token=helper, json={})
    assert not sees(app, friend)
    assert code(app.as_user("POST", f"{path}/linkGroups", token=helper, json={})) == 14


def test_a_disabled_schema_is_shown_to_who_may_enable_it(app, make):
    make()
    app.as_user("POST", "/data/v1/pulse/disable")
    assert app.as_user("GET", "/data/v1").json()["page"]["total"] == 1
    assert app.as_user("GET", "/data/v1", token=person(app)).json()["page"]["total"] == 0


@pytest.mark.parametrize("mode", ["creatorPatientEnlistments", "linkedUsersPatientEnlistments"])
def test_groups_follow_the_enlistments_of_patients(app, make, mode):
    patient, nurse = person(app, patient=[GROUP]), person(app, staff=[OTHER])
    make(patient, link=[patient["userId"]], readMode=["linkedGroupStaff"])
    assert not sees(app, nurse)
    app.as_user("PUT", "/data/v1/pulse", json={"groupSyncMode": mode})
    assert sees(app, person(app, staff=[GROUP]))
    enlist(app, patient, OTHER)
    assert sees(app, nurse)
    leave(app, patient, OTHER)
    assert not sees(app, nurse)


def enlist(app, patient, group):
    path = f"/users/v1/{patient['userId']}/patient_enlistments"
    assert app.as_user("POST", path, json={"group_id": group}).status_code == 200


def leave(app, patient, group):
    assert app.as_user("DELETE", f"/users/v1/{patient['userId']}/patient_enlistments/{group}").status_code == 200


def groups_of(app):
    return app.as_user("GET", "/data/v1/pulse/documents").json()["data"][0]["groupIds"]


def test_a_document_stays_in_the_group_of_another_of_its_patients(app, make):
    patients = [person(app, patient=[GROUP]) for _ in range(2)]
    path = make(groupSyncMode="linkedUsersPatientEnlistments")
    app.as_user("POST", f"{path}/linkUsers", json={"userIds": [each["userId"] for each in patients]})
    leave(app, patients[0], GROUP)
    assert groups_of(app) == [GROUP]
    leave(app, patients[1], GROUP)
    assert groups_of(app) == []


def test_unlinking_a_user_who_is_not_linked_removes_no_group(app, make):
    stranger = person(app, patient=[GROUP])
    path = make(groupSyncMode="linkedUsersPatientEnlistments", groups=[GROUP])
    app.as_user("POST", f"{path}/unlinkUsers", json={"userIds": [stranger["userId"]]})
    assert groups_of(app) == [GROUP]


def test_the_groups_of_a_creator_stay_when_the_creator_is_unlinked(app, make):
    creator = person(app, patient=[GROUP])
    path = make(creator, link=[creator["userId"]], groups=[GROUP], groupSyncMode="creatorPatientEnlistments")
    app.as_user("POST", f"{path}/unlinkUsers", json={"userIds": [creator["userId"]]})
    assert groups_of(app) == [GROUP]


@pytest.mark.parametrize("action", [{"type": "linkUserFromData", "userIdField": "patient"}, {"type": "linkCreator"}])
def test_groups_follow_users_that_a_transition_links(app, make, action):
    make(groupSyncMode="linkedUsersPatientEnlistments", createMode="allUsers")
    app.as_user("POST", "/data/v1/pulse/properties", json={"name": "patient", "configuration": {"type": "string"}})
    app.as_user(
        "PUT", "/data/v1/pulse/creationTransition", json={"type": "manual", "toStatus": "new", "actions": [action]}
    )
    patient, creator = person(app, patient=[GROUP]), person(app, patient=[OTHER])
    data = {"patient": patient["userId"]}
    made = app.as_user("POST", "/data/v1/pulse/documents", token=creator, json=data).json()
    linked = (patient, GROUP) if "userIdField" in action else (creator, OTHER)
    assert (made["userIds"], made["groupIds"]) == ([linked[0]["userId"]], [linked[1]])


def test_relations_of_who_makes_a_transition_are_conditions(app, make):
    path = make(readMode="allUsers", updateMode="permissionRequired")
    patient = person(app, patient=[GROUP])
    conditions = [
        {"type": "initiatorHasRelationToUserInData", "userIdField": "user", "relation": "isStaffOfTargetPatient"},
        {"type": "initiatorHasRelationToGroupInData", "groupIdField": "group", "relation": "staff",
         "requiredPermission": "DIAGNOSE"},
    ]  # fmt: skip
    for name in ("user", "group"):
        app.as_user("POST", "/data/v1/pulse/properties", json={"name": name, "configuration": {"type": "string"}})
    for number, condition in enumerate(conditions):
        transition = {"type": "manual", "name": f"t{number}", "fromStatuses": ["new"], "toStatus": "new",
                      "conditions": [condition]}  # fmt: skip
        assert app.as_user("POST", "/data/v1/pulse/transitions", json=transition).status_code == 200
    data = {"user": patient["userId"], "group": GROUP}
    for token, expected in (
        (person(app, "UPDATE_DOCUMENTS", staff={GROUP: ["DIAGNOSE"]}), [None, None]),
        (person(app, "UPDATE_DOCUMENTS", staff={GROUP: []}), [None, 26]),
        (person(app, "UPDATE_DOCUMENTS", staff={OTHER: ["DIAGNOSE"]}), [26, 26]),
    ):
        answers = [
            app.as_user("POST", f"{path}/transition", token=token, json={"name": f"t{number}", "data": data})
            for number in range(2)
        ]
        assert [code(answer) for answer in answers] == expected


@pytest.mark.parametrize("mode", ["allUsers", "permissionRequired", ["creator"], ["linkedUsers", "linkedGroupStaff"]])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("eq(data.n,1)", 1), ("eq(data.n,x)", 0), ("gt(data.n,0)&sort(-data.n)", 1), ("in(data.n,1,2)", 1),
        ("eq(data.n,null)", 0), ("or(eq(data.n,1),eq(data.n,2))", 1), ("and(ge(data.n,1),le(data.n,1))", 1),
        ("ne(data.n,2)", 1), ("eq(data.n,1)&eq(status,new)&limit(5)&skipCount()", 1), ("sort(data.n)", 1),
    ],
)  # fmt: skip
def test_an_index_changes_no_list_in_any_read_mode(app, make, mode, query, found):
    patient = person(app, staff=[GROUP])
    make(patient, link=[patient["userId"]], groups=[GROUP], readMode=mode)
    stranger = person(app)

    def counts():
        path = f"/data/v1/pulse/documents?{query}"
        return [len(app.as_user("GET", path, token=token).json()["data"]) for token in (patient, stranger)]

    before = counts()
    index = {"fields": [{"name": "data.n", "type": "asc"}, {"name": "status", "type": "desc"}]}
    assert app.as_user("POST", "/data/v1/pulse/indexes", json=index).status_code == 200
    assert counts() == before
    shown = mode != "permissionRequired"
    assert before == [found * shown, found * (mode == "allUsers")]
