"""What a review of users and their rights found."""

from __future__ import annotations

import base64
import hashlib

import pytest
from people import person
from user_service import BASE, GROUP, OTHER, PERSON, UNKNOWN, register

from exh_dev.platform.dev.first_start import first_credentials
from exh_dev.platform.storage.sql import EVERYTHING
from extrahorizon.permissions import GLOBAL_PERMISSIONS

AUTH = "/auth/v2"
EMPTY_RQL = (400, 20, "EMPTY_RQL_EXCEPTION")


def arriving(text, meanwhile):
    """A body before whose end something else is done."""

    async def pieces():
        meanwhile()
        yield text.encode()

    return pieces()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("{id}", '{"first_name": "New"}'),
        ("{id}/email", '{"email": "new@localhost.example", "activation_mode": "manual"}'),
        ("{id}/profile_image", '{"hash": "abc"}'),
    ],
)
def test_a_user_deleted_while_a_change_arrives_stays_deleted(app, refused, path, body):
    user_id = person(app)["userId"]
    content = arriving(body, lambda: app.store.delete("users", user_id))
    refused(app.as_user("PUT", f"{BASE}/{path.format(id=user_id)}", content=content), *UNKNOWN)
    assert app.store.get("users", user_id) is None


def test_a_change_of_oneself_keeps_what_others_changed_meanwhile(app):
    user_id = register(app).json()["id"]
    login = {"email": PERSON["email"], "password": PERSON["password"]}
    token = app.as_application("POST", f"{AUTH}/oauth1/tokens", json=login).json()

    def rename():
        app.store.put("users", {**app.store.get("users", user_id), "first_name": "Renamed"})

    body = '{"old_password": "Secret123", "new_password": "Secret1234"}'
    assert app.as_user("PUT", f"{BASE}/password", token=token, content=arriving(body, rename)).status_code == 200
    assert app.store.get("users", user_id)["first_name"] == "Renamed"


def test_roles_deleted_while_a_change_arrives_stay_deleted(app, refused):
    role = app.as_user("POST", f"{BASE}/roles", json={"name": "r", "description": ""}).json()
    group_role = app.as_user("POST", f"{BASE}/groups/{GROUP}/roles", json={"name": "r", "description": ""}).json()
    for collection, path, each in (
        ("roles", "roles", role),
        ("group_roles", f"groups/{GROUP}/roles", group_role),
    ):
        content = arriving('{"name": "s"}', lambda c=collection, r=each: app.store.delete(c, r["id"]))
        refused(app.as_user("PUT", f"{BASE}/{path}/{each['id']}", content=content), *UNKNOWN)
        assert app.store.get(collection, each["id"]) is None


@pytest.mark.parametrize("query", ["limit(1)", "sort(email)", "sort(roles.name)", "skipCount()", "&", "and()"])
def test_an_operation_on_many_needs_a_condition(app, refused, query):
    person(app)
    refused(app.as_user("DELETE", f"{BASE}/?{query}"), *EMPTY_RQL)
    refused(app.as_user("DELETE", f"{BASE}/roles?{query}"), *EMPTY_RQL)
    assert app.store.get("users", app.first.user_id)


def test_an_operation_on_many_stops_at_its_limit(app):
    one, two = person(app), person(app)
    query = f"{BASE}/?eq(last_name,Person)&sort(-id)&limit(1)"
    assert app.as_user("DELETE", query).json() == {"records_affected": 1}
    assert (app.store.get("users", one["userId"]) is None, app.store.get("users", two["userId"]) is None) == (
        False,
        True,
    )


def test_timestamps_are_compared_with_dates_and_numbers(app):
    register(app)
    app.as_user("POST", f"{BASE}/roles", json={"name": "new", "description": ""})
    for path in ("", "/roles"):
        for value in ("2023-11-14T00:00:00.000Z", "1699920000000"):
            found = app.as_user("GET", f"{BASE}{path}?eq(name,new)&ge(creation_timestamp,{value})").json()
            assert found["page"]["total"] == (1 if path else 0)
            assert app.as_user("GET", f"{BASE}{path}?ge(creation_timestamp,{value})").json()["page"]["total"] >= 1
        assert not app.as_user("GET", f"{BASE}{path}?ge(creation_timestamp,2099-01-01)").json()["data"]


def test_staff_learn_nothing_of_strangers_from_what_they_may_change(app, refused):
    granted = ["ADD_STAFF", "REMOVE_STAFF", "ADD_GROUP_ROLE_TO_STAFF", "REMOVE_GROUP_ROLE_FROM_STAFF"]
    chief = person(app, staff={GROUP: granted})
    member, stranger = person(app, "VIEW_USER", staff=[GROUP]), person(app, staff=[OTHER])
    remove, add = f"{BASE}/remove_from_staff", f"{BASE}/add_to_staff"
    groups = {"groups": [GROUP]}
    refused(app.as_user("POST", f"{remove}?eq(id,{stranger['userId']})", token=chief, json=groups), *UNKNOWN)
    assert app.store.get("users", stranger["userId"])["update_timestamp"] == 0
    hidden = ("eq(roles.permissions.name,VIEW_USER)", "ge(failed_count,0)")
    roles = {"roles": ["c" * 24]}
    for query in hidden:
        for path, body in ((remove, groups), (add, groups), (f"{BASE}/groups/{GROUP}/staff/add_roles", roles)):
            refused(app.as_user("POST", f"{path}?{query}", token=chief, json=body), *UNKNOWN)
    for path in (add, remove):
        query = f"{path}?eq(id,{member['userId']})"
        assert app.as_user("POST", query, token=chief, json=groups).json() == {"records_affected": 1}


def test_another_role_of_the_first_roles_name_is_given_nothing_at_a_start(app):
    role = app.as_user("POST", f"{BASE}/roles", json={"name": "local.developer", "description": ""}).json()
    first_credentials(app.store)
    assert app.store.get("roles", role["id"])["permissions"] == []
    (own,) = app.store.get("users", app.first.user_id)["role_ids"]
    app.store.put("roles", {**app.store.get("roles", own), "permissions": []})
    first_credentials(app.store)
    assert len(app.store.get("roles", own)["permissions"]) == len(GLOBAL_PERMISSIONS)


def test_a_password_reset_mailed_to_the_old_address_is_invalid(app, refused):
    user_id = person(app)["userId"]
    app.as_user("PUT", f"{BASE}/email_templates", json={"password_reset_email_template_name": "reset"})
    email = app.store.get("users", user_id)["email"]
    assert app.send(None, "GET", f"{BASE}/forgot_password?email={email}").status_code == 200
    (request,) = app.store.matching("forgot_password_requests", EVERYTHING)
    change = {"email": "new@localhost.example", "activation_mode": "manual"}
    assert app.as_user("PUT", f"{BASE}/{user_id}/email", json=change).status_code == 200
    body = {"hash": request["hash"], "new_password": "Secret1234"}
    refused(
        app.as_application("POST", f"{BASE}/forgot_password", json=body),
        400,
        207,
        "NEW_PASSWORD_HASH_UNKNOWN_EXCEPTION",
    )


def test_refresh_tokens_have_permissions_of_their_own(app):
    body = {"grant_type": "password", "username": app.first.email, "password": app.first.password}
    body |= {"client_id": app.first.oauth2_client_id, "client_secret": app.first.oauth2_client_secret}
    assert app.send(None, "POST", f"{AUTH}/oauth2/tokens", json=body).status_code == 200
    viewer = person(app, "VIEW_OAUTH2_REFRESH_TOKENS", "DELETE_OAUTH2_REFRESH_TOKEN")
    (seen,) = app.as_user("GET", f"{AUTH}/oauth2/refreshTokens", token=viewer).json()["data"]
    assert not app.as_user("GET", f"{AUTH}/oauth2/tokens", token=viewer).json()["data"]
    gone = app.as_user("DELETE", f"{AUTH}/oauth2/refreshTokens/{seen['id']}", token=viewer)
    assert gone.json() == {"affectedRecords": 1}


def test_an_authorization_is_answered_with_its_challenge(app):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    asked = {"responseType": "code", "clientId": app.first.oauth2_client_id}
    pkce = {"codeChallengeMethod": "S256", "codeChallenge": challenge}
    made = app.as_user("POST", f"{AUTH}/oauth2/authorizations", json={**asked, **pkce}).json()
    assert {name: made[name] for name in pkce} == pkce
    app.as_user("POST", f"{AUTH}/oauth2/authorizations", json=asked)
    _, plain = app.as_user("GET", f"{AUTH}/oauth2/authorizations").json()["data"]
    assert not pkce.keys() & plain.keys()


_ENDPOINTS = ("authorizationEndpoint", "tokenEndpoint", "userinfoEndpoint", "redirectUri")
PROVIDER = {
    **dict.fromkeys(_ENDPOINTS, "https://provider.example"),
    **dict.fromkeys(("description", "clientId", "clientSecret", "issuerId"), "x"),
    "name": "provider",
}


def test_a_provider_is_asked_without_a_body_and_linked_with_presence(app, refused):
    provider = app.as_user("POST", f"{AUTH}/oidc/providers", json=PROVIDER).json()
    app.as_user("POST", f"{AUTH}/oidc/providers/{provider['id']}/enable")
    asked = app.send(None, "POST", f"{AUTH}/oidc/providers/provider/generateAuthenticationUrl")
    assert asked.json()["authenticationUrl"].startswith("https://provider.example?")
    link = f"{AUTH}/oidc/providers/provider/link"
    code = {"authorizationCode": "x"}
    refused(app.as_user("POST", link, json=code), 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
    refused(
        app.as_user("POST", link, json={**code, "presenceToken": "x"}), 400, 132, "INVALID_PRESENCE_TOKEN_EXCEPTION"
    )
    presence = app.as_user("POST", f"{AUTH}/confirmPresence", json={"password": app.first.password}).json()
    refused(
        app.as_user("POST", link, json={**code, "presenceToken": presence["token"]}),
        *(400, 139, "OIDC_INVALID_AUTHORIZATION_CODE_EXCEPTION"),
    )


def test_sso_tokens_end_with_their_application(app, refused):
    made = app.as_user("POST", f"{AUTH}/applications", json={"type": "oauth1", "name": "x", "description": "y"}).json()
    app.store.put("sso_tokens", {**_sso(app), "createdByApplicationId": made["id"]})
    app.as_user("DELETE", f"{AUTH}/applications/{made['id']}")
    refused(app.as_application("POST", f"{AUTH}/oauth1/ssoTokens/consume", json={"ssoToken": "s" * 40}), *UNKNOWN)


def _sso(app):
    return {"id": "d" * 24, "ssoToken": "s" * 40, "userId": app.first.user_id, "expiryTimestamp": "2099"}
