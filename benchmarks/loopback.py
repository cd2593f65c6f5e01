"""A server on loopback that answers every request in the same way, in a process of its own.

It does next to nothing, so that what is measured is the client. `python -m benchmarks.loopback SECONDS WHAT [PEM]`
waits that long before each answer, and prints its port; with a certificate and its key it speaks TLS. What it answers
with: a `user`, the `secret` that AWS's Parameters and Secrets extension would give, or `pages` of documents.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER = {
    "id": "6968c1b48ab34b7d6e6547f0",
    "first_name": "Ada",
    "email": "ada@example.com",
    "roles": [{"id": "67c6b6844013589e0c8f274a", "name": "reader", "permissions": [{"name": "VIEW_USER"}]}],
}
KEY = "0123456789abcdef0123456789abcdef01234567"
SECRET_NAMES = ("API_OAUTH_CONSUMER_KEY", "API_OAUTH_CONSUMER_SECRET", "API_OAUTH_TOKEN", "API_OAUTH_TOKEN_SECRET")
SECRET = dict.fromkeys(SECRET_NAMES, KEY)
DOCUMENTS, PAGE = 100_000, 50
DOCUMENT = {
    "id": "6968d0a1c4b7e2f3a1d5e921",
    "status": "new",
    "creatorId": "67c6b7b0d033e22ae348aeb5",
    "userIds": ["67c6b7b0d033e22ae348aeb5"],
    "groupIds": [],
    "data": {"patient": "p77", "systolic": 128, "diastolic": 81, "note": "x" * 200},
    "creationTimestamp": "2026-01-15T10:30:12.104Z",
    "updateTimestamp": "2026-01-15T10:30:12.104Z",
}
_LIMIT = re.compile(rb"limit\((\d+),(\d+)\)")


@contextmanager
def loopback_server(latency: float = 0.0, *, answer: str = "user", certificate: Path | None = None) -> Iterator[str]:
    """Its address while the block runs; `latency` in seconds, `answer` one of those above."""
    command = [sys.executable, "-m", "benchmarks.loopback", str(latency), answer]
    command += [] if certificate is None else [str(certificate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as process:
        assert process.stdout
        try:
            yield f"http{'s' if certificate else ''}://localhost:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _always(content: object) -> Callable[[bytes], bytes]:
    answer = _answer(json.dumps(content).encode())
    return lambda _: answer


def _pages() -> Callable[[bytes], bytes]:
    documents = json.dumps([DOCUMENT] * PAGE).encode()

    def page(request: bytes) -> bytes:
        found = _LIMIT.search(request.partition(b"\r\n")[0])
        size, offset = map(int, found.groups()) if found else (PAGE, 0)
        if size != PAGE or offset % PAGE:
            raise ValueError(f"pages have {PAGE} documents here, and {request!r} asks for others")
        head = json.dumps({"offset": offset, "limit": PAGE, "total": DOCUMENTS}).encode()
        return _answer(b'{"page":' + head + b',"data":' + documents + b"}")

    return page


_ANSWERS = {
    "user": lambda: _always(USER),
    "secret": lambda: _always({"SecretString": json.dumps(SECRET)}),
    "pages": _pages,
}


class _Connection(asyncio.Protocol):
    def __init__(self, latency: float, answer: Callable[[bytes], bytes]) -> None:
        self._latency = latency
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # Requests come one after another, each with its head and its body of at most a few bytes in one piece.
        if b"\r\n\r\n" in data:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, self._answer(data))


async def _serve(latency: float, answer: Callable[[bytes], bytes], certificate: str | None = None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency, answer), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), _ANSWERS[sys.argv[2]](), *sys.argv[3:]))
