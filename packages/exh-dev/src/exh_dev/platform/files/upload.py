"""Parse a multipart upload: the file is streamed to disk, with limits on all other parts."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from exh_dev.platform.http.error_answers import ErrorAnswer

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

_MOST_OVER = 56 * 1024 * 1024  # bytes of a body that is too large are read beyond that, so that the answer arrives
_MOST_TEXT = 64 * 1024  # bytes of the other fields
_MOST_PARTS = 1_000  # fields of a form: each costs more time than its bytes
_MOST_HEADERS = 256 * 1024  # bytes of the headers of all parts
#: What the parser complains of is the answer to the caller; it would be written to stderr as well, a line a byte.
_UNHEARD = logging.getLogger("exh_dev.platform.multipart")
_UNHEARD.setLevel(logging.CRITICAL + 1)
UNKNOWN_TYPE = "application/octet-stream"


@dataclass
class _Part:
    """A part of a multipart body."""

    headers: dict[str, str] = field(default_factory=dict)
    name: str = ""
    filename: str | None = None


class Upload:
    """Parses a multipart body: the file is streamed to `target`, text fields are stored."""

    def __init__(self, boundary: bytes, target: BinaryIO, largest: int) -> None:
        self.name = ""
        self.tags: list[str] = []
        self.mimetype = UNKNOWN_TYPE
        self.size = 0
        self.filename: str | None = None
        self.complete = False
        self._target = target
        self._largest = largest
        self._part = _Part()
        self._header = self._value = b""
        self._text = bytearray()
        self._texts = self._parts = self._headers = 0
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)
        self._parser.logger = _UNHEARD

    def take(self, piece: bytes) -> None:
        self._parser.write(piece)

    def _begin(self) -> None:
        self._part, self._text = _Part(), bytearray()
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _malformed("it has too many parts")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._count_headers(end - start)
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_headers(end - start)
        self._value += data[start:end]

    def _count_headers(self, size: int) -> None:
        self._headers += size
        if self._headers > _MOST_HEADERS:
            raise _malformed("the headers of its parts are too long")

    def _header_end(self) -> None:
        self._part.headers[self._header.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get("content-disposition", ""))
        part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            part.filename = options[b"filename"].decode("utf-8", "replace")
        if part.name == "file":
            if self.filename is not None:
                raise _malformed("it has two files")
            self.filename = part.filename or ""
            self.mimetype = part.headers.get("content-type", UNKNOWN_TYPE).strip()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == "file":
            self.size += end - start
            if self.size <= self._largest:
                self._target.write(data[start:end])
            return
        self._texts += end - start
        if self._texts > _MOST_TEXT:
            raise _malformed("its text fields are too long")
        self._text += data[start:end]

    def _part_end(self) -> None:
        text = self._text.decode("utf-8", "replace")
        if self._part.name == "name":
            self.name = text
        elif self._part.name in {"tags", "tags[]"}:
            self.tags.append(text)

    def _end(self) -> None:
        self.complete = True


async def receive(request: Request, target: BinaryIO, largest: int) -> Upload:
    """Read an upload, its file into `target`.

    Raises:
        ErrorAnswer: 13 or 22 for what is no multipart body, 14 without a file, 2610 when it is too large.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise _malformed("it must be multipart/form-data with a boundary")
    received = 0
    try:
        upload = Upload(boundary, target, largest)
        async for piece in request.stream():
            received += len(piece)
            if received > largest + _MOST_OVER:
                raise ErrorAnswer(2610, f"A file may have {largest:,} bytes")
            upload.take(piece)
    except FormParserError as error:
        raise _malformed(str(error)) from None
    if not received:
        raise ErrorAnswer(13, "The request body is empty")
    if upload.size > largest:
        raise ErrorAnswer(2610, f"A file may have {largest:,} bytes")
    if not upload.complete:
        raise _malformed("it ends before its last boundary")
    if upload.filename is None:
        raise ErrorAnswer(14, "The field file is required")
    upload.name = upload.name or upload.filename.rpartition("/")[2] or "data"
    return upload


def _malformed(reason: str) -> ErrorAnswer:
    return ErrorAnswer(22, f"The request body is malformed: {reason}")
