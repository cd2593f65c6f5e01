"""TCP and TLS connections within a number of seconds, the DNS lookup and the handshake included.

The timeout of Python's `socket.create_connection` starts again for each address of a host, and limits neither the DNS
lookup nor a TLS handshake.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time

_LONGEST_LABEL = 63  # characters of a part of a name (RFC 1035, 2.3.4)


class SendingTimeoutError(TimeoutError):
    """The time was up before a request was sent completely, so that the platform cannot have acted on it."""


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """Return a socket that is connected to a host; its timeout is the time that is left.

    Args:
        host: name or address.
        port: TCP port.
        seconds: for the DNS lookup and all connection attempts. Each address gets an equal part of the rest, as in
            Go's `net` package, so that one that does not answer leaves time for the next.

    Raises:
        TimeoutError: the time is up.
        OSError: no address accepted the connection; the error is the one of the last address.
        ValueError: `host` is not a valid host name.
    """
    until = time.monotonic() + seconds
    addresses = _addresses(host, port, seconds)
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address for this name")
    for at, (family, kind, protocol, _, address) in enumerate(addresses):
        opened = None
        try:
            opened = socket.socket(family, kind, protocol)  # raises where the system lacks the family, such as IPv6
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
    """Return `opened` with TLS; where the handshake fails, `opened` is closed.

    Args:
        opened: a TCP connection.
        context: CA certificates and client certificate.
        host: name that the server's certificate must have.
        seconds: for the complete handshake.

    Raises:
        TimeoutError: the time is up.
        ssl.SSLError: the server's certificate is not trusted, or the server does not speak TLS.
        OSError: the connection broke.
    """
    until = time.monotonic() + seconds
    try:
        secured = context.wrap_socket(
            opened,
            server_hostname=_in_ascii(host),
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,  # otherwise a third party that cuts the connection could shorten an answer
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
    # In a thread, since getaddrinfo takes no timeout. A thread that is late ends by itself: it is a daemon.
    outcome: list[object] = []

    def resolve() -> None:
        try:
            outcome.append(socket.getaddrinfo(_in_ascii(host), port, 0, socket.SOCK_STREAM))
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
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
    """Return a plain host name as bytes: for a string, Python loads its IDNA codec, which takes a millisecond."""
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
