"""A server on loopback that answers every request with the same user, in a process of its own.

It does next to nothing, so that what is measured is the client. `python -m benchmarks.loopback [SECONDS]` waits that
long before each answer, and prints its port.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = {
    "id": "6968c1b48ab34b7d6e6547f0",
    "first_name": "Ada",
    "email": "ada@example.com",
    "roles": [{"id": "67c6b6844013589e0c8f274a", "name": "reader", "permissions": [{"name": "VIEW_USER"}]}],
}


@contextmanager
def loopback_server(latency: float = 0.0) -> Iterator[str]:
    """Its address while the block runs; `latency` in seconds."""
    command = [sys.executable, "-m", "benchmarks.loopback", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield f"http://localhost:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class _Connection(asyncio.Protocol):
    def __init__(self, latency: float) -> None:
        body = json.dumps(USER).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._answer = head.encode() + body
        self._latency = latency

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # Requests come one after another, each with its head and its body of at most a few bytes in one piece.
        if b"\r\n\r\n" in data:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, self._answer)


async def _serve(latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
