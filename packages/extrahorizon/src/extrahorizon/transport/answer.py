"""A strict parser of HTTP/1.1 responses.

Python's `http.client` parses headers with its e-mail parser, which takes a third of a call and 5 ms of a cold start. It
also accepts responses whose end is uncertain: a head that is cut off, two different lengths, a chunk size of `0x5`.
"""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from extrahorizon.transport.protocol import CHUNK, Headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

MOST_INTERIM = 16
"""Accepted interim responses, such as 100 and 103, before the final one; servers send one or two."""
_SWITCHING_PROTOCOLS = 101  # never requested here: treated as the final response, and the connection is closed after it
_LONGEST_LINE = 65_536  # bytes
_MOST_HEADERS = 100  # as http.client's own limit
_MOST_DIGITS = 18  # of a Content-Length: Python's int() raises above 4,300
_STATUS = re.compile(rb"HTTP/1\.(\d) (\d{3})(?: [^\r\n]*)?\r?\n")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_EMPTY = (b"\r\n", b"\n")
_BLANKS = b" \t\r\n"


class MalformedAnswerError(OSError):
    """The bytes received are not an HTTP/1.1 response, or its end is not certain."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EPROTO, f"its answer is malformed: {reason}")


class Answer:
    """The final response to a request.

    Attributes:
        status: HTTP status.
        headers: repeated headers are joined by commas (RFC 9110, 5.3).
        version: 10 for HTTP/1.0, 11 for all later ones.
        will_close: the connection cannot be reused after this response.
    """

    def __init__(self, lines: BufferedReader, method: str) -> None:
        """Read the status line and headers of the response to a `method` request; interim responses are skipped.

        Raises:
            MalformedAnswerError: the bytes are not a valid HTTP/1.1 head.
            OSError: the connection broke.
        """
        self._lines = lines
        for _ in range(MOST_INTERIM):
            self.version, self.status = _status(lines)
            self.headers = _headers(lines)
            if self.status >= 200 or self.status == _SWITCHING_PROTOCOLS:
                break
        else:
            raise MalformedAnswerError("interim answers without end")
        self._is_chunked, self._length = _framing(self.headers)
        if self._is_chunked and self.version == 10:
            raise MalformedAnswerError("it has no certain end")
        if method == "HEAD" or self.status < 200 or self.status in (204, 304):
            self._is_chunked, self._length = False, 0
        options = self.headers.get("connection", "").lower()
        is_ended = "close" in options if self.version > 10 else "keep-alive" not in options
        is_endless = self._length is None and not self._is_chunked
        self.will_close = is_ended or is_endless or self.status == _SWITCHING_PROTOCOLS

    def body(self) -> Iterator[bytes]:
        """Yield the body in pieces, as they arrive.

        Raises:
            MalformedAnswerError: a chunk has no valid size, or does not end after it.
            OSError: the connection broke, or ended before the body.
        """
        if self._is_chunked:
            while size := _chunk_size(self._lines):
                yield from _exactly(size, self._lines)
                if self._lines.readline(2) not in _EMPTY:
                    raise MalformedAnswerError("a chunk is longer than its size")
            _headers(self._lines, may_be_cut_off=True)  # trailers, which are read and ignored
        elif self._length is not None:
            yield from _exactly(self._length, self._lines)
        else:
            while piece := self._lines.read1(CHUNK):  # at most one read of the socket
                yield piece

    def end(self) -> None:
        """Stop reading the response."""
        self._lines.close()


def _status(lines: BufferedReader) -> tuple[int, int]:
    line = lines.readline(_LONGEST_LINE)
    if not line:
        raise ConnectionResetError  # the connection ended without an answer
    match = _STATUS.fullmatch(line)
    if match is None:
        raise MalformedAnswerError("no status line")
    return (10 if match[1] == b"0" else 11), int(match[2])


def _headers(lines: BufferedReader, *, may_be_cut_off: bool = False) -> Headers:
    headers, name = Headers(), ""
    for _ in range(_MOST_HEADERS + 1):
        line = lines.readline(_LONGEST_LINE)
        if line in _EMPTY or (may_be_cut_off and not line):
            return headers
        if b"\r" in line[:-2]:  # other parsers end a header there
            raise MalformedAnswerError("a header has a carriage return in it")
        if not line.endswith(b"\n"):  # a head that was cut off must not count as complete
            if len(line) == _LONGEST_LINE:
                raise MalformedAnswerError("a header is too long")
            raise ConnectionResetError
        if line[0] in b" \t" and name:  # a continuation of the line above
            headers[name] = f"{headers[name]} {line.strip(_BLANKS).decode('latin-1')}"
            continue
        before, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(before):
            raise MalformedAnswerError("a header has no name")
        name, text = before.decode("ascii"), value.strip(_BLANKS).decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    raise MalformedAnswerError("too many headers")


def _framing(headers: Headers) -> tuple[bool, int | None]:
    """Return whether the body is chunked, and else its length; None where it ends with the connection.

    Raises:
        MalformedAnswerError: the end of the body is not certain (RFC 9112, 6.3): several lengths that differ, a length
            that is not a number, a transfer coding other than chunked, or a length and a transfer coding.
    """
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        if length is not None or coding.lower() != "chunked":
            raise MalformedAnswerError("it has no certain end")
        return True, None
    if length is None:
        return False, None
    lengths = {each.strip(" \t") for each in length.split(",")}
    only = lengths.pop()
    if lengths or not (only.isascii() and only.isdecimal() and len(only) <= _MOST_DIGITS):
        raise MalformedAnswerError("it has no certain end")
    return False, int(only)


def _chunk_size(lines: BufferedReader) -> int:
    line = lines.readline(_LONGEST_LINE)
    match = _CHUNK_SIZE.fullmatch(line)
    if match is None:
        raise MalformedAnswerError("a chunk has no size") if line.endswith(b"\n") else ConnectionResetError
    return int(match[1], 16)


def _exactly(size: int, lines: BufferedReader) -> Iterator[bytes]:
    while size:
        piece = lines.read1(min(size, CHUNK))  # at most one read of the socket
        if not piece:
            raise ConnectionResetError  # the connection ended before the announced length
        size -= len(piece)
        yield piece
