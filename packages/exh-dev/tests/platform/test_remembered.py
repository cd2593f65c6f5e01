"""What requests share in memory is never older than the last change."""

from contextlib import suppress

import pytest
from people import person

from exh_dev.platform.storage.store import Store

SCHEMA = {"name": "pulse", "description": ""}


def code(answer):
    return answer.json().get("code")


def test_what_is_read_in_a_transaction_that_is_taken_back_is_forgotten():
    store = Store()
    store.put("roles", {"id": "r", "name": "before"})

    def name():
        return store.remembered("name", lambda: store.get("roles", "r")["name"], "roles")

    assert name() == "before"
    with suppress(ZeroDivisionError), store.transaction():
        store.put("roles", {"id": "r", "name": "never"})
        assert name() == "never"
        raise ZeroDivisionError
    assert name() == "before"
    store.close()


@pytest.mark.parametrize("change", ["put", "delete", "delete_before", "drop"])
def test_each_kind_of_change_counts_at_once_and_those_of_others_do_not(change):
    store = Store()
    store.put("roles", {"id": "r"})
    made = []

    def read():
        return store.remembered("all", lambda: made.append(1) or store.text("roles", "r"), "roles", "users")

    first = read()
    store.put("events", {"id": "e"})
    assert (read(), len(made)) == (first, 1)
    arguments = {"put": ({"id": "r", "n": 1},), "delete": ("r",), "delete_before": ("z",), "drop": ()}[change]
    getattr(store, change)("roles", *arguments)
    assert read() == store.text("roles", "r") != first
    assert len(made) == 2
    store.close()


def test_a_role_counts_in_the_very_next_request(app):
    caller = person(app)
    assert code(app.as_user("POST", "/data/v1", token=caller, json=SCHEMA)) == 10
    role = app.as_user("POST", "/users/v1/roles", json={"name": "maker", "description": "d"}).json()["id"]
    give = {"roles": [role]}
    app.as_user("POST", f"/users/v1/add_roles?eq(id,{caller['userId']})", json=give)
    assert code(app.as_user("POST", "/data/v1", token=caller, json=SCHEMA)) == 10
    permission = {"permissions": ["CREATE_SCHEMAS"]}
    app.as_user("POST", f"/users/v1/roles/add_permissions?eq(id,{role})", json=permission)
    shown = app.as_user("GET", "/users/v1/me", token=caller).json()
    assert [each["name"] for each in shown["roles"][-1]["permissions"]] == ["CREATE_SCHEMAS"]
    assert app.as_user("POST", "/data/v1", token=caller, json=SCHEMA).status_code == 200
    app.as_user("POST", f"/users/v1/roles/remove_permissions?eq(id,{role})", json=permission)
    assert code(app.as_user("POST", "/data/v1", token=caller, json={**SCHEMA, "name": "other"})) == 10
    assert app.as_user("GET", "/users/v1/me", token=caller).json()["roles"][-1]["permissions"] == []
    app.as_user("POST", f"/users/v1/roles/add_permissions?eq(id,{role})", json=permission)
    app.as_user("POST", f"/users/v1/remove_roles?eq(id,{caller['userId']})", json=give)
    assert code(app.as_user("POST", "/data/v1", token=caller, json={**SCHEMA, "name": "other"})) == 10
    listed = app.as_user("GET", f"/users/v1?eq(id,{caller['userId']})").json()["data"]
    assert role not in {each["id"] for each in listed[0]["roles"]}


def test_a_schema_counts_in_the_very_next_request(app):
    def create(**data):
        return app.as_user("POST", "/data/v1/pulse/documents", json=data)

    assert code(create(n=1)) == 16
    schema = app.as_user("POST", "/data/v1", json=SCHEMA).json()["id"]
    assert code(create(n=1)) == 26
    app.as_user("POST", "/data/v1/pulse/properties", json={"name": "n", "configuration": {"type": "number"}})
    assert create(n=1).status_code == 200
    app.as_user("PUT", "/data/v1/pulse/properties/n", json={"type": "string"})
    assert code(create(n=1)) == 26
    app.as_user("POST", "/data/v1/pulse/disable")
    assert code(create(n="1")) == 27
    app.as_user("POST", "/data/v1/pulse/enable")
    assert create(n="1").status_code == 200
    app.as_user("PUT", "/data/v1/pulse", json={"name": "heart"})
    assert code(create(n="1")) == 16
    assert app.as_user("POST", "/data/v1/heart/documents", json={"n": "1"}).status_code == 200
    app.as_user("POST", f"/data/v1/{schema}/disable")
    app.as_user("DELETE", f"/data/v1/{schema}")
    assert code(app.as_user("POST", "/data/v1/heart/documents", json={"n": "1"})) == 16
    assert app.as_user("POST", "/data/v1", json=SCHEMA).status_code == 200
    assert code(create(n="1")) == 26


def test_a_change_of_a_schema_that_is_refused_changes_nothing(app):
    app.as_user("POST", "/data/v1", json=SCHEMA)
    assert code(app.as_user("POST", "/data/v1/pulse/properties", json={"name": "a.b", "configuration": {}})) is not None
    for body in (
        {"name": "n", "configuration": {"type": "number"}},
        {"name": "n", "configuration": {"type": "string"}},
    ):
        app.as_user("POST", "/data/v1/pulse/properties", json=body)
    (schema,) = app.as_user("GET", "/data/v1?eq(name,pulse)").json()["data"]
    assert schema["properties"] == {"n": {"type": "number"}}


def test_an_action_of_a_transition_stays_as_it_was_made(app):
    app.as_user("POST", "/data/v1", json=SCHEMA)
    app.as_user("POST", "/data/v1/pulse/properties", json={"name": "o", "configuration": {
        "type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}})  # fmt: skip
    actions = [
        {"type": "set", "field": "o", "value": {"l": ["a", "b"]}},
        {"type": "removeItems", "field": "o.l", "values": ["a"]},
    ]
    creation = {"type": "manual", "toStatus": "new", "actions": actions}
    assert app.as_user("PUT", "/data/v1/pulse/creationTransition", json=creation).status_code == 200
    made = [app.as_user("POST", "/data/v1/pulse/documents", json={}).json()["data"] for _ in range(3)]
    assert made == [{"o": {"l": ["b"]}}] * 3
    (schema,) = app.as_user("GET", "/data/v1?eq(name,pulse)").json()["data"]
    assert schema["creationTransition"]["actions"] == actions


def test_a_cached_user_is_shown_as_changed_and_refused_once_deleted(app):
    caller = person(app)
    user = app.as_user("GET", "/users/v1/me", token=caller).json()
    app.as_user("PUT", f"/users/v1/{user['id']}", token=caller, json={"first_name": "Grace"})
    assert app.as_user("GET", "/users/v1/me", token=caller).json()["first_name"] == "Grace"
    stored = app.store.get("users", user["id"])
    soon = round(app.now * 1000) + 1_000
    enlistment = {"group_id": "g", "expiry_timestamp": soon}
    app.store.put("users", {**stored, "patient_enlistments": [enlistment]})
    assert app.as_user("GET", "/users/v1/me", token=caller).json()["patient_enlistments"][0]["expired"] is False
    app.now += 2
    assert app.as_user("GET", "/users/v1/me", token=caller).json()["patient_enlistments"][0]["expired"] is True
    app.as_user("DELETE", f"/users/v1/{user['id']}")
    assert code(app.as_user("GET", "/users/v1/me", token=caller)) == 108


def test_revoked_tokens_and_deleted_applications_are_refused_at_once(app):
    caller = person(app)
    assert app.as_user("GET", "/users/v1/me", token=caller).status_code == 200
    app.store.delete("oauth1_tokens", caller["id"])
    assert code(app.as_user("GET", "/users/v1/me", token=caller)) == 108
    assert app.as_user("GET", "/users/v1/me").status_code == 200
    app.store.drop("application_versions")
    assert code(app.as_user("GET", "/users/v1/me")) == 107


def test_a_list_of_users_reads_a_role_that_they_share_once(app):
    people = [person(app) for _ in range(15)]
    role = app.store.get("users", people[0]["userId"])["role_ids"]
    for each in people:
        app.store.put("users", {**app.store.get("users", each["userId"]), "role_ids": role})
    statements = []
    app.store._connection.set_trace_callback(statements.append)
    listed = app.as_user("GET", "/users/v1?limit(16)").json()["data"]
    app.store._connection.set_trace_callback(None)
    assert len(listed) == 16
    assert sum(user["roles"][0]["id"] == role[0] for user in listed) == 15
    assert len(statements) < 12
