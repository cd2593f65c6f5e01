"""The adapter of requests, over connections of urllib3 that keep to a deadline and say whether a request was sent.

`_new_conn`, `_tunnel` and `_dns_host` are urllib3's and `http.client`'s own, which urllib3's SOCKS connections and
botocore override too; the conformance suite fails where one of them is no more what it was.
"""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager
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

#: Of the request that a thread sends: what returns the seconds for the next piece. urllib3 hands a connection no more
#: than the time for connecting.
_current = threading.local()


class Adapter(HTTPAdapter):
    """Sends as `HTTPAdapter` does; within `limits` no wait outlasts them."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Keep connections as `HTTPAdapter` does."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Keep connections to a proxy as `HTTPAdapter` does."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # these have pools of their own
            manager.pool_classes_by_scheme = _POOLS
        return manager


@contextmanager
def limits(timeout: float, deadline: Deadline) -> Iterator[None]:
    """Let what this thread sends through an `Adapter` keep to a deadline while the block lasts.

    Args:
        timeout: seconds between two pieces that are sent or received.
        deadline: when all waits end.
    """
    _current.left = lambda: min(timeout, deadline.remaining())
    try:
        yield
    finally:
        _current.left = None


class _Connecting(HTTPConnection):
    _until: float | None = None  # while it connects

    def response_class(self, opened: socket.socket, *args: Any, **kwargs: Any) -> FinalResponse:  # type: ignore[override]
        """Return an answer that is read within the limits of now, also when nobody knows them any more."""
        left = self._left()
        return FinalResponse(opened if left is None else TimedSocket(opened, left), *args, **kwargs)  # type: ignore[arg-type]  # it calls makefile alone

    def _new_conn(self) -> socket.socket:
        # What urllib3's own does gives its timeout to each address anew, and none to the resolver.
        try:
            left = self._left()
            return connected(self._dns_host, self.port, CONNECT_TIMEOUT if left is None else left())
        except ValueError:
            raise LocationParseError(self.host) from None

    def _tunnel(self) -> None:
        super()._tunnel()
        self._limit()

    def connect(self) -> None:
        """Connect, through the proxy if there is one, and shake hands.

        Raises:
            ConnectTimeoutError: there was no time for it.
            NewConnectionError: it failed.
            ssl.SSLCertVerificationError: the host is not trusted.
        """
        self._until = time.monotonic() + float(self.timeout or CONNECT_TIMEOUT)
        try:
            super().connect()
            if isinstance(self.sock, ssl.SSLSocket):
                # Else whoever cuts the connection decides where an answer ends.
                self.sock.suppress_ragged_eofs = False  # type: ignore[attr-defined]  # it is not in typeshed
        except ssl.SSLCertVerificationError:
            raise
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except (OSError, HTTPException) as error:
            raise NewConnectionError(self, "no connection") from error
        finally:
            self._until = None

    def send(self, data: Any) -> None:
        """Send a part of a request. An end of the connection is one that urllib3 looks for an answer after."""
        if self.sock is None and self.auto_open:  # as `http.client` does it, but before the limits are known
            self.connect()
        try:
            for piece in _pieces(data):  # a socket's timeout is for all that it is handed at once
                self._limit()
                super().send(piece)
        except TimeoutError:
            raise SendingTimeoutError from None
        except (ConnectionResetError, ssl.SSLEOFError):
            raise BrokenPipeError from None

    def getresponse(self) -> Any:
        """Return the answer, in the time that is left by now. Raises what urllib3's own raises."""
        self._limit()
        return super().getresponse()

    def _left(self) -> Callable[[], float] | None:
        """Return what returns the seconds for the next wait; None where only urllib3's own limits count."""
        if (until := self._until) is not None:
            return lambda: until - time.monotonic()
        return getattr(_current, "left", None)

    @property
    def is_connected(self) -> bool:
        """Whether the next request can go over it: neither its end nor bytes that nobody asked for have come."""
        # What TLS has decrypted and nobody has taken, urllib3's look at the socket does not see.
        is_followed = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0
        return super().is_connected and not is_followed

    def _limit(self) -> None:
        if (left := self._left()) is not None and self.sock is not None:
            if (seconds := left()) <= 0:
                raise TimeoutError
            self.sock.settimeout(seconds)


def _pieces(data: Any) -> Iterator[Any]:
    if not isinstance(data, bytes) or len(data) <= CHUNK:
        return iter((data,))
    whole = memoryview(data)
    return (whole[at : at + CHUNK] for at in range(0, len(data), CHUNK))


class _ConnectingSecurely(_Connecting, HTTPSConnection):  # pyright: ignore[reportIncompatibleVariableOverride]
    # `response_class` is a method of `_Connecting`, and an attribute to the types of http.client.
    pass


class _Pool(HTTPConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802 - the name is urllib3's
        """The connections: these, unless somebody records those of urllib3, as VCR.py does."""
        kept = HTTPConnectionPool.ConnectionCls
        return _Connecting if kept is HTTPConnection else kept


class _SecurePool(HTTPSConnectionPool):
    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802 - the name is urllib3's
        """As those of `_Pool`, with TLS."""
        kept = HTTPSConnectionPool.ConnectionCls
        return _ConnectingSecurely if kept is HTTPSConnection else kept


_POOLS = {"http": _Pool, "https": _SecurePool}
