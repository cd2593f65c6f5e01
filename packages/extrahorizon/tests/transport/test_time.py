"""A time-out is a time-out: whatever drips, and wherever, a call ends by its deadline, in words that are true."""

import gzip
import importlib
import socket
import sys
import threading
from contextlib import suppress
from types import ModuleType

import pytest
from http_server import tls
from raw_server import RawServer, client_of

from extrahorizon.deadline import Deadline
from extrahorizon.errors import DeadlineExceededError, PlatformUnreachableError
from extrahorizon.retries import RetryPolicy
from extrahorizon.transport.protocol import CHUNK

pytestmark = pytest.mark.slow

TIME = 0.3  # seconds
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n"
NAMED = b"\x1f\x8b\x08\x08\0\0\0\0\0\3"  # a header of gzip, and the name of a file begins
COMMENTED = b"\x1f\x8b\x08\x10\0\0\0\0\0\3"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

#: What comes at once, what comes again and again, and whether the answer's headers are complete.
DRIPS = {
    "the status line": (b"HTTP/1.1 200 ", b"x", False),
    "the version": (b"", b"HTTP/1.1 200 OK"[:1], False),
    "a header": (OK + b"X: ", b"x", False),
    "headers": (OK, b"X: y\r\n", False),
    "headers of an interim answer": (b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n", False),
    "a piece of an interim answer": (b"HTTP/1.1 102 Processing\r\nX: ", b"y", False),
    "the size of a chunk": (CHUNKED + b"2;a=", b"x", True),
    "the size of the second chunk": (CHUNKED + b"1\r\n{\r\n", b"0", True),
    "chunks": (CHUNKED, b"1\r\n1\r\n", True),
    "a trailer": (CHUNKED + b"2\r\n{}\r\n0\r\nX: ", b"x", True),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n", True),
    "a name in a header of gzip": (GZIP + NAMED, b"x", True),
    "a comment in a header of gzip": (GZIP + COMMENTED, b"x", True),
    "members of gzip without content": (GZIP, gzip.compress(b""), True),
    "a body": (OK + b"Content-Length: 9999\r\n\r\n", b"x", True),
    "a body up to the end of the connection": (OK + b"Connection: close\r\n\r\n", b"x", True),
}


def drip(over, first, rest):
    def answer(connection, *_):
        connection.sendall(first)
        while not over.wait(TIME / 10):
            connection.sendall(rest)

    return answer


@pytest.mark.parametrize(("first", "rest", "begun"), DRIPS.values(), ids=DRIPS)
def test_what_drips_ends_with_the_deadline(first, rest, begun, serving):
    over = threading.Event()
    with serving(drip(over, first, rest)) as server:
        server.session.deadline = Deadline(TIME)
        with pytest.raises(DeadlineExceededError) as raised:
            server.session.call("POST", "/x?name=Doe")
        assert server.session.deadline.remaining() > -TIME
        over.set()
    assert raised.value.sent
    assert ("not complete" if begun else "not answered") in str(raised.value)


@pytest.mark.parametrize(
    "rest", [CONTINUE, b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"]
)
def test_endless_interim_answers_raise(rest, serving):
    """Without a deadline, too: they come as fast as they are read."""
    with serving(lambda connection, *_: connection.sendall(rest * 100_000)) as server:
        server.session.retries = RetryPolicy(attempts=1)
        with pytest.raises(PlatformUnreachableError) as raised:
            server.session.post("/x")
    assert raised.value.sent


def test_headers_that_drip_within_tls_end_with_the_deadline(transport, certificates):
    over = threading.Event()

    def answer(listener):
        connection, _ = listener.accept()
        with tls(certificates).wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            with suppress(OSError):
                drip(over, OK + b"X: ", b"x")(secured)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=[listener])
        thread.start()
        sends = transport(verify=str(certificates / "ca.pem"))
        session = client_of(f"https://localhost:{listener.getsockname()[1]}", sends).session
        session.deadline = Deadline(2 * TIME)
        with pytest.raises(DeadlineExceededError, match="not answered"):
            session.post("/x")
        assert session.deadline.remaining() > -TIME
        over.set()
        thread.join()


@pytest.fixture
def _pysocks(monkeypatch):
    """A stand-in for PySocks, which is not among the packages of the tests: its proxies are passed by."""
    stub = ModuleType("socks")
    stub.PROXY_TYPE_SOCKS4, stub.PROXY_TYPE_SOCKS5, stub.ProxyError = 1, 2, OSError
    stub.create_connection = lambda address, timeout, **_: socket.create_connection(address, timeout)
    monkeypatch.setitem(sys.modules, "socks", stub)
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)
    contrib = importlib.import_module("urllib3.contrib.socks")
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks")
    monkeypatch.setattr("requests.adapters.SOCKSProxyManager", contrib.SOCKSProxyManager)


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
@pytest.mark.usefixtures("_pysocks")
@pytest.mark.parametrize(
    ("first", "rest", "begun"), [DRIPS["a header"], DRIPS["a body up to the end of the connection"]]
)
def test_what_drips_through_a_proxy_over_socks_ends_with_the_deadline(first, rest, begun, transport):
    over = threading.Event()
    with RawServer(drip(over, first, rest), transport(proxies={"http": "socks5h://127.0.0.1:9"})) as server:
        server.session.deadline = Deadline(TIME)
        with pytest.raises(DeadlineExceededError, match="not complete" if begun else "not answered"):
            server.session.call("POST", "/x")
        assert server.session.deadline.remaining() > -TIME
        over.set()


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
@pytest.mark.usefixtures("_pysocks")
def test_a_body_that_stops_behind_a_proxy_over_socks_ends_with_the_deadline(transport):
    over = threading.Event()

    def answer(connection, *_):
        assert not over.wait(TIME * 2 / 3)
        connection.sendall(OK + b"Content-Length: 9\r\n\r\nx")
        over.wait(60)

    with RawServer(answer, transport(proxies={"http": "socks5h://127.0.0.1:9"})) as server:
        server.session.deadline = Deadline(TIME)
        with pytest.raises(DeadlineExceededError, match="not complete"):
            server.session.call("POST", "/x")
        assert server.session.deadline.remaining() > -TIME / 3
        over.set()


@pytest.mark.only_transport("requests", reason="proxies are for the transport over requests")
def test_a_proxy_whose_headers_drip_ends_with_the_deadline_and_nothing_was_sent(transport):
    over = threading.Event()

    def answer(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            with suppress(OSError):
                drip(over, b"HTTP/1.1 200 OK\r\nX: ", b"x")(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=[listener])
        thread.start()
        proxies = {"https": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        session = client_of("https://api.acme.example", transport(proxies=proxies)).session
        session.deadline = Deadline(TIME)
        with pytest.raises(DeadlineExceededError) as raised:
            session.post("/x")
        assert session.deadline.remaining() > -TIME
        assert not raised.value.sent
        over.set()
        thread.join()


def test_a_body_that_goes_out_slowly_is_sent_however_short_the_time_between_two_pieces(serving):
    """16 MB, of which a piece has a second, and the whole takes longer."""

    def answer(connection, reader, head):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
        left = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while left > 0 and not pause.wait(0.006):
            left -= len(reader.read1(CHUNK))
        connection.sendall(OK + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")

    pause = threading.Event()
    with serving(answer) as server:
        server.session.retries = RetryPolicy(attempts=1)
        assert server.session.call("POST", "/x", json={"v": "x" * 16_000_000}, timeout=1) == {}


@pytest.mark.parametrize("size", [1_000_000, 40_000_000])
def test_a_request_that_was_not_sent_completely_by_the_deadline_counts_as_not_sent(size, serving):
    over = threading.Event()
    with serving(lambda *_: over.wait(10)) as server:
        server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.session.deadline = Deadline(TIME)
        with pytest.raises(DeadlineExceededError) as raised:
            server.session.post("/x", data=bytes(10 * size))
        assert server.session.deadline.remaining() > -TIME
        over.set()
    assert str(raised.value) == "POST /x was not sent when the function's time was up"
    assert not raised.value.sent


def test_a_write_whose_request_stalled_is_sent_again_and_says_why_where_that_fails(serving, waits):
    over = threading.Event()
    with serving(lambda *_: over.wait(0.5)) as server:
        server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.session.retries = RetryPolicy(attempts=2)
        with pytest.raises(PlatformUnreachableError) as raised:
            server.session.post("/x", data=bytes(20_000_000), timeout=0.2)
        over.set()
    told = "the request could not be sent within 0.2 s (POST /x, after 2 attempts)"
    assert str(raised.value).endswith(told)
    assert not raised.value.sent
    assert len(waits) == 1


def whole(error):
    """What can be read of an error and of all that hangs on it."""
    seen = []
    while error is not None:
        texts = (str(error), repr(error), repr(vars(error)), repr(error.args))
        seen.extend(texts)
        error = error.__cause__ or error.__context__
    return " ".join(seen)


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection, *_: None,
        lambda connection, *_: connection.sendall(b"nonsense\r\n\r\n"),
        lambda connection, *_: connection.sendall(OK + b"Content-Length: 9\r\n\r\nx"),
        lambda connection, *_: connection.sendall(GZIP + b"plain"),
        lambda connection, *_: connection.sendall(OK + b"Content-Length: 8\r\n\r\nDoe, Jo\xff"),
    ],
    ids=["nothing", "no HTTP", "half", "no gzip", "no JSON"],
)
def test_no_error_keeps_what_was_asked_for_or_answered(answer, serving):
    """`from None` hides an error of a library, which has the URL with its query, and does not take it away."""
    with serving(answer) as server:
        server.session.retries = RetryPolicy(attempts=1)
        with pytest.raises(Exception, match="POST") as raised:
            server.session.call("POST", "/x?eq(name,Doe)")
    assert "Doe" not in whole(raised.value)


def test_no_error_of_a_host_that_is_not_there_keeps_what_was_asked_for(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    session = client_of(f"http://localhost:{port}", transport()).session
    session.retries = RetryPolicy(attempts=1)
    with pytest.raises(PlatformUnreachableError) as raised:
        session.get("/x?eq(name,Doe)")
    assert "Doe" not in whole(raised.value)
