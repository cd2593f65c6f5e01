"""Schemas and documents over the local platform: from a schema to documents that move by themselves."""

import gzip
import json

import pytest

TRANSITIONS = [
    {"type": "manual", "name": "check", "fromStatuses": ["new"], "toStatus": "checked",
     "conditions": [{"type": "input", "configuration": {"type": "object", "properties": {"by": {"type": "string"}},
                                                        "required": ["by"]}}],
     "afterActions": [{"type": "task", "functionName": "after", "data": {"n": 1}}]},
    {"type": "automatic", "name": "high", "fromStatuses": ["checked"], "toStatus": "alarm",
     "conditions": [{"type": "document", "configuration": {"type": "object", "properties": {
         "data": {"type": "object", "properties": {"pulse": {"type": "number", "minimum": 120}}, "required": ["pulse"]}
     }}}],
     "actions": [{"type": "set", "field": "flags.high", "value": True}, {"type": "task", "functionName": "during"}]},
    {"type": "automatic", "name": "fine", "fromStatuses": ["checked"], "toStatus": "done"},
]  # fmt: skip


@pytest.fixture
def call(app):
    """Calls as the first user, and answers the JSON of a success."""

    def call(method, path, body=None, **options):
        answer = app.as_user(method, path, **({} if body is None else {"json": body}), **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return call


@pytest.fixture
def schema(call):
    made = call("POST", "/data/v1", {"name": "pulse", "description": "Heart rate"})
    for name, configuration in {
        "pulse": {"type": "number", "minimum": 0},
        "by": {"type": "string"},
        "taken": {"type": "string", "format": "date-time"},
        "flags": {"type": "object", "properties": {"high": {"type": "boolean"}}},
        "notes": {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}},
    }.items():
        call("POST", "/data/v1/pulse/properties", {"name": name, "configuration": configuration})
    for status in ("checked", "alarm", "done"):
        call("POST", "/data/v1/pulse/statuses", {"name": status, "data": {"label": status}})
    for transition in TRANSITIONS:
        call("POST", f"/data/v1/{made['id']}/transitions", transition)
    call("PUT", "/data/v1/pulse/creationTransition",
         {"type": "manual", "toStatus": "new", "actions": [{"type": "linkCreator"}]})  # fmt: skip
    return made["id"]


def tasks(app):
    return [(task["functionName"], task["data"]) for task in app.store.matching("tasks", everything())]


def everything():
    from exh_dev.platform.storage.sql import EVERYTHING

    return EVERYTHING


def only(call, query):
    (document,) = call("GET", f"/data/v1/pulse/documents?{query}")["data"]
    return document


def test_a_new_schema_has_what_the_official_cli_compares(call):
    made = call("POST", "/data/v1/", {"name": "ecg", "description": "ECG", "readMode": ["creator"]})
    assert made["statuses"] == {"new": {}}
    assert made["creationTransition"] == {"type": "manual", "toStatus": "new"}
    assert (made["properties"], made["transitions"], made["indexes"]) == ({}, [], [])
    assert made["readMode"] == ["creator"]
    assert call("GET", "/data/v1/?eq(name,ecg)")["data"] == [made]


def test_a_document_is_created_with_what_the_schema_says(call, schema, app):
    made = call("POST", "/data/v1/pulse/documents", {"pulse": 72, "taken": "2026-01-15T11:30:00+01:00"})
    assert (made["status"], made["userIds"], made["groupIds"]) == ("new", [app.first.user_id], [])
    assert made["data"] == {"pulse": 72, "taken": "2026-01-15T10:30:00.000Z"}
    assert only(call, f"eq(id,{made['id']})") == made
    packed = gzip.compress(json.dumps({"pulse": 1}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert call("POST", f"/data/v1/{schema}/documents", content=packed, headers=headers)["data"] == {"pulse": 1}


@pytest.mark.parametrize(("pulse", "status", "flags"), [(130, "alarm", {"high": True}), (72, "done", None)])
def test_a_transition_merges_its_data_and_automatic_ones_follow(call, schema, app, pulse, status, flags):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": pulse})
    path = f"/data/v1/pulse/documents/{document['id']}/transition"
    assert call("POST", path, {"name": "check", "data": {"by": "me"}}) == {"affectedRecords": 1}
    moved = only(call, f"eq(id,{document['id']})")
    assert (moved["status"], moved["data"].get("flags"), moved["data"]["by"]) == (status, flags, "me")
    assert "transitionLock" not in moved
    ids = {"schemaId": schema, "documentId": document["id"]}
    assert tasks(app) == [*([("during", ids)] if flags else []), ("after", {"n": 1, **ids})]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "check", "data": {}}, 400, 26),  # the input condition
        ({"name": "check", "data": {"by": 5}}, 400, 26),
        ({"name": "nothing"}, 404, 16),
        ({"name": "high"}, 400, 26),  # automatic
        ({}, 400, 14),
        ({"name": "check", "data": {"by": "me", "unknown": 1}}, 400, 26),
    ],
)
def test_a_transition_that_is_not_allowed_changes_nothing(app, call, schema, body, status, code):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 130})
    answer = app.as_user("POST", f"/data/v1/pulse/documents/{document['id']}/transition", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert only(call, f"eq(id,{document['id']})") == document
    assert tasks(app) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "check"}, "The transition check is not possible: condition 1 (input): needs by"),
        ({"name": "check", "data": {"by": 5}}, "condition 1 (input): by has to be a string"),
        ({"name": "high"}, "The transition high is not possible: it is automatic"),
    ],
)
def test_a_transition_that_is_not_allowed_says_what_is_in_its_way(app, call, schema, body, message):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 130})
    answer = app.as_user("POST", f"/data/v1/pulse/documents/{document['id']}/transition", json=body)
    assert message in answer.json()["message"]


def test_a_status_and_a_property_that_are_in_the_way_are_named_without_their_values(app, call, schema):
    later = {"type": "manual", "name": "reopen", "fromStatuses": ["done", "alarm"], "toStatus": "new"}
    low = {"type": "object", "properties": {"data": {"type": "object", "properties": {"pulse": {"maximum": 50}}}}}
    slow = {"type": "manual", "name": "slow", "fromStatuses": ["new"], "toStatus": "done",
            "conditions": [{"type": "document", "configuration": low}]}  # fmt: skip
    for transition in (later, slow):
        call("POST", "/data/v1/pulse/transitions", transition)
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 131})
    path = f"/data/v1/pulse/documents/{document['id']}/transition"
    answer = app.as_user("POST", path, json={"name": "reopen"}).json()
    assert answer["message"].endswith("it starts from done or alarm, the document is new")
    answer = app.as_user("POST", path, json={"name": "slow"}).json()
    assert answer["message"].endswith("condition 1 (document): data.pulse is too small or too large")
    assert "131" not in answer["message"]


def test_a_refused_creation_names_the_condition_and_the_property(app, call, schema):
    adult = {"type": "object", "properties": {"pulse": {"type": "number", "minimum": 40}}, "required": ["pulse"]}
    conditions = [
        {"type": "input", "configuration": adult},
        {"type": "initiatorHasRelationToGroupInData", "groupIdField": "by", "relation": "patient"},
    ]
    call("PUT", "/data/v1/pulse/creationTransition", {"type": "manual", "toStatus": "new", "conditions": conditions})
    for data, reason in (
        ({}, "condition 1 (input): needs pulse"),
        ({"pulse": 39}, "condition 1 (input): pulse is too small or too large"),
        ({"pulse": 60}, "(initiatorHasRelationToGroupInData): the caller is not a patient of the group that by names"),
    ):
        answer = app.as_user("POST", "/data/v1/pulse/documents", json=data)
        assert answer.json()["code"] == 26
        assert answer.json()["message"].startswith("The conditions of the creation transition are not met: condition")
        assert answer.json()["message"].endswith(reason)


def test_a_guard_that_does_not_match_stops_a_change(app, call, schema):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 72})
    path = f"/data/v1/pulse/documents/{document['id']}"
    for method, url, body in (
        ("PUT", f"{path}?eq(status,done)", {"pulse": 1}),
        ("POST", f"{path}/transition?eq(data.pulse,1)", {"name": "check", "data": {"by": "me"}}),
        ("POST", f"{path}/deleteFields?eq(status,done)", {"fields": ["pulse"]}),
    ):
        assert app.as_user(method, url, json=body).json()["code"] == 16
    assert call("PUT", f"{path}?eq(status,new)", {"pulse": 73}) == {"affectedRecords": 1}


def test_a_partial_update_replaces_nests_and_clears(call, schema):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 72, "by": "me", "flags": {"high": False}})
    path = f"/data/v1/pulse/documents/{document['id']}"
    call("PUT", path, {"pulse": 80, "by": None, "flags.high": True})
    assert only(call, f"eq(id,{document['id']})")["data"] == {"pulse": 80, "flags": {"high": True}}
    call("POST", f"{path}/deleteFields", {"fields": ["flags.high", "nothing"]})
    assert only(call, f"eq(id,{document['id']})")["data"] == {"pulse": 80, "flags": {}}


def test_objects_of_a_list_have_ids_and_are_changed_one_by_one(app, call, schema):
    document = call("POST", "/data/v1/pulse/documents", {"notes": [{"text": "one"}]})
    path = f"/data/v1/pulse/documents/{document['id']}/notes"
    added = call("POST", path, {"text": "two"})
    assert added["text"] == "two"
    call("PUT", f"{path}/{added['id']}?eq(text,two)", {"text": "three"})
    assert app.as_user("PUT", f"{path}/{added['id']}?eq(text,two)", json={"text": "x"}).json()["code"] == 16
    first = document["data"]["notes"][0]
    call("DELETE", f"{path}/{first['id']}")
    assert only(call, "contains(data.notes,eq(text,three))")["data"]["notes"] == [{"id": added["id"], "text": "three"}]
    assert app.as_user("DELETE", f"{path}/{first['id']}").json()["code"] == 16
    assert app.as_user("POST", path, json={"text": 5}).json()["code"] == 26


def test_a_locked_document_can_be_read_and_deleted_but_not_changed(app, call, schema):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 72})
    locked = {**document, "transitionLock": {"timestamp": "2026-01-15T10:30:00.000Z"}}
    app.store.put(f"documents:{schema}", locked)
    path = f"/data/v1/pulse/documents/{document['id']}"
    for method, url, body in (
        ("PUT", path, {"pulse": 1}),
        ("POST", f"{path}/transition", {"name": "check", "data": {"by": "me"}}),
        ("POST", f"{path}/comments", {"text": "x"}),
        ("POST", f"{path}/notes", {"text": "x"}),
    ):
        answer = app.as_user(method, url, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, 415)
    assert only(call, f"eq(id,{document['id']})") == locked
    assert call("DELETE", path) == {"affectedRecords": 1}


def test_comments_count_on_their_document(app, call, schema):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 72})
    path = f"/data/v1/pulse/documents/{document['id']}/comments"
    comment = call("POST", path, {"text": "high"})
    assert comment["creationTimestamp"] == comment["commentedTimestamp"] == comment["updateTimestamp"]
    assert only(call, f"eq(id,{document['id']})")["commentCount"] == 1
    assert call("PUT", f"{path}/{comment['id']}", {"text": "low"}) == {"affectedRecords": 1}
    assert [each["text"] for each in call("GET", path)["data"]] == ["low"]
    assert call("DELETE", f"{path}/{comment['id']}") == {"affectedRecords": 1}
    assert call("GET", path)["page"]["total"] == 0


def test_a_unique_index_refuses_a_second_document(app, call, schema):
    index = call("POST", "/data/v1/pulse/indexes", {"fields": [{"name": "data.by", "type": "asc"}],
                                                    "options": {"unique": True}})  # fmt: skip
    assert (index["options"], index["system"]) == ({"unique": True}, False)
    call("POST", "/data/v1/pulse/documents", {"by": "me"})
    answer = app.as_user("POST", "/data/v1/pulse/documents", json={"by": "me"})
    assert (answer.status_code, answer.json()["code"]) == (400, 17)
    call("POST", "/data/v1/pulse/documents", {"pulse": 1})
    call("POST", "/data/v1/pulse/documents", {"pulse": 2})
    call("DELETE", f"/data/v1/pulse/indexes/{index['id']}")
    call("POST", "/data/v1/pulse/documents", {"by": "me"})


def test_an_index_without_options_reads_back_as_the_cli_expects(call, schema):
    call("POST", "/data/v1/pulse/indexes", {"fields": [{"name": "data.pulse", "type": "desc"}]})
    (index,) = call("GET", "/data/v1/?eq(name,pulse)")["data"][0]["indexes"]
    assert (index["options"], index["system"]) == ({}, False)


def test_a_disabled_schema_keeps_its_documents_as_they_are_and_can_be_deleted(app, call, schema):
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 72})
    assert app.as_user("DELETE", "/data/v1/pulse").json()["code"] == 27
    assert call("POST", "/data/v1/pulse/disable") == {"affectedRecords": 1}
    assert app.as_user("POST", "/data/v1/pulse/documents", json={"pulse": 1}).json()["code"] == 27
    assert app.as_user("PUT", f"/data/v1/pulse/documents/{document['id']}", json={"pulse": 1}).json()["code"] == 27
    assert call("DELETE", f"/data/v1/{schema}") == {"affectedRecords": 1}
    assert app.as_user("GET", "/data/v1/pulse/documents").json()["code"] == 16


def test_a_loop_of_automatic_transitions_ends(app, call, schema, refused):
    for name, origin, target in (("there", "alarm", "done"), ("back", "done", "alarm")):
        call("POST", "/data/v1/pulse/transitions",
             {"type": "automatic", "name": name, "fromStatuses": [origin], "toStatus": target})  # fmt: skip
    document = call("POST", "/data/v1/pulse/documents", {"pulse": 72})
    path = f"/data/v1/pulse/documents/{document['id']}/transition"
    answer = app.as_user("POST", path, json={"name": "check", "data": {"by": "me"}})
    refused(answer, 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    assert "transitionLock" not in only(call, f"eq(id,{document['id']})")


def test_what_a_crash_left_locked_is_finished_at_the_next_start(app, call, schema):
    from local_app import LocalApp

    document = call("POST", "/data/v1/pulse/documents", {"pulse": 130})
    locked = {**document, "status": "checked", "transitionLock": {"timestamp": document["creationTimestamp"]}}
    app.store.put(f"documents:{schema}", locked)
    after = [{"type": "task", "functionName": "after"}]
    work = {"id": document["id"], "schemaId": schema, "afterActions": after, "hops": 0}
    app.store.put("document_work", {**work, "userId": app.first.user_id, "applicationId": None})
    LocalApp(app.store)
    assert only(call, f"eq(id,{document['id']})")["status"] == "alarm"
    assert [name for name, _ in tasks(app)] == ["during", "after"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/data/v1/none/documents", None, 404, 16),
        ("GET", "/data/v1/a%20b/documents", None, 400, 416),
        ("GET", "/data/v1/pulse/documents?eq(a", None, 400, 19),
        ("PUT", "/data/v1/pulse/documents/xyz", {"pulse": 1}, 400, 12),
        ("PUT", "/data/v1/pulse/documents/67c81290fe7042cb74a5576f", {"pulse": 1}, 404, 16),
        ("POST", "/data/v1/pulse/documents", {"unknown": 1}, 400, 26),
        ("POST", "/data/v1/pulse/documents", {"pulse": "x"}, 400, 26),
        ("POST", "/data/v1/pulse/documents", {"pulse": -1}, 400, 26),
        ("POST", "/data/v1", {"name": "pulse", "description": "again"}, 400, 17),
        ("POST", "/data/v1", {"name": "ab", "description": "short"}, 400, 15),
        ("POST", "/data/v1", {"name": "abc", "readMode": ["everybody"]}, 400, 15),
        ("POST", "/data/v1/pulse/properties", {"name": "pulse", "configuration": {"type": "number"}}, 400, 17),
        ("POST", "/data/v1/pulse/properties", {"name": "x", "configuration": {"type": "integer"}}, 400, 26),
        ("POST", "/data/v1/pulse/properties", {"name": "x", "configuration": {"type": "array"}}, 400, 26),
        ("POST", "/data/v1/pulse/properties", {"name": "no.x", "configuration": {"type": "number"}}, 404, 16),
        ("POST", "/data/v1/pulse/statuses", {"name": "done"}, 400, 17),
        ("DELETE", "/data/v1/pulse/statuses/done", None, 400, 414),
        ("DELETE", "/data/v1/pulse/statuses/none", None, 404, 16),
        ("POST", "/data/v1/pulse/transitions", {"type": "manual", "name": "x", "fromStatuses": [], "toStatus": "done"},
         400, 26),
        ("POST", "/data/v1/pulse/transitions",
         {"type": "manual", "name": "x", "fromStatuses": ["new"], "toStatus": "none"}, 400, 26),
        ("POST", "/data/v1/pulse/transitions",
         {"type": "manual", "name": "x", "fromStatuses": ["new"], "toStatus": "done", "actions": [{"type": "mail"}]},
         400, 26),
        ("POST", "/data/v1/pulse/indexes", {"fields": []}, 400, 26),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_the_platforms_own_error(app, schema, method, path, body, status, code):
    answer = app.as_user(method, path, **({} if body is None else {"json": body}))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_documents_need_a_user(app, schema):
    for method, path in (("GET", "/data/v1"), ("GET", "/data/v1/pulse/documents"), ("POST", "/data/v1")):
        assert app.send(None, method, path, json={"name": "abc"}).json()["code"] == 104
        assert app.as_application(method, path, json={"name": "abc"}).json()["code"] == 104
