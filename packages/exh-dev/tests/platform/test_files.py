import re

import pytest
from local_app import LocalApp, local_app
from people import person

from exh_dev.platform.storage.store import Store
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials

FILES = "/files/v1"
TOKEN = re.compile(r"[0-9a-f]{24}-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
LARGEST = 8 * 1024 * 1024
BAD_TOKEN = (400, 2605, "INVALID_TOKEN_EXCEPTION")


@pytest.fixture
def app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def upload(app, content=b"abc", name="report.pdf", mimetype="application/pdf", token=None, **fields):
    options = {"files": {"file": (name, content, mimetype)}, "data": {"name": name, **fields}}
    return app.as_user("POST", f"{FILES}/", token=token, **options)


def token_of(made):
    return made["tokens"][0]["token"]


def read_token(app, made):
    return app.send(None, "POST", f"{FILES}/{token_of(made)}/tokens", json={"accessLevel": "read"}).json()["token"]


def raw(app, content, boundary="b"):
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return app.as_user("POST", FILES, content=content, headers=headers)


def test_an_upload_answers_the_record_with_one_full_token(app, tmp_path):
    made = upload(app, **{"tags[]": ["a", "b"]}).json()
    assert TOKEN.fullmatch(token_of(made))
    assert made == {
        "name": "report.pdf",
        "mimetype": "application/pdf",
        "creatorId": app.first.user_id,
        "size": 3,
        "tags": ["a", "b"],
        "tokens": [{"token": token_of(made), "accessLevel": "full"}],
        "creationTimestamp": "2023-11-14T22:13:20.000Z",
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    assert app.send(None, "GET", f"{FILES}/{token_of(made)}/details").json() == made
    answer = app.send(None, "GET", f"{FILES}/{token_of(made)}/file")
    assert (answer.content, answer.headers["content-type"]) == (b"abc", "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.pdf"'


def test_tags_may_be_written_without_brackets(app):
    assert upload(app, tags=["a"]).json()["tags"] == ["a"]


def test_a_text_is_uploaded_as_one_part_without_a_last_line_end(app):
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="data"\r\n'
    made = raw(app, part + b"Content-Type: application/octet-stream\r\n\r\nhello\r\n--b--").json()
    assert (made["name"], made["size"], made["mimetype"]) == ("data", 5, "application/octet-stream")
    made = raw(app, part + b"\r\n\r\n--b--\r\n").json()
    assert (made["size"], made["mimetype"]) == (0, "application/octet-stream")


def test_names_and_types_that_headers_cannot_hold_are_downloaded_all_the_same(app):
    made = upload(app, name='hé"llo', mimetype="text/plain; charset=utf-8").json()
    answer = app.send(None, "GET", f"{FILES}/{token_of(made)}/file")
    assert made["name"] == 'hé"llo'
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''h%C3%A9%22llo"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert upload(app, mimetype="no type").json()["mimetype"] == "application/octet-stream"
    nameless = b'--b\r\nContent-Disposition: form-data; name="file"; filename="h\xc3\xa9"\r\n\r\nx\r\n--b--'
    assert raw(app, nameless).json()["name"] == "hé"


def test_the_size_has_a_limit(app, refused, tmp_path):
    assert upload(app, b"x" * LARGEST).json()["size"] == LARGEST
    for size in (LARGEST + 1, 65 * 1024 * 1024):
        refused(upload(app, b"x" * size), 400, 2610, "FILE_TOO_LARGE_EXCEPTION")
    assert len(list((tmp_path / "files").iterdir())) == 1


def test_the_limit_of_the_size_can_be_another_one(tmp_path, refused):
    store = Store()
    app = LocalApp(store, folder=tmp_path, max_file_size=3)
    assert upload(app, b"abc").status_code == 200
    refused(upload(app, b"abcd"), 400, 2610, "FILE_TOO_LARGE_EXCEPTION")
    app.close()
    store.close()


def test_a_served_platform_has_the_limit_of_file_sizes_that_it_is_given():
    with LocalPlatform(max_file_size=LARGEST + 1) as served:
        served.start()
        first = served.credentials
        exh = ExtraHorizon(
            Credentials(served.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
        )
        assert exh.files.create(b"x" * (LARGEST + 1), name="night.edf")["size"] == LARGEST + 1


@pytest.mark.parametrize("size", [0, -1])
def test_a_limit_that_lets_nothing_through_is_refused(size):
    with pytest.raises(ValueError, match="max_file_size is a number of bytes from 1 on"):
        LocalPlatform(max_file_size=size)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 13),
        (b"nonsense", 22),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nabc', 22),
        (b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nabc\r\n--b--\r\n', 14),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nabc\r\n' * 2 + b"--b--\r\n", 22),
        (b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + b"x" * 70_000 + b"\r\n--b--\r\n", 22),
    ],
    ids=range(6),
)
def test_a_body_that_is_not_an_upload_is_refused(app, tmp_path, content, code):
    answer = raw(app, content)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not list((tmp_path / "files").iterdir())


def test_uploading_needs_a_user_and_multipart(app, refused):
    refused(app.as_application("POST", FILES, content=b""), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user("POST", FILES, json={}), 400, 22, "BODY_FORMAT_EXCEPTION")
    assert upload(app, token=person(app)).status_code == 200


def test_a_read_token_reads_and_changes_nothing(app, refused):
    made = upload(app).json()
    token = read_token(app, made)
    assert app.send(None, "GET", f"{FILES}/{token}/file").content == b"abc"
    details = app.send(None, "GET", f"{FILES}/{token}/details").json()
    assert details == {name: value for name, value in made.items() if name != "tokens"}
    assert {"creatorId", "tags"} < set(details)
    calls = [("DELETE", ""), ("POST", "/tokens"), ("DELETE", f"/tokens/{token}")]
    for method, path in calls:
        answer = app.send(None, method, f"{FILES}/{token}{path}", **({"json": {}} if method == "POST" else {}))
        refused(answer, 401, 2606, "UNAUTHORIZED_TOKEN_EXCEPTION")


def test_tokens_are_added_and_deleted(app, refused):
    made = upload(app).json()
    path, reading = f"{FILES}/{token_of(made)}", read_token(app, made)
    refused(app.send(None, "DELETE", f"{path}/tokens/{token_of(made)}"), 403, 2607, "TOKEN_NOT_DELETEABLE_EXCEPTION")
    assert app.send(None, "DELETE", f"{path}/tokens/{reading}").status_code == 204
    refused(app.send(None, "GET", f"{FILES}/{reading}/file"), *BAD_TOKEN)
    refused(app.send(None, "DELETE", f"{path}/tokens/{reading}"), *BAD_TOKEN)
    second = app.send(None, "POST", f"{path}/tokens", json={"accessLevel": "full"}).json()
    assert (TOKEN.fullmatch(second["token"])[0][:24], second["accessLevel"]) == (token_of(made)[:24], "full")
    assert app.send(None, "DELETE", f"{path}/tokens/{token_of(made)}").status_code == 204
    assert app.send(None, "GET", f"{FILES}/{second['token']}/details").json()["tokens"] == [second]
    wrong = app.send(None, "POST", f"{FILES}/{second['token']}/tokens", json={"accessLevel": "write"})
    refused(wrong, 400, 15, "FIELD_FORMAT_EXCEPTION")


def test_a_deleted_file_is_gone(app, refused, tmp_path):
    made = upload(app).json()
    answer = app.send(None, "DELETE", f"{FILES}/{token_of(made)}")
    assert (answer.status_code, answer.content) == (204, b"")
    for method, path in (("GET", "/file"), ("GET", "/details"), ("DELETE", "")):
        refused(app.send(None, method, f"{FILES}/{token_of(made)}{path}"), *BAD_TOKEN)
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.parametrize("token", ["x", "0" * 24, f"{'0' * 24}-00000000-0000-4000-8000-000000000000"])
def test_unknown_tokens_of_files_are_refused(app, refused, token):
    refused(app.send(None, "GET", f"{FILES}/{token}/details"), *BAD_TOKEN)


def test_the_list_shows_all_tokens_to_those_who_may(app, refused):
    first, second = upload(app, tags=["x"]).json(), upload(app, name="other").json()
    listed = app.as_user("GET", f"{FILES}/?eq(name,other)").json()
    assert (listed["data"], listed["page"]["total"]) == ([second], 1)
    assert app.as_user("GET", f"{FILES}/?eq(tags,x)", token=person(app, "VIEW_FILES")).json()["data"] == [first]
    refused(app.as_user("GET", FILES, token=person(app)), 401, 10, "NO_PERMISSION_EXCEPTION")
    refused(app.send(None, "GET", FILES), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")


@pytest.mark.parametrize(
    ("patterns", "disposition"),
    [
        (["image/png"], "attachment"),
        (["application/pdf"], "inline"),
        (["*/*"], "inline"),
        (["application/*"], "inline"),
    ],
)
def test_the_settings_say_what_is_shown_in_place(app, patterns, disposition):
    made = upload(app).json()
    changed = app.as_user("PUT", f"{FILES}/settings", json={"disableForceDownloadForMimeTypes": patterns})
    assert changed.json() == {"affectedRecords": 1}
    assert app.as_user("GET", f"{FILES}/settings").json() == {
        "disableForceDownloadForMimeTypes": patterns,
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    answer = app.send(None, "GET", f"{FILES}/{token_of(made)}/file")
    assert answer.headers["content-disposition"].startswith(f"{disposition};")


def test_settings_of_files_are_seen_and_changed_with_permissions(app, refused):
    settings = f"{FILES}/settings"
    unchanged = {"disableForceDownloadForMimeTypes": [], "updateTimestamp": "2023-11-14T22:13:20.000Z"}
    assert app.as_user("GET", settings).json() == unchanged
    for method, permission in (("GET", "VIEW_FILE_SERVICE_SETTINGS"), ("PUT", "UPDATE_FILE_SERVICE_SETTINGS")):
        body = {"json": {"disableForceDownloadForMimeTypes": []}} if method == "PUT" else {}
        refused(app.as_user(method, settings, token=person(app), **body), 401, 10, "NO_PERMISSION_EXCEPTION")
        refused(app.send(None, method, settings, **body), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
        assert app.as_user(method, settings, token=person(app, permission), **body).status_code == 200
    # The official CLI lets every text of 3 to 255 characters through; one that is no MIME type fits no file.
    odd = app.as_user("PUT", f"{FILES}/settings", json={"disableForceDownloadForMimeTypes": ["pdf", "image"]})
    assert odd.status_code == 200
    app.as_user("PUT", f"{FILES}/settings", json={"disableForceDownloadForMimeTypes": []})
    for wrong, code in (({}, 14), ({"disableForceDownloadForMimeTypes": ["pd"]}, 15)):
        assert app.as_user("PUT", settings, json=wrong).json()["code"] == code
