import pytest
from people import person
from user_service import NO_PERMISSION, UNKNOWN

from exh_dev.platform.templates.service import settings_of

BASE = "/templates/v2"
GREETING = {
    "name": "greeting",
    "description": "says hello",
    "inputs": {
        "name": {"type": "string"},
        "age": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "pet": {"type": "object", "properties": {"alive": {"type": "boolean"}}},
    },
    "outputs": {"subject": "{{t 'hello'}}", "body": "<p>{{@inputs.name}} {{number @inputs.age}}</p>"},
}


def create(app, token=None, **changes):
    return app.as_user("POST", BASE, json={**GREETING, **changes}, token=token)


def resolve(app, token=None, template="greeting", **body):
    return app.as_user("POST", f"{BASE}/{template}/resolve", json=body, token=token)


def test_a_template_is_created_found_changed_and_deleted(app, refused):
    made = create(app, **{"$schema": "x"}).json()
    assert made == {
        "id": made["id"],
        **GREETING,
        "creationTimestamp": "2023-11-14T22:13:20.000Z",
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    assert app.as_user("GET", f"{BASE}?eq(name,greeting)").json()["data"] == [made]
    app.now += 1
    changes = {"description": None, "inputs": None, "outputs": {"body": "x"}}
    assert app.as_user("PUT", f"{BASE}/{made['id']}", json=changes).json() == {"affectedRecords": 1}
    (changed,) = app.as_user("GET", BASE).json()["data"]
    assert changed.keys() == {"id", "name", "outputs", "creationTimestamp", "updateTimestamp"}
    assert changed["updateTimestamp"] == "2023-11-14T22:13:21.000Z"
    assert app.as_user("PUT", f"{BASE}/greeting", json={"name": "other"}).json() == {"affectedRecords": 1}
    assert app.as_user("DELETE", f"{BASE}/other").json() == {"affectedRecords": 1}
    for method, path in (("PUT", "other"), ("DELETE", "other"), ("POST", "other/resolve")):
        refused(app.as_user(method, f"{BASE}/{path}", json={}), *UNKNOWN)


def test_a_name_is_used_once(app, refused):
    create(app)
    create(app, name="other")
    refused(create(app), 400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")
    renamed = app.as_user("PUT", f"{BASE}/other", json={"name": "greeting"})
    refused(renamed, 400, 17, "RESOURCE_ALREADY_EXISTS_EXCEPTION")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": None}, 14),
        ({"name": "1st"}, 15),
        ({"name": "a" * 51}, 15),
        ({"outputs": None}, 14),
        ({"outputs": {}}, 15),
        ({"outputs": {"a b": ""}}, 15),
        ({"outputs": {"a": 1}}, 15),
        ({"outputs": ["a"]}, 15),
        ({"inputs": {"a": "string"}}, 15),
        ({"inputs": {"a": {"type": "date"}}}, 15),
        ({"inputs": {"a": {"type": "object"}}}, 15),
        ({"inputs": {"a": {"type": "array", "items": {"type": "x"}}}}, 15),
        ({"inputs": {"a": {"type": "string", "maxLength": 3}}}, 15),
    ],
)
def test_an_invalid_template_is_refused(app, changes, code):
    answer = create(app, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_syntax_error_names_the_output(app, refused):
    outputs = {"subject": "fine", "body": "<p>\n{{#if x}}\n</p>"}
    body = refused(create(app, outputs=outputs), 400, 1004, "TEMPLATE_SYNTAX_EXCEPTION")
    assert body["syntaxError"] == {"output": "body", "message": "line 2: unclosed block"}
    create(app)
    changed = app.as_user("PUT", f"{BASE}/greeting", json={"outputs": outputs})
    refused(changed, 400, 1004, "TEMPLATE_SYNTAX_EXCEPTION")


def test_a_template_is_resolved(app):
    made = create(app).json()
    inputs = {"name": "<Ann>", "age": 1234.5, "undeclared": 1, "tags": None}
    for template in ("greeting", made["id"]):
        answer = resolve(app, template=template, inputs=inputs).json()
        assert answer == {"subject": "hello", "body": "<p>&lt;Ann&gt; 1,234.5</p>"}
    assert app.as_user("POST", f"{BASE}/greeting/resolve").json()["body"] == "<p> </p>"


def test_the_language_and_the_time_zone_are_asked_for_or_the_users(app, refused):
    texts = {"key": "hello", "text": {"EN": "Hello", "NL": "Dag", "FR": "Salut"}}
    app.as_user("POST", "/localizations/v1", json={"localizations": [texts]})
    create(app, inputs=None, outputs={"a": "{{t 'hello'}} {{datetime 0 hour='2-digit' minute='2-digit' hour12=false}}"})
    token = person(app, "RESOLVE_TEMPLATES:greeting")
    assert resolve(app, token).json() == {"a": "Hello 00:00"}
    user = app.store.get("users", token["userId"])
    app.store.put("users", {**user, "language": "NL", "time_zone": "Asia/Tokyo"})
    assert resolve(app, token).json() == {"a": "Dag 09:00"}
    assert resolve(app, token, language="FR", timeZone="UTC").json() == {"a": "Salut 00:00"}
    assert resolve(app, token, language="", timeZone="").json() == {"a": "Dag 09:00"}
    refused(resolve(app, token, timeZone="../etc/passwd"), 400, 15, "FIELD_FORMAT_EXCEPTION")
    refused(resolve(app, token, language="Dutch"), 400, 15, "FIELD_FORMAT_EXCEPTION")


@pytest.mark.parametrize(
    "inputs",
    [{"name": 1}, {"age": "1"}, {"age": True}, {"tags": "a"}, {"tags": [1]}, {"pet": []}, {"pet": {"alive": 1}}],
)
def test_inputs_of_a_wrong_type_are_refused(app, refused, inputs):
    create(app)
    refused(resolve(app, inputs=inputs), 400, 1003, "TEMPLATE_FILLING_EXCEPTION")


def test_an_output_that_cannot_be_resolved_is_named(app, refused):
    create(app, outputs={"subject": "x", "body": "{{number 1}}\n{{#if true}}\n{{currency 1}}{{/if}}"})
    body = refused(resolve(app), 400, 1005, "TEMPLATE_RESOLVING_EXCEPTION")
    assert body["resolveError"]["output"] == "body"
    assert body["resolveError"]["message"].startswith("line 3: a currency has a code")


def test_resolving_needs_the_permission_for_this_template(app, refused):
    create(app)
    token = person(app, "RESOLVE_TEMPLATES:other")
    for name in ("greeting", "unknown"):
        refused(app.as_user("POST", f"{BASE}/{name}/resolve", json=GREETING, token=token), *NO_PERMISSION)
    assert resolve(app, person(app, "RESOLVE_TEMPLATES")).status_code == 200


def test_a_user_with_invalid_settings_gets_english_and_utc():
    assert settings_of({"language": "Dutch", "time_zone": "nowhere"}) == ("EN", "UTC")
    assert settings_of({"language": "NL", "time_zone": "Europe/Brussels"}) == ("NL", "Europe/Brussels")
