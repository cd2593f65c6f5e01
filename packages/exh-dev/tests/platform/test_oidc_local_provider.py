"""The local OpenID Connect provider by its own protocol: the page, and the endpoints. What it refuses, and when."""

import html
import re
from base64 import b64encode
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from own_provider import own_provider

BASE = "/_dev/oidc"
CALLBACK = "http://localhost:3000/callback?from=app"


@pytest.fixture
def record(app):
    return app.send(None, "GET", f"{BASE}/provider?{urlencode({'redirectUri': CALLBACK})}").json()


def authorize_url(record, **asked):
    usual = {
        "client_id": record["clientId"],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "a b&c",
        "nonce": "n",
    }
    members = {name: value for name, value in {**usual, **asked}.items() if value is not None}
    return f"{BASE}/authorize?{urlencode(members)}"


def log_in(app, record, form=None, **asked):
    form = form or {"email": "ada@example.com", "given_name": "Ada"}
    return app.send(None, "POST", authorize_url(record, **asked), data=form)


def sent_back(answer):
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith(CALLBACK + "&")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def redeem(app, record, code, **changed):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **changed}
    form = {name: value for name, value in form.items() if value is not None}
    basic = b64encode(f"{record['clientId']}:{record['clientSecret']}".encode()).decode()
    return app.send(f"Basic {basic}", "POST", f"{BASE}/token", data=form)


def failed(answer, status, error):
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.json()["error_description"]
    return answer


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": "x"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "/callback"},
        {"redirect_uri": "http://"},
        {"redirect_uri": "http://[x"},
        {"redirect_uri": "http://localhost:3000/#x"},
    ],
)
def test_a_login_with_a_wrong_client_or_redirect_uri_is_not_redirected(app, record, asked):
    for answer in (app.send(None, "GET", authorize_url(record, **asked)), log_in(app, record, **asked)):
        assert (answer.status_code, "This login cannot begin" in answer.text) == (400, True)
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_other_errors_of_a_login_are_sent_to_the_redirect_uri(app, record, asked, error):
    for answer in (app.send(None, "GET", authorize_url(record, **asked)), log_in(app, record, **asked)):
        told = sent_back(answer)
        assert (told["error"], told["state"], told["from"]) == (error, "a b&c", "app")


def test_a_user_may_refuse_the_login(app, record):
    assert sent_back(log_in(app, record, {"refuse": "1"}))["error"] == "access_denied"


@pytest.mark.parametrize("email", ["", "ada", "a b@example.com"])
def test_who_has_no_email_address_is_asked_again(app, record, email):
    answer = log_in(app, record, {"email": email, "given_name": "Ada"})
    assert answer.status_code == 400
    assert "An e-mail address is needed" in answer.text


def test_a_form_that_is_none_is_refused(app, record):
    for body in (b"", b"%ff=%ff", b"email=a&email=b"):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = app.send(None, "POST", authorize_url(record), content=body, headers=headers)
        assert answer.status_code == 400
        token = app.send(None, "POST", f"{BASE}/token", content=body, headers=headers)
        failed(token, 400, "invalid_request")


def test_the_page_shows_text_and_no_markup(app, record):
    evil = '"><script>alert(1)</script>@example.com'.replace(" ", "")
    log_in(app, record, {"email": evil, "given_name": "<b>Ada</b>", "family_name": "{x}"})
    page = app.send(None, "GET", authorize_url(record, login_hint='"><i>', redirect_uri="app://x?<u>"))
    assert not re.search("<script|<b>|<i>|<u>", page.text)
    assert html.escape(evil) in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_no_page_of_another_origin_may_log_in(app, record):
    for name, value in (("Origin", "http://localhost:3000"), ("Host", "evil.example")):
        answer = app.send(None, "POST", authorize_url(record), data={"email": "a@b.c"}, headers={name: value})
        assert answer.status_code == 403


def test_who_logged_in_before_is_offered_and_keeps_the_names(app, record):
    log_in(app, record, {"email": "ada@example.com", "given_name": "Ada", "family_name": "Lovelace"})
    page = app.send(None, "GET", authorize_url(record)).text
    assert "Ada Lovelace (ada@example.com)" in page
    tokens = redeem(app, record, sent_back(log_in(app, record, {"email": "ADA@example.com"}))["code"]).json()
    person = app.as_bearer(tokens["access_token"], "GET", f"{BASE}/userinfo").json()
    assert (person["given_name"], person["family_name"]) == ("Ada", "Lovelace")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": "x"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": "http://localhost:3000/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
    ],
)
def test_a_request_for_tokens_that_is_wrong(app, record, changed, error):
    code = sent_back(log_in(app, record))["code"]
    failed(redeem(app, record, **{"code": code, **changed}), 400, error)


@pytest.mark.parametrize(
    "authorization", [None, "Basic x", "Basic é", "Basic " + b64encode(b"local:x").decode(), "Bearer x"]
)
def test_a_client_that_is_another(app, record, authorization):
    code = sent_back(log_in(app, record))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    answer = app.send(None, "POST", f"{BASE}/token", data=form, headers=headers)
    assert "Basic" in failed(answer, 401, "invalid_client").headers["www-authenticate"]


def test_a_client_may_prove_itself_in_the_body(app, record):
    code = sent_back(log_in(app, record))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    client = {"client_id": record["clientId"], "client_secret": record["clientSecret"]}
    answer = app.send(None, "POST", f"{BASE}/token", data={**form, **client})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_codes_and_access_tokens_expire(app, record):
    late = sent_back(log_in(app, record))["code"]
    app.now += 600
    failed(redeem(app, record, late), 400, "invalid_grant")
    tokens = redeem(app, record, sent_back(log_in(app, record))["code"]).json()
    userinfo = f"{BASE}/userinfo"
    assert app.as_bearer(tokens["access_token"], "GET", userinfo).status_code == 200
    app.now += 3600
    for answer in (app.as_bearer(tokens["access_token"], "GET", userinfo), app.send(None, "GET", userinfo)):
        assert "Bearer" in failed(answer, 401, "invalid_token").headers["www-authenticate"]


def test_an_authentication_url_is_good_for_an_hour(app, refused):
    details = app.first.oauth2_client_id, app.first.oauth2_client_secret
    body = {"client_id": details[0], "client_secret": details[1], "authorizationCode": "c"}
    with own_provider() as own:
        providers = "/auth/v2/oidc/providers"
        made = app.as_user("POST", providers, json=own.record()).json()
        app.as_user("POST", f"{providers}/{made['id']}/enable")

        def began():
            url = app.send(None, "POST", f"{providers}/own/generateAuthenticationUrl").json()["authenticationUrl"]
            own.claims |= {"nonce": parse_qs(urlsplit(url).query)["nonce"][0]}
            return own.claims["nonce"]

        own.claims["exp"] = app.now + 10_000
        nonce = began()
        app.now += 3600
        answer = app.send(None, "POST", f"{providers}/own/oAuth2Login", json=body)
        refused(answer, 400, 137, "OIDC_NONCE_EXCEPTION")
        began()
        assert app.store.get("oidc_nonces", nonce) is None
        app.now += 3599
        assert app.send(None, "POST", f"{providers}/own/oAuth2Login", json=body).status_code == 200
