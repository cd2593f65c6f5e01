"""What the control center shows of mails, refused calls and credentials."""

import base64

import pytest
import requests

from exh_dev.platform.dev import refused_calls as refusals_module
from exh_dev.remote.client import client_of
from extrahorizon.errors import NoPermissionError, ResourceUnknownError

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_the_configuration_that_is_served_is_listed(center):
    state = center.get("")
    assert (state["project"], state["root"], state["url"]) == ("project", str(center.folder), center.url)
    assert state["problems"] == []
    details = center.platform.details()
    shown = set(state["credentials"].values())
    for secret in ("consumer_secret", "token_secret", "password", "oauth2_client_secret", "sidefx_client_secret"):
        assert details[secret] not in shown
    assert center.get("/credentials") == details


def test_nothing_is_served_without_a_project(platform):
    state = requests.get(f"{platform.url}/_dev/api", timeout=5).json()
    assert (state["project"], state["problems"]) == (None, [])
    functions = requests.get(f"{platform.url}/_dev/api/functions", timeout=5).json()["data"]
    assert "html-to-pdf" in [each["name"] for each in functions]


def test_mails_are_shown_completely_and_run_no_script(center):
    files = [{"name": 'é".txt', "content": base64.b64encode(b"attached").decode(), "type": "text/plain"}]
    files.append({"name": "page.html", "content": base64.b64encode(MARKUP.encode()).decode(), "type": "text/html"})
    sent = center.exh.mails.send(
        recipients={"to": ["ada@example.com"]}, subject=f"Hello {MARKUP}", body=MARKUP, attachments=files
    )
    listed = center.get("/mails")
    assert (listed["total"], listed["data"][0]["id"], "body" in listed["data"][0]) == (1, sent["id"], False)
    assert [each["size"] for each in listed["data"][0]["attachments"]] == [8, len(MARKUP)]
    assert center.get("/mails", search="ADA@example")["total"] == 1
    assert center.get("/mails", search="nobody")["total"] == 0
    assert center.get(f"/mails/{sent['id']}")["body"] == MARKUP
    url = f"{center.url}/_dev/api/mails/{sent['id']}"
    body = requests.get(f"{url}/body", timeout=5)
    assert (body.text, body.headers["content-type"]) == (MARKUP, "text/plain; charset=utf-8")
    assert body.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    attachment = requests.get(f"{url}/attachments/1", timeout=5)
    assert (attachment.content, attachment.headers["content-type"]) == (MARKUP.encode(), "text/html")
    assert attachment.headers["content-disposition"] == "attachment; filename*=UTF-8''page.html"
    assert "sandbox" in attachment.headers["content-security-policy"]
    named = requests.get(f"{url}/attachments/0", timeout=5).headers["content-disposition"]
    assert named == "attachment; filename*=UTF-8''%C3%A9%22.txt"
    assert requests.get(f"{url}/attachments/2", timeout=5).json()["code"] == 16
    assert requests.get(f"{center.url}/_dev/api/mails/none", timeout=5).json()["code"] == 16
    center.exh.session.request("DELETE", f"/mail/v1/{sent['id']}")
    assert center.get("/mails")["total"] == 0


def test_why_a_call_was_refused(center):
    center.platform.call(lambda: center.platform.grant("guest", ["VIEW_MAILS"]))
    guest = client_of(center.platform.function_environment("guest"))
    document = center.exh.data.documents.create("pulse", {"pulse": 60})
    with pytest.raises(NoPermissionError):
        guest.tasks.find()
    with pytest.raises(ResourceUnknownError):
        guest.data.documents.transition("pulse", document["id"], name="finish", data={})
    requests.get(f"{center.url}/users/v1/me", timeout=5)
    nobody, hidden, tasks = center.get("/refusals")["data"]
    assert (tasks["method"], tasks["path"], tasks["code"]) == ("GET", "/tasks/v1", 10)
    assert tasks["check"]["permission"] == ["VIEW_TASKS"]
    assert tasks["check"]["held"] == {"everywhere": ["VIEW_MAILS"]}
    assert tasks["user"] == "exh.tasks+guest@extrahorizon.com"
    assert (hidden["code"], hidden["check"]["mode"]) == (16, "readMode")
    others = ["TRANSITION_DOCUMENTS", "UPDATE_DOCUMENTS"]
    assert hidden["check"]["permission"] == ["VIEW_DOCUMENTS", "VIEW_DOCUMENTS:pulse", *others]
    assert (nobody["status"], nobody["user"], nobody["check"]) == (401, None, None)


def test_a_refused_change_of_a_document_names_the_mode(serve):
    center = serve()
    center.exh.session.request("PUT", "/data/v1/pulse", json={"readMode": "allUsers", "updateMode": ["creator"]})
    center.platform.call(lambda: center.platform.grant("guest", []))
    guest = client_of(center.platform.function_environment("guest"))
    document = center.exh.data.documents.create("pulse", {"pulse": 60})
    with pytest.raises(NoPermissionError):
        guest.data.documents.update("pulse", document["id"], {"pulse": 1})
    (refused,) = center.get("/refusals")["data"]
    assert (refused["check"]["mode"], refused["check"]["relations"]) == ("updateMode", ["creator"])
    assert refused["check"]["permission"] == ["UPDATE_DOCUMENTS"]


def test_only_the_latest_refusals_are_kept_and_no_query_of_them(serve, monkeypatch):
    monkeypatch.setattr(refusals_module, "MOST", 2)
    center = serve()
    for path in ("tasks", "mail", "data"):
        requests.get(f"{center.url}/{path}/v1?eq(email,jan@example.com)", timeout=5)
    found = center.get("/refusals")["data"]
    assert [each["path"] for each in found] == ["/data/v1", "/mail/v1"]
    assert "jan@" not in str(found)


# As the first user


def as_first_user(center, method, path, **options):
    return requests.request(method, f"{center.url}/_dev/api/platform{path}", timeout=5, **options)


def test_any_endpoint_answers_as_to_the_first_user(center):
    assert as_first_user(center, "GET", "/users/v1/me").json()["email"] == "developer@localhost.example"
    created = as_first_user(center, "POST", "/data/v1/pulse/documents", json={"pulse": 5}).json()
    found = as_first_user(center, "GET", "/data/v1/pulse/documents?gt(data.pulse,4)&limit(1)").json()
    assert [each["id"] for each in found["data"]] == [created["id"]]
    assert as_first_user(center, "GET", "/data/v1/none/documents").json()["code"] == 16
    assert as_first_user(center, "GET", "/nothing/v1").status_code == 404
    for path in ("/_dev/api/runs", "/_sidefx/api/"):
        assert as_first_user(center, "GET", path).json()["code"] == 903


def test_a_file_that_is_a_page_does_nothing_when_it_is_opened(center):
    stored = center.exh.files.create(MARKUP.encode(), name="page.html", mimetype="text/html")
    token = stored["tokens"][0]["token"]
    answer = as_first_user(center, "GET", f"/files/v1/{token}/file")
    assert answer.text == MARKUP
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
