import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_app import LocalApp

from exh_dev.platform.auth.applications import create_oauth2_application
from exh_dev.platform.auth.mfa import code_at, enable, recovery_codes_method, totp_method
from exh_dev.platform.storage.store import Store

TOKENS = "/auth/v2/oauth2/tokens"
AUTHORIZATIONS = "/auth/v2/oauth2/authorizations"
CALLBACK = "https://app.example/callback"
DAY = 86_400


@pytest.fixture
def public(app):
    """An application that cannot keep a secret: a web page, a phone."""
    uris = [CALLBACK, "https://app.example/other"]
    return create_oauth2_application(app.store, name="App", confidential=False, redirect_uris=uris, now=app.now)


@pytest.fixture
def confidential(app):
    """The application of the first start."""
    return {"clientId": app.first.oauth2_client_id, "clientSecret": app.first.oauth2_client_secret}


def credentials(version):
    secret = {"client_secret": version["clientSecret"]} if "clientSecret" in version else {}
    return {"client_id": version["clientId"], **secret}


def ask(app, version, grant_type, **fields):
    return app.send(None, "POST", TOKENS, json={**credentials(version), "grant_type": grant_type, **fields})


def log_in(app, version, **changes):
    return ask(app, version, "password", **{"username": app.first.email, "password": app.first.password, **changes})


def refresh(app, version, token):
    return ask(app, version, "refresh_token", refresh_token=token)


def refusal(answer, status, error, code, name):
    """Checks the whole shape of an error, and answers its body."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error)
    assert set(body) - {"mfa"} == {"error", "description", "exh_error"}
    inner = body["exh_error"]
    assert (inner["code"], inner["name"], inner["description"]) == (code, name, body["description"])
    assert answer.headers["Cache-Control"] == "no-store"
    return body


def basic(client_id, secret):
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


# The answer, and what it is good for


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_a_password_earns_an_access_token_that_works(app, request, kind):
    version = request.getfixturevalue(kind)
    answer = log_in(app, version)
    tokens = answer.json()
    application = app.store.one("application_versions", "clientId", version["clientId"])["applicationId"]
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for name in ("access_token", "refresh_token"):
        assert re.fullmatch("[0-9a-f]{40}", tokens.pop(name))
    assert tokens == {
        "token_type": "bearer",
        "expires_in": 300,
        "user_id": app.first.user_id,
        "application_id": application,
    }
    assert app.as_bearer(answer.json()["access_token"], "GET", "/users/v1/me").json()["id"] == app.first.user_id


def test_an_access_token_lives_five_minutes(app, public, refused):
    token = log_in(app, public).json()["access_token"]
    app.now += 299.999
    assert app.as_bearer(token, "GET", "/users/v1/me").status_code == 200
    app.now += 0.001
    refused(app.as_bearer(token, "GET", "/users/v1/me"), 401, 118, "ACCESS_TOKEN_EXPIRED_EXCEPTION")


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "bearer nonsense", f"Bearer {'0' * 40}"])
def test_an_unknown_access_token_is_117(app, refused, authorization):
    refused(app.send(authorization, "GET", "/users/v1/me"), 401, 117, "ACCESS_TOKEN_UNKNOWN_EXCEPTION")


def test_a_refresh_token_is_no_access_token(app, public, refused):
    token = log_in(app, public).json()["refresh_token"]
    refused(app.as_bearer(token, "GET", "/users/v1/me"), 401, 117, "ACCESS_TOKEN_UNKNOWN_EXCEPTION")


# Which client asks


def test_forms_are_read_as_well(app, confidential):
    form = {**credentials(confidential), "grant_type": "password", "username": app.first.email}
    answer = app.send(None, "POST", TOKENS, data={**form, "password": app.first.password})
    assert answer.status_code == 200


def test_a_secret_may_come_in_a_basic_header_in_the_body_or_in_both(app, confidential):
    authorization = basic(confidential["clientId"], confidential["clientSecret"])
    login = {"grant_type": "password", "username": app.first.email, "password": app.first.password}
    for body in (login, {**login, "client_id": confidential["clientId"]}, {**login, **credentials(confidential)}):
        assert app.send(authorization, "POST", TOKENS, json=body).status_code == 200
    assert app.send(None, "POST", TOKENS, json={**login, **credentials(confidential)}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code", "name"),
    [
        ({"client_id": None}, 126, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION"),
        ({"client_id": ""}, 126, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION"),
        ({"client_secret": None}, 126, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION"),
        ({"client_id": "0" * 40}, 123, "OAUTH2_CLIENT_ID_EXCEPTION"),
        ({"client_secret": "0" * 40}, 124, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
        ({"client_secret": ""}, 124, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
        ({"client_secret": "ü"}, 124, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
    ],
)
def test_a_client_that_is_not_right_is_refused_before_the_password(app, confidential, changes, code, name):
    answer = log_in(app, confidential, password="wrong", **changes)
    refusal(answer, 401, "invalid_client", code, name)
    assert "WWW-Authenticate" not in answer.headers


def test_a_basic_header_that_is_wrong_is_refused_with_a_challenge(app, confidential):
    login = {"grant_type": "password", "username": app.first.email, "password": app.first.password}
    right, body = confidential["clientId"], {**login, **credentials(confidential)}
    cases = [
        (basic(right, "wrong"), login, 124, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
        (basic(right, "wrong"), body, 124, "OAUTH2_CLIENT_SECRET_EXCEPTION"),
        (basic("other", confidential["clientSecret"]), body, 123, "OAUTH2_CLIENT_ID_EXCEPTION"),
        ("Basic ???", body, 126, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION"),
        ("Basic", body, 123, "OAUTH2_CLIENT_ID_EXCEPTION"),
    ]
    for authorization, sent, code, name in cases:
        answer = app.send(authorization, "POST", TOKENS, json=sent)
        refusal(answer, 401, "invalid_client", code, name)
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_an_oauth1_consumer_key_is_no_client(app):
    answer = log_in(app, {"clientId": app.first.consumer_key, "clientSecret": app.first.consumer_secret})
    refusal(answer, 401, "invalid_client", 123, "OAUTH2_CLIENT_ID_EXCEPTION")


# Requests that make no sense


@pytest.mark.parametrize(
    ("content", "media_type", "code", "name"),
    [
        (b"", "application/json", 13, "EMPTY_BODY_EXCEPTION"),
        (b"", "application/x-www-form-urlencoded", 13, "EMPTY_BODY_EXCEPTION"),
        (b"{", "application/json", 22, "BODY_FORMAT_EXCEPTION"),
        (b"null", "application/json", 22, "BODY_FORMAT_EXCEPTION"),
        (b"grant_type=password", "application/json", 22, "BODY_FORMAT_EXCEPTION"),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", 22, "BODY_FORMAT_EXCEPTION"),
        (b"grant_type=%ff", "application/x-www-form-urlencoded; charset=utf-8", 22, "BODY_FORMAT_EXCEPTION"),
        (b"{}", "application/json", 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        (b"grant_type=", "application/x-www-form-urlencoded", 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        (b'{"grant_type": 1}', "application/json", 15, "FIELD_FORMAT_EXCEPTION"),
    ],
)
def test_a_body_that_cannot_be_used_is_an_invalid_request(app, content, media_type, code, name):
    answer = app.send(None, "POST", TOKENS, content=content, headers={"Content-Type": media_type})
    refusal(answer, 400, "invalid_request", code, name)


@pytest.mark.parametrize(
    ("grant_type", "missing"),
    [
        ("password", "password"),
        ("password", "username"),
        ("refresh_token", "refresh_token"),
        ("authorization_code", "code"),
        ("mfa", "token"),
        ("mfa", "method_id"),
        ("mfa", "code"),
    ],
)
def test_a_field_that_is_missing_is_named(app, public, grant_type, missing):
    every = ("username", "password", "refresh_token", "code", "token", "method_id")
    fields = {name: "x" for name in every if name != missing}
    answer = ask(app, public, grant_type, **fields)
    body = refusal(answer, 400, "invalid_request", 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
    assert missing in body["description"]


@pytest.mark.parametrize("grant_type", ["client_credentials", "", "Password"])
def test_another_grant_type_is_unsupported(app, public, grant_type):
    answer = ask(app, public, grant_type)
    refusal(answer, 400, "unsupported_grant_type", 121, "UNSUPPORTED_GRANT_EXCEPTION")


@pytest.mark.slow
@given(content=st.binary(max_size=200), form=st.booleans())
def test_no_body_breaks_the_endpoint(content, form):
    store = Store()
    media_type = "application/x-www-form-urlencoded" if form else "application/json"
    answer = LocalApp(store).send(None, "POST", TOKENS, content=content, headers={"Content-Type": media_type})
    store.close()
    assert answer.status_code in (400, 401)
    assert answer.json()["error"]


# Passwords


def test_a_wrong_password_is_an_invalid_grant(app, public):
    refusal(log_in(app, public, password="wrong"), 400, "invalid_grant", 106, "AUTHENTICATION_EXCEPTION")
    app.now += 1
    refusal(log_in(app, public, username="nobody"), 400, "invalid_grant", 106, "AUTHENTICATION_EXCEPTION")


@pytest.mark.slow
def test_oauth1_and_oauth2_logins_share_one_rate_limit(app, public):
    log_in(app, public, password="wrong")
    refusal(log_in(app, public), 400, "invalid_grant", 211, "LOGIN_TIMEOUT_EXCEPTION")
    body = {"email": app.first.email, "password": app.first.password}
    assert app.as_application("POST", "/auth/v2/oauth1/tokens", json=body).json()["code"] == 211
    for _ in range(9):
        app.now += 1
        log_in(app, public, password="wrong")
    refusal(log_in(app, public), 400, "invalid_grant", 212, "LOGIN_FREEZE_EXCEPTION")
    for _ in range(40):
        app.now += 60
        log_in(app, public, password="wrong")
    app.now += 60
    refusal(log_in(app, public), 400, "invalid_grant", 213, "TOO_MANY_FAILED_ATTEMPTS_EXCEPTION")


# Refresh tokens


def test_the_refresh_token_of_a_public_client_works_once(app, public):
    first = log_in(app, public).json()
    second = refresh(app, public, first["refresh_token"]).json()
    assert {"access_token", "token_type", "expires_in", "refresh_token", "user_id", "application_id"} == set(second)
    assert second["access_token"] != first["access_token"]
    again = refresh(app, public, first["refresh_token"])
    refusal(again, 400, "invalid_grant", 119, "REFRESH_TOKEN_UNKNOWN_EXCEPTION")
    assert refresh(app, public, second["refresh_token"]).status_code == 200
    for token in (first, second):
        assert app.as_bearer(token["access_token"], "GET", "/users/v1/me").status_code == 200


def test_the_refresh_token_of_a_confidential_client_can_be_used_again_for_new_tokens(app, confidential):
    first = log_in(app, confidential).json()["refresh_token"]
    brought = [refresh(app, confidential, first).json()["refresh_token"] for _ in range(3)]
    assert len({first, *brought}) == 4
    assert all(refresh(app, confidential, each).status_code == 200 for each in brought)


@pytest.mark.parametrize(("kind", "days"), [("public", 14), ("confidential", 365)])
def test_refresh_tokens_expire(app, request, kind, days):
    version = request.getfixturevalue(kind)
    token = log_in(app, version).json()["refresh_token"]
    app.now += days * DAY
    late = refresh(app, version, token)
    refusal(late, 400, "invalid_grant", 120, "REFRESH_TOKEN_EXPIRED_EXCEPTION")
    app.now -= 0.001
    assert refresh(app, version, token).status_code == 200


def test_a_refresh_token_belongs_to_its_application(app, public, confidential):
    token = log_in(app, public).json()["refresh_token"]
    stolen = refresh(app, confidential, token)
    refusal(stolen, 400, "invalid_grant", 119, "REFRESH_TOKEN_UNKNOWN_EXCEPTION")
    assert refresh(app, public, token).status_code == 200


# Authorization codes


def authorize(app, version, **fields):
    return app.as_user("POST", AUTHORIZATIONS, json={"responseType": "code", "clientId": version["clientId"], **fields})


def redeem(app, version, authorization, **fields):
    return ask(app, version, "authorization_code", code=authorization.json()["authorizationCode"], **fields)


def test_a_user_authorizes_an_application_which_redeems_the_code_once(app, public):
    authorization = authorize(app, public, redirectUri=CALLBACK, state="s")
    body = authorization.json()
    assert set(body) == {
        *("id", "clientId", "userId", "redirectUri", "state", "authorizationCode"),
        *("expiryTimestamp", "creationTimestamp", "updateTimestamp"),
    }
    assert (body["userId"], body["redirectUri"], body["state"]) == (app.first.user_id, CALLBACK, "s")
    assert re.fullmatch("[0-9a-f]{40}", body["authorizationCode"])
    tokens = redeem(app, public, authorization, redirect_uri=CALLBACK).json()
    assert app.as_bearer(tokens["access_token"], "GET", "/users/v1/me").json()["id"] == app.first.user_id
    again = redeem(app, public, authorization, redirect_uri=CALLBACK)
    refusal(again, 400, "invalid_grant", 115, "AUTHORIZATION_UNKNOWN_EXCEPTION")


def test_a_confidential_client_redeems_with_its_secret(app, confidential):
    authorization = authorize(app, confidential)
    bare = redeem(app, {"clientId": confidential["clientId"]}, authorization)
    refusal(bare, 401, "invalid_client", 126, "OAUTH2_MISSING_CLIENT_CREDENTIALS_EXCEPTION")
    assert redeem(app, confidential, authorization).status_code == 200


def test_a_code_lives_ten_minutes(app, public):
    authorization = authorize(app, public)
    app.now += 600
    late = redeem(app, public, authorization)
    refusal(late, 400, "invalid_grant", 116, "AUTHORIZATION_CODE_EXPIRED_EXCEPTION")
    app.now -= 0.001
    assert redeem(app, public, authorization).status_code == 200


def test_a_code_belongs_to_its_application(app, public, confidential):
    stolen = redeem(app, confidential, authorize(app, public))
    refusal(stolen, 400, "invalid_grant", 115, "AUTHORIZATION_UNKNOWN_EXCEPTION")


def test_a_redirect_uri_is_the_authorizations_own_or_missing(app, public):
    """The official SDK sends the code alone, whatever the authorization was asked for with."""
    assert redeem(app, public, authorize(app, public)).status_code == 200
    assert redeem(app, public, authorize(app, public), redirect_uri=CALLBACK).status_code == 200  # the usual one
    with_uri = authorize(app, public, redirectUri="https://app.example/other")
    for other in (CALLBACK, "https://app.example/other/"):
        wrong = redeem(app, public, with_uri, redirect_uri=other)
        refusal(wrong, 400, "invalid_grant", 113, "CALLBACK_NOT_VALID")
    assert redeem(app, public, with_uri).status_code == 200
    with_uri = authorize(app, public, redirectUri="https://app.example/other")
    assert redeem(app, public, with_uri, redirect_uri="https://app.example/other").status_code == 200


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"clientId": "0" * 40}, (103, "APPLICATION_UNKNOWN_EXCEPTION")),
        ({"clientId": "0" * 40, "responseType": "token"}, (103, "APPLICATION_UNKNOWN_EXCEPTION")),
        ({"redirectUri": "https://evil.example"}, (113, "CALLBACK_NOT_VALID")),
        ({"redirectUri": f"{CALLBACK}/", "responseType": "token"}, (113, "CALLBACK_NOT_VALID")),
        ({"responseType": "token"}, (114, "UNSUPPORTED_RESPONSE_TYPE")),
        ({"responseType": None}, (14, "MISSING_REQUIRED_FIELDS_EXCEPTION")),
        ({"clientId": None}, (14, "MISSING_REQUIRED_FIELDS_EXCEPTION")),
        ({"codeChallenge": "x", "codeChallengeMethod": "S512"}, (15, "FIELD_FORMAT_EXCEPTION")),
        ({"state": 1}, (15, "FIELD_FORMAT_EXCEPTION")),
    ],
)
def test_authorizations_that_are_refused(app, public, refused, fields, error):
    refused(authorize(app, public, **fields), 400, *error)


def test_only_a_user_authorizes(app, public, refused):
    body = {"responseType": "code", "clientId": public["clientId"]}
    answer = app.as_application("POST", AUTHORIZATIONS, json=body)
    refused(answer, 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")


# PKCE

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
S256 = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PLAIN = {"codeChallenge": VERIFIER, "codeChallengeMethod": "plain"}


@pytest.mark.parametrize(
    "challenge",
    [{"codeChallenge": S256, "codeChallengeMethod": "S256"}, PLAIN, {"codeChallenge": VERIFIER}],
    ids=["S256", "plain", "plain when left out"],
)
def test_a_challenge_is_met_by_its_verifier_alone(app, public, challenge):
    authorization = authorize(app, public, **challenge)
    assert authorization.json()["codeChallenge"] == challenge["codeChallenge"]
    missing = redeem(app, public, authorization)
    refusal(missing, 400, "invalid_grant", 128, "MISSING_PKCEVERIFIER_EXCEPTION")
    assert "send code_verifier" in missing.json()["description"]
    for wrong in (S256, VERIFIER + "=", "", "ü"):
        answer = redeem(app, public, authorization, code_verifier=wrong)
        refusal(answer, 400, "invalid_grant", 122, "INVALID_PKCE_EXCEPTION")
    assert redeem(app, public, authorization, code_verifier=VERIFIER).status_code == 200


def test_a_verifier_without_a_challenge_is_refused(app, public):
    answer = redeem(app, public, authorize(app, public), code_verifier=VERIFIER)
    refusal(answer, 400, "invalid_grant", 122, "INVALID_PKCE_EXCEPTION")


@given(verifier=st.text("abcXYZ019-._~", min_size=43, max_size=128))
def test_every_s256_challenge_is_met(verifier):
    from exh_dev.platform.auth.oauth2 import _check_verifier

    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().strip("=")
    _check_verifier({"codeChallenge": challenge, "codeChallengeMethod": "S256"}, verifier)


# The second factor

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def method(app):
    method = totp_method(SECRET)
    enable(app.store, app.first.user_id, method, recovery_codes_method("ABCD2345"))
    return method


def required(app, version):
    body = refusal(log_in(app, version), 400, "mfa_required", 129, "MFA_REQUIRED_EXCEPTION")
    assert "mfa" not in body["exh_error"]
    return body["mfa"]


def test_mfa_completes_the_login(app, public, method):
    mfa = required(app, public)
    assert mfa["tokenExpiresIn"] == 900_000
    assert [each["type"] for each in mfa["methods"]] == ["totp", "recoveryCodes"]
    answer = ask(app, public, "mfa", token=mfa["token"], method_id=method["id"], code=code_at(SECRET, app.now))
    assert app.as_bearer(answer.json()["access_token"], "GET", "/users/v1/me").status_code == 200
    again = ask(app, public, "mfa", token=mfa["token"], method_id=method["id"], code=code_at(SECRET, app.now))
    refusal(again, 400, "invalid_grant", 131, "INVALID_MFA_TOKEN_EXCEPTION")


def test_wrong_codes_and_methods_of_mfa_are_refused(app, public, confidential, method):
    token = required(app, public)["token"]

    def answer(version=public, token=token, method_id=method["id"], code="000000"):
        return ask(app, version, "mfa", token=token, method_id=method_id, code=code)

    refusal(answer(token="0" * 40), 400, "invalid_grant", 131, "INVALID_MFA_TOKEN_EXCEPTION")
    refusal(answer(version=confidential), 400, "invalid_grant", 131, "INVALID_MFA_TOKEN_EXCEPTION")
    refusal(answer(method_id="0" * 24), 400, "invalid_grant", 16, "RESOURCE_UNKNOWN_EXCEPTION")
    refusal(answer(), 400, "invalid_grant", 130, "INVALID_MFA_CODE_EXCEPTION")
    soon = refusal(answer(), 400, "invalid_grant", 134, "MFA_REATTEMPT_DELAY_EXCEPTION")
    assert soon["exh_error"]["remainingDelay"] == 1000
    app.now += 1
    assert answer(code=code_at(SECRET, app.now)).status_code == 200


def test_a_refresh_asks_for_no_second_factor(app, public):
    token = log_in(app, public).json()["refresh_token"]
    enable(app.store, app.first.user_id, totp_method())
    assert refresh(app, public, token).status_code == 200
