"""An answer as bytes: what servers send is read as others read it, and whatever else comes is one error."""

import io
from http.client import HTTPResponse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extrahorizon.transport.answer import Answer, MalformedAnswerError

NAMES = st.sampled_from(["Content-Type", "Set-Cookie", "X-A", "x-a", "ETag", "Retry-After"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


class Sent:
    """What `http.client` takes for a socket."""

    def __init__(self, content):
        self.content = content

    def makefile(self, _):
        return io.BytesIO(self.content)


def read(content, method="GET"):
    answer = Answer(io.BufferedReader(io.BytesIO(content)), method)
    return answer.status, dict(answer.headers), b"".join(answer.body()), answer.will_close


def read_by_python(content, method):
    answer = HTTPResponse(Sent(content), method=method)
    answer.begin()
    joined = {}
    for name, value in answer.getheaders():
        known = next((each for each in joined if each.lower() == name.lower()), None)
        joined[known or name] = f"{joined[known]}, {value.strip()}" if known else value.strip()
    names = {name.lower(): value for name, value in joined.items()}
    return answer.status, names, answer.read(), answer.will_close


@given(
    st.sampled_from([200, 201, 204, 304, 400, 404, 500]),
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
    st.lists(st.binary(min_size=1, max_size=300), max_size=4),
    st.sampled_from(["length", "chunked", "close"]),
    st.sampled_from(["GET", "HEAD"]),
    st.booleans(),
)
def test_what_servers_send_is_read_as_python_reads_it(status, headers, pieces, framing, method, interim):
    body = b"".join(pieces)
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name}: {value}" for name, value in headers)]
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked" and status not in (204, 304):  # whose end Python waits for
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x;a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nX-Sum: 1\r\n\r\n"
    else:
        lines.append("Connection: close")
    before = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" if interim else b""
    content = "\r\n".join([*lines, "", ""]).encode() + (b"" if method == "HEAD" or status in (204, 304) else body)
    found = read(before + content, method)
    expected = read_by_python(content, method)
    assert (found[0], {name.lower(): value for name, value in found[1].items()}, *found[2:]) == expected


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 20))
@example(b"", 0, 0)
def test_any_bytes_are_an_answer_or_a_broken_connection(junk, at, cut):
    valid = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
    try:
        status, _, _, _ = read(valid[:at] + junk + valid[at + cut :])
    except OSError:
        return
    assert 100 <= status <= 999


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "no status line"),
        (b"HTTP/2 200\r\n\r\n", "no status line"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "no status line"),
        (b"HTTP/1.1 200 OK\r\n: x\r\n\r\n", "a header has no name"),
        (b"HTTP/1.1 200 OK\r\n folded\r\n\r\n", "a header has no name"),
        (b"HTTP/1.1 200 OK\r\nA b: x\r\n\r\n", "a header has no name"),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}", "a header has no name"),
        (HEAD + b"X: a\rSet-Cookie: b\r\n\r\nbody", "a header has a carriage return in it"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\xa0\r\n\r\n{}", "it has no certain end"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: \x0c2\r\n\r\n{}", "it has no certain end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", "it has no certain end"),
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "it has no certain end"),
        (HEAD + b"X: " + b"a" * 70_000, "a header is too long"),
        (HEAD + b"X: a\r\n" * 101 + b"\r\n", "too many headers"),
        (HEAD + b"Content-Length: 5\r\n\r\nabcd", "it has no certain end"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "it has no certain end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "it has no certain end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n", "a chunk is longer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "interim answers without end"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_what_is_no_http_says_what_is_wrong_with_it(content, reason):
    with pytest.raises(MalformedAnswerError, match=reason):
        read(content)


@pytest.mark.parametrize(
    ("head", "will_close"),
    [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0", False),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive, Close", True),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0", True),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive", False),
        ("HTTP/1.1 200 OK", True),
        ("HTTP/1.1 204 No Content", False),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c", True),
    ],
)
def test_a_connection_is_used_again_where_nothing_is_left_on_it(head, will_close):
    assert read(f"{head}\r\n\r\n".encode())[3] is will_close


@pytest.mark.parametrize("line", ["A: 1\r\n 2", "A: 1\r\n\t2", "A:1\nA:2", "A: 1\r\nA: 2"])
def test_folded_and_repeated_headers_are_joined(line):
    _, headers, _, _ = read(f"HTTP/1.1 200\r\n{line}\r\nContent-Length: 0, 0\r\n\r\n".encode())
    assert headers["A"] in ("1 2", "1, 2")
