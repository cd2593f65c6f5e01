import pytest
from people import person

from exh_dev.platform.auth.applications import create_oauth2_application
from exh_dev.platform.auth.login import hash_password
from exh_dev.platform.auth.mfa import code_at
from exh_dev.serve.app import create_app

BASE = "/auth/v2"
NO_PERMISSION = (401, 10, "NO_PERMISSION_EXCEPTION")
UNKNOWN = (404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
NOT_PRESENT = (400, 132, "INVALID_PRESENCE_TOKEN_EXCEPTION")
DONE = {"affectedRecords": 1}


# OAuth2 tokens, listed and ended


@pytest.fixture
def oauth2(app):
    """A user's OAuth2 tokens, and a token to call as that user."""
    token = person(app)
    user = {**app.store.get("users", token["userId"]), "password_hash": hash_password("Secret123")}
    app.store.put("users", user)
    version = create_oauth2_application(app.store, name="Web", confidential=False, now=app.now)
    body = {"grant_type": "password", "username": user["email"], "password": "Secret123"}
    body["client_id"] = version["clientId"]
    tokens = app.send(None, "POST", f"{BASE}/oauth2/tokens", json=body).json()
    asked = {"responseType": "code", "clientId": version["clientId"]}
    app.as_user("POST", f"{BASE}/oauth2/authorizations", token=token, json=asked)
    return {**tokens, "caller": token}


@pytest.mark.parametrize("kind", ["tokens", "refreshTokens", "authorizations"])
def test_oauth2_tokens_are_listed_and_ended(app, refused, oauth2, kind):
    path, caller, stranger = f"{BASE}/oauth2/{kind}", oauth2["caller"], person(app)
    (mine,) = app.as_user("GET", path, token=caller).json()["data"]
    assert app.as_user("GET", f"{path}?eq(userId,{caller['userId']})").json()["data"] == [mine]
    assert app.as_user("GET", path, token=stranger).json()["data"] == []
    refused(app.as_user("DELETE", f"{path}/{mine['id']}", token=stranger), *UNKNOWN)
    assert app.as_user("DELETE", f"{path}/{mine['id']}", token=caller).json() == DONE
    refused(app.as_user("DELETE", f"{path}/{mine['id']}", token=caller), *UNKNOWN)
    refused(app.as_user("DELETE", f"{path}/x"), 400, 12, "ID_FORMAT_EXCEPTION")
    refused(app.as_application("GET", path), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")


def test_what_lists_of_oauth2_tokens_leave_out(app, oauth2):
    (refresh,) = app.as_user("GET", f"{BASE}/oauth2/refreshTokens").json()["data"]
    assert "refreshToken" not in refresh
    assert app.as_user("GET", f"{BASE}/oauth2/refreshTokens?contains(refreshToken)").json()["data"] == []
    (access,) = app.as_user("GET", f"{BASE}/oauth2/tokens").json()["data"]
    assert (access["refreshTokenId"], access["accessToken"]) == (refresh["id"], oauth2["access_token"])
    (authorization,) = app.as_user("GET", f"{BASE}/oauth2/authorizations").json()["data"]
    assert not {"applicationId", "redirectUriWasAsked", "codeChallenge"} & set(authorization)


def test_long_expired_tokens_are_deleted_at_a_start(app, oauth2):
    def start():
        create_app(app.store, clock=lambda: app.now)
        return app.store.one("oauth2_access_tokens", "accessToken", oauth2["access_token"])

    app.now += 86_400 + 299
    assert start()
    app.now += 1
    assert start() is None
    assert app.store.get("oauth1_tokens", oauth2["caller"]["id"])


# Presence and second factors


def presence(app):
    answer = app.as_user("POST", f"{BASE}/confirmPresence", json={"password": app.first.password})
    return {"presenceToken": answer.json()["token"]}


def mfa(app, path="", **body):
    url = f"{BASE}/mfa/users/{app.first.user_id}{path}"
    return app.as_user("POST", url, json=body) if path else app.as_user("GET", url)


def test_presence_is_confirmed_with_the_password(app, refused):
    path = f"{BASE}/confirmPresence"
    answer = app.as_user("POST", path, json={"password": app.first.password}).json()
    assert set(answer) == {"token", "expiryTimestamp", "creationTimestamp", "updateTimestamp"}
    refused(app.as_user("POST", path, json={"password": "x"}), 401, 106, "AUTHENTICATION_EXCEPTION")
    refused(app.as_application("POST", path, json={}), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")


def test_second_factors_are_added_confirmed_and_removed(app, refused):
    settings = mfa(app).json()
    assert (settings["id"], settings["enabled"], settings["methods"]) == (app.first.user_id, False, [])
    here = presence(app)
    refused(mfa(app, "/enable", **here), 400, 133, "NOT_ENOUGH_MFA_METHODS_EXCEPTION")
    totp = mfa(app, "/methods", **here, type="totp", name="Phone", tags=["a"]).json()
    assert (totp["name"], totp["tags"], totp["verified"]) == ("Phone", ["a"], False)
    refused(mfa(app, "/enable", **here), 400, 133, "NOT_ENOUGH_MFA_METHODS_EXCEPTION")
    confirm = f"/methods/{totp['id']}/verification/confirm"
    refused(mfa(app, confirm, **here, code="000000"), 400, 130, "INVALID_MFA_CODE_EXCEPTION")
    assert mfa(app, confirm, **here, code=code_at(totp["secret"], app.now)).json()["affectedRecords"] == 1
    assert mfa(app, "/enable", **here).json() == DONE
    login = {"email": app.first.email, "password": app.first.password}
    answer = app.as_application("POST", f"{BASE}/oauth1/tokens", json=login)
    assert refused(answer, 403, 129, "MFA_REQUIRED_EXCEPTION")["mfa"]["methods"][0]["id"] == totp["id"]
    remove = f"/methods/{totp['id']}/remove"
    refused(mfa(app, remove, **here), 400, 133, "NOT_ENOUGH_MFA_METHODS_EXCEPTION")
    recovery = mfa(app, "/methods", **here, type="recoveryCodes").json()
    assert recovery["codes"]
    verify = f"/methods/{recovery['id']}/verification/confirm"
    refused(mfa(app, verify, **here, code="1"), 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    assert mfa(app, remove, **here).json() == DONE
    refused(mfa(app, remove, **here), *UNKNOWN)
    assert mfa(app, "/disable", **here).json() == DONE
    assert app.as_application("POST", f"{BASE}/oauth1/tokens", json=login).status_code == 200


def test_a_presence_token_is_the_callers_own_and_lives_five_minutes(app, refused):
    here, other = presence(app), person(app)
    refused(mfa(app, "/enable", presenceToken="0" * 40), *NOT_PRESENT)
    refused(mfa(app, "/enable"), 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
    foreign = f"{BASE}/mfa/users/{other['userId']}/disable"
    refused(app.as_user("POST", foreign, token=other, json=here), *NOT_PRESENT)
    assert app.as_user("POST", foreign, json=here).json() == DONE
    app.now += 300
    refused(mfa(app, "/disable", **here), *NOT_PRESENT)


def test_the_factors_of_others_need_a_permission(app, refused):
    url = f"{BASE}/mfa/users/{app.first.user_id}"
    refused(app.as_user("GET", url, token=person(app)), *NO_PERMISSION)
    refused(app.as_user("POST", f"{url}/enable", token=person(app), json={}), *NO_PERMISSION)
    refused(app.as_user("GET", f"{BASE}/mfa/users/{'0' * 24}"), *UNKNOWN)
    refused(mfa(app, "/methods", **presence(app), type="sms"), 400, 15, "FIELD_FORMAT_EXCEPTION")


# OpenID Connect

PROVIDERS = f"{BASE}/oidc/providers"
PROVIDER = {
    "name": "local",
    "description": "d",
    "clientId": "client",
    "clientSecret": "secret-1234",
    "issuerId": "https://op.example",
    "authorizationEndpoint": "https://op.example/authorize",
    "tokenEndpoint": "https://op.example/token",
    "userinfoEndpoint": "https://op.example/userinfo",
    "redirectUri": "https://app.example/callback",
}
DISABLED = (400, 27, "ILLEGAL_STATE_EXCEPTION")
WRONG_CODE = (400, 139, "OIDC_INVALID_AUTHORIZATION_CODE_EXCEPTION")


@pytest.fixture
def provider(app):
    return app.as_user("POST", PROVIDERS, json=PROVIDER).json()


def test_a_provider_is_created_changed_enabled_and_deleted(app, refused, provider):
    assert (provider["enabled"], provider["clientSecretHint"], "clientSecret" in provider) == (False, "1234", False)
    assert app.as_user("GET", f"{PROVIDERS}?eq(name,local)").json()["data"] == [provider]
    assert app.as_user("GET", f"{PROVIDERS}?contains(clientSecret)").json()["data"] == []
    path = f"{PROVIDERS}/{provider['id']}"
    assert app.as_user("PUT", path, json={"description": "e"}).json() == DONE
    assert app.as_user("POST", f"{path}/enable", json={}).json() == DONE
    refused(app.as_user("DELETE", path), *DISABLED)
    assert app.as_user("POST", f"{path}/disable", json={}).json() == DONE
    assert app.as_user("DELETE", path).json() == DONE
    refused(app.as_user("DELETE", path), *UNKNOWN)


def test_a_provider_that_is_refused(app, refused, provider):
    refused(app.as_user("POST", PROVIDERS, json=PROVIDER), 400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")
    for wrong in ({"name": "ab"}, {"name": "a b c"}, {"name": "a" * 41}, {"description": "d" * 257}):
        refused(app.as_user("POST", PROVIDERS, json={**PROVIDER, **wrong}), 400, 15, "FIELD_FORMAT_EXCEPTION")
    refused(app.as_user("POST", PROVIDERS, json={"name": "abc"}), 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
    refused(app.as_user("PUT", f"{PROVIDERS}/x", json={}), 400, 12, "ID_FORMAT_EXCEPTION")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/providers"),
        ("POST", "/providers"),
        ("PUT", f"/providers/{'0' * 24}"),
        ("DELETE", f"/providers/{'0' * 24}"),
        ("POST", f"/providers/{'0' * 24}/enable"),
        ("POST", f"/providers/{'0' * 24}/disable"),
        ("GET", "/loginAttempts"),
        ("POST", f"/users/{'0' * 24}/unlink"),
    ],
)
def test_oidc_providers_and_logins_need_permissions(app, refused, method, path):
    refused(app.as_user(method, f"{BASE}/oidc{path}", token=person(app), json={}), *NO_PERMISSION)


def test_logging_in_by_way_of_a_provider_ends_with_its_code(app, refused, provider):
    version = create_oauth2_application(app.store, name="Web", confidential=False, now=app.now)
    body = {"client_id": version["clientId"], "authorizationCode": "x"}
    generate, log_in = f"{PROVIDERS}/local/generateAuthenticationUrl", f"{PROVIDERS}/local/oAuth2Login"
    refused(app.send(None, "POST", generate, json={}), *DISABLED)
    refused(app.send(None, "POST", log_in, json=body), *DISABLED)
    link = {**body, **presence(app)}
    refused(app.as_user("POST", f"{PROVIDERS}/local/link", json=link), *DISABLED)
    app.as_user("POST", f"{PROVIDERS}/{provider['id']}/enable", json={})
    url = app.send(None, "POST", generate, json={"state": "a b"}).json()["authenticationUrl"]
    assert url.startswith("https://op.example/authorize?client_id=client&")
    assert "state=a+b" in url
    refused(app.send(None, "POST", log_in, json=body), *WRONG_CODE)
    unknown = app.send(None, "POST", log_in, json={**body, "client_id": "x"})
    refused(unknown, 401, 123, "OAUTH2_CLIENT_ID_EXCEPTION")
    refused(app.as_user("POST", f"{PROVIDERS}/local/link", json=link), *WRONG_CODE)
    refused(app.send(None, "POST", f"{PROVIDERS}/none/oAuth2Login", json=body), *UNKNOWN)
    attempts = app.as_user("GET", f"{BASE}/oidc/loginAttempts?eq(status,failed)").json()["data"]
    told = [(each.get("providerName"), each["error"]["code"]) for each in attempts]
    assert told == [("local", 27), ("local", 139), ("local", 123), (None, 16)]
    assert "is not on this machine" in attempts[1]["error"]["message"]


def test_a_user_is_unlinked_from_a_provider(app, refused):
    token = person(app)
    path = f"{BASE}/oidc/users/{token['userId']}/unlink"
    assert app.as_user("POST", path, json={}).json() == {"affectedRecords": 0}
    app.store.put("users", {**app.store.get("users", token["userId"]), "oidc_links": [{"provider_id": "x"}]})
    refused(app.as_user("POST", path, json={}), 400, 27, "ILLEGAL_STATE_EXCEPTION")
    assert app.store.get("users", token["userId"])["oidc_links"]
    outputs = {"subject": "{{@inputs.firstname}} {{@inputs.lastname}}", "body": "{{@inputs.reset_hash}}"}
    inputs = {name: {"type": "string"} for name in ("firstname", "lastname", "reset_hash")}
    app.as_user("POST", "/templates/v2", json={"name": "unlinked", "inputs": inputs, "outputs": outputs})
    app.as_user("PUT", "/users/v1/email_templates", json={"oidc_unlink_email_template_name": "unlinked"})
    assert app.as_user("POST", path, json={}).json() == DONE
    refused(app.as_user("GET", "/users/v1/me", token=token), 401, 108, "OAUTH_TOKEN_EXCEPTION")
    (mail,) = app.as_user("GET", "/mail/v1").json()["data"]
    assert mail["subject"] == "Test Person"
    reset = {"hash": mail["body"], "new_password": "Secret456"}
    assert app.send(None, "POST", "/users/v1/forgot_password", json=reset).status_code == 200
    refused(app.as_user("POST", f"{BASE}/oidc/users/{'0' * 24}/unlink", json={}), *UNKNOWN)
