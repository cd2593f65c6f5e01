"""Misbehaving clients: they send slowly, do not read, disconnect, or keep a connection without using it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from benchmarks.soak.books import Books
    from benchmarks.soak.server import Served

#: The value of SO_LINGER that makes closing a socket send a TCP reset, as for a killed process.
RESET = struct.pack("ii", 1, 0)
HELD = 40  # maximum of connections kept open
HELD_FOR = 45.0  # seconds until a kept connection is closed
EVENTS = "/_dev/api/changes"
SPEC = "/_dev/api/openapi.json"  # its response has several hundred kilobytes


class Rude:
    """Opens a connection in each round, misuses it in a random way, and closes old ones."""

    def __init__(self, served: Served, books: Books, chance: random.Random) -> None:
        """Prepare to connect to the running server."""
        self._served = served
        self._books = books
        self._chance = chance
        self._held: list[tuple[float, socket.socket]] = []
        self._kinds: tuple[Callable[[socket.socket], bool], ...] = (
            self._nothing,
            self._half_a_head,
            self._half_a_body,
            self._dripping,
            self._not_reading,
            self._watching,
            self._killed,
            self._killed_upload,
            self._nonsense,
            self._endless_head,
            self._pipelined,
        )

    def __call__(self) -> None:
        kind = self._chance.choice(self._kinds)
        with suppress(OSError):  # the server may close any of these connections
            connection = socket.create_connection(("127.0.0.1", self._served.port), timeout=5)
            try:
                keep = kind(connection)
            except OSError:
                keep = False
            if keep:
                self._held.append((time.monotonic(), connection))
            else:
                connection.close()
        self._books.count(f"rude: {kind.__name__.strip('_')}")
        while self._held and (len(self._held) > HELD or time.monotonic() - self._held[0][0] > HELD_FOR):
            _, oldest = self._held.pop(0)
            if self._chance.random() < 0.5:
                oldest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            oldest.close()

    def close(self) -> None:
        """Close all kept connections."""
        for _, connection in self._held:
            connection.close()
        self._held.clear()

    def _head(self, method: str, path: str, *lines: str) -> bytes:
        return "\r\n".join(
            [f"{method} {path} HTTP/1.1", f"Host: localhost:{self._served.port}", *lines, "", ""]
        ).encode()

    def _nothing(self, _: socket.socket) -> bool:
        return True

    def _half_a_head(self, connection: socket.socket) -> bool:
        connection.sendall(b"POST /data/v1/readings/documents HTTP/1.1\r\nHost: local")
        return True

    def _half_a_body(self, connection: socket.socket) -> bool:
        connection.sendall(self._head("POST", "/files/v1", "Content-Length: 1000000") + b"a" * 1_000)
        return True

    def _dripping(self, connection: socket.socket) -> bool:
        connection.sendall(self._head("PUT", "/_dev/ledger/drip", "Content-Length: 40"))

        def drip() -> None:
            with suppress(OSError):
                for _ in range(30):
                    connection.sendall(b" ")
                    time.sleep(1)

        threading.Thread(target=drip, daemon=True).start()
        return True

    def _not_reading(self, connection: socket.socket) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.sendall(self._head("GET", SPEC) * 20)
        return True

    def _watching(self, connection: socket.socket) -> bool:
        connection.sendall(self._head("GET", EVENTS))
        if self._chance.random() < 0.5:
            connection.recv(1_000)
        return True

    def _killed(self, connection: socket.socket) -> bool:
        connection.sendall(self._head("PUT", "/_dev/ledger/killed", "Content-Length: 1000") + b"{")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return False

    def _killed_upload(self, connection: socket.socket) -> bool:
        kind = "Content-Type: multipart/form-data; boundary=x"
        connection.sendall(self._head("POST", "/files/v1", kind, "Content-Length: 5000000") + b"--x\r\n" * 1_000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return False

    def _nonsense(self, connection: socket.socket) -> bool:
        connection.sendall(self._chance.randbytes(2_000) + b"\r\n\r\n")
        connection.recv(1_000)
        return False

    def _endless_head(self, connection: socket.socket) -> bool:
        connection.sendall(b"GET /users/v1/health HTTP/1.1\r\n")
        for number in range(2_000):
            connection.sendall(f"X-{number}: {'a' * 8_000}\r\n".encode())
        return True

    def _pipelined(self, connection: socket.socket) -> bool:
        connection.sendall(self._head("GET", "/users/v1/health") * 500)
        return False
