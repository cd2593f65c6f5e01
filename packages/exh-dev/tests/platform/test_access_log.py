import pytest
from local_app import LocalApp
from people import person

from exh_dev.platform.access_log import service as access_log
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store

LOG = "/logs/v1/access"


def lines(app, query=""):
    return app.as_user("GET", f"{LOG}?{query}").json()["data"]


def test_every_request_is_in_the_access_log(app):
    app.as_user("GET", "/users/v1/me/", headers={"User-Agent": "test"})
    app.now += 1
    app.send(None, "GET", "/data/v1/?eq(name,%2564)")
    app.send(None, "POST", "/_dev/tasks/settle")
    first, second = lines(app)
    size = len(app.as_user("GET", "/users/v1/me").content)
    assert first == {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "httpStatus": 200,
        "duration": first["duration"],
        "applicationId": app.first.application_id,
        "userId": app.first.user_id,
        "userAddress": "127.0.0.1",
        "host": "localhost:8420",
        "request": "GET /users/v1/me/ HTTP/1.1",
        "responseBodySize": size,
        "userAgent": "test",
    }
    assert 0 < first["duration"] < 10
    assert (second["httpStatus"], second["userId"], second["applicationId"]) == (401, "-", "-")
    assert second["request"] == "GET /data/v1/?eq(name,%2564) HTTP/1.1"
    assert [each["request"] for each in lines(app, "ge(httpStatus,400)")] == [second["request"]]
    assert lines(app, "timestamp>=2024-01-01T00:00:00Z") == []


def test_a_long_request_is_cut_in_the_access_log(app, monkeypatch):
    monkeypatch.setattr(access_log, "_LONGEST", 30)
    app.send(None, "GET", f"/users/v1/{'p' * 100}?{'q' * 100}", headers={"User-Agent": "u" * 100})
    (line,) = lines(app)
    assert line["request"] == f"GET /users/v1/{'p' * 20}?{'q' * 30} HTTP/1.1"
    assert line["userAgent"] == "u" * 30


def test_the_log_needs_its_permission(app, refused):
    refused(app.as_application("GET", LOG), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user("GET", LOG, token=person(app)), 401, 10, "NO_PERMISSION_EXCEPTION")
    assert app.as_user("GET", LOG, token=person(app, "VIEW_ACCESS_LOGS")).status_code == 200


@pytest.mark.parametrize("between", [False, True])
def test_only_the_latest_are_kept(monkeypatch, between):
    monkeypatch.setattr(access_log, "MOST", 3)
    store = Store()
    app = LocalApp(store)
    for number in range(5):
        app.send(None, "GET", f"/users/v1/health?{number}")
        if between:
            lines(app)
    assert app.as_user("GET", LOG).json()["page"]["total"] == 3
    store.close()


def test_the_log_survives_the_end_of_the_platform(app):
    app.send(None, "GET", "/users/v1/health")
    assert app.store.count(access_log.COLLECTION, EVERYTHING) == 0
    app.close()
    assert app.store.count(access_log.COLLECTION, EVERYTHING) == 1
