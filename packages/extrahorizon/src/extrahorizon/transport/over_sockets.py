"""The default transport, over sockets. It imports little, which makes cold starts short, and keeps the deadline.

Each read and each write has the time that is left as its timeout, those of the status line and the headers included.
It does not support proxies; use `RequestsTransport` for those.
"""

from __future__ import annotations

import io
import os
import select
import ssl
import time
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from extrahorizon.errors import PlatformUnreachableError
from extrahorizon.transport.answer import Answer
from extrahorizon.transport.certificates import checked_ca, checked_cert, show, trusting
from extrahorizon.transport.connecting import SendingTimeoutError, connected, encrypted
from extrahorizon.transport.protocol import (
    CHUNK,
    CONNECT_TIMEOUT,
    CONNECTIONS,
    IDLE_LIMIT,
    Response,
    decoded,
    parted,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator
    from typing import Any

    from extrahorizon.deadline import Deadline
    from extrahorizon.transport.protocol import Request

_PORTS = {"http": 80, "https": 443}


class SocketTransport:
    """A `Transport` over sockets, which keeps connections open between requests."""

    def __init__(self, *, verify: bool | str | None = None, cert: str | tuple[str, str] | None = None) -> None:
        """Create a transport; for the arguments see `ExtraHorizon`.

        Raises:
            ConfigurationError: a CA bundle or a client certificate cannot be read.
        """
        self._verify, self._cert = checked_ca(verify), checked_cert(cert)
        self._process = os.getpid()
        self._idle: dict[str, deque[_Connection]] = {}
        self._context: ssl.SSLContext | None = None

    def __del__(self) -> None:
        if hasattr(self, "_idle"):  # not set where __init__ raised
            self.close()  # otherwise Python emits a ResourceWarning for each socket

    def close(self) -> None:
        """Close the connections that are kept open; the next request opens new ones."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request once; see `Transport.send`."""
        place, target = parted(request.url)
        if self._process != os.getpid():  # forked: the parent process goes on using the connections
            self._process, self._idle = os.getpid(), {}
        connection = self._kept(place) or self._opened(place, request, deadline)
        connection.limits = request.timeout, deadline
        try:
            connection.write(request, place, target)
            answer = Answer(_Reader(connection), request.method)
        except OSError as error:
            connection.close()
            failure = _lost(error, request)
        except BaseException:
            connection.close()  # only a part of the request was sent on it
            raise
        else:
            return self._begun(answer, connection, place, request, deadline)
        # Raised outside of the except block, here and below: `from None` would keep the original error as __context__,
        # and that may quote the request.
        raise failure

    def _begun(
        self, answer: Answer, connection: _Connection, place: str, request: Request, deadline: Deadline
    ) -> Response:
        return Response(
            request,
            answer.status,
            answer.headers,
            self._body(answer, connection, place, request),
            deadline=deadline,
            close=connection.close,
            http_version=answer.version,
        )

    def _kept(self, place: str) -> _Connection | None:
        kept = self._idle.get(place)
        while kept:
            try:
                connection = kept.pop()
            except IndexError:  # another thread took the last one
                return None
            if connection.is_usable():
                return connection
            connection.close()
        return None

    def _opened(self, place: str, request: Request, deadline: Deadline) -> _Connection:
        parts = urlsplit(place)
        timeout = min(CONNECT_TIMEOUT, deadline.remaining())
        until = time.monotonic() + timeout
        host = parts.hostname or ""
        context = self._tls() if parts.scheme == "https" else None
        try:
            opened = connected(host, parts.port or _PORTS[parts.scheme], timeout)
            if context is not None:
                opened = encrypted(opened, context, host, until - time.monotonic())
        except (OSError, ValueError) as error:
            failure = _not_connected(error, timeout, request)
        else:
            return _Connection(opened)
        raise failure

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            context = trusting(self._verify)
            if self._cert is not None:
                show(self._cert, context)
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context

    def _body(self, answer: Answer, connection: _Connection, place: str, request: Request) -> Iterator[bytes]:
        complete, failure = False, None
        try:
            yield from decoded(answer.body(), answer.headers.get("content-encoding", ""), answer.status, request)
            complete = True
        except OSError as error:
            failure = _lost(error, request)
        finally:
            answer.end()
            if complete and not answer.will_close and connection.may_be_kept:
                self._keep(place, connection)
            else:
                connection.close()
        if failure is not None:
            raise failure

    def _keep(self, place: str, connection: _Connection) -> None:
        kept = self._idle.setdefault(place, deque())
        if len(kept) < CONNECTIONS:
            kept.append(connection.handed_on())
        else:
            connection.close()


class _Connection:
    """A socket during one request, whose timeout and deadline limit each read and write."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket: socket.socket | None = opened
        self._since = time.time()
        self._begun = b""  # the beginning of the response, where it arrived while the request was being sent
        self._is_sent = False  # the complete request
        self._is_read = False  # the complete response
        self._is_followed = False  # by bytes after the response
        self.limits: tuple[float, Deadline]

    def close(self) -> None:
        """Close the socket, unless it was handed on to the next request."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def may_be_kept(self) -> bool:
        """Return whether the socket can be reused: open, request sent completely, no bytes after the response."""
        return self._socket is not None and self._is_sent and not self._is_followed

    def handed_on(self) -> _Connection:
        """Return a connection for the next request, with this one's socket; closing this one then has no effect."""
        opened, self._socket = self._usable, None
        return _Connection(opened)

    @property
    def _usable(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError  # the response was read to its end, and the socket handed on
        return self._socket

    def is_usable(self) -> bool:
        """Return whether the connection was used in the last `IDLE_LIMIT` seconds and has received nothing since.

        A socket that the server has closed polls as readable, too.
        """
        if time.time() - self._since > IDLE_LIMIT:
            return False
        poll = select.poll()
        poll.register(self._usable, select.POLLIN)
        return not poll.poll(0) and not _has_decrypted(self._socket)

    def write(self, request: Request, place: str, target: str) -> None:
        """Send a request. Stop early where the answer arrives before the body is sent, such as 413 for a large body.

        A connection on which a request was sent in part is not reused.
        """
        lines = [f"{request.method} {target} HTTP/1.1", f"Host: {_host_of(place)}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        try:
            if request.body is None or (isinstance(request.body, bytes) and len(request.body) < CHUNK):
                self._send(head + (request.body or b""))  # in one packet, where it fits
            else:
                self._send(head)
                if not all(map(self._send_unless_answered, _pieces(request.body))):
                    return
        except TimeoutError:
            raise SendingTimeoutError from None
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            return  # the server may have answered before it closed the connection
        self._is_sent = True

    def _send(self, data: bytes) -> None:
        self._usable.settimeout(self._time())
        self._usable.sendall(data)

    def _send_unless_answered(self, data: bytes) -> bool:
        """Send a piece of a body. Return False, with the piece sent in part, where the answer has begun."""
        connection, left = self._usable, memoryview(data)
        connection.setblocking(False)
        awaited = select.POLLIN | select.POLLOUT
        while left:
            poll = select.poll()
            poll.register(connection, awaited)
            if not (events := poll.poll(self._time() * 1000)):
                raise TimeoutError
            awaited = select.POLLIN | select.POLLOUT
            if events[0][1] & ~select.POLLOUT and self._has_begun():
                return False
            try:
                left = left[connection.send(left) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                pass
            except ssl.SSLWantReadError:
                awaited = select.POLLIN
        return True

    def _has_begun(self) -> bool:
        try:
            came = self._usable.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):  # only a message of TLS itself, such as a session ticket
            return False
        self._begun += came
        return not came or len(self._begun) > CHUNK or _is_final(self._begun)

    def read_into(self, buffer: Any) -> int:
        if self._is_read:
            return 0
        if self._begun:
            size = min(len(buffer), len(self._begun))
            buffer[:size], self._begun = self._begun[:size], self._begun[size:]
            return size
        self._usable.settimeout(self._time())
        return self._usable.recv_into(buffer)

    def _time(self) -> float:
        timeout, deadline = self.limits
        if (left := min(timeout, deadline.remaining())) <= 0:
            raise TimeoutError
        return left

    def end(self, reader: io.BufferedReader) -> None:
        """Note that the response is read, and whether unexpected bytes follow it."""
        self._is_read = True
        # Setting _is_read stops reads of the socket, so that peek shows only what is buffered already.
        self._is_followed = bool(self._begun or reader.peek(1)) or _has_decrypted(self._socket)


class _Reader(io.BufferedReader):
    def __init__(self, connection: _Connection) -> None:
        super().__init__(_Input(connection), CHUNK)
        self._connection = connection

    def close(self) -> None:
        if not self.closed:
            self._connection.end(self)
        super().close()


class _Input(io.RawIOBase):
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.read_into(buffer)


@lru_cache(maxsize=32)  # URLs are parsed in tens of microseconds, and the host is the same in all calls
def _host_of(place: str) -> str:
    """Return the Host header for an origin: without the scheme's usual port, and in ASCII."""
    parts = urlsplit(place)
    name = str(parts.hostname)
    name = name if name.isascii() else name.encode("idna").decode()
    name = f"[{name}]" if ":" in name else name
    return name if parts.port in (None, _PORTS[parts.scheme]) else f"{name}:{parts.port}"


def _has_decrypted(opened: socket.socket | None) -> bool:
    """Return whether TLS has decrypted bytes that were not read yet, which `poll` does not see."""
    return isinstance(opened, ssl.SSLSocket) and opened.pending() > 0


def _is_final(begun: bytes) -> bool:
    """Return whether the final response has begun; an interim one, such as 100 Continue, still expects the body."""
    while len(begun) > len("HTTP/1.1 "):
        if begun[len("HTTP/1.1 ") :][:1] != b"1":
            return True
        _, end, begun = begun.partition(b"\r\n\r\n")
        if not end:
            return False
    return False


def _pieces(body: bytes | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(body, bytes):
        return (body[at : at + CHUNK] for at in range(0, len(body), CHUNK))
    return iter(body)


def _not_connected(error: OSError | ValueError, timeout: float, request: Request) -> PlatformUnreachableError:
    permanent = False
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, permanent = "its TLS certificate was not accepted", True
    elif isinstance(error, ValueError) and not isinstance(error, OSError):  # such as UnicodeError of the IDNA codec
        reason, permanent = "it is not the name of a host", True
    elif isinstance(error, TimeoutError):
        reason = f"no connection within {timeout:.3g} s"
    else:
        reason = _plain_words(error)
    return PlatformUnreachableError(reason, method=request.method, url=request.url, sent=False, permanent=permanent)


def _lost(error: OSError, request: Request) -> PlatformUnreachableError:
    if isinstance(error, SendingTimeoutError):
        reason = f"the request could not be sent within {request.timeout:.3g} s"
        return PlatformUnreachableError(reason, method=request.method, url=request.url, sent=False)
    reason = f"no answer within {request.timeout:.3g} s" if isinstance(error, TimeoutError) else _plain_words(error)
    return PlatformUnreachableError(reason, method=request.method, url=request.url)


def _plain_words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ssl.SSLError):
        return error.strerror.lower()
    return "the connection was cut off"
