"""An answer in HTTP/1.1, read from a connection.

Python's `http.client` has a parser of mails for the headers, which takes a third of a call and 5 ms of a cold start. It
also believes what a client of others' data must not: a head without an end, two lengths, a chunk's size as `0x5`.
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
"""Answers before the final one, such as 100 and 103; servers send one or two."""
_SWITCHING_PROTOCOLS = 101  # which nothing here asks for: the final answer, as far as this connection goes
_LONGEST_LINE = 65_536  # bytes
_MOST_HEADERS = 100
_MOST_DIGITS = 18  # of a length: Python refuses to read 4,300
_STATUS = re.compile(rb"HTTP/1\.(\d) (\d{3})(?: [^\r\n]*)?\r?\n")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_EMPTY = (b"\r\n", b"\n")
_BLANKS = b" \t\r\n"


class MalformedAnswerError(OSError):
    """What came is no answer of HTTP/1.1, or where it ends cannot be known for sure."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EPROTO, f"its answer is malformed: {reason}")


class Answer:
    """The final answer to a request.

    Attributes:
        status: HTTP status.
        headers: those of one name joined, as RFC 9110 (5.3) has it.
        version: 10 for HTTP/1.0, 11 for all later ones.
        will_close: whether the connection is of no use after this answer.
    """

    def __init__(self, lines: BufferedReader, method: str) -> None:
        """Read the head of the answer to a request of `method`; what comes before the final answer is passed over.

        Raises:
            MalformedAnswerError: it is no HTTP/1.1.
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
        """Yield the body as it comes.

        Raises:
            MalformedAnswerError: a chunk is none.
            OSError: the connection broke, or ended before the body.
        """
        if self._is_chunked:
            while size := _chunk_size(self._lines):
                yield from _exactly(size, self._lines)
                if self._lines.readline(2) not in _EMPTY:
                    raise MalformedAnswerError("a chunk is longer than its size")
            _headers(self._lines, may_be_cut_off=True)  # trailers, which nothing here asks for
        elif self._length is not None:
            yield from _exactly(self._length, self._lines)
        else:
            while piece := self._lines.read1(CHUNK):  # what has come, without waiting for more
                yield piece

    def end(self) -> None:
        """Read no more of it."""
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
        if b"\r" in line[:-2]:  # which others end a header at
            raise MalformedAnswerError("a header has a carriage return in it")
        if not line.endswith(b"\n"):  # else whoever cuts the connection decides where they end
            if len(line) == _LONGEST_LINE:
                raise MalformedAnswerError("a header is too long")
            raise ConnectionResetError
        if line[0] in b" \t" and name:  # the line above goes on
            headers[name] = f"{headers[name]} {line.strip(_BLANKS).decode('latin-1')}"
            continue
        before, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(before):
            raise MalformedAnswerError("a header has no name")
        name, text = before.decode("ascii"), value.strip(_BLANKS).decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    raise MalformedAnswerError("too many headers")


def _framing(headers: Headers) -> tuple[bool, int | None]:
    """Return whether a body comes in chunks, and how long it is otherwise; None where it ends with the connection.

    Raises:
        MalformedAnswerError: its end cannot be known for sure (RFC 9112, 6.3): its lengths differ or are none, it has
            another transfer coding than chunked, or both.
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
        piece = lines.read1(min(size, CHUNK))  # what has come, without waiting for more
        if not piece:
            raise ConnectionResetError  # the connection ended before the length that was promised
        size -= len(piece)
        yield piece
