import asyncio
import errno
import logging
import socket
import sqlite3

import httpx
import pytest
import requests

from exh_dev.platform.auth.oauth2 import BearerVerifier
from exh_dev.platform.dev.change_notifications import Changes
from exh_dev.platform.dev.refused_calls import Refusals
from exh_dev.platform.faults.injection import FaultInjection
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.platform.http.gateway import Gateway, Nonces
from exh_dev.platform.http.oauth1 import OAuth1Verifier

HSTS = "Strict-Transport-Security"


def test_an_unexpected_failure_is_500_with_the_gateways_header_and_logged_once(platform, caplog, monkeypatch):
    def fail(*_):
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

    me = {"Authorization": "Bearer anything"}
    monkeypatch.setattr(platform._store, "one", fail)
    answer = requests.get(f"{platform.url}/users/v1/me", headers=me, timeout=5)
    assert (answer.status_code, answer.json()["code"], answer.json()["name"]) == (500, 1, "SERVER_EXCEPTION")
    assert answer.headers[HSTS].startswith("max-age=")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("exh_dev.platform", logging.ERROR)
    assert record.getMessage() == "GET /users/v1/me failed"
    assert record.exc_info[0] is sqlite3.ProgrammingError


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_is_named_as_the_reason(platform, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(platform._store, "one", fail)
    answer = requests.get(f"{platform.url}/users/v1/me", headers={"Authorization": "Bearer anything"}, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (500, 1)
    assert answer.json()["message"].startswith("The disk of the local platform is full: make room on it")


def gateway(app, store):
    oauth1, bearer = OAuth1Verifier(store, clock=lambda: 0), BearerVerifier(store, clock=lambda: 0)
    checks = {"oauth1": oauth1, "bearer": bearer, "nonces": Nonces(), "bases": ["/users/v1"]}
    return FaultInjection(Gateway(app, on_error=Refusals(Changes()).note, **checks), FaultRules())


def call(app, path, **headers):
    async def send():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(send())


def test_a_failure_in_the_middle_of_an_answer_ends_the_connection(app, caplog):
    async def failing(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        raise RuntimeError("half-way")

    with pytest.raises(ConnectionResetError):
        call(gateway(failing, app.store), "/users/v1/me")
    assert [each.name for each in caplog.records] == ["exh_dev.platform"]


@pytest.mark.parametrize("authorization", ["Bearer x", "OAuth x", "Basic x"])
def test_the_local_sidefx_authenticates_its_callers_itself(app, authorization):
    seen = []

    async def sidefx(scope, receive, send):
        seen.append((scope["path"], scope["state"]["caller"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    answer = call(gateway(sidefx, app.store), "/_sidefx/api/", Authorization=authorization)
    assert answer.status_code == 204
    assert seen == [("/_sidefx/api/", None)]


def test_a_method_that_an_endpoint_does_not_have_is_405(app):
    answer = app.send(None, "DELETE", "/auth/v2/oauth2/tokens")
    assert (answer.status_code, answer.json()["name"]) == (405, "ENDPOINT_EXCEPTION")
    assert answer.headers[HSTS]


def test_what_is_not_there_under_a_local_path_is_no_missing_service(app):
    assert app.send(None, "GET", "/_dev/nothing").json()["name"] == "ENDPOINT_EXCEPTION"
    assert app.send(None, "GET", "/nothing/v1").json()["code"] == 903


def test_a_client_that_disconnects_is_not_logged(platform, caplog):
    first = platform.credentials
    login = {"grant_type": "password", "username": first.email, "password": first.password}
    login |= {"client_id": first.oauth2_client_id, "client_secret": first.oauth2_client_secret}
    token = requests.post(f"{platform.url}/auth/v2/oauth2/tokens", json=login, timeout=5).json()["access_token"]
    with socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2]))) as connection:
        head = f"PUT /_dev/ledger/k HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\nhalf".encode())
    assert requests.get(f"{platform.url}/_dev/ledger", timeout=5).json()["total"] == 0
    assert not caplog.records
