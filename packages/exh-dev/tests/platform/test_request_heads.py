"""The line and the headers of a request: how large they may be, and how long they may take."""

import json
import socket
from http.client import HTTPResponse

import pytest
import requests

from exh_dev.serve import bounded_protocol, server
from exh_dev.serve.bounded_protocol import MOST_HEAD, MOST_LINE
from extrahorizon.transport.protocol import IDLE_LIMIT

HEAD = b"GET /users/v1/health HTTP/1.1\r\nHost: localhost\r\n"


def exchanged(platform, *pieces):
    """The answer to some bytes, and whether the connection is at its end."""
    with socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2])), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def test_a_head_of_the_limit_is_taken(platform):
    headers = {f"X-{number}": "a" * 8_000 for number in range(15)}
    assert requests.get(f"{platform.url}/users/v1/health", headers=headers, timeout=5).status_code == 200
    line = "/users/v1/health?".ljust(MOST_LINE, "a")
    assert requests.get(platform.url + line, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD] + [b"X-%d: %s\r\n" % (number, b"a" * 8_000) for number in range(17)],
        [HEAD + b"X: ", b"a" * MOST_HEAD, b"a" * 10],
        [b"GET /" + b"a" * 1_000, b"a" * MOST_HEAD],
        [b"GET /users/v1/health?" + b"a" * MOST_LINE + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        [b"GET /users/v1/health?" + b"a" * 60_000, b"a" * 60_000 + b" HTTP/1.1\r\n"],
    ],
    ids=["many headers", "one without end", "a line without end", "a long line", "a longer line, in pieces"],
)
def test_a_head_that_is_too_large_is_refused_without_waiting_for_its_end(platform, pieces):
    status, body = exchanged(platform, *pieces)
    assert (status, json.loads(body)["name"]) == (431, "HEADERS_TOO_LARGE_EXCEPTION")


@pytest.mark.parametrize(
    "endless", [b"1\r\nx\r\n0\r\nX-Trailer: ", b"1\r\nx\r\n1;extension="], ids=["a trailer", "an extension of a chunk"]
)
def test_what_is_endless_after_a_body_is_refused_as_a_head_is(platform, endless):
    head = b"POST /users/v1/me HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(head + endless)
        with pytest.raises(OSError, match="reset|pipe"):
            connection.sendall(b"a" * 10_000_000)


def test_a_large_body_is_no_head(platform):
    answer = requests.put(f"{platform.url}/_dev/ledger/k", data=b"a" * 5 * MOST_HEAD, timeout=5)
    assert answer.status_code == 401


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD + b"X"])
def test_a_head_that_does_not_come_ends_the_connection(platform, monkeypatch, sent):
    monkeypatch.setattr(bounded_protocol, "LONGEST_HEAD", 0.1)
    with socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(1_000) == b""


@pytest.mark.slow
def test_a_second_head_on_a_connection_has_to_come_too(platform, monkeypatch):
    monkeypatch.setattr(bounded_protocol, "LONGEST_HEAD", 0.1)
    with socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(HEAD + b"\r\n" + HEAD)
        received = b""
        while piece := connection.recv(1_000):
            received += piece
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.count(b"HTTP/1.1") == 1


def test_an_idle_connection_outlives_that_of_the_client():
    """Else a request and the end of its connection meet on the way, and what is not safe to repeat fails."""
    assert server.KEEP_ALIVE > IDLE_LIMIT
