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

from extrahorizon.transport.connecting import FinalResponse, connected
from extrahorizon.transport.protocol import CONNECT_TIMEOUT

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from extrahorizon.deadline import Deadline

#: Of the request that a thread sends: the seconds between two pieces, and the deadline. urllib3 hands a connection no
#: more than the time for connecting.
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
    _current.limits = timeout, deadline
    try:
        yield
    finally:
        _current.limits = None


class _Connecting(HTTPConnection):
    response_class = FinalResponse
    _until: float | None = None  # while it connects

    def _new_conn(self) -> socket.socket:
        # What urllib3's own does gives its timeout to each address anew, and none to the resolver.
        try:
            return connected(self._dns_host, self.port, self._left() or CONNECT_TIMEOUT)
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
        self._limit()
        try:
            super().send(data)
        except (ConnectionResetError, ssl.SSLEOFError):
            raise BrokenPipeError from None

    def getresponse(self) -> Any:
        """Return the answer, in the time that is left by now. Raises what urllib3's own raises."""
        self._limit()
        return super().getresponse()

    def _left(self) -> float | None:
        """Return the seconds for the next wait; None where only urllib3's own limits count."""
        if self._until is not None:
            return self._until - time.monotonic()
        if (found := getattr(_current, "limits", None)) is None:
            return None
        timeout, deadline = found
        return float(min(timeout, deadline.remaining()))

    def _limit(self) -> None:
        if (left := self._left()) is not None and self.sock is not None:
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(left)


class _ConnectingSecurely(_Connecting, HTTPSConnection):
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
