"""Limits of the platform that no other test comes to."""

import base64

import pytest
from local_app import call

from exh_dev.platform.data.transitions import MOST_HOPS
from exh_dev.platform.files.upload import _MOST_PARTS
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.listing import DEFAULT_LIMIT, MAXIMUM_LIMIT
from exh_dev.platform.tasks import code


def test_automatic_transitions_in_a_row_come_to_an_end(app, refused):
    call(app, "POST", "/data/v1", {"name": "rounds"})
    for name in ("there", "back"):
        call(app, "POST", "/data/v1/rounds/statuses", {"name": name})
    for start, end in (("new", "there"), ("there", "back"), ("back", "there")):
        transition = {"type": "automatic", "name": f"from-{start}", "fromStatuses": [start], "toStatus": end}
        call(app, "POST", "/data/v1/rounds/transitions", transition)
    answer = app.as_user("POST", "/data/v1/rounds/documents", json={})
    told = refused(answer, 400, 26, "ILLEGAL_ARGUMENT_EXCEPTION")
    assert f"more than {MOST_HOPS} automatic transitions" in told["message"]
    (document,) = call(app, "GET", "/data/v1/rounds/documents")["data"]
    assert "transitionLock" not in document


@pytest.mark.parametrize(
    ("query", "limit"), [("", DEFAULT_LIMIT), ("limit(100)", MAXIMUM_LIMIT), ("limit(101)", MAXIMUM_LIMIT)]
)
def test_a_page_has_at_most_a_hundred_records(app, query, limit):
    for number in range(MAXIMUM_LIMIT + 2):
        app.store.put("roles", {"id": f"{number:024x}", "name": f"r{number}", "description": "d", "permissions": []})
    page = call(app, "GET", f"/users/v1/roles?{query}")
    assert (page["page"]["limit"], len(page["data"])) == (limit, limit)


@pytest.mark.parametrize(("parts", "code"), [(_MOST_PARTS, None), (_MOST_PARTS + 1, 22)])
def test_an_upload_has_only_so_many_parts(app, parts, code):
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\na\r\n'
    other = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = app.as_user("POST", "/files/v1", content=file + other * (parts - 1) + b"--x--\r\n", headers=headers)
    assert answer.json().get("code") == code, answer.text


def test_the_key_of_a_text_is_only_so_long(app, refused):
    def make(key):
        return app.as_user("POST", "/localizations/v1", json={"localizations": [{"key": key, "text": {"EN": "Text"}}]})

    assert make("k" * 200).status_code == 200
    refused(make("k" * 201), 400, 15, "FIELD_FORMAT_EXCEPTION")


@pytest.mark.parametrize("size", [code.MOST_ZIPPED + 1, 2 * code.MOST_ZIPPED])
def test_a_zip_is_only_so_large(tmp_path, size):
    with pytest.raises(ErrorAnswer, match="is larger than 10,485,760 bytes") as told:
        code.unpack(base64.b64encode(bytes(size)).decode(), tmp_path / "code")
    assert told.value.code == 1401
    assert not list(tmp_path.iterdir())
