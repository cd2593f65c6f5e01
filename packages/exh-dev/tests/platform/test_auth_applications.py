import pytest
from people import person

BASE = "/auth/v2/applications"
NO_PERMISSION = (401, 10, "NO_PERMISSION_EXCEPTION")
UNKNOWN = (404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
FORMAT = (400, 15, "FIELD_FORMAT_EXCEPTION")
MISSING = (400, 14, "MISSING_REQUIRED_FIELDS_EXCEPTION")
DONE = {"affectedRecords": 1}
OAUTH1 = {"type": "oauth1", "name": "App", "description": "An app"}
OAUTH2 = {"type": "oauth2", "name": "Web", "description": "A site", "redirectUris": ["http://localhost"]}


def create(app, **members):
    return app.as_user("POST", BASE, json=members).json()


def version_of(app, application, name="1.0.0"):
    return app.as_user("POST", f"{BASE}/{application['id']}/versions", json={"name": name}).json()


def log_in(app, version):
    signer = app.signer(consumer_key=version["consumerKey"], consumer_secret=version["consumerSecret"])
    path = "/auth/v2/oauth1/tokens"
    authorization = signer.authorization("POST", f"http://localhost:8420{path}")
    body = {"email": app.first.email, "password": app.first.password}
    return app.send(authorization, "POST", path, json=body)


def test_an_oauth1_application_and_its_versions(app, refused):
    application = create(app, **OAUTH1)
    assert (application["type"], application["versions"]) == ("oauth1", [])
    first, second = version_of(app, application), version_of(app, application, "2")
    assert set(first) == {"id", "name", "consumerKey", "consumerSecret", "creationTimestamp"}
    token = log_in(app, first).json()
    assert token["applicationId"] == application["id"]
    assert app.as_user("DELETE", f"{BASE}/{application['id']}/versions/{first['id']}").json() == DONE
    refused(log_in(app, first), 401, 107, "OAUTH_KEY_EXCEPTION")
    assert log_in(app, second).status_code == 200
    assert app.as_user("DELETE", f"{BASE}/{application['id']}").json() == DONE
    refused(log_in(app, second), 401, 107, "OAUTH_KEY_EXCEPTION")
    assert app.store.get("oauth1_tokens", token["id"]) is None


def test_a_token_cannot_be_refreshed_without_its_version(app):
    application = create(app, **OAUTH2)
    version = version_of(app, application)
    assert set(version) == {"id", "name", "clientId", "creationTimestamp"}
    path = "/auth/v2/oauth2/tokens"
    body = {"grant_type": "password", "username": app.first.email, "password": app.first.password}
    tokens = app.send(None, "POST", path, json={**body, "client_id": version["clientId"]}).json()
    app.as_user("DELETE", f"{BASE}/{application['id']}/versions/{version['id']}")
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": version["clientId"],
    }
    answer = app.send(None, "POST", path, json=refresh)
    assert (answer.status_code, answer.json()["exh_error"]["code"]) == (401, 123)


def test_a_confidential_application_has_a_secret(app):
    assert "clientSecret" in version_of(app, create(app, **OAUTH2, confidential=True))


def test_lists_with_and_without_the_permission(app, refused):
    application = create(app, **OAUTH2, logo="x")
    version = version_of(app, application)
    query = f"{BASE}?eq(versions.clientId,{version['clientId']})"
    (found,) = app.as_user("GET", query).json()["data"]
    assert found["versions"] == [version]
    assert app.as_user("GET", f"{BASE}?eq(name,Web)").json()["data"] == [found]
    limited = app.as_user("GET", f"{BASE}?eq(name,Web)", token=person(app)).json()["data"]
    assert limited == [{"name": "Web", "description": "A site", "logo": "x", "type": "oauth2"}]
    assert app.as_user("GET", query, token=person(app)).json()["data"] == []
    assert app.as_application("GET", BASE).status_code == 200
    refused(app.send(None, "GET", BASE), 401, 101, "APPLICATION_NOT_AUTHENTICATED_EXCEPTION")


def test_an_application_is_changed_with_its_type(app, refused):
    application = create(app, **OAUTH2)
    path = f"{BASE}/{application['id']}"
    assert app.as_user("PUT", path, json={"type": "oauth2", "name": "New"}).json() == DONE
    assert app.store.get("applications", application["id"])["name"] == "New"
    refused(app.as_user("PUT", path, json={"type": "oauth1"}), *UNKNOWN)
    refused(app.as_user("PUT", path, json={}), *MISSING)
    refused(app.as_user("PUT", path, json={"type": "oauth2", "redirectUris": []}), *FORMAT)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"type": "saml"}, FORMAT),
        ({"name": ""}, FORMAT),
        ({"name": "x" * 101}, FORMAT),
        ({"description": None}, MISSING),
        ({"redirectUris": None}, MISSING),
        ({"redirectUris": ["x"] * 51}, FORMAT),
        ({"confidential": "yes"}, FORMAT),
    ],
)
def test_an_application_that_is_refused(app, refused, changes, error):
    refused(app.as_user("POST", BASE, json={**OAUTH2, **changes}), *error)


def test_unknown_ids_and_repeated_names_are_refused(app, refused):
    application = create(app, **OAUTH1)
    version_of(app, application)
    versions = f"{BASE}/{application['id']}/versions"
    again = app.as_user("POST", versions, json={"name": "1.0.0"})
    refused(again, 400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")
    refused(app.as_user("POST", f"{BASE}/{'0' * 24}/versions", json={"name": "1"}), *UNKNOWN)
    refused(app.as_user("DELETE", f"{versions}/{'0' * 24}"), *UNKNOWN)
    refused(app.as_user("DELETE", f"{BASE}/{'0' * 24}"), *UNKNOWN)
    refused(app.as_user("DELETE", f"{BASE}/x"), 400, 12, "ID_FORMAT_EXCEPTION")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("PUT", f"/{'0' * 24}"),
        ("DELETE", f"/{'0' * 24}"),
        ("POST", f"/{'0' * 24}/versions"),
        ("DELETE", f"/{'0' * 24}/versions/{'0' * 24}"),
    ],
)
def test_changing_applications_needs_permissions(app, refused, method, path):
    refused(app.as_user(method, BASE + path, token=person(app), json={}), *NO_PERMISSION)
