import pytest
from people import person
from user_service import BASE, NO_PERMISSION, PERSON, UNKNOWN, event_types, register

from exh_dev.platform.storage.sql import EVERYTHING

EMAIL = PERSON["email"]
SETTINGS, TEMPLATES = f"{BASE}/settings/verification", f"{BASE}/email_templates"


def pending(app, collection="activation_requests"):
    (request,) = app.store.matching(collection, EVERYTHING)
    return request


def send(app, method, path, **body):
    return app.send(None, method, BASE + path, **({"json": body} if body else {}))


def enable_pin_codes(app):
    names = ("enable_pin_code_activation_requests", "enable_pin_code_forgot_password_requests")
    return app.as_user("PUT", SETTINGS, json=dict.fromkeys(names, True))


def wrong(pin_code):
    return f"{(int(pin_code) + 1) % 10**8:08}"


def test_a_hash_activates_once(app, refused):
    user = register(app).json()
    body = {"hash": pending(app)["hash"]}
    assert send(app, "POST", "/activation", **body).status_code == 200
    assert app.store.get("users", user["id"])["activation"]
    assert event_types(app)[1:] == [("user_activation_completed", {"user_id": user["id"]})]
    refused(send(app, "POST", "/activation", **body), 400, 205, "ACTIVATION_UNKNOWN_EXCEPTION")
    refused(send(app, "GET", f"/activation?email={EMAIL}"), 400, 206, "ALREADY_ACTIVATED_EXCEPTION")


def test_a_hash_lives_an_hour(app, refused):
    register(app)
    app.now += 3600
    used = send(app, "POST", "/activation", hash=pending(app)["hash"])
    refused(used, 400, 205, "ACTIVATION_UNKNOWN_EXCEPTION")


def test_a_pin_code_is_tried_five_times(app, refused):
    enable_pin_codes(app)
    register(app, activation_mode="pin_code")
    pin_code = pending(app)["pin_code"]
    assert len(pin_code) == 8
    body = {"email": EMAIL, "pin_code": wrong(pin_code)}
    for _ in range(5):
        refused(send(app, "POST", "/activation", **body), 400, 224, "INCORRECT_PIN_CODE_EXCEPTION")
    body["pin_code"] = pin_code
    refused(send(app, "POST", "/activation", **body), 401, 213, "TOO_MANY_FAILED_ATTEMPTS_EXCEPTION")
    app.now += 300
    send(app, "GET", f"/activation?email={EMAIL}&mode=pin_code")
    body["pin_code"] = pending(app)["pin_code"]
    assert send(app, "POST", "/activation", **body).status_code == 200


def test_requests_are_limited(app, refused):
    register(app)
    path = f"/activation?email={EMAIL}"
    refused(send(app, "GET", path), 403, 223, "ACTIVATION_REQUEST_TIMEOUT_EXCEPTION")
    for _ in range(4):
        app.now += 300
        assert send(app, "GET", path).status_code == 200
    app.now += 300
    refused(send(app, "GET", path), 403, 222, "ACTIVATION_REQUEST_LIMIT_EXCEPTION")
    app.as_user("PUT", SETTINGS, json={"limit_hash_activation_requests": False})
    assert send(app, "GET", path).status_code == 200
    assert "expiry_timestamp" not in pending(app)


def test_manual_activation_sends_nothing_until_it_is_requested(app, refused):
    register(app, activation_mode="manual")
    assert not app.store.matching("activation_requests", EVERYTHING)
    assert send(app, "GET", f"/activation?email={EMAIL}").status_code == 200
    assert pending(app)["request_count"] == 1
    refused(send(app, "GET", "/activation?email=x@y.z"), 400, 202, "EMAIL_UNKNOWN_EXCEPTION")
    refused(send(app, "GET", "/activation"), 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
    refused(send(app, "GET", f"/activation?email={EMAIL}&mode=x"), 400, 15, "FIELD_FORMAT_EXCEPTION")
    refused(send(app, "POST", "/activation", email=EMAIL), 400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")


def test_requests_are_listed_without_their_secret_and_removed(app, refused):
    user = register(app).json()
    path = f"{BASE}/activation_requests"
    for query in ("", "?eq(mode,hash)", f"?eq(user_id,{user['id']})"):
        (listed,) = app.as_user("GET", path + query).json()["data"]
        assert not {"hash", "pin_code"} & set(listed)
    assert app.as_user("GET", f"{path}?contains(hash)").json()["data"] == []
    nobody = person(app)
    refused(app.as_user("GET", path, token=nobody), *NO_PERMISSION)
    refused(app.as_user("DELETE", f"{path}/{listed['id']}", token=nobody), *NO_PERMISSION)
    assert app.as_user("DELETE", f"{path}/{listed['id']}").json() == {"records_affected": 1}
    refused(app.as_user("DELETE", f"{path}/{listed['id']}"), *UNKNOWN)


# Passwords

LOGIN = {"email": EMAIL, "password": PERSON["password"]}


@pytest.fixture
def token(app):
    """Of a user who is registered and activated."""
    register(app)
    send(app, "POST", "/activation", hash=pending(app)["hash"])
    return app.as_application("POST", "/auth/v2/oauth1/tokens", json=LOGIN).json()


def test_a_reset_needs_a_template(app, refused, token):
    refused(send(app, "GET", f"/forgot_password?email={EMAIL}"), 400, 27, "ILLEGAL_STATE_EXCEPTION")


def test_a_completed_reset_ends_every_token(app, refused, token):
    app.as_user("PUT", TEMPLATES, json={"password_reset_email_template_name": "reset"})
    assert send(app, "GET", f"/forgot_password?email={EMAIL}").status_code == 200
    hashed = pending(app, "forgot_password_requests")["hash"]
    weak = send(app, "POST", "/forgot_password", hash=hashed, new_password="weak")
    refused(weak, 400, 15, "FIELD_FORMAT_EXCEPTION")
    assert send(app, "POST", "/forgot_password", hash=hashed, new_password="Another123").status_code == 200
    assert event_types(app)[-1] == ("password_reset_completed", {"user_id": token["userId"]})
    refused(app.as_user("GET", f"{BASE}/me", token=token), 401, 108, "OAUTH_TOKEN_EXCEPTION")
    again = send(app, "POST", "/forgot_password", hash=hashed, new_password="Another123")
    refused(again, 400, 207, "NEW_PASSWORD_HASH_UNKNOWN_EXCEPTION")
    login = {**LOGIN, "password": "Another123"}
    assert app.as_application("POST", "/auth/v2/oauth1/tokens", json=login).status_code == 200


def test_a_reset_by_pin_code(app, refused, token):
    body = {"email": EMAIL, "pin_code": "1", "new_password": "Another123"}
    refused(send(app, "POST", "/forgot_password", **body), 400, 219, "NEW_PASSWORD_PIN_CODE_UNKNOWN_EXCEPTION")
    path = f"/forgot_password?email={EMAIL}&mode=pin_code"
    refused(send(app, "GET", path), 403, 218, "PIN_CODES_NOT_ENABLED_EXCEPTION")
    enable_pin_codes(app)
    app.as_user("PUT", TEMPLATES, json={"password_reset_pin_email_template_id": "1" * 24})
    assert send(app, "GET", path).status_code == 200
    refused(send(app, "GET", path), 403, 221, "FORGOT_PASSWORD_REQUEST_TIMEOUT_EXCEPTION")
    refused(send(app, "POST", "/forgot_password", **body), 400, 224, "INCORRECT_PIN_CODE_EXCEPTION")
    body["pin_code"] = pending(app, "forgot_password_requests")["pin_code"]
    assert send(app, "POST", "/forgot_password", **body).status_code == 200


def test_a_reset_is_refused_where_it_cannot_be_mailed(app, refused, token):
    register(app, email="idle@localhost.example")
    idle = send(app, "GET", "/forgot_password?email=idle@localhost.example")
    refused(idle, 400, 204, "NOT_ACTIVATED_EXCEPTION")
    app.store.put("users", {**app.store.get("users", token["userId"]), "oidc_links": [{}]})
    linked = send(app, "GET", f"/forgot_password?email={EMAIL}")
    refused(linked, 403, 215, "DISABLED_FOR_OIDC_USERS_EXCEPTION")


def test_a_password_is_changed_with_the_old_one(app, refused, token):
    def change(old, new):
        body = {"old_password": old, "new_password": new}
        return app.as_user("PUT", f"{BASE}/password", token=token, json=body)

    refused(change("wrong", "Another123"), 400, 208, "PASSWORD_EXCEPTION")
    refused(change(PERSON["password"], "weak"), 400, 15, "FIELD_FORMAT_EXCEPTION")
    assert change(PERSON["password"], "Another123").status_code == 200
    assert event_types(app)[-1] == ("password_update_completed", {"user_id": token["userId"]})
    assert app.as_user("GET", f"{BASE}/me", token=token).status_code == 200


def test_a_password_is_confirmed_and_a_user_authenticated(app, refused, token):
    error = (401, 106, "AUTHENTICATION_EXCEPTION")
    path = f"{BASE}/confirm_password"
    assert app.as_user("POST", path, token=token, json={"password": PERSON["password"]}).status_code == 200
    assert send(app, "POST", "/authenticate", **LOGIN).json()["id"] == token["userId"]
    refused(app.as_user("POST", path, token=token, json={"password": "x"}), *error)
    refused(send(app, "POST", "/authenticate", **LOGIN), 401, 211, "LOGIN_TIMEOUT_EXCEPTION")


# Settings


def test_the_password_policy_is_open_and_merged_into(app, refused):
    policy = send(app, "GET", "/password_policy").json()
    assert policy["minimum_length"] == 8
    path = f"{BASE}/password_policy"
    changed = app.as_user("PUT", path, json={"symbol_required": True}).json()
    assert changed == {**policy, "symbol_required": True}
    assert send(app, "GET", "/password_policy").json() == changed
    refused(register(app), 400, 15, "FIELD_FORMAT_EXCEPTION")
    refused(app.as_user("PUT", path, json={"minimum_length": 200}), 400, 15, "FIELD_FORMAT_EXCEPTION")
    refused(app.as_user("PUT", path, token=person(app), json={}), *NO_PERMISSION)


def test_a_template_is_given_by_id_or_by_name(app, refused):
    by_id, by_name = "activation_email_template_id", "activation_email_template_name"
    assert app.as_user("PUT", TEMPLATES, json={by_id: "x"}).json() == {by_id: "x"}
    assert app.as_user("PUT", TEMPLATES, json={by_name: "y", by_id: None}).json() == {by_name: "y"}
    refused(app.as_user("PUT", TEMPLATES, json={by_name: "y", by_id: "x"}), 400, 15, "FIELD_FORMAT_EXCEPTION")
    assert app.as_user("PUT", TEMPLATES, json={by_name: None}).json() == {}
    refused(app.as_user("GET", TEMPLATES, token=person(app)), *NO_PERMISSION)


def test_verification_settings_are_shown_and_changed_with_permissions(app, refused):
    settings = app.as_user("GET", SETTINGS).json()
    assert set(settings) == {
        *("enable_pin_code_activation_requests", "enable_pin_code_forgot_password_requests"),
        *("limit_hash_activation_requests", "limit_hash_forgot_password_requests"),
    }
    refused(app.as_user("GET", SETTINGS, token=person(app)), *NO_PERMISSION)
    refused(app.as_user("PUT", SETTINGS, token=person(app), json={}), *NO_PERMISSION)
