"""Answers that come early, late, in pieces, or after others that are none."""

import socket
import threading

import pytest
from http_server import answering, tls
from raw_server import Unsigned, client_of, head_of

from extrahorizon.client import ExtraHorizon
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    DeadlineExceededError,
    InvalidResponseError,
    PlatformError,
    PlatformUnreachableError,
)
from extrahorizon.multipart import Multipart

MEGABYTE = 1024 * 1024


def test_answers_that_are_not_the_final_one_are_passed_over(serving):
    interim = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    )
    with serving(lambda connection, *_: connection.sendall(interim + head_of(2) + b"{}")) as server:
        response = server.session.post("/x", stream=True)
        assert (response.status_code, response.headers.get("link")) == (200, None)
        response.close()


def test_an_interim_answer_leaves_the_next_answer_to_the_next_call(transport):
    def serve(listener):
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as reader:
            for number in (1, 2):
                while reader.readline() != b"\r\n":
                    pass
                connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
                connection.sendall(b'{"n":%d}' % number)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        with client_of(f"http://localhost:{listener.getsockname()[1]}", transport()) as exh:
            assert [exh.session.call("GET", "/x") for _ in range(2)] == [{"n": 1}, {"n": 2}]
        thread.join()


def test_a_refusal_that_comes_before_the_body_is_sent_is_read(serving):
    def answer(connection, reader, head):
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with serving(answer) as server:
        for _ in range(5):  # closed with unread data, which resets the connection
            with pytest.raises(PlatformError) as raised:
                server.session.post("/files/v1/", data=Multipart(b"x" * 8 * MEGABYTE, filename="f"))
            assert raised.value.status == 413


@pytest.mark.only_transport("sockets", reason="urllib3 looks for no answer before the body is sent")
def test_a_refusal_is_read_though_the_connection_stays_open_and_the_next_call_has_another(transport):
    with answering() as server, client_of(f"http://localhost:{server.server_port}", transport()) as exh:
        exh.session.deadline = Deadline(5)
        with pytest.raises(PlatformError) as raised:
            exh.session.put("/files/v1/", data=Multipart(b"x" * 8 * MEGABYTE, filename="f"))
        assert raised.value.status == 413
        assert exh.session.call("GET", "/x") == {}
        server.over.set()
    assert len(server.connections) == 2


@pytest.mark.slow
def test_a_body_that_nobody_reads_ends_with_the_deadline(serving):
    over = threading.Event()
    with serving(lambda *_: over.wait(10)) as server:
        server.session.deadline = Deadline(0.3)
        with pytest.raises(DeadlineExceededError):
            server.session.post("/files/v1/", data=b"x" * 32 * MEGABYTE)
        assert server.session.deadline.remaining() > -0.3
        over.set()


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"]
)
@pytest.mark.parametrize("pieces", [1, 3])
def test_an_interim_answer_ends_no_upload(serving, interim, pieces):
    read = []

    def answer(connection, reader, _):
        size = len(interim) // pieces + 1
        for at in range(0, len(interim), size):
            connection.sendall(interim[at : at + size])
        read.append(len(reader.read(4 * MEGABYTE)))
        connection.sendall(head_of(2) + b"{}")

    with serving(answer) as server:
        server.session.deadline = Deadline(10)
        assert server.session.call("POST", "/files/v1/", data=b"x" * 4 * MEGABYTE) == {}
    assert read == [4 * MEGABYTE]


@pytest.mark.only_transport("sockets", reason="urllib3 has framing of its own")
@pytest.mark.parametrize(
    "framing",
    ["Content-Length: 2\r\nTransfer-Encoding: chunked", f"Content-Length: {'0' * 5_000}2", "Content-Length: +2"],
)
def test_an_answer_whose_end_is_not_certain_is_refused(serving, framing):
    def answer(connection, *_):
        connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode() + b"2\r\n{}\r\n0\r\n\r\n")

    with serving(answer) as server, pytest.raises(PlatformUnreachableError):
        server.session.call("POST", "/x")


@pytest.mark.only_transport("sockets", reason="urllib3 reads sizes of its own")
@pytest.mark.parametrize("size", ["0x2", "0_2", "+2", "-2", " ", "2" * 17, "2 2"])
def test_a_chunk_whose_size_others_read_in_another_way_is_refused(serving, size):
    def answer(connection, *_):
        connection.sendall(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n{{}}\r\n0\r\n\r\n".encode())

    with serving(answer) as server, pytest.raises(PlatformUnreachableError):
        server.session.call("POST", "/x")


@pytest.mark.parametrize("size", ["2", "02", "2;name=value", "2 "])
def test_the_size_of_a_chunk_may_have_zeros_and_extensions(serving, size):
    def answer(connection, *_):
        connection.sendall(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n{{}}\r\n0\r\n\r\n".encode())

    with serving(answer) as server:
        assert server.session.call("GET", "/x") == {}


@pytest.mark.only_transport("sockets", reason="urllib3 drops what follows an answer")
@pytest.mark.parametrize(
    "head", ["Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"]
)
def test_what_follows_an_answer_is_no_answer_to_the_next_request(serving, head):
    peers = []

    def answer(connection, *_):
        peers.append(connection.getpeername())
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}".encode() + head_of(8) + b'{"a": 1}')

    with serving(answer) as server:
        assert [server.session.call("GET", "/x") for _ in range(3)] == [{}] * 3
    assert len(set(peers)) == 3, "a connection was used again, though more had come on it than was asked for"


@pytest.mark.parametrize("coding", ["zz", "gzip, zz"])
def test_an_answer_in_a_coding_that_was_not_asked_for_is_refused_by_its_name(serving, coding):
    def answer(connection, *_):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 2\r\n\r\n"
        connection.sendall(head.encode() + b"{}")

    with serving(answer) as server, pytest.raises(InvalidResponseError, match=r"Content-Encoding '.*zz'"):
        server.session.call("GET", "/x")


@pytest.mark.parametrize("charset", ["idna", "undefined", "\0", "none-such"])
def test_a_text_in_no_encoding_is_read_as_utf_8(serving, charset):
    def answer(connection, *_):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\nContent-Length: 3\r\n\r\n"
        connection.sendall(head.encode() + "aé".encode())

    with serving(answer) as server:
        assert server.session.get("/x").text == "aé"


@pytest.mark.only_transport("sockets", reason="urllib3 looks for no answer before the body is sent")
def test_a_long_answer_that_comes_before_the_body_is_sent_is_read_completely(transport):
    with (
        answering(early=b"[" + b"1," * 100_000 + b"1]") as server,
        client_of(f"http://localhost:{server.server_port}", transport()) as exh,
    ):
        exh.session.deadline = Deadline(5)
        response = exh.session.put("/files/v1/", data=Multipart(b"x" * 8 * MEGABYTE, filename="f"))
        assert len(response.json()) == 100_001
        server.over.set()


def test_a_refusal_that_comes_before_the_body_is_sent_is_read_over_tls(transport, certificates):
    with (
        answering(context=tls(certificates), hangs_up=True) as server,
        client_of(f"https://localhost:{server.server_port}", transport(verify=str(certificates / "ca.pem"))) as exh,
    ):
        for _ in range(5):
            with pytest.raises(PlatformError) as raised:
                exh.session.put("/files/v1/", data=Multipart(b"x" * 4 * MEGABYTE, filename="f"))
            assert raised.value.status == 413


@pytest.mark.parametrize("count", [3, 40])
def test_interim_answers_end(count, serving):
    def answer(connection, *_):
        for _ in range(count):
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        connection.sendall(head_of(2) + b"{}")

    with serving(answer) as server:
        if count == 3:
            assert server.session.call("POST", "/x") == {}
        else:
            with pytest.raises(PlatformUnreachableError):
                server.session.call("POST", "/x")


def test_a_body_is_sent_completely_over_tls(transport, certificates):
    with (
        answering(context=tls(certificates)) as server,
        client_of(f"https://localhost:{server.server_port}", transport(verify=str(certificates / "ca.pem"))) as exh,
    ):
        for _ in range(2):
            exh.session.post("/files/v1/", data=Multipart(b"x" * 2 * MEGABYTE, filename="f"))
    assert [size > 2 * MEGABYTE for size in server.bodies] == [True, True]
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (head_of(8) + b"first", b"and"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", b"3\r\nand\r\n0\r\n\r\n"),
    ],
    ids=["of a known length", "chunked"],
)
def test_pieces_are_given_on_as_they_come(first, rest, serving):
    taken = threading.Event()

    def answer(connection, *_):
        connection.sendall(first)
        taken.wait(10)
        connection.sendall(rest)

    with serving(answer) as server:
        server.session.deadline = Deadline(5)
        with server.session.get("/x", stream=True) as response:
            pieces = response.chunks()
            assert next(pieces) == b"first"
            taken.set()
            assert b"".join(pieces) == b"and"


def test_two_headers_with_one_name_are_both_kept(serving):
    with serving(
        lambda connection, *_: connection.sendall(
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nx-a: 2\r\nConnection: close\r\n\r\n"
        )
    ) as server:
        assert server.session.get("/x").headers["X-A"] == "1, 2"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_host_header_is_the_host_with_its_port(host, transport):
    with answering(host=host) as server:
        address = f"[{host}]:{server.server_port}" if ":" in host else f"{host}:{server.server_port}"
        with ExtraHorizon(Unsigned(f"http://{address}"), transport=transport()) as exh:
            assert exh.session.call("GET", "/x") == {}
    assert [each["Host"] for each in server.headers] == [address]
