"""What `chunk-psg-signals` calls, on loopback and in a process of its own: a recording of a night, made as it is sent.

`python -m benchmarks.psg_server SECONDS` waits that long before each answer, and prints its port. A file of 180 MB is
never on disk, nor in memory: a minute of it is repeated.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import struct
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HOURS, CHANNELS, RATE = 8, 12, 256  # samples per second
MINUTES = HOURS * 60
TOKEN = "6968d0a1c4b7e2f3a1d5e911-7c1f8d52-0b3e-4f6a-9d21-5e8a4c7b1f30"  # noqa: S105 - opens nothing
RECORDING: dict[str, Any] = {"id": "6968d0a1c4b7e2f3a1d5e921", "status": "new", "userIds": ["6968d0a1c4b7e2f3a1d5e901"],
             "data": {"file": TOKEN}}  # fmt: skip
SIZE = 256 * (CHANNELS + 1) + MINUTES * 60 * CHANNELS * RATE * 2  # bytes


@contextmanager
def psg_server(latency: float) -> Iterator[str]:
    """Its address while the block runs; `latency` in seconds."""
    command = [sys.executable, "-m", "benchmarks.psg_server", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield f"http://localhost:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _header() -> bytes:
    numbers = range(CHANNELS)
    fields = [("0", 8), ("X X X X", 80), ("Startdate 30-DEC-2024 X X X", 80), ("30.12.24", 8), ("22.58.03", 8)]
    fields += [(str(256 * (CHANNELS + 1)), 8), ("", 44), (str(MINUTES * 60), 8), ("1", 8), (str(CHANNELS), 4)]
    # Each channel has a range of its own, and with it texts of its own.
    for values, width in (
        ([f"EEG {each}" for each in numbers], 16), ([""] * CHANNELS, 80), (["uV"] * CHANNELS, 8),
        ([f"-{500 + each}" for each in numbers], 8), ([f"{500 + each}" for each in numbers], 8),
        (["-32768"] * CHANNELS, 8), (["32767"] * CHANNELS, 8), ([""] * CHANNELS, 80), ([str(RATE)] * CHANNELS, 8),
        ([""] * CHANNELS, 32),
    ):  # fmt: skip
        fields += [(value, width) for value in values]
    return "".join(text.ljust(width) for text, width in fields).encode()


def _minute() -> bytes:
    """Return a slow wave of 75 uV with noise, in 60 data records."""
    chance = random.Random(1)  # noqa: S311 - noise
    samples = (round(5_000 * math.sin(each / 40) + chance.gauss(0, 600)) for each in range(60 * CHANNELS * RATE))
    return struct.pack(f"<{60 * CHANNELS * RATE}h", *samples)


class _Platform:
    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._minute = _minute()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes on one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request, *lines = head.decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await asyncio.sleep(self._latency)
                method, target, _ = request.split(" ")
                await self._answer(method, target.split("?")[0], body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if path.endswith("/file"):
            writer.write(_head(SIZE, "application/octet-stream") + _header())
            for _ in range(MINUTES):
                writer.write(self._minute)
                await writer.drain()
            return
        if path.endswith("/details"):
            content = json.dumps({"name": "night.edf", "size": SIZE}).encode()
        elif method == "GET":
            found = [RECORDING] if "psg-recording" in path else []
            content = json.dumps({"page": {"offset": 0, "limit": 100, "total": len(found)}, "data": found}).encode()
        elif path.endswith("/transition"):
            content = b'{"affectedRecords":1}'
        else:
            content = b'{"id":"6968d0a1c4b7e2f3a1d5e931","data":' + body + b"}"  # the answer has the complete document
        writer.write(_head(len(content), "application/json"))
        writer.write(content)
        await writer.drain()


def _head(length: int, kind: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


async def _serve(latency: float) -> None:
    server = await asyncio.start_server(_Platform(latency).serve, "127.0.0.1", 0, limit=1024 * 1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
