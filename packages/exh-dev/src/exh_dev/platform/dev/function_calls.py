"""Platform calls of function invocations, in the order of their answers.

They are recorded as the function sees them, so the effects of fault rules are included even if the platform never
received the call. They are in memory until their run is stored, or for the latest invocations without a run. Decoding
is deferred until the run has ended or is viewed (`call_records.py`), to keep calls fast.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exh_dev.platform.dev import effects
from exh_dev.platform.dev.effects import Effects
from exh_dev.platform.dev.origin import answering, invocation_trace
from exh_dev.platform.dev.shown_bodies import LARGEST
from exh_dev.platform.storage.timestamps import iso
from exh_dev.runtime import trace_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.platform.storage.timestamps import Clock

_TOKEN = re.compile(rb'oauth_token="([^"]+)"')
MOST_INVOCATIONS = 2_000  # in memory; those of ended runs are stored with the run
MOST_CALLS = 10_000  # of one invocation
MOST_BODIES = 8 * 1024 * 1024  # bytes of the bodies of one invocation that are kept
MOST_BODIES_IN_ALL = 128 * 1024 * 1024  # of all invocations that go on
#: What serves tests and tools and is no part of a platform, but for calls as its first user.
_LOCAL, _AS_FIRST_USER = ("/_dev/", "/_sidefx/"), "/_dev/api/platform/"


@dataclass(slots=True)
class Body:
    """A streamed body: its size and its first bytes."""

    size: int = 0
    pieces: list[bytes] = field(default_factory=list)
    kept: int = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if piece and self.kept < LARGEST:
            self.pieces.append(bytes(piece[: LARGEST - self.kept]))
            self.kept += len(self.pieces[-1])

    def drop(self) -> None:
        """Keep its size alone."""
        self.pieces, self.kept = [], 0


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        effects: its effects, with timestamp, method, path and status.
        query: the raw query.
        headers: the request's.
        ended: epoch seconds.
        answer_headers: the answer's.
        request: the request body as far as it was read.
        answer: the response body.
        is_kept: whether the bodies are stored; false if there were too many.
        record: its display record, once computed.
    """

    effects: Effects
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    ended: float = 0.0
    answer_headers: Sequence[tuple[bytes, bytes]] = ()
    request: Body = field(default_factory=Body)
    answer: Body = field(default_factory=Body)
    is_kept: bool = True
    record: dict[str, Any] | None = None

    def receiving(self, receive: Receive) -> Receive:
        """Return a `receive` that records the request's body."""

        async def received() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self.request.add(message.get("body", b""))
            return message

        return received


class _Answer:
    """Records an answer while it is sent."""

    def __init__(self, call: Call, send: Send) -> None:
        self._call = call
        self._send = send
        #: uvicorn's `send`, needed to cut the connection; see `connection.cut`.
        self.transport: object = getattr(getattr(send, "__self__", None), "transport", None)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._call.effects.status = message["status"]
            self._call.answer_headers = message.get("headers", ())
        elif self._call.effects.root:
            self._call.answer.add(message.get("body", b""))
        await self._send(message)


@dataclass
class _Made:
    """Calls of an invocation: `begun` ones, some of which are answered."""

    begun: int = 0
    kept: int = 0
    calls: list[Call] = field(default_factory=list)


class Calls:
    """Calls grouped by invocation."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._in_progress: dict[str, list[str]] = {}
        self._by_root: OrderedDict[str, _Made] = OrderedDict()
        self._kept = 0

    def around(self, app: ASGIApp) -> ASGIApp:
        """Wrap an application to record its requests: completely for invocations, otherwise only their effects."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"].rstrip("/") or "/" if scope["type"] == "http" else ""
            root = (invocation_trace(scope) or self._only_user_of_token(scope)) if path else None
            if not path or (root is None and path.startswith(_LOCAL) and not path.startswith(_AS_FIRST_USER)):
                await app(scope, receive, send)
            else:
                path = path.removeprefix(_AS_FIRST_USER.rstrip("/"))
                await self._noted(app, root, path, scope, receive, send)

        return noted

    async def _noted(  # noqa: PLR0917 - an application, what is known of a request, and what ASGI hands over
        self, app: ASGIApp, root: str | None, path: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        made = self._of(root) if root else None
        if made:
            made.begun += 1
        request = Effects(root, made.begun if made else 0, scope["method"], path, iso(self._clock()))
        call = Call(request, scope["query_string"], scope["headers"])
        answering.set(root)
        effects.current.set(request)
        began = time.perf_counter()
        try:
            await app(scope, call.receiving(receive) if made else receive, _Answer(call, send).send)
        except BaseException:
            request.status = 0  # the connection was cut
            raise
        finally:
            request.status = request.status or 0
            request.duration_ms = round((time.perf_counter() - began) * 1000, 1)
            if made:
                call.ended = self._clock()
                self._note(made, call)

    @contextmanager
    def made_with(self, token: str | None, request_id: str) -> Iterator[None]:
        """Attribute calls signed with an OAuth1 token to an invocation during the block.

        This is for clients that send no trace id, such as the JavaScript SDK and requests' OAuth1Session. If two
        concurrent invocations share a token, such calls belong to neither.
        """
        if token is None:
            yield
            return
        sharing = self._in_progress.setdefault(token, [])
        sharing.append(trace_root(request_id))
        try:
            yield
        finally:
            sharing.remove(trace_root(request_id))
            if not sharing:
                self._in_progress.pop(token, None)

    def _only_user_of_token(self, scope: Scope) -> str | None:
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        found = _TOKEN.search(header) if self._in_progress else None
        roots = self._in_progress.get(found[1].decode("latin-1"), []) if found else []
        return roots[0] if len(roots) == 1 else None

    def of(self, request_id: str) -> list[Call]:
        """Return the calls of an invocation that have their answers, in the order of these."""
        made = self._by_root.get(trace_root(request_id))
        return made.calls if made else []

    def forget(self, request_id: str) -> None:
        """Drop the calls of an ended invocation, which are stored elsewhere."""
        if made := self._by_root.pop(trace_root(request_id), None):
            self._kept -= made.kept

    def _of(self, root: str) -> _Made:
        made = self._by_root.setdefault(root, _Made())
        while len(self._by_root) > MOST_INVOCATIONS:
            _, oldest = self._by_root.popitem(last=False)
            self._kept -= oldest.kept
        return made

    def _note(self, made: _Made, call: Call) -> None:
        if len(made.calls) >= MOST_CALLS:
            return
        size = call.request.kept + call.answer.kept
        if made.kept + size > MOST_BODIES or self._kept + size > MOST_BODIES_IN_ALL:
            call.request.drop()
            call.answer.drop()
            call.is_kept, size = not size, 0
        made.kept += size
        self._kept += size
        made.calls.append(call)
