"""Answers as urllib3 reads them, through Python's `http.client`: in the time that is left, and the final ones alone."""

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
    """An answer of Python's HTTP client that is read past 102 and 103, too, which may come before it (RFC 9110, 15.2).

    `HTTPResponse` passes over 100 alone, and over any number of them.
    """

    _interim = 0  # answers that were passed over

    def begin(self) -> None:
        """Read up to the end of the answer's headers. Raises what `HTTPResponse.begin` raises."""
        lines = self.fp
        super().begin()
        while self.status < 200 and self.status != SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # where they are there, nothing more is read
            super().begin()
        if getattr(lines, "are_cut_off", False):
            self.close()
            raise HTTPException("the headers have no end")

    def _read_status(self) -> tuple[str, int, str]:
        status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # it is not in typeshed
        if status[1] < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise HTTPException("no end of interim answers")
        return status


class TimedSocket:
    """What an answer of Python's HTTP client is read from: each read of the socket below has the time that is left.

    A timeout of a socket is for one read, and a line of headers, a size of a chunk or a header of gzip takes as many
    reads as the other side likes.
    """

    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        """Read from `opened`; `left` returns the seconds for the next read."""
        self._opened, self._left = opened, left

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what is read; closing it closes the socket, if that was closed before."""
        raw = self._opened.makefile(mode, buffering=0)  # type: ignore[call-overload]  # the mode is "rb"
        return Lines(_Timed(self._opened, raw, self._left))


class Lines(io.BufferedReader):
    """What an answer is read from, which notes that a line of its headers has no end.

    Python's HTTP client takes the end of the connection for the end of the headers.
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
