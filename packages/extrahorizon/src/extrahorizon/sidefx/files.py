"""Files in both directions: `File` as an argument, `ResponseFile` as a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from extrahorizon.sidefx.transport import read

if TYPE_CHECKING:
    import os
    from types import TracebackType

    import requests

    from extrahorizon.sidefx.transport import Limits

_UNNAMED = "unnamed.bin"  # what SideFX's own client calls bytes
_TYPE = "application/octet-stream"


class File:
    """A file to send, passed by keyword. It is read into memory at the call.

    **A file that goes with a call**

        >>> File("scene.hip")  # as in sidefx.bugs.submit_issue(..., attachment=File("scene.hip"))
        File('scene.hip')

    Attributes:
        filename: its path; only the last part is sent.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        """Send the file at `filename`."""
        self.filename = filename

    def __repr__(self) -> str:
        return f"File({str(self.filename)!r})"


class ResponseFile:
    """A binary result. Read it in a `with` block, at once or in pieces; leaving the block closes the connection."""

    def __init__(self, response: requests.Response, what: str, limits: Limits) -> None:
        """Read the body of `response`, the answer to the function `what`."""
        self._response = response
        self._what = what
        self._limits = limits

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, size: int | None = None) -> bytes:
        """Return the next `size` bytes, fewer at the end, none after it; all that are left when None or negative.

        Raises:
            DeadlineExceededError: the time was up.
            PlatformUnreachableError: the connection was lost before the end.
        """
        self._limits.check(self._what)
        return read(self._response, self._what, self._limits, None if size is None or size < 0 else size)

    def close(self) -> None:
        """Close the connection, or return it to the pool if everything was read."""
        self._response.close()


Part = tuple[str, bytes, str]  # filename, content, media type


def file_parts(arguments: dict[str, object]) -> dict[str, Part]:
    """Return the files among keyword arguments, read, as parts of a multipart form.

    Raises:
        OSError: a file cannot be read.
        TypeError: one is called `json`, which is the name of the form field for all other arguments.
    """
    parts = {name: _part(value) for name, value in arguments.items() if is_file(value)}
    if "json" in parts:
        raise TypeError("a file cannot be passed as the keyword 'json': the call itself is sent under this name")
    return parts


def is_file(value: object) -> bool:
    """Return whether an argument is sent as a file."""
    return isinstance(value, (File, bytes, bytearray))


def _part(value: object) -> Part:
    if isinstance(value, File):
        path = Path(value.filename)
        return path.name, path.read_bytes(), _TYPE
    assert isinstance(value, (bytes, bytearray))
    return _UNNAMED, bytes(value), _TYPE
