"""Bodies over real sockets: large, slow, cut short, and streamed both ways."""

import email.parser
import email.policy
import io
import re
import threading
import tracemalloc

import pytest
from raw_server import head_of

from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    DeadlineExceededError,
    InvalidResponseError,
    PlatformUnreachableError,
    RequestAbortedError,
)
from extrahorizon.multipart import Multipart

MEGABYTE = 1024 * 1024


def test_an_answer_larger_than_memory_allows_is_refused_while_it_arrives(serving, monkeypatch):
    monkeypatch.setattr("extrahorizon.transport.protocol.BODY_LIMIT", MEGABYTE)
    sent = []

    def answer(connection, *_):
        connection.sendall(head_of(100 * MEGABYTE))
        for _ in range(100):
            connection.sendall(b"x" * MEGABYTE)
            sent.append(1)

    with serving(answer) as server, pytest.raises(InvalidResponseError, match="an answer of more than 1,048,576 bytes"):
        server.session.get("/x")
    assert len(server.requests) == 1
    assert len(sent) < 100


def test_a_compressed_answer_counts_by_what_it_becomes(serving, monkeypatch):
    import gzip

    monkeypatch.setattr("extrahorizon.transport.protocol.BODY_LIMIT", MEGABYTE)
    body = gzip.compress(b"0" * 50 * MEGABYTE)

    def answer(connection, *_):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    with serving(answer) as server, pytest.raises(InvalidResponseError):
        server.session.get("/x")


def test_a_body_cut_short_is_no_answer(serving):
    def answer(connection, *_):
        connection.sendall(head_of(100) + b'{"half": ')

    with serving(answer) as server:
        with pytest.raises(PlatformUnreachableError) as raised:
            server.session.post("/x")
        assert raised.value.sent
        assert len(server.requests) == 1
        with pytest.raises(PlatformUnreachableError, match="after 5 attempts"):
            server.session.get("/x")
        assert len(server.requests) == 6


def test_an_error_whose_body_is_cut_short_still_has_its_status(serving):
    def answer(connection, *_):
        connection.sendall(head_of(100, "404 Not Found") + b'{"code": 16')

    from extrahorizon.errors import NotFoundError

    with serving(answer) as server, pytest.raises(NotFoundError):
        server.session.get("/x")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n",
        b"HTTP/1.0 200 OK\r\nConte",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nX",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_half_an_answer_is_no_success_and_nothing_of_it_is_left_for_the_next_call(serving, answer):
    answers = [answer]

    def reply(connection, *_):
        connection.sendall(answers.pop() if answers else head_of(2) + b"{}")

    with serving(reply) as server:
        with pytest.raises(PlatformUnreachableError) as raised:
            server.session.call("POST", "/a")
        reason = r"(its answer was not complete|the connection was cut off) \(POST /a\)"
        assert re.search(rf" could not be reached: {reason}\. It may have been done all the same$", str(raised.value))
        assert server.session.call("GET", "/b") == {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Connection: close", "X-Kept: open"])
def test_a_body_that_stalls_ends_with_the_deadline(serving, kind):
    over = threading.Event()

    def answer(connection, *_):
        over.wait(0.4)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n{kind}\r\n\r\nx".encode())
        over.wait(10)

    with serving(answer) as server:
        server.session.deadline = Deadline(0.5)
        with pytest.raises(DeadlineExceededError, match="It may have been done all the same"):
            server.session.post("/x")
        assert server.session.deadline.remaining() > -0.3
        over.set()


@pytest.mark.slow
def test_an_upload_to_a_slow_reader_ends_with_the_deadline(serving):
    over = threading.Event()

    class Slow(Zeros):
        def read(self, size=-1):
            over.wait(0.05)
            return super().read(size)

    with serving(receive([])) as server:
        server.session.deadline = Deadline(0.3)
        with pytest.raises(DeadlineExceededError, match="no time is left for POST"):
            server.session.post("/files/v1/", data=Multipart(Slow(64 * MEGABYTE), filename="f"))
        assert server.session.deadline.remaining() > -0.3


@pytest.mark.slow
def test_a_stalled_server_ends_with_the_deadline(serving):
    over = threading.Event()
    with serving(lambda *_: over.wait(10)) as server:
        server.session.deadline = Deadline(0.3)
        with pytest.raises(DeadlineExceededError, match="was not answered when the function's time was up"):
            server.session.post("/x")
        over.set()


def test_a_download_is_streamed_in_constant_memory(serving):
    size = 64 * MEGABYTE

    def answer(connection, *_):
        connection.sendall(head_of(size))
        for _ in range(64):
            connection.sendall(b"x" * MEGABYTE)

    with serving(answer) as server:
        tracemalloc.start()
        with server.session.get("/files/v1/t/file", stream=True) as response:
            received = sum(len(chunk) for chunk in response.chunks())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert received == size
    assert peak < 8 * MEGABYTE


class Zeros(io.RawIOBase):
    """A large file that takes no memory."""

    def __init__(self, size):
        self.size, self.at = size, 0

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        self.at = offset if whence == 0 else self.size + offset
        return self.at

    def read(self, size=-1):
        size = min(size, self.size - self.at)
        self.at += size
        return bytes(size)


def receive(received):
    def answer(connection, reader, head):
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        left = length
        while left and (part := reader.read(min(left, 65536))):
            left -= len(part)
            received.append(part)
        connection.sendall(head_of(2) + b"{}")

    return answer


def test_an_upload_is_streamed_in_constant_memory(serving):
    size = 64 * MEGABYTE
    received = []

    class Counter(list):
        def append(self, part):
            received.append(len(part))

    with serving(receive(Counter())) as server:
        tracemalloc.start()
        server.session.post("/files/v1/", data=Multipart(Zeros(size), filename="zeros"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sum(received) > size
    assert peak < 8 * MEGABYTE


def test_the_parts_come_in_order_and_read_as_any_parser_reads_them(serving):
    received = []
    body = Multipart(
        b"\x00\r\n--file",
        filename='a "b"\r\n.txt',
        mimetype="text/plain",
        before=[("name", "a \u00e9")],
        after=[("tags[]", "one"), ("tags[]", "two")],
    )
    with serving(receive(received)) as server:
        server.session.post("/files/v1/", data=body)
        head = server.requests[0].decode().partition("\r\n")[2]
    content_type = next(line for line in head.split("\r\n") if line.lower().startswith("content-type"))
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"{content_type}\r\n\r\n".encode() + b"".join(received)
    )
    parts = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]
    assert parts == [
        ("name", "a \u00e9".encode()),
        ("file", b"\x00\r\n--file"),
        ("tags[]", b"one"),
        ("tags[]", b"two"),
    ]
    assert len(b"".join(received)) == len(body)


def test_a_retried_upload_is_sent_from_its_first_byte(serving):
    received = []
    refusals = [True]

    def answer(connection, reader, head):
        receive(received)(
            connection if not refusals else io.BytesIO(), reader, head
        ) if not refusals else refusals.pop()
        connection.sendall(b"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    stream = io.BytesIO(b"skipped-content")
    stream.seek(8)
    with serving(answer) as server:
        server.session.post("/files/v1/", data=Multipart(stream, filename="f"))
    assert b"\r\n\r\ncontent\r\n" in b"".join(received)


def test_a_file_that_shrinks_or_breaks_while_it_is_sent_ends_the_call(serving):
    class Shrinking(Zeros):
        def read(self, size=-1):
            return super().read(size) if self.at < MEGABYTE else b""

    class Broken(Zeros):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    with serving(receive([])) as server:
        for source, told in ((Shrinking(2 * MEGABYTE), "1,048,576 bytes shorter"), (Broken(10), "Input/output error")):
            with pytest.raises(RequestAbortedError, match=told):
                server.session.post("/files/v1/", data=Multipart(source, filename="f"))


def test_a_content_type_cannot_write_headers():
    with pytest.raises(ValueError, match="one line"):
        Multipart(b"", filename="f", mimetype="text/plain\r\nX: y")
