"""A file upload as `multipart/form-data`, streamed so that a large file is never entirely in memory."""

from __future__ import annotations

import os
import secrets
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from extrahorizon.characters import well_formed
from extrahorizon.errors import RequestAbortedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CHUNK = 65_536  # bytes


class Multipart:
    """Text fields and one file, in the order they are sent.

    It can be sent repeatedly: each time it is read from the source's initial position.
    """

    def __init__(
        self,
        file: bytes | BinaryIO,
        *,
        filename: str,
        mimetype: str = "application/octet-stream",
        before: Sequence[tuple[str, str]] = (),
        after: Sequence[tuple[str, str]] = (),
        on_progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """Send `file` in the part `file`, with the fields `before` and `after` it.

        Args:
            file: its bytes, or a seekable binary stream, sent from its current position to its end.
            filename: its name; here and in the fields, lone surrogates are sent as U+FFFD, as browsers do.
            mimetype: its content type.
            before: names and values.
            after: names and values.
            on_progress: called with the number of bytes sent, and the total; its exceptions abort the upload.

        Raises:
            ValueError: the content type has a line break, which could inject headers.
        """
        if not mimetype.isprintable():
            raise ValueError("a content type must be one line of printable ASCII")
        self._stream = BytesIO(file) if isinstance(file, bytes) else file
        self._on_progress = on_progress
        self._start = self._stream.tell()
        self._size = self._stream.seek(0, os.SEEK_END) - self._start
        self._stream.seek(self._start)
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        head = f'Content-Disposition: form-data; name="file"; filename="{_quoted(filename)}"'
        self._before = (
            "".join(_field(boundary, name, text) for name, text in before)
            + f"--{boundary}\r\n{head}\r\nContent-Type: {mimetype}\r\n\r\n"
        ).encode()
        self._after = (
            "\r\n" + "".join(_field(boundary, name, text) for name, text in after) + f"--{boundary}--\r\n"
        ).encode()

    def __len__(self) -> int:
        """Bytes in all."""
        return len(self._before) + self._size + len(self._after)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body, a chunk at a time.

        Raises:
            RequestAbortedError: the source cannot be read, or ends before the length it had at first.
        """
        yield self._before
        left = self._size
        while left:
            try:
                chunk = self._stream.read(min(CHUNK, left))
            except OSError as error:
                raise RequestAbortedError(f"the file to send cannot be read: {error.strerror}") from error
            if not chunk:
                raise RequestAbortedError(f"the file to send is {left:,} bytes shorter than when the call began")
            left -= len(chunk)
            yield chunk
            if self._on_progress:
                self._on_progress(self._size - left, self._size)
        yield self._after

    def rewind(self) -> None:
        """Return to the initial position."""
        self._stream.seek(self._start)


def _field(boundary: str, name: str, text: str) -> str:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
    return f"{head}\r\n\r\n{well_formed(text)}\r\n"


def _quoted(name: str) -> str:
    """Quote a name as browsers do.

    Https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data.
    """
    return well_formed(name).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
