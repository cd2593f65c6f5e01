"""Connections that are there within a number of seconds, and answers without what comes before them.

Python's `socket.create_connection` gives its timeout to each address of a host anew, and its resolver and a TLS
handshake take what time they like.
"""

from __future__ import annotations

import io
import re
import select
import socket
import ssl
import threading
import time
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LONGEST_LABEL = 63  # characters of a part of a name (RFC 1035, 2.3.4)
_LONGEST_SIZE = 4_096  # bytes of a chunk's line, with its extensions
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_MOST_INTERIM = 16  # answers before the final one; servers send one or two


class SendingTimeoutError(TimeoutError):
    """The time was up before a request was sent completely, so that nobody can have acted on it."""


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """Return a socket that is connected to a host, with the time that is left as its timeout.

    Args:
        host: name or address.
        port: TCP port.
        seconds: to find the host's addresses and to try them. Each gets its part of what is left, as in Go's `net`
            package, so that one that does not answer leaves time for the next.

    Raises:
        TimeoutError: the time is up.
        OSError: no address took the connection; of several, the error of the last one.
        ValueError: it is no name of a host.
    """
    until = time.monotonic() + seconds
    addresses = _addresses(host, port, seconds)
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address for this name")
    for at, (family, kind, protocol, _, address) in enumerate(addresses):
        opened = None
        try:
            opened = socket.socket(family, kind, protocol)  # an error where the system has no such family
            opened.settimeout(_left(until) / (len(addresses) - at))
            opened.connect(address)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(_left(until))
        except OSError as error:
            if opened is not None:
                opened.close()
            failure = error
        else:
            return opened
    raise failure


def encrypted(opened: socket.socket, context: ssl.SSLContext, host: str, seconds: float) -> ssl.SSLSocket:
    """Return a connection with TLS on it, `opened` closed where that fails.

    Args:
        opened: a connection.
        context: which certificates to trust and to show.
        host: whose certificate to expect.
        seconds: for the whole handshake, however slowly it comes.

    Raises:
        TimeoutError: the time is up.
        ssl.SSLError: the other side is not trusted, or speaks no TLS.
        OSError: the connection broke.
    """
    until = time.monotonic() + seconds
    try:
        secured = context.wrap_socket(
            opened,
            server_hostname=_in_ascii(host),
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,  # else whoever cuts the connection decides where an answer ends
        )
    except BaseException:
        opened.close()
        raise
    try:
        secured.setblocking(False)
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                _await(secured, select.POLLIN, until)
            except ssl.SSLWantWriteError:
                _await(secured, select.POLLOUT, until)
            else:
                return secured
    except BaseException:
        secured.close()
        raise


class FinalResponse(HTTPResponse):
    """An answer of Python's HTTP client that is read past 102 and 103, too, which may come before it (RFC 9110, 15.2).

    `HTTPResponse` passes over 100 alone, and over any number of them.
    """

    _interim = 0  # answers that were passed over

    def begin(self) -> None:
        """Read up to the end of the answer's headers. Raises what `HTTPResponse.begin` raises."""
        lines = self.fp
        super().begin()
        while self.status < 200 and self.status != SWITCHING_PROTOCOLS:  # noqa: PLR2004 - no final answer
            self.headers = self.msg = None  # type: ignore[assignment]  # where they are there, nothing more is read
            super().begin()
        if getattr(lines, "are_cut_off", False):
            self.close()
            raise HTTPException("the headers have no end")

    def _read_next_chunk_size(self) -> int:
        # `HTTPResponse` reads whatever `int` does, such as 0x5, 0_5 and +5, of which others make other lengths.
        line: bytes = self.fp.readline(_LONGEST_SIZE)
        size = line.partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            self.close()
            raise ValueError("no size of a chunk")  # which becomes an IncompleteRead
        return int(size, 16)

    def _read_status(self) -> tuple[str, int, str]:
        status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # it is not in typeshed
        if status[1] < 200:  # noqa: PLR2004 - an interim answer
            self._interim += 1
            if self._interim > _MOST_INTERIM:
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


def _addresses(host: str, port: int, seconds: float) -> list[tuple[int, int, int, str, tuple[str | int, ...]]]:
    # In a thread, as the resolver of the system takes no timeout. One that is late ends by itself.
    outcome: list[object] = []

    def resolve() -> None:
        try:
            outcome.append(socket.getaddrinfo(_in_ascii(host), port, 0, socket.SOCK_STREAM))
        except BaseException as error:  # noqa: BLE001 - raised below, where somebody can see it
            outcome.append(error)

    try:
        thread = threading.Thread(target=resolve, name=f"resolving {host}", daemon=True)
        thread.start()
    except RuntimeError:  # the interpreter is shutting down, or there are too many threads
        resolve()
    else:
        thread.join(seconds)
    if not outcome:
        raise TimeoutError
    found = outcome[0]
    if isinstance(found, BaseException):
        raise found
    return found  # type: ignore[return-value]


def _in_ascii(host: str) -> str | bytes:
    """Return a host's name as what Python does not load its IDNA codec for, which takes a millisecond."""
    is_plain = host.isascii() and all(0 < len(label) <= _LONGEST_LABEL for label in host.split("."))
    return host.encode() if is_plain else host


def _await(secured: ssl.SSLSocket, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(secured, event)
    if not poll.poll(_left(until) * 1000):
        raise TimeoutError


def _left(until: float) -> float:
    if (left := until - time.monotonic()) <= 0:
        raise TimeoutError
    return left
