"""`/_dev/ledger`: a resource that records each write, and `/_dev/nonces`, which records each signature.

Tests of a client under faults compare the writes that it believes it made with those that were applied. In memory only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from exh_dev.platform.http.bodies import parse_json, read_body
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.gateway import user_of
from exh_dev.platform.http.routing import Route
from exh_dev.platform.storage.timestamps import Clock, iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.platform.http.gateway import Nonces

_NONCE = re.compile(r'\boauth_nonce="([^"]*)"')


def routes(nonces: Nonces, *, clock: Clock) -> list[Route]:
    """Return the endpoints of `/_dev/ledger/{key}`: a write is applied by recording it, and needs a
    user; reading does not.
    """
    entries: list[dict[str, Any]] = []

    async def write(request: Request) -> JSONResponse:
        user_id = user_of(request)
        body = await read_body(request)
        nonce = _NONCE.search(request.headers["authorization"])
        entry = {
            "key": request.path_params["key"],
            "method": request.method,
            "body": _readable(body),
            "nonce": nonce[1] if nonce else None,
            "userId": user_id,
            "timestamp": iso(clock()),
        }
        entries.append(entry)
        return JSONResponse(entry)

    async def show(request: Request) -> JSONResponse:
        key = request.path_params.get("key") or request.query_params.get("key")
        shown = [each for each in entries if key is None or each["key"] == key]
        return JSONResponse({"total": len(shown), "data": shown})

    async def count_nonces(_: Request) -> JSONResponse:
        return JSONResponse({"seen": nonces.seen, "duplicatesRefused": nonces.duplicates_refused})

    return [
        Route("/_dev/ledger", show, methods=["GET"]),
        Route("/_dev/ledger/{key}", show, methods=["GET"]),
        Route("/_dev/ledger/{key}", write, methods=["POST", "PUT", "PATCH", "DELETE"]),
        Route("/_dev/nonces", count_nonces, methods=["GET"]),
    ]


def _readable(body: bytes) -> Any:
    """Return the body as JSON, as a string if it is not JSON, and as None if empty."""
    if not body:
        return None
    try:
        return parse_json(body)
    except ErrorAnswer:
        return body.decode(errors="replace")
