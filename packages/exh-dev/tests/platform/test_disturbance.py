import json
import random
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPResponse, IncompleteRead, RemoteDisconnected

import pytest
import requests
from local_app import LocalApp

from exh_dev.platform.faults.rules import FaultRules
from exh_dev.platform.storage.store import Store
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.oauth1 import OAuth1Signer

LEDGER = "/_dev/ledger/k"


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog):
    yield
    assert not [each for each in caplog.records if each.name.startswith(("uvicorn", "asyncio", "exh_dev"))]


class Wire:
    """Signed requests on a bare socket, and what comes back on it."""

    def __init__(self, platform):
        first = platform.credentials
        self.url = platform.url
        self._signer = OAuth1Signer(first.consumer_key, first.consumer_secret, first.token, first.token_secret)

    def connect(self):
        return socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=10)

    def request(self, method, path, body=b"{}"):
        authorization = self._signer.authorization(method, self.url + path)
        host = self.url.removeprefix("http://")
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def exchange(self, method, path, body=b"{}"):
        """All bytes until the server ends the connection."""
        with self.connect() as connection:
            connection.sendall(self.request(method, path, body))
            received = b""
            while piece := connection.recv(65536):
                received += piece
        return received

    def converse(self, connection, method, path):
        """One exchange on a connection that stays open; the status."""
        connection.sendall(self.request(method, path))
        answer = HTTPResponse(connection, method=method)
        answer.begin()
        answer.read()
        return answer.status

    def call(self, method, path, body=b"{}", **headers):
        headers["Authorization"] = self._signer.authorization(method, self.url + path)
        return requests.request(method, self.url + path, data=body, headers=headers, timeout=10)

    def applied(self):
        return requests.get(self.url + LEDGER, timeout=10).json()["total"]


@pytest.fixture
def wire(platform):
    return Wire(platform)


def disturb(platform, *rules):
    platform.faults.add(*(f"PUT {LEDGER}:{each}" for each in rules))


def test_without_a_rule_nothing_is_disturbed(wire):
    assert wire.call("PUT", LEDGER).status_code == 200
    assert wire.applied() == 1


def test_only_what_matches_is_disturbed(platform, wire):
    disturb(platform, "503")
    assert wire.call("PUT", LEDGER).status_code == 503
    assert wire.call("PUT", LEDGER + "/").status_code == 503
    assert wire.call("POST", LEDGER).status_code == 200
    assert wire.call("PUT", LEDGER + "2").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ("503", 503, {"code": 4, "name": "SERVICE_UNREACHABLE_EXCEPTION"}),
        ("500", 500, {"code": 1, "name": "SERVER_EXCEPTION"}),
        ("404", 404, {"name": "NOT_FOUND"}),
        ("499", 499, {"name": "UNREGISTERED_STATUS"}),
    ],
)
def test_a_status_is_answered_as_the_platform_does_and_nothing_applied(platform, wire, fault, status, body):
    disturb(platform, fault)
    answer = wire.call("PUT", LEDGER)
    said = answer.json()
    assert isinstance(said.pop("message"), str)
    assert (answer.status_code, said) == (status, body)
    assert "Retry-After" not in answer.headers
    assert wire.applied() == 0


@pytest.mark.parametrize(("fault", "status", "seconds"), [("503+2", 503, "2"), ("429+30", 429, "30")])
def test_a_status_can_say_when_to_retry(platform, wire, fault, status, seconds):
    disturb(platform, fault)
    answer = wire.call("PUT", LEDGER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, seconds)


@pytest.mark.parametrize(("fault", "status"), [("html", 502), ("html=200", 200)])
def test_html_is_a_page_and_nothing_is_applied(platform, wire, fault, status):
    disturb(platform, fault)
    answer = wire.call("PUT", LEDGER)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert wire.applied() == 0


def test_reset_is_one_at_the_socket_before_anything_is_applied(platform, wire):
    disturb(platform, "reset")
    with pytest.raises(ConnectionResetError):
        wire.exchange("PUT", LEDGER)
    assert wire.applied() == 0


def test_reset_comes_without_the_body_being_read(platform, wire):
    disturb(platform, "reset")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        wire.exchange("PUT", LEDGER, b"x" * 5_000_000)


def test_reset_after_is_the_same_once_it_is_applied(platform, wire):
    disturb(platform, "reset-after")
    with pytest.raises(ConnectionResetError):
        wire.exchange("PUT", LEDGER)
    assert wire.applied() == 1


def test_a_kept_alive_connection_is_reset_as_well(platform, wire):
    disturb(platform, "reset")
    with wire.connect() as connection:
        assert wire.converse(connection, "POST", LEDGER) == 200
        connection.sendall(wire.request("PUT", LEDGER))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_truncate_ends_body_and_connection_early(platform, wire):
    disturb(platform, "truncate")
    head, _, body = wire.exchange("PUT", LEDGER).partition(b"\r\n\r\n")
    announced = int(next(line for line in head.lower().split(b"\r\n") if b"content-length" in line).split(b":")[1])
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert len(body) == announced // 2
    assert wire.applied() == 1


def test_truncating_an_answer_without_a_body_resets(platform, wire):
    platform.faults.add("* /users/v1/health:truncate")
    with pytest.raises(ConnectionResetError):
        wire.exchange("GET", "/users/v1/health")


def test_truncated_json_is_complete_as_http(platform, wire):
    disturb(platform, "truncate-json")
    answer = wire.call("PUT", LEDGER)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)
    assert wire.applied() == 1


def test_truncated_json_of_an_empty_answer_is_no_json_either(platform):
    platform.faults.add("* /users/v1/health:truncate-json")
    assert requests.get(f"{platform.url}/users/v1/health", timeout=5).text == "{"


@pytest.mark.slow
def test_slow_sends_the_complete_body_in_pieces(platform, wire):
    disturb(platform, "slow=0.4")
    with wire.connect() as connection:
        connection.sendall(wire.request("PUT", LEDGER))
        began, arrivals, received = time.monotonic(), [], b""
        while b'"timestamp"' not in received or not received.endswith(b"}"):
            received += connection.recv(65536)
            arrivals.append(time.monotonic() - began)
    assert arrivals[-1] >= 0.4
    assert len(arrivals) >= 5
    assert json.loads(received.partition(b"\r\n\r\n")[2])["method"] == "PUT"
    assert wire.applied() == 1


@pytest.mark.slow
def test_latency_holds_a_request_back(platform, wire):
    disturb(platform, "latency=0.3")
    began = time.monotonic()
    assert wire.call("PUT", LEDGER).status_code == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.slow
def test_a_request_is_applied_after_its_latency_though_the_client_has_gone(platform, wire):
    disturb(platform, "latency=0.2")
    with wire.connect() as connection:
        connection.sendall(wire.request("PUT", LEDGER))
    deadline = time.monotonic() + 5
    while wire.applied() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_duplicate_is_delivered_twice_and_refused_the_second_time(platform, wire):
    before = requests.get(f"{platform.url}/_dev/nonces", timeout=5).json()["seen"]
    disturb(platform, "duplicate")
    answer = wire.call("PUT", LEDGER, b'{"n": 1}')
    assert (answer.status_code, answer.json()["code"]) == (401, 110)
    assert wire.applied() == 1
    nonces = requests.get(f"{platform.url}/_dev/nonces", timeout=5).json()
    assert nonces == {"seen": before + 1, "duplicatesRefused": 1}


def test_a_duplicate_without_a_nonce_is_applied_twice_with_its_body(platform, wire):
    first = platform.credentials
    login = {"grant_type": "password", "username": first.email, "password": first.password}
    login |= {"client_id": first.oauth2_client_id, "client_secret": first.oauth2_client_secret}
    token = requests.post(f"{platform.url}/auth/v2/oauth2/tokens", json=login, timeout=5).json()["access_token"]
    disturb(platform, "duplicate")
    body = b'{"n": "' + b"x" * 300_000 + b'"}'
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.put(platform.url + LEDGER, data=body, headers=headers, timeout=10)
    assert answer.status_code == 200
    entries = requests.get(platform.url + LEDGER, timeout=10).json()["data"]
    assert [each["body"] for each in entries] == [json.loads(body)] * 2


@pytest.mark.parametrize(("seconds", "status"), [(600, 401), (-600, 401), (200, 200)])
def test_skew_moves_the_clock_that_timestamps_are_held_against(platform, wire, seconds, status):
    disturb(platform, f"skew={seconds} x1")
    answer = wire.call("PUT", LEDGER)
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == 109
    assert wire.call("PUT", LEDGER).status_code == 200


@pytest.mark.slow
def test_rules_add_up_in_their_order(platform, wire):
    disturb(platform, "latency=0.2", "503 x1", "reset-after x1")
    began = time.monotonic()
    assert wire.call("PUT", LEDGER).status_code == 503
    with pytest.raises(requests.ConnectionError):
        wire.call("PUT", LEDGER)
    assert time.monotonic() - began >= 0.4
    assert wire.call("PUT", LEDGER).status_code == 200
    assert wire.applied() == 2


def test_a_reset_inside_another_fault_is_one_for_the_client(platform, wire):
    disturb(platform, "truncate", "reset")
    with pytest.raises(ConnectionResetError):
        wire.exchange("PUT", LEDGER)
    assert wire.applied() == 0


def test_httplib_sees_the_failures_for_what_they_are(platform, wire):
    port = int(platform.url.rpartition(":")[2])
    for fault, error in (("truncate", IncompleteRead), ("reset-after", (RemoteDisconnected, ConnectionResetError))):
        platform.faults.clear()
        platform.faults.add(f"GET /users/v1/nowhere:{fault}")
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/users/v1/nowhere")
        with pytest.raises(error):
            connection.getresponse().read()
        connection.close()


def test_other_connections_are_not_touched(platform, wire):
    disturb(platform, "reset x20")
    with wire.connect() as other:
        assert wire.converse(other, "POST", LEDGER) == 200
        for _ in range(20):
            with pytest.raises(ConnectionResetError):
                wire.exchange("PUT", LEDGER)
        assert wire.converse(other, "POST", LEDGER) == 200


@pytest.mark.slow
def test_the_platform_stops_at_once_though_requests_are_held_back():
    with LocalPlatform(faults=FaultRules(["* *:latency=60"])) as platform:
        platform.start()
        wire = Wire(platform)
        with wire.connect() as connection:
            connection.sendall(wire.request("PUT", LEDGER))
            time.sleep(0.2)
            began = time.monotonic()
            platform.__exit__(None, None, None)
    assert time.monotonic() - began < 30  # half of what the request is held back


@pytest.mark.slow
def test_nothing_is_written_to_stderr(project_root):
    code = """
import http.client
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.platform.faults.rules import FaultRules
with LocalPlatform(faults=FaultRules(["* /a:reset", "* /b:reset-after", "* /c:truncate"])) as platform:
    platform.start()
    for path in ("/a", "/b", "/c"):
        connection = http.client.HTTPConnection("127.0.0.1", int(platform.url.rpartition(":")[2]), timeout=10)
        try:
            connection.request("POST", path, b"x" * 100)
            connection.getresponse().read()
        except (ConnectionError, http.client.HTTPException):
            print("broken")
        connection.close()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("broken\n" * 3, "")


# The control endpoint


def test_rules_are_shown_added_and_dropped_over_http(platform, wire):
    url = f"{platform.url}/_dev/faults"
    assert requests.get(url, timeout=5).json() == {"rules": []}
    requests.post(url, json={"rule": f"PUT {LEDGER}:503"}, timeout=5)
    added = requests.post(url, json={"rules": [f"PUT {LEDGER}:500:0", "* *:reset"]}, timeout=5)
    assert added.status_code == 200
    assert wire.call("PUT", LEDGER).status_code == 503
    assert requests.get(url, timeout=5).json() == {
        "rules": [
            {"rule": f"PUT {LEDGER}:503", "on": True, "matched": 1, "struck": 1},
            {"rule": f"PUT {LEDGER}:500:0", "on": True, "matched": 0, "struck": 0},
            {"rule": "* *:reset", "on": True, "matched": 0, "struck": 0},
        ]
    }
    assert requests.delete(url, timeout=5).json() == {"rules": []}
    assert wire.call("PUT", LEDGER).status_code == 200


def test_one_rule_is_switched_off_and_on_and_dropped(platform, wire):
    url = f"{platform.url}/_dev/faults"
    requests.post(url, json={"rules": [f"PUT {LEDGER}:503", f"PUT {LEDGER}:500"]}, timeout=5)
    assert requests.put(f"{url}/0", json={"on": False}, timeout=5).json()["rules"][0]["on"] is False
    assert wire.call("PUT", LEDGER).status_code == 500
    assert requests.put(f"{url}/0", json={"on": True}, timeout=5).json()["rules"][0]["on"] is True
    assert wire.call("PUT", LEDGER).status_code == 503
    assert [each["rule"] for each in requests.delete(f"{url}/0", timeout=5).json()["rules"]] == [f"PUT {LEDGER}:500"]
    assert wire.call("PUT", LEDGER).status_code == 500
    assert requests.delete(f"{url}/1", timeout=5).json()["code"] == 16
    assert requests.put(f"{url}/0", json={"on": "no"}, timeout=5).json()["code"] == 15


def test_rules_for_everything_leave_the_control_center_alone(platform):
    platform.faults.add("* *:503")
    assert requests.get(f"{platform.url}/_dev/api/runs", timeout=5).status_code == 200
    assert requests.get(f"{platform.url}/users/v1/me", timeout=5).status_code == 503


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rule": "nonsense"}, 15),
        ({"rules": ["GET /:503", "nonsense"]}, 15),
        ({"rules": "GET /:503"}, 15),
        ({"rule": 503}, 15),
        ({}, 14),
        ({"rules": []}, 14),
    ],
)
def test_a_wrong_rule_is_refused_and_changes_nothing(platform, body, code):
    answer = requests.post(f"{platform.url}/_dev/faults", json=body, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert platform.faults.in_force == ()


# In this process


def test_without_a_socket_a_cut_connection_is_an_exception():
    store = Store()
    app = LocalApp(store, faults=FaultRules(["PUT *:reset-after", "POST *:truncate"]))
    for method in ("PUT", "POST"):
        with pytest.raises(ConnectionResetError):
            app.as_user(method, LEDGER, json={})
    assert app.send(None, "GET", LEDGER).json()["total"] == 2
    store.close()


def test_a_seed_gives_the_same_failures_again():
    def outcomes():
        store = Store()
        app = LocalApp(store, faults=FaultRules(["PUT *:503:0.5"], chance=random.Random(7).random))  # noqa: S311 - reproducible
        seen = [app.as_user("PUT", LEDGER, json={}).status_code for _ in range(20)]
        store.close()
        return seen

    assert outcomes() == outcomes()
    assert set(outcomes()) == {200, 503}
