"""Fault injection between the client and the platform, by the rules in `rules.py`.

It is the outermost layer, so that a reset happens at the socket and a rejected request never reaches the platform.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse

from exh_dev.platform.http.connection import ConnectionCut, cut
from exh_dev.platform.http.error_answers import KNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from exh_dev.platform.faults.rules import FaultRules, Rule, RuleInForce

#: Seconds by which the server's clock is ahead for the request being served.
SKEW: ContextVar[float] = ContextVar("skew", default=0.0)

#: Paths without faults: developers need them when all else fails, and tests of clients need the ledger.
_EXEMPT, _NOT_EXEMPT = "/_dev/", "/_dev/ledger"
_PAUSE_STEP = 0.05  # seconds between two looks at whether the platform stops
_DRIP = 0.05  # seconds between two pieces of a slow body, if it has that many bytes
#: The platform codes that go with a status; others have none.
_CODES = {500: 1, 503: 4}


class FaultInjection:
    """ASGI middleware: serves `app`, and injects a fault into each request that a rule of `faults` strikes."""

    def __init__(self, app: ASGIApp, faults: FaultRules) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rules = self._faults.in_force
        try:
            if rules and scope["type"] == "http" and not _is_exempt(scope["path"]):
                await self._inject(rules, scope, receive, send)
            else:
                await self._app(scope, receive, send)
        except ConnectionCut as wanted:
            await cut(receive, send, wanted)

    async def _inject(self, rules: Sequence[RuleInForce], scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].rstrip("/") or "/"
        for position, each in enumerate(rules):
            if each.strikes(scope["method"], path):
                request = _Request(partial(self._inject, rules[position + 1 :]), scope, receive, send)
                await _FAULTS[each.rule.fault](each.rule, request, self._faults)
                return
        await self._app(scope, receive, send)


def _is_exempt(path: str) -> bool:
    return path.startswith(_EXEMPT) and not path.startswith(_NOT_EXEMPT)


@dataclass
class _Request:
    """A request on its way, and the rest of the way."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    async def received(self) -> list[Message]:
        """Read the request to its end."""
        messages = [await self.receive()]
        while messages[-1].get("more_body", False):
            messages.append(await self.receive())
        return messages

    async def apply(self, send: Send | None = None) -> None:
        """Apply the request, answering to `send`."""
        await self.app(self.scope, self.receive, send or self.send)

    async def answer(self) -> _Answer | None:
        """Apply the request and buffer its answer; None if the client has disconnected."""
        start: Message | None = None
        body = bytearray()

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                body.extend(message.get("body", b""))

        await self.apply(keep)
        return _Answer(start, bytes(body)) if start else None


@dataclass
class _Answer:
    start: Message
    body: bytes

    def start_announcing(self, length: int) -> Message:
        """Return the status and headers, with this Content-Length."""
        named = (b"content-length", b"transfer-encoding")
        others = [(name, value) for name, value in self.start["headers"] if name.lower() not in named]
        return {**self.start, "headers": [*others, (b"content-length", str(length).encode())]}

    @property
    def has_no_body(self) -> bool:
        """Return whether its status forbids a body."""
        return self.start["status"] in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


async def _status(rule: Rule, request: _Request, _: FaultRules) -> None:
    status = int(rule.amount)
    message = "This failure is injected by a fault rule"
    if status in _CODES:
        body = {"code": _CODES[status], "name": KNOWN[_CODES[status]][1], "message": message}
    else:
        body = {"name": _phrase(status).upper().replace(" ", "_"), "message": message}
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    await JSONResponse(body, status, headers)(request.scope, request.receive, request.send)


async def _html(rule: Rule, request: _Request, _: FaultRules) -> None:
    status = int(rule.amount)
    title = f"{status} {_phrase(status)}"
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    await HTMLResponse(page, status)(request.scope, request.receive, request.send)


async def _latency(rule: Rule, request: _Request, faults: FaultRules) -> None:
    messages = await request.received()  # read it now, because nothing can be read after the client disconnects
    await _pause(rule.amount, faults)
    await replace(request, receive=_replay(messages, request.receive)).apply()


async def _skew(rule: Rule, request: _Request, _: FaultRules) -> None:
    before = SKEW.set(SKEW.get() + rule.amount)
    try:
        await request.apply()
    finally:
        SKEW.reset(before)


async def _reset(_: Rule, __: _Request, ___: FaultRules) -> None:
    raise ConnectionCut


async def _reset_after(_: Rule, request: _Request, __: FaultRules) -> None:
    await request.apply(_discard)
    raise ConnectionCut


async def _truncate(_: Rule, request: _Request, __: FaultRules) -> None:
    answer = await request.answer()
    if answer is None or not answer.body or request.scope["method"] == "HEAD":
        raise ConnectionCut  # there is no body to cut short
    await request.send(answer.start_announcing(len(answer.body)))
    half = answer.body[: len(answer.body) // 2]
    await request.send({"type": "http.response.body", "body": half, "more_body": True})
    raise ConnectionCut(after_what_was_sent=True)


async def _truncate_json(_: Rule, request: _Request, __: FaultRules) -> None:
    answer = await request.answer()
    if answer is None:
        return
    body = b"" if answer.has_no_body else _broken_json(answer.body)
    await request.send(answer.start if answer.has_no_body else answer.start_announcing(len(body)))
    await request.send({"type": "http.response.body", "body": body})


async def _slow(rule: Rule, request: _Request, faults: FaultRules) -> None:
    answer = await request.answer()
    if answer is None:
        return
    body = answer.body
    await request.send(answer.start if answer.has_no_body else answer.start_announcing(len(body)))
    count = max(1, min(len(body), math.ceil(rule.amount / _DRIP)))
    for piece in range(count):
        await _pause(rule.amount / count, faults)
        part = body[piece * len(body) // count : (piece + 1) * len(body) // count]
        await request.send({"type": "http.response.body", "body": part, "more_body": True})
    await request.send({"type": "http.response.body"})


async def _duplicate(_: Rule, request: _Request, __: FaultRules) -> None:
    messages = await request.received()
    for scope, send in (({**request.scope}, _discard), (request.scope, request.send)):
        receive = _replay(messages, request.receive)
        await replace(request, scope=scope, receive=receive, send=send).apply()


_FAULTS = {
    "status": _status,
    "html": _html,
    "latency": _latency,
    "skew": _skew,
    "reset": _reset,
    "reset-after": _reset_after,
    "truncate": _truncate,
    "truncate-json": _truncate_json,
    "slow": _slow,
    "duplicate": _duplicate,
}


async def _pause(seconds: float, faults: FaultRules) -> None:
    """Delay a request, at most until the platform stops."""
    until = time.monotonic() + seconds
    while faults.pausing and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110 - another thread says stop
        await asyncio.sleep(min(left, _PAUSE_STEP))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unregistered status"


def _broken_json(body: bytes) -> bytes:
    half = body[: len(body) // 2]
    try:
        json.loads(half)
    except ValueError:
        return half or b"{"  # an empty prefix could pass for an empty answer
    return b"{"


async def _discard(_: Message) -> None:
    """Discard the message."""


def _replay(messages: Sequence[Message], receive: Receive) -> Receive:
    left = iter(messages)

    async def next_message() -> Message:
        return next(left, None) or await receive()

    return next_message
