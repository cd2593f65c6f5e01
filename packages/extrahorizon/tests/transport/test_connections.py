"""Connections: kept, dropped, refused; and answers that are none."""

import os
import socket
import threading
import time
from contextlib import suppress

import pytest
import urllib3
from http_server import answering
from raw_server import client_of, head_of

from extrahorizon.errors import InvalidResponseError, PlatformUnreachableError
from extrahorizon.fan_out import fan_out
from extrahorizon.multipart import Multipart


def test_a_connection_is_kept_for_the_next_call(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        for _ in range(3):
            assert exh.session.call("GET", "/x") == {}
    assert len(server.connections) == 1


def test_closing_an_answer_that_was_read_leaves_the_connection_to_the_next_call(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        with exh.session.get("/x", stream=True) as read:
            assert b"".join(read.chunks()) == b"{}"
            other = exh.session.get("/x", stream=True)
        assert other.content == b"{}"
        assert len(server.connections) == 1
        exh.session.get("/x", stream=True).close()
        exh.session.call("GET", "/x")
    assert len(server.connections) == 2


@pytest.mark.parametrize(("idle", "connections"), [(49, 1), (51, 2)])  # seconds
def test_a_connection_that_was_idle_for_long_is_not_used_again(idle, connections, transport, monkeypatch):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        exh.session.call("POST", "/x")
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + idle)
        exh.session.call("POST", "/x")
    assert len(server.connections) == connections


def test_a_write_is_not_sent_on_a_connection_that_the_platform_has_closed_meanwhile(serving):
    kept = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"  # and then it is closed, without a word before
    with serving(lambda connection, *_: connection.sendall(kept)) as server:
        for _ in range(3):
            assert server.session.call("POST", "/x") == {}
            assert server.closed.acquire(timeout=5)
    assert len(server.requests) == 3


def test_a_connection_that_the_platform_wants_to_close_is_not_used_again(transport):
    """However long it takes to do so."""
    with answering(says="close") as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        for _ in range(2):
            assert exh.session.call("POST", "/x") == {}
    assert len(server.connections) == 2


def test_an_answer_that_nobody_reads_to_its_end_is_not_the_next_calls(transport):
    with (
        answering(answer=b"[" + b"1," * 200_000 + b"1]") as server,
        client_of(f"http://localhost:{server.server_port}", transport()) as exh,
    ):
        for _ in range(2):
            response = exh.session.get("/x", stream=True)
            assert next(response.chunks()).startswith(b"[1,")
            del response
    assert len(server.connections) == 2


@pytest.mark.only_transport("sockets", reason="the pools of urllib3 are its own")
def test_no_more_connections_are_kept_than_a_fan_out_needs(transport, monkeypatch):
    monkeypatch.setattr("extrahorizon.transport.over_sockets.CONNECTIONS", 1)
    with (
        answering(gate=threading.Barrier(3)) as server,
        client_of(f"http://localhost:{server.server_port}", transport()) as exh,
    ):
        for _ in range(2):
            fan_out(lambda _: exh.session.call("GET", "/x"), range(3), workers=3)
    assert len(server.connections) == 5


@pytest.mark.slow
def test_as_many_connections_as_a_fan_out_has_threads_are_kept_open(transport):
    gate = threading.Barrier(16)
    with answering(gate=gate) as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        for _ in range(2):
            fan_out(lambda _: exh.session.call("GET", "/x"), range(16), workers=16)
    assert len(server.connections) == 16


def test_a_closed_port_is_unreachable_with_the_host(transport):
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"http://localhost:{listener.getsockname()[1]}"
    listener.close()
    with pytest.raises(PlatformUnreachableError) as raised:
        client_of(host, transport()).session.get("/users/v1/me")
    told = f"{host} could not be reached: connection refused (GET /users/v1/me, after 5 attempts)"
    assert str(raised.value) == told
    assert not raised.value.sent


def test_a_connection_that_is_cut_is_unreachable(serving):
    with (
        serving(lambda *_: None) as server,
        pytest.raises(PlatformUnreachableError, match="It may have been done all the same"),
    ):
        server.session.post("/users/v1/me")


@pytest.mark.parametrize("host", ["https://api.a..b.io", f"https://api.{'x' * 64}.io"])
def test_a_host_that_no_resolver_takes_is_unreachable(host, transport):
    with pytest.raises(PlatformUnreachableError, match="after 1 attempts|could not be reached"):
        client_of(host, transport()).session.post("/users/v1/me")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x16\x03\x01\x00\xff\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000 + b"Content-Length: 0\r\n\r\n",
    ],
)
def test_what_is_no_answer_of_http_is_unreachable(answer, serving):
    with serving(lambda connection, *_: connection.sendall(answer)) as server:
        with pytest.raises(PlatformUnreachableError) as raised:
            server.session.post("/x")
        assert raised.value.sent
        assert len(server.requests) == 1


def test_a_redirect_is_followed_within_the_host_alone(serving):
    places = ["/moved", "http://elsewhere.example/x"]

    def answer(connection, *_):
        location = places.pop(0)
        head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())

    with serving(answer) as server:
        with pytest.raises(PlatformUnreachableError, match="redirects to http://elsewhere.example"):
            server.session.get("/x?select(id)")
        first, second = (request.split(b"\r\n")[0] for request in server.requests)
    assert (first, second) == (b"GET /x?select(id) HTTP/1.1", b"GET /moved HTTP/1.1")


def test_an_answer_to_head_has_no_body(serving):
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n", head_of(2) + b"{}"]
    with serving(lambda connection, *_: connection.sendall(answers.pop(0))) as server:
        head = server.session.head("/x")
        assert (head.content, head.headers["content-length"]) == (b"", "100")
        assert server.session.call("GET", "/x") == {}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_and_chunked_answer_is_read_as_it_was_meant(coding, serving):
    import gzip
    import zlib

    body = b'{"name": "' + b"x" * 100_000 + b'"}'
    packed = gzip.compress(body) if coding == "gzip" else zlib.compress(body)

    def answer(connection, *_):
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for at in range(0, len(packed), 7):
            piece = packed[at : at + 7]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    with serving(answer) as server:
        assert server.session.get("/x").content == body


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 196_808])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "bare deflate"])
def test_a_compressed_body_of_any_size_is_read_completely(size, coding, serving):
    import gzip
    import zlib

    body = b"0" * size
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body)}.get(coding) or bare.compress(
        body
    ) + bare.flush()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding.split()[-1]}\r\nContent-Length: {len(packed)}\r\n"
    with serving(
        lambda connection, *_: connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + packed)
    ) as server:
        assert server.session.get("/x").content == body


def test_all_members_of_a_gzip_body_are_read(serving):
    import gzip

    packed = gzip.compress(b"a" * 10) + gzip.compress(b"b" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\nConnection: close\r\n\r\n"
    with serving(lambda connection, *_: connection.sendall(head.encode() + packed)) as server:
        assert server.session.get("/x").content == b"a" * 10 + b"b" * 100_000


@pytest.mark.parametrize("lengths", ["Content-Length: 100, 100", "Content-Length: 4\r\nContent-Length: 100"])
def test_an_answer_with_two_content_lengths_raises(lengths, serving):
    head = f"HTTP/1.1 200 OK\r\n{lengths}\r\nConnection: close\r\n\r\nhalf"
    answer = lambda connection, *_: connection.sendall(head.encode())  # noqa: E731 - shorter than a function
    with serving(answer) as server, pytest.raises((PlatformUnreachableError, InvalidResponseError)):
        server.session.post("/x")


def test_a_redirect_without_a_path_goes_to_the_same_place(serving):
    answers = []

    def answer(connection, *_):
        if answers:
            connection.sendall(head_of(2) + b"{}")
        else:
            answers.append(1)
            location = f"Location: {server.host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            connection.sendall(b"HTTP/1.1 302 Found\r\n" + location.encode())

    with serving(answer) as server:
        assert server.session.call("GET", "/x") == {}
    assert server.requests[1].startswith(b"GET / HTTP/1.1")


def test_reading_an_answer_after_it_was_closed_leaves_nothing_behind(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        with exh.session.get("/x", stream=True) as closed:
            pass
        with suppress(PlatformUnreachableError, ValueError):
            closed.content  # noqa: B018 - it may be there, or not
        assert exh.session.call("GET", "/x") == {}


def test_a_process_that_was_forked_has_connections_of_its_own(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        exh.session.call("GET", "/x")
        child = os.fork()
        if child == 0:
            answered = exh.session.call("GET", "/x") == {}
            os._exit(0 if answered else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(server.connections) == 2
        assert exh.session.call("GET", "/x") == {}
    assert len(server.connections) == 2


@pytest.mark.parametrize("raised", [TimeoutError, BrokenPipeError, ConnectionResetError])
def test_what_the_body_itself_raises_reaches_the_caller(raised, serving):
    def broken(sent, size):
        raise raised("of the body")

    upload = Multipart(b"x" * 200_000, filename="f", on_progress=broken)
    with serving(lambda connection, reader, head: reader.read()) as server:
        with pytest.raises(raised, match="of the body"):
            server.session.post("/files/v1/", data=upload)
        server.session.close()


def test_a_body_that_broke_is_not_an_empty_one_the_second_time(serving):
    with serving(lambda connection, *_: connection.sendall(head_of(100) + b"half")) as server:
        response = server.session.post("/x", stream=True)
        with pytest.raises(PlatformUnreachableError):
            response.content  # noqa: B018 - read
        with pytest.raises(InvalidResponseError, match="could not be read"):
            response.json()


@pytest.mark.parametrize("cut", [4, 8, 40])
def test_a_compressed_body_that_ends_too_early_is_unreachable(serving, cut):
    import gzip

    packed = gzip.compress(bytes(range(256)) * 4)[:-cut]
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\nConnection: close\r\n\r\n"
    with (
        serving(lambda connection, *_: connection.sendall(head.encode() + packed)) as server,
        pytest.raises(PlatformUnreachableError),
    ):
        server.session.post("/x")


def test_a_compressed_body_may_be_padded(serving):
    import gzip

    packed = gzip.compress(b"{}") + b"\0" * 10
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with serving(lambda connection, *_: connection.sendall(head.encode() + packed)) as server:
        assert server.session.call("GET", "/x") == {}


def test_pieces_of_a_compressed_body_are_small_however_well_it_was_compressed(serving):
    import gzip

    packed = gzip.compress(b"0" * 10_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\nConnection: close\r\n\r\n"
    with serving(lambda connection, *_: connection.sendall(head.encode() + packed)) as server:
        response = server.session.get("/x", stream=True)
        sizes = [len(piece) for piece in response.chunks()]
    assert (sum(sizes), max(sizes)) == (10_000_000, 65_536)


def test_a_body_that_is_not_compressed_as_it_says_is_unreachable(serving):
    broken = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain"
    answer = lambda connection, *_: connection.sendall(broken)  # noqa: E731 - shorter than a function
    with serving(answer) as server, pytest.raises(PlatformUnreachableError):
        server.session.post("/x")


@pytest.mark.only_transport("requests", reason="those who record and replay do it with the connections of urllib3")
def test_connections_that_somebody_has_replaced_are_used(transport, monkeypatch):
    """As VCR.py does: else a suite that replays would call the real platform."""
    seen = []

    class Recording(urllib3.HTTPConnectionPool.ConnectionCls):
        def request(self, method, url, *rest, **options):
            seen.append((method, url))
            super().request(method, url, *rest, **options)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "ConnectionCls", Recording)
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        assert exh.session.call("GET", "/x") == {}
    assert seen == [("GET", "/x")]
