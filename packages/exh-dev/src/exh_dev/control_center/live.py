"""`/_dev/api/changes`: server-sent events about changes, for as long as a client listens.

data: {"changed": ["mails", "runs"]}          refetch these topics
data: {"run": {"id": "…", "function": "…"}, "number": 0, "line": {"timestamp": "…", "text": "…"}}
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from exh_dev.platform.dev.change_notifications import Changes

_ALIVE = 15  # seconds after which something is sent in any case, so that a lost connection is noticed


def route(base: str, changes: Changes) -> Route:
    async def follow(_: Request) -> StreamingResponse:
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(_stream(changes), media_type="text/event-stream", headers=headers)

    return Route(f"{base}/changes", follow, methods=["GET"])


async def _stream(changes: Changes) -> AsyncIterator[str]:
    with changes.following() as messages:
        yield "retry: 500\n\n"
        while True:
            try:
                message = await asyncio.wait_for(messages.get(), _ALIVE)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if message is None:
                return
            yield f"data: {message}\n\n"
