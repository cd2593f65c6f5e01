import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import person

from exh_dev.platform.auth.applications import create_oauth2_application
from exh_dev.platform.auth.mfa import code_at, enable, recovery_codes_method, totp_method

TOKENS = "/auth/v2/oauth1/tokens"
MFA = f"{TOKENS}/mfa"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HEX40 = re.compile("[0-9a-f]{40}")
UNKNOWN = (401, 106, "AUTHENTICATION_EXCEPTION")


def log_in(app, password=None, email=None):
    body = {"email": email or app.first.email, "password": password or app.first.password}
    return app.as_application("POST", TOKENS, json=body)


def test_a_password_earns_a_token_that_works(app):
    answer = log_in(app)
    token = answer.json()
    assert answer.status_code == 200
    assert set(token) == {
        *("id", "applicationId", "userId", "token", "tokenSecret"),
        *("lastUsedTimestamp", "creationTimestamp", "updateTimestamp"),
    }
    assert (token["userId"], token["applicationId"]) == (app.first.user_id, app.first.application_id)
    assert re.fullmatch("[0-9a-f]{24}", token["id"])
    assert HEX40.fullmatch(token["token"])
    assert HEX40.fullmatch(token["tokenSecret"])
    assert token["creationTimestamp"] == "2023-11-14T22:13:20.000Z"
    assert app.as_user("GET", "/users/v1/me", token=token).json()["id"] == app.first.user_id


def test_logging_in_needs_an_oauth1_application(app, refused):
    body = {"email": app.first.email, "password": app.first.password}
    error = (401, 101, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.send(None, "POST", TOKENS, json=body), *error)
    refused(app.send(None, "POST", TOKENS), *error)  # before the body is looked at
    refused(app.as_bearer(bearer(app), "POST", TOKENS, json=body), *error)


def bearer(app):
    version = create_oauth2_application(app.store, name="Web", confidential=False, now=app.now)
    body = {"grant_type": "password", "username": app.first.email, "password": app.first.password}
    body["client_id"] = version["clientId"]
    return app.send(None, "POST", "/auth/v2/oauth2/tokens", json=body).json()["access_token"]


@pytest.mark.parametrize(
    ("body", "code", "name"),
    [
        (b"", 13, "EMPTY_BODY_EXCEPTION"),
        (b" \n", 13, "EMPTY_BODY_EXCEPTION"),
        (b"{", 22, "BODY_FORMAT_EXCEPTION"),
        (b"[]", 22, "BODY_FORMAT_EXCEPTION"),
        (b"\xff", 22, "BODY_FORMAT_EXCEPTION"),
        (b'{"email": NaN}', 22, "BODY_FORMAT_EXCEPTION"),
        (b'{"email": "\\ud800", "password": "x"}', 22, "BODY_FORMAT_EXCEPTION"),
        (b"[" * 100_000, 22, "BODY_FORMAT_EXCEPTION"),
        (b"{}", 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        (b'{"email": "a@b.c"}', 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        (b'{"email": "a@b.c", "password": null}', 14, "MISSING_REQUIRED_FIELDS_EXCEPTION"),
        (b'{"email": ["a@b.c"], "password": "x"}', 15, "FIELD_FORMAT_EXCEPTION"),
        (b'{"email": "a@b.c", "password": 12345678}', 15, "FIELD_FORMAT_EXCEPTION"),
    ],
)
def test_a_body_that_cannot_be_used_says_why(app, refused, body, code, name):
    refused(app.as_application("POST", TOKENS, content=body), 400, code, name)


def test_unknown_fields_are_ignored(app):
    body = {"email": app.first.email, "password": app.first.password, "$schema": "x", "remember": True}
    assert app.as_application("POST", TOKENS, json=body).status_code == 200


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(app, refused):
    wrong = refused(log_in(app, password="wrong"), *UNKNOWN)
    assert refused(log_in(app, email="nobody@localhost.example"), *UNKNOWN) == wrong


def test_the_password_is_in_no_answer_and_its_hash_neither(app):
    assert app.first.password not in app.store.text("users", app.first.user_id)
    me = app.as_user("GET", "/users/v1/me")
    assert "password" not in me.text
    assert me.json()["failed_count"] == 0


# The pace of logins


def test_the_next_attempt_waits_a_second_after_a_failure(app, refused):
    refused(log_in(app, password="wrong"), *UNKNOWN)
    app.now += 0.999
    refused(log_in(app), 401, 211, "LOGIN_TIMEOUT_EXCEPTION")
    app.now += 0.001
    assert log_in(app).status_code == 200
    assert log_in(app).status_code == 200


def fail(app, times):
    for _ in range(times):
        app.now += 61
        assert log_in(app, password="wrong").json()["code"] == 106


def test_every_tenth_failure_freezes_for_a_minute(app, refused):
    fail(app, 9)
    app.now += 1
    refused(log_in(app, password="wrong"), *UNKNOWN)
    app.now += 59.999
    refused(log_in(app), 401, 212, "LOGIN_FREEZE_EXCEPTION")
    app.now += 0.001
    refused(log_in(app, password="wrong"), *UNKNOWN)
    app.now += 1
    assert log_in(app).status_code == 200


@pytest.mark.slow
def test_fifty_failures_lock_the_account(app, refused):
    fail(app, 50)
    app.now += 1_000_000
    refused(log_in(app), 401, 213, "TOO_MANY_FAILED_ATTEMPTS_EXCEPTION")


@pytest.mark.slow
def test_a_success_starts_the_count_again(app):
    fail(app, 49)
    app.now += 61
    assert log_in(app).status_code == 200
    fail(app, 49)
    assert app.as_user("GET", "/users/v1/me").json()["failed_count"] == 49
    app.now += 61
    assert log_in(app).status_code == 200


def test_attempts_that_came_too_soon_do_not_count(app):
    fail(app, 1)
    for _ in range(60):
        assert log_in(app, password="wrong").json()["code"] == 211
    me = app.as_user("GET", "/users/v1/me").json()
    assert (me["failed_count"], me["last_failed_timestamp"]) == (1, round(app.now * 1000))


# Listing and deleting


def test_a_user_sees_their_own_tokens_and_no_others(app):
    from exh_dev.platform.auth.oauth1 import create_oauth1_token

    me = person(app)
    mine = create_oauth1_token(app.store, app.first.application_id, me["userId"], now=app.now)
    other = create_oauth1_token(app.store, app.first.application_id, "0" * 24, now=app.now)
    answer = app.as_user("GET", f"{TOKENS}?limit(50)", token=me).json()
    assert [each["token"] for each in answer["data"]] == [me["token"], mine["token"]]
    assert answer["page"] == {"total": 2, "offset": 0, "limit": 50}
    assert app.as_user("DELETE", f"{TOKENS}/{other['id']}", token=me).json() == {"affectedRecords": 0}
    assert app.as_user("GET", "/users/v1/me", token=other).status_code == 404  # the token is known, its user is not


def test_permissions_show_and_end_the_tokens_of_others(app):
    other = person(app)
    (found,) = app.as_user("GET", f"{TOKENS}?eq(userId,{other['userId']})").json()["data"]
    assert found["id"] == other["id"]
    assert app.as_user("DELETE", f"{TOKENS}/{other['id']}").json() == {"affectedRecords": 1}


def test_the_last_use_of_a_token_is_noted_once_a_minute(app):
    def last_used():
        return app.store.get("oauth1_tokens", token["id"])["lastUsedTimestamp"]

    token = log_in(app).json()
    made = token["lastUsedTimestamp"]
    app.now += 59
    app.as_user("GET", "/users/v1/me", token=token)
    assert last_used() == made
    app.now += 1
    app.as_user("GET", "/users/v1/me", token=token)
    assert last_used() == "2023-11-14T22:14:20.000Z"


def test_a_deleted_token_is_unknown(app, refused):
    token = log_in(app).json()
    assert app.as_user("DELETE", f"{TOKENS}/{token['id']}", token=token).json() == {"affectedRecords": 1}
    refused(app.as_user("GET", "/users/v1/me", token=token), 401, 108, "OAUTH_TOKEN_EXCEPTION")
    assert app.as_user("DELETE", f"{TOKENS}/{token['id']}").json() == {"affectedRecords": 0}


def test_tokens_are_only_for_users_and_ids_have_a_form(app, refused):
    refused(app.as_application("GET", TOKENS), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_application("DELETE", f"{TOKENS}/{'0' * 24}"), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user("DELETE", f"{TOKENS}/nonsense"), 400, 12, "ID_FORMAT_EXCEPTION")


# The second factor

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def methods(app):
    totp, unverified = totp_method(SECRET), totp_method(verified=False)
    recovery = recovery_codes_method("QPF2SBQJ", "VK3DKNGM")
    enable(app.store, app.first.user_id, totp, unverified, recovery)
    return {"totp": totp, "unverified": unverified, "recovery": recovery}


def mfa_token(app, refused):
    return refused(log_in(app), 403, 129, "MFA_REQUIRED_EXCEPTION")["mfa"]["token"]


def confirm(app, token, method, code):
    return app.as_application("POST", MFA, json={"token": token, "methodId": method["id"], "code": code})


def test_a_password_alone_is_not_enough_with_mfa(app, refused, methods):
    mfa = refused(log_in(app), 403, 129, "MFA_REQUIRED_EXCEPTION")["mfa"]
    assert set(mfa) == {"token", "tokenExpiresIn", "methods"}
    assert HEX40.fullmatch(mfa["token"])
    assert mfa["tokenExpiresIn"] == 900_000
    shown = [{name: methods[key][name] for name in ("id", "type", "name", "tags")} for key in ("totp", "recovery")]
    assert mfa["methods"] == shown


def test_a_wrong_password_is_refused_before_mfa(app, refused, methods):
    refused(log_in(app, password="wrong"), *UNKNOWN)


def test_a_code_from_the_app_completes_the_login_once(app, refused, methods):
    token = mfa_token(app, refused)
    answer = confirm(app, token, methods["totp"], code_at(SECRET, app.now))
    assert app.as_user("GET", "/users/v1/me", token=answer.json()).status_code == 200
    again = confirm(app, token, methods["totp"], code_at(SECRET, app.now))
    refused(again, 400, 131, "INVALID_MFA_TOKEN_EXCEPTION")


@pytest.mark.parametrize(("away", "status"), [(-60, 400), (-30, 200), (30, 200), (60, 400)])
def test_a_code_of_the_step_before_or_after_is_accepted(app, refused, methods, away, status):
    answer = confirm(app, mfa_token(app, refused), methods["totp"], code_at(SECRET, app.now + away))
    assert answer.status_code == status


def test_a_recovery_code_works_once(app, refused, methods):
    assert confirm(app, mfa_token(app, refused), methods["recovery"], "VK3DKNGM").status_code == 200
    again = confirm(app, mfa_token(app, refused), methods["recovery"], "VK3DKNGM")
    refused(again, 400, 130, "INVALID_MFA_CODE_EXCEPTION")
    app.now += 1
    assert confirm(app, mfa_token(app, refused), methods["recovery"], "QPF2SBQJ").status_code == 200


def test_the_mfa_token_lives_a_quarter_of_an_hour(app, refused, methods):
    token = mfa_token(app, refused)
    app.now += 899.999
    refused(confirm(app, token, methods["totp"], "wrong"), 400, 130, "INVALID_MFA_CODE_EXCEPTION")
    app.now += 0.001
    late = confirm(app, token, methods["totp"], code_at(SECRET, app.now))
    refused(late, 400, 131, "INVALID_MFA_TOKEN_EXCEPTION")


def test_failures_make_the_next_attempt_wait_longer_and_longer(app, refused, methods):
    for wait in (1_000, 2_000, 4_000, 8_000):
        token = mfa_token(app, refused)  # a fresh token does not shorten the wait
        refused(confirm(app, token, methods["totp"], "000000"), 400, 130, "INVALID_MFA_CODE_EXCEPTION")
        app.now += 0.25
        soon = confirm(app, token, methods["totp"], code_at(SECRET, app.now))
        assert refused(soon, 400, 134, "MFA_REATTEMPT_DELAY_EXCEPTION")["remainingDelay"] == wait - 250
        app.now += (wait - 250) / 1000
    assert confirm(app, token, methods["totp"], code_at(SECRET, app.now)).status_code == 200
    refused(confirm(app, mfa_token(app, refused), methods["totp"], "x"), 400, 130, "INVALID_MFA_CODE_EXCEPTION")
    app.now += 1
    assert confirm(app, mfa_token(app, refused), methods["totp"], code_at(SECRET, app.now)).status_code == 200


def test_a_method_that_is_unknown_or_unverified_is_16_and_costs_no_attempt(app, refused, methods):
    token = mfa_token(app, refused)
    error = (404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    refused(confirm(app, token, {"id": "0" * 24}, "1"), *error)
    refused(confirm(app, token, methods["unverified"], code_at(methods["unverified"]["secret"], app.now)), *error)
    assert confirm(app, token, methods["totp"], code_at(SECRET, app.now)).status_code == 200


def test_an_mfa_token_is_unknown_before_anything_else_is_looked_at(app, refused, methods):
    refused(confirm(app, "0" * 40, {"id": "x"}, "1"), 400, 131, "INVALID_MFA_TOKEN_EXCEPTION")


def test_mfa_needs_an_application_and_all_three_fields(app, refused, methods):
    refused(app.send(None, "POST", MFA, json={}), 401, 103, "APPLICATION_UNKNOWN_EXCEPTION")
    answer = app.as_application("POST", MFA, json={"token": "x", "code": "1"})
    refused(answer, 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")


@given(secret=st.binary(min_size=10, max_size=40), now=st.floats(0, 2**36))
def test_only_codes_of_three_steps_are_accepted(secret, now):
    import base64

    from exh_dev.platform.auth.mfa import is_code

    text = base64.b32encode(secret).decode()
    accepted = {code_at(text, max(0, now + 30 * step)) for step in (-1, 0, 1)}
    assert all(is_code(code, text, now) for code in accepted)
    for code in (
        "",
        "0",
        "0000000",
        "\N{ARABIC-INDIC DIGIT ZERO}" * 6,
        *(code_at(text, now + 30 * step) for step in (5, 6, 7)),
    ):
        assert is_code(code, text, now) == (code in accepted)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_the_codes_of_rfc_6238_appendix_b(seconds, code):
    assert code_at("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", seconds) == code  # the last six of their eight digits


# SSO

GENERATE, CONSUME = "/auth/v2/oauth1/ssoTokens/generate", "/auth/v2/oauth1/ssoTokens/consume"


def test_an_sso_token_is_exchanged_once(app, refused):
    sso = app.as_user("POST", GENERATE, json={}).json()
    assert set(sso) == {
        *("id", "ssoToken", "userId", "createdByApplicationId"),
        *("expiryTimestamp", "creationTimestamp", "updateTimestamp"),
    }
    assert (sso["userId"], sso["createdByApplicationId"]) == (app.first.user_id, app.first.application_id)
    assert sso["expiryTimestamp"] == "2023-11-14T22:14:20.000Z"
    token = app.as_application("POST", CONSUME, json={"ssoToken": sso["ssoToken"]}).json()
    assert app.as_user("GET", "/users/v1/me", token=token).json()["id"] == app.first.user_id
    again = app.as_application("POST", CONSUME, json={"ssoToken": sso["ssoToken"]})
    refused(again, 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")


def test_the_token_belongs_to_the_application_that_consumes(app):
    sso = app.as_user("POST", GENERATE).json()["ssoToken"]  # a body is not needed
    app.store.put("applications", {"id": "a" * 24, "type": "oauth1", "name": "Other"})
    version = {"id": "b" * 24, "applicationId": "a" * 24, "consumerKey": "ck", "consumerSecret": "cs"}
    app.store.put("application_versions", version)
    signer = app.signer(consumer_key="ck", consumer_secret="cs")
    authorization = signer.authorization("POST", f"http://localhost:8420{CONSUME}")
    token = app.send(authorization, "POST", CONSUME, json={"ssoToken": sso}).json()
    assert token["applicationId"] == "a" * 24


@pytest.mark.parametrize(("seconds", "status"), [(59.999, 200), (60, 404)])
def test_an_sso_token_lives_a_minute(app, seconds, status):
    sso = app.as_user("POST", GENERATE).json()["ssoToken"]
    app.now += seconds
    assert app.as_application("POST", CONSUME, json={"ssoToken": sso}).status_code == status


def test_sso_tokens_need_a_user_and_an_oauth1_application(app, refused):
    refused(app.send(None, "POST", GENERATE), 401, 101, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_application("POST", GENERATE), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_bearer(bearer(app), "POST", GENERATE), 401, 101, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.send(None, "POST", CONSUME), 401, 101, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_application("POST", CONSUME, json={"ssoToken": "0" * 40}), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    refused(app.as_application("POST", CONSUME), 400, 13, "EMPTY_BODY_EXCEPTION")
