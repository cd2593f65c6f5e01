"""An adapter for requests whose urllib3 connections keep a deadline and report whether a request was sent.

`_new_conn`, `_tunnel` and `_dns_host` are private names of urllib3 and `http.client`, which urllib3's SOCKS connections
and botocore override too. The conformance suite fails if a new version changes one of them.
"""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NewConnectionError

from extrahorizon.transport.connecting import SendingTimeoutError, connected
from extrahorizon.transport.final_response import FinalResponse, TimedSocket
from extrahorizon.transport.protocol import CHUNK, CONNECT_TIMEOUT

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from extrahorizon.deadline import Deadline

#: `left`, set while a thread sends a request, returns the seconds allowed for the next read or write. It is not passed
#: as an argument because urllib3 gives its connections the connect timeout alone.
_current = threading.local()


class Adapter(HTTPAdapter):
    """An `HTTPAdapter` whose reads and writes end in time inside a `limits` block."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools, with the connection classes of this module."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the connection pools of a proxy, with the connection classes of this module."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if proxy.lower().startswith("socks"):  # urllib3 has separate pool classes for SOCKS
            pools = type(manager).pool_classes_by_scheme
            manager.pool_classes_by_scheme = {scheme: _over_socks(pool) for scheme, pool in pools.items()}
        else:
            manager.pool_classes_by_scheme = _POOLS
        return manager


@contextmanager
def limits(timeout: float, deadline: Deadline) -> Iterator[None]:
    """Limit the reads and writes of requests that this thread sends through an `Adapter` inside the block.

    Args:
        timeout: seconds for each read and each write.
        deadline: end of all of them together.
    """
    _current.left = lambda: min(timeout, deadline.remaining())
    try:
        yield
    finally:
        _current.left = None


class _Connecting(HTTPConnection):
    _until: float | None = None  # when connecting must be complete; None once it is

    def response_class(self, opened: socket.socket, *args: Any, **kwargs: Any) -> FinalResponse:  # type: ignore[override]
        """Return a response whose reads keep the limits of this request, also after the `limits` block has ended."""
        left = self._left()
        return FinalResponse(opened if left is None else TimedSocket(opened, left), *args, **kwargs)  # type: ignore[arg-type]  # it calls makefile alone

    def _new_conn(self) -> socket.socket:
        # urllib3's implementation starts the timeout again for each address, and sets none for the DNS lookup.
        try:
            left = self._left()
            return connected(self._dns_host, self.port, CONNECT_TIMEOUT if left is None else left())
        except ValueError:
            raise LocationParseError(self.host) from None

    def _tunnel(self) -> None:
        super()._tunnel()
        self._limit()

    def connect(self) -> None:
        """Connect, through the proxy if there is one, including the TLS handshake.

        Raises:
            ConnectTimeoutError: the time was up first.
            NewConnectionError: no connection was made.
            ssl.SSLCertVerificationError: the host's certificate is not trusted.
        """
        self._until = time.monotonic() + float(self.timeout or CONNECT_TIMEOUT)
        try:
            super().connect()
            if isinstance(self.sock, ssl.SSLSocket):
                # Otherwise a third party that cuts the connection could shorten an answer without an error.
                self.sock.suppress_ragged_eofs = False  # type: ignore[attr-defined]  # missing from typeshed
        except ssl.SSLCertVerificationError:
            raise
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except (OSError, HTTPException) as error:
            raise NewConnectionError(self, "no connection") from error
        finally:
            self._until = None

    def send(self, data: Any) -> None:
        """Send a part of a request.

        A connection that was closed by the other side raises BrokenPipeError, after which urllib3 still reads the
        answer.
        """
        if self.sock is None and self.auto_open:  # as `http.client` does, but before a timeout is set on the socket
            self.connect()
        try:
            for piece in _pieces(data):  # a socket's timeout is for everything in one call of sendall
                self._limit()
                super().send(piece)
        except TimeoutError:
            raise SendingTimeoutError from None
        except (ConnectionResetError, ssl.SSLEOFError):
            raise BrokenPipeError from None

    def getresponse(self) -> Any:
        """Return the response, read in the time that is left. Raises what the method of urllib3 raises."""
        self._limit()
        return super().getresponse()

    def _left(self) -> Callable[[], float] | None:
        """Return a function that returns the seconds for the next wait; None outside of a `limits` block."""
        if (until := self._until) is not None:
            return lambda: until - time.monotonic()
        return getattr(_current, "left", None)

    @property
    def is_connected(self) -> bool:
        """Return whether the connection can be reused: it is open, and no unexpected bytes have arrived on it."""
        # urllib3 polls the socket, which does not show bytes that TLS has decrypted already.
        has_unread = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0
        return super().is_connected and not has_unread

    def _limit(self) -> None:
        if (left := self._left()) is not None and self.sock is not None:
            if (seconds := left()) <= 0:
                raise TimeoutError
            self.sock.settimeout(seconds)


def _pieces(data: Any) -> Iterator[Any]:
    if not isinstance(data, bytes) or len(data) <= CHUNK:
        return iter((data,))
    view = memoryview(data)
    return (view[at : at + CHUNK] for at in range(0, len(data), CHUNK))


class _ConnectingSecurely(_Connecting, HTTPSConnection):  # pyright: ignore[reportIncompatibleVariableOverride]
    # `response_class` is a method of `_Connecting`, but an attribute in the type stubs of http.client.
    pass


class _Pool(HTTPConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802 - the name is urllib3's
        """The connection class of this module, unless urllib3's was replaced, as VCR.py does to record requests."""
        kept = HTTPConnectionPool.ConnectionCls
        return _Connecting if kept is HTTPConnection else kept


class _SecurePool(HTTPSConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802 - the name is urllib3's
        """As in `_Pool`, with TLS."""
        kept = HTTPSConnectionPool.ConnectionCls
        return _ConnectingSecurely if kept is HTTPSConnection else kept


_POOLS = {"http": _Pool, "https": _SecurePool}


@cache
def _over_socks(pool: Any) -> Any:
    """Return a pool of urllib3's for SOCKS whose connections keep the deadline; how they connect stays urllib3's."""
    # Made when it is used: urllib3's classes for SOCKS need PySocks, which few have.
    own = {"_new_conn": pool.ConnectionCls._new_conn}  # noqa: SLF001 - instead of the one of `_Connecting`
    return type("_SocksPool", (pool,), {"ConnectionCls": type("_OverSocks", (_Connecting, pool.ConnectionCls), own)})
