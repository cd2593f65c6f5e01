"""Permissions of global roles and of staff roles, and what a refusal says of them."""

from contextlib import closing

import pytest
from people import person

from exh_dev.platform.dev.effects import Effects, current
from exh_dev.platform.http.access import Rights, rights_of_user
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.store import Store

RIGHTS = Rights({"id": "u"}, everywhere=frozenset({"B:x", "A"}), in_groups={"g": frozenset({"C:x"})})


@pytest.mark.parametrize(
    ("name", "narrowed"), [("A", ()), ("A", ("x",)), ("A", ("x", "y")), ("B", ("x",)), ("C", ("x",))]
)
def test_a_permission_is_held_everywhere_or_in_the_group_of_the_call(name, narrowed):
    RIGHTS.require(name, *narrowed, group="g")


@pytest.mark.parametrize(
    ("narrowed", "group", "spellings"),
    [
        ((), "g", ["C"]),
        (("y",), "g", ["C", "C:y"]),
        (("x",), None, ["C", "C:x"]),
        (("x", "y"), "h", ["C", "C:x", "C:x:y"]),
    ],
)
def test_a_refusal_names_what_would_have_been_enough_and_what_is_held(narrowed, group, spellings):
    with pytest.raises(ErrorAnswer, match="^This call needs the permission C$") as refused:
        RIGHTS.require("C", *narrowed, group=group)
    held = {"everywhere": ["A", "B:x"], "g": ["C:x"]}
    assert refused.value.check == {"permission": spellings, "group": group, "held": held}


def test_each_check_is_recorded_with_how_the_permission_is_held():
    effects = Effects(root=None, number=0, method="GET", path="/", timestamp="")
    recording = current.set(effects)
    RIGHTS.has("A")
    RIGHTS.has("B", "y")
    RIGHTS.groups_with("C", "x")
    RIGHTS.groups_with("C", "y")
    current.reset(recording)
    held = {("A", ()): "globally", ("B", ("y",)): None, ("C", ("x",)): ["g"], ("C", ("y",)): None}
    assert effects.permissions == held


def test_who_is_nobody_is_refused_with_104_whatever_the_permission(app):
    needed = (401, 104, "This call needs an authenticated user")
    gone = (401, 104, "The user of these credentials does not exist any more")
    caller = person(app, "VIEW_ROLE")
    app.store.delete("users", caller["userId"])
    for answer, expected in (
        (app.send(None, "GET", "/users/v1/roles"), needed),
        (app.as_application("GET", "/users/v1/roles"), needed),
        (app.as_user("GET", "/users/v1/roles", token=caller), gone),
    ):
        body = answer.json()
        assert (answer.status_code, body["code"], body["message"]) == expected


def test_a_role_that_does_not_exist_any_more_gives_nothing():
    enlistments = [{"group_id": "g", "role_ids": ["gone"]}]
    with closing(Store()) as store:
        rights = rights_of_user({"id": "u", "role_ids": ["gone"], "staff_enlistments": enlistments}, store)
    assert rights.held() == {"everywhere": [], "g": []}


def test_a_staff_role_counts_in_the_very_next_request(app):
    group = "67c81290fe7042cb74a5576f"
    caller = person(app, staff={group: ["SOME_OTHER"]})
    path = f"/users/v1/groups/{group}/roles"
    role = {"name": "nurse", "description": ""}
    assert app.as_user("POST", path, token=caller, json=role).json()["code"] == 10
    (held,) = app.store.get("users", caller["userId"])["staff_enlistments"][0]["role_ids"]
    app.store.put("group_roles", {**app.store.get("group_roles", held), "permissions": ["CREATE_GROUP_ROLE"]})
    assert app.as_user("POST", path, token=caller, json=role).status_code == 200
