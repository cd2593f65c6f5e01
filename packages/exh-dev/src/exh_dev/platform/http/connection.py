"""Ending a connection below HTTP: without an answer, or in the middle of one."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import Receive, Send

_NO_LINGER = struct.pack("ii", 1, 0)  # close() then sends RST and drops what was not delivered: socket(7), SO_LINGER


class ConnectionCut(Exception):  # noqa: N818 - what is to happen, not something gone wrong
    """Ends the connection. Raised while a request is served, and handled by the server's socket code."""

    def __init__(self, *, after_what_was_sent: bool = False) -> None:
        """End the connection immediately, or `after_what_was_sent` has reached the client."""
        super().__init__("the local platform closed the connection")
        self.after_what_was_sent = after_what_was_sent


async def cut(receive: Receive, send: Send, wanted: ConnectionCut) -> None:
    """End the connection that uvicorn's `receive` and `send` belong to, and wait until it is closed.

    If immediate, the client's socket gets a reset (ECONNRESET); otherwise the end of the stream.

    Raises:
        ConnectionResetError: there is no socket because the client runs in this process.
    """
    # ASGI has no message for this, but `send` is a method of uvicorn's request cycle, in both its HTTP protocols.
    transport: Transport | None = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError(str(wanted))
    if wanted.after_what_was_sent:
        transport.close()
    else:
        with suppress(OSError):  # the client was faster
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    # uvicorn complains about a missing answer unless it has noticed by the time this returns.
    while (await receive())["type"] != "http.disconnect":
        pass
