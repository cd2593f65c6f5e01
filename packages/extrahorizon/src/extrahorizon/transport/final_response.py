"""Responses of Python's `http.client`, as urllib3 reads them, that keep a deadline and skip interim responses."""

from __future__ import annotations

import io
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from typing import TYPE_CHECKING

from extrahorizon.transport.answer import MOST_INTERIM

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any


class FinalResponse(HTTPResponse):
    """An `HTTPResponse` that also skips the interim responses 102 and 103 (RFC 9110, 15.2), up to `MOST_INTERIM`.

    `HTTPResponse` itself skips only 100, without a limit.
    """

    _interim = 0  # responses that were skipped

    def begin(self) -> None:
        """Read up to the end of the final response's headers. Raises what `HTTPResponse.begin` raises."""
        lines = self.fp
        super().begin()
        while self.status < 200 and self.status != SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # `begin` reads nothing while they are set
            super().begin()
        if getattr(lines, "are_cut_off", False):
            self.close()
            raise HTTPException("the headers have no end")

    def _read_status(self) -> tuple[str, int, str]:
        status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # missing from typeshed
        if status[1] < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise HTTPException("no end of interim answers")
        return status


class TimedSocket:
    """A stand-in for the socket of an `HTTPResponse` that sets the time left as the timeout before each read.

    The timeout of a socket is for one read, and a server can make one header line or chunk size last any number of
    reads.
    """

    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        """Read from the socket `opened`; `left` returns the seconds for the next read."""
        self._opened, self._left = opened, left

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the file that `HTTPResponse` reads from; the socket stays open until this file is closed."""
        raw = self._opened.makefile(mode, buffering=0)  # type: ignore[call-overload]  # the mode is "rb"
        return Lines(_Timed(self._opened, raw, self._left))


class Lines(io.BufferedReader):
    """A buffered reader that notes in `are_cut_off` whether the last line has no end.

    `http.client` takes the end of the connection for the end of the headers.
    """

    are_cut_off = False

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line, as `io.BufferedReader` does."""
        line = super().readline(size)
        self.are_cut_off = not line.endswith(b"\n")
        return line


class _Timed(io.RawIOBase):
    def __init__(self, opened: socket.socket, raw: socket.SocketIO, left: Callable[[], float]) -> None:
        self._opened, self._raw, self._left = opened, raw, left

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        if (left := self._left()) <= 0:
            raise TimeoutError
        self._opened.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
