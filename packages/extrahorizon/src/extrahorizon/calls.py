"""A call as it is asked for: what is sent, and what does not change between its attempts."""

from __future__ import annotations

import json as json_codec
from typing import TYPE_CHECKING, Any

from extrahorizon.errors import public_url
from extrahorizon.multipart import Multipart
from extrahorizon.retries import SAFE_METHODS
from extrahorizon.transport import signable

if TYPE_CHECKING:
    from collections.abc import Mapping


def checked_options(
    *, timeout: float | None, headers: Mapping[str, str] | None = None, idempotent: bool | None = None
) -> dict[str, Any]:
    """Return those options of a call that are given.

    Raises:
        TypeError: the timeout is no number, or the headers are no strings.
        ValueError: the timeout is not above 0.
    """
    if timeout is not None:
        if isinstance(timeout, bool) or not isinstance(timeout, int | float):
            raise TypeError(f"timeout is a number of seconds, not a value of type {type(timeout).__name__}")
        if not timeout > 0:
            raise ValueError("timeout is a number of seconds above 0")
    if headers is not None and not all(isinstance(each, str) for pair in headers.items() for each in pair):
        raise TypeError("headers are strings, by names that are strings")
    given = {"timeout": timeout, "headers": headers, "idempotent": idempotent}
    return {name: value for name, value in given.items() if value is not None}


class Call:
    """A call as the session is asked for it; what does not change between attempts is worked out once.

    Attributes:
        method: HTTP method, in capitals.
        target: path and query as they go on the wire.
        public_path: the path as it may stand in a log.
        name: method and public path, for messages.
        repeatable: whether doing it twice does no harm.
        body: what is sent.
        body_headers: the headers that describe it.
        headers: what the caller adds to them.
        timeout: seconds to wait for an answer; None for the usual ones.
    """

    def __init__(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | Multipart | None = None,
        headers: Mapping[str, str] | None = None,
        gzip: bool = False,
        idempotent: bool | None = None,
        timeout: float | None = None,
        params: None = None,
    ) -> None:
        if params is not None:
            raise TypeError("write the query into the path: the signature covers it exactly as it is sent")
        if not path.startswith("/"):
            raise ValueError("a path begins with a slash, as in /users/v1/me; the host comes from the credentials")
        if not isinstance(data, bytes | Multipart | None):
            raise TypeError("data is bytes or a Multipart; use json= for anything that becomes JSON")
        method = method.upper()
        self.method = method
        self.target = signable(path)
        self.public_path = public_url(path)
        self.name = f"{method} {self.public_path}"
        self.headers = headers
        self.timeout = timeout
        self.repeatable = method in SAFE_METHODS if idempotent is None else idempotent
        self.body, self.body_headers = _encoded(json, data, gzip=gzip)
        if self.body is None and method not in SAFE_METHODS:
            self.body_headers = {"Content-Length": "0"}


def _encoded(
    json: Any, data: bytes | Multipart | None, *, gzip: bool
) -> tuple[bytes | Multipart | None, dict[str, str]]:
    if json is None:
        if data is None:
            return None, {}
        kind = {"Content-Type": data.content_type} if isinstance(data, Multipart) else {}
        return data, {**kind, "Content-Length": str(len(data))}
    body = json_codec.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_written).encode()
    coding = {}
    if gzip:
        import gzip as codec

        body, coding = codec.compress(body), {"Content-Encoding": "gzip"}
    return body, {"Content-Type": "application/json", "Content-Length": str(len(body)), **coding}


def _written(value: object) -> Any:
    """Return what JSON has no type for as the platform takes it: the same as in RQL."""
    from datetime import date, datetime
    from decimal import Decimal

    from extrahorizon.timestamps import iso, plain

    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        number = float(value)
        if not value.is_finite() or Decimal(repr(number)) != value:
            raise ValueError("a Decimal has more digits than a JSON number keeps; send it as a string, or rounded")
        return number
    if (simple := plain(value)) is not value:
        return simple
    raise TypeError(f"a body holds a {type(value).__name__}, which JSON cannot express")
