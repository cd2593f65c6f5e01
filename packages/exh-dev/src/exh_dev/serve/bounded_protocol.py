"""uvicorn's HTTP/1.1 protocol, with limits on the head of a request: how large it is, and how long it takes.

uvicorn has neither: a client could go on sending headers for ever, or hold a connection without a word.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

MOST_LINE = 65_535
"""Bytes of the path and the query of a request: httptools splits no longer ones."""
MOST_HEAD = 128 * 1024
"""Bytes of a request's line and headers."""
LONGEST_HEAD = 60.0
"""Seconds that they may take, from the opening of a connection or from their first byte on."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request head is too large (431) or too slow."""

    _late: asyncio.TimerHandle | None = None
    _size = 0  # bytes of complete headers
    _pending = 0  # bytes since the head began; without the first ones where they came with the end of a body
    _is_too_large = False
    _in_head = False
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._come()
        super().connection_lost(exc)
        # uvicorn leaves it running where the client resets the connection, and with it all of the last request.
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def data_received(self, data: bytes) -> None:
        began_in_body = self._in_body
        if began_in_body:
            self._pending += len(data)  # which `on_body` takes back: what is left are sizes of chunks, and trailers
        super().data_received(data)
        if self._in_head and not began_in_body:
            self._pending += len(data)
        if self._pending > MOST_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._size = self._pending = 0
        self._is_too_large = False
        self._in_head, self._in_body = True, False
        self._wait()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._grow(len(url), is_over=len(self.url) > MOST_LINE)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value))
        super().on_header(name, value)

    def _grow(self, size: int, *, is_over: bool = False) -> None:
        self._size += size
        self._is_too_large = is_over or self._size > MOST_HEAD
        if self._is_too_large:
            raise ValueError("the head is too large")  # which ends in `send_400_response`

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self._pending = 0
        self._come()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._pending = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._is_too_large:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _refuse(self) -> None:
        message = f"A request's path and query may have {MOST_LINE:,} bytes, with its headers {MOST_HEAD:,}"
        body = json.dumps({"name": "HEADERS_TOO_LARGE_EXCEPTION", "message": message}).encode()
        head = "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\nConnection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()

    def _wait(self) -> None:
        self._come()
        self._late = self.loop.call_later(LONGEST_HEAD, self.transport.close)

    def _come(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
