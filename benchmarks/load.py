"""Many clients of one server in one thread: connections that stay open and do nothing but send and read.

A client of a library would take longer for a request than the servers that are measured.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def request(url: str, method: str, path: str, headers: Mapping[str, str], body: object = None) -> bytes:
    """Return a request as it is sent, with its body in JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = {"Host": urlsplit(url).netloc, "Content-Length": str(len(content)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if content or name != "Content-Length")
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


class Answers(NamedTuple):
    """What came of some requests.

    Attributes:
        seconds: from the first byte that was sent to the last one that was read.
        latencies: seconds that each request took.
        bodies: of the answers, in the order they came in.
    """

    seconds: float
    latencies: list[float]
    bodies: list[bytes]

    @property
    def per_request(self) -> float:
        """Seconds of the server's and the clients' for one request."""
        return self.seconds / len(self.latencies)

    def slowest(self, percent: float) -> float:
        """Return the latency that so many percent of the requests keep within."""
        return statistics.quantiles(self.latencies, n=1000, method="inclusive")[round(percent * 10) - 1]


class Clients:
    """So many clients of the server at a URL; each sends its next request when it has read an answer."""

    def __init__(self, url: str, number: int) -> None:
        """Connect them."""
        parts = urlsplit(url)
        self._address = str(parts.hostname), parts.port
        self._connections = [_Connection(self._address) for _ in range(number)]

    def answers(self, requests: Sequence[bytes]) -> Answers:
        """Send all of the requests, by whichever client is free.

        Raises:
            RuntimeError: one is not answered with 200 or 201.
        """
        left, latencies, bodies = iter(requests), list[float](), list[bytes]()
        with selectors.DefaultSelector() as selector:
            began = time.perf_counter()
            waiting = sum(self._sends(each, left, selector) for each in self._connections)
            while waiting:
                for key, _ in selector.select():
                    connection: _Connection = key.data
                    body = connection.read()
                    if body is None:
                        continue
                    latencies.append(time.perf_counter() - connection.sent)
                    bodies.append(body)
                    selector.unregister(connection.socket)
                    waiting += self._sends(connection, left, selector) - 1
            return Answers(time.perf_counter() - began, latencies, bodies)

    def close(self) -> None:
        """Close the connections."""
        for each in self._connections:
            each.socket.close()

    @staticmethod
    def _sends(connection: _Connection, left: Iterator[bytes], selector: selectors.BaseSelector) -> int:
        """Send the next request, if there is one; return how many were sent."""
        if (following := next(left, None)) is None:
            return 0
        connection.send(following)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        return 1


class _Connection:
    """One client's connection, reopened if the server closes it after an answer."""

    def __init__(self, address: tuple[str, int | None]) -> None:
        self._address = address
        self.socket = self._connected()
        self.sent = 0.0
        self._buffer = bytearray()
        self._length: int | None = None
        self._is_closed = False

    def send(self, data: bytes) -> None:
        self._buffer, self._length = bytearray(), None
        self.sent = time.perf_counter()
        if self._is_closed:
            self.socket.close()
            self.socket, self._is_closed = self._connected(), False
        self.socket.sendall(data)

    def read(self) -> bytes | None:
        """Read available data; return the body of the answer when it is complete."""
        piece = self.socket.recv(65_536)
        self._buffer += piece
        if self._length is None and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            if not head.startswith((b"http/1.1 200", b"http/1.1 201")):
                raise RuntimeError(bytes(self._buffer[:500]).decode(errors="replace"))
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            self._length = end + 4 + length
            self._is_closed = b"connection: close" in head
        if self._length is not None and len(self._buffer) >= self._length:
            return bytes(self._buffer[self._buffer.find(b"\r\n\r\n") + 4 :])
        if not piece:
            raise RuntimeError("the server closed the connection before its answer was complete")
        return None

    def _connected(self) -> socket.socket:
        connection = socket.create_connection((self._address[0], self._address[1] or 80))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
