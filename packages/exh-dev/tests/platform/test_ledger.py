import gzip
import re

import pytest

LEDGER = "/_dev/ledger"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_written_down(app, method):
    answer = app.as_user(method, f"{LEDGER}/order-1", json={"n": 1})
    entry = answer.json()
    assert answer.status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", entry.pop("nonce"))
    assert entry == {
        "key": "order-1",
        "method": method,
        "body": {"n": 1},
        "userId": app.first.user_id,
        "timestamp": "2023-11-14T22:13:20.000Z",
    }


@pytest.mark.parametrize(("content", "shown"), [(b"", None), (b"plain", "plain"), (b"\xff", "\ufffd"), (b"[1]", [1])])
def test_any_body_is_kept(app, content, shown):
    assert app.as_user("PUT", f"{LEDGER}/k", content=content).json()["body"] == shown


def test_gzip_is_unpacked(app):
    packed = {"content": gzip.compress(b'{"n": 1}'), "headers": {"Content-Encoding": "gzip"}}
    assert app.as_user("PUT", f"{LEDGER}/k", **packed).json()["body"] == {"n": 1}


def test_every_request_counts_and_keys_are_apart(app):
    for key in ("a", "a", "b"):
        app.as_user("PUT", f"{LEDGER}/{key}", json={})
    listed = app.send(None, "GET", LEDGER).json()
    assert (listed["total"], [each["key"] for each in listed["data"]]) == (3, ["a", "a", "b"])
    assert len({each["nonce"] for each in listed["data"]}) == 3
    for path in (f"{LEDGER}/a", f"{LEDGER}?key=a"):
        assert app.send(None, "GET", path).json()["total"] == 2
    assert app.send(None, "GET", f"{LEDGER}/c").json() == {"total": 0, "data": []}


def test_only_users_write(app, refused):
    for answer in (app.send(None, "PUT", f"{LEDGER}/k"), app.as_application("PUT", f"{LEDGER}/k")):
        refused(answer, 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    assert app.send(None, "GET", LEDGER).json()["total"] == 0


def test_nonces_are_counted(app, refused):
    authorization = app.signer(app.first.token, app.first.token_secret).authorization(
        "GET", f"http://localhost:8420{ME}"
    )
    assert app.send(authorization, "GET", ME).status_code == 200
    refused(app.send(authorization, "GET", ME), 401, 110, "DUPLICATE_REQUEST_EXCEPTION")
    refused(app.send(authorization + "x", "GET", ME), 401, 109, "OAUTH_SIGNATURE_EXCEPTION")
    app.as_user("GET", ME)
    assert app.send(None, "GET", "/_dev/nonces").json() == {"seen": 2, "duplicatesRefused": 1}


ME = "/users/v1/me"
