"""Connections that are there within a number of seconds.

Python's `socket.create_connection` gives its timeout to each address of a host anew, and its resolver and a TLS
handshake take what time they like.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time

_LONGEST_LABEL = 63  # characters of a part of a name (RFC 1035, 2.3.4)


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
