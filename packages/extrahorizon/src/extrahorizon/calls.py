"""A call as it is asked for: what is sent, and what does not change between its attempts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from extrahorizon.characters import HALF_A_CHARACTER, has_half, json_text
from extrahorizon.errors import public_url
from extrahorizon.multipart import Multipart
from extrahorizon.retries import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Characters that stay as they are in a query; anything else is percent-encoded, which the platform decodes to the same
# parameters. Square brackets are left out: the platform's URL parser reads them as structure.
_QUERY_SAFE = "=&;:%+~,*@!()/?'$-._"
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
# Compiled when they are used: each pattern takes a part of a millisecond of every cold start.
_STRAY_PERCENT, _PERCENT = r"%(?![0-9A-Fa-f]{2})", r"%[0-9A-Fa-f]{2}"
_LONGEST_TIMEOUT = 86_400  # seconds
_OF_THE_CALL = frozenset({"authorization", "connection", "content-length", "host", "transfer-encoding"})
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_PLAIN = re.compile(r"[A-Za-z0-9\-._~/:@!$&'()*+,;=]*")


class CallOptions(TypedDict, total=False):
    """`PlatformSession.request` describes these `options`; only service methods use the last two."""

    json: Any
    data: bytes | Multipart | None
    headers: Mapping[str, str] | None
    gzip: bool
    idempotent: bool | None
    timeout: float | None
    usual_timeout: float | None
    usually_idempotent: bool | None


class RequestOptions(CallOptions, total=False):
    """Options of a call, and whether to leave its answer unread."""

    stream: bool


def checked_options(
    *, timeout: float | None, headers: Mapping[str, str] | None = None, idempotent: bool | None = None
) -> dict[str, Any]:
    """Validate and return the given options of a call.

    Raises:
        TypeError: the timeout is not a number, or a header is not a string.
        ValueError: the timeout is not above 0, or a header cannot be sent.
    """
    _check_timeout(timeout)
    if headers is not None:
        _check_given(headers)
    given = {"timeout": timeout, "headers": headers, "idempotent": idempotent}
    return {name: value for name, value in given.items() if value is not None}


def _check_timeout(timeout: float | None) -> None:
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise TypeError(f"timeout is a number of seconds, not a value of type {type(timeout).__name__}")
    if not 0 < timeout <= _LONGEST_TIMEOUT:
        raise ValueError("timeout is a number of seconds above 0, and of a day at most")


def _check_given(headers: Mapping[str, str]) -> None:
    check_headers(headers)
    for name in headers:
        if name.lower() in _OF_THE_CALL:
            raise ValueError(f"the header {name} is not for callers: the signature or the body makes it")


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that cannot be sent, or would write others; the message quotes no value.

    Raises:
        TypeError: one is no string.
        ValueError: one has a character that no header can have.
    """
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("headers are strings, by names that are strings")
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("the name of one of the headers cannot be sent: letters, digits and hyphens")
        if not value.isprintable() or not value.isascii():
            # The value may be a secret, so it is not in the message.
            raise ValueError(f"the header {name} cannot be sent: its value is not one line of printable ASCII")


class Call:
    """A call as the session is asked for it; what does not change between attempts is worked out once.

    Attributes:
        method: HTTP method, in capitals.
        target: path and query as they go on the wire.
        public_path: the path as it may appear in a log.
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
        usual_timeout: float | None = None,
        usually_idempotent: bool | None = None,
    ) -> None:
        if params is not None:
            raise TypeError("write the query into the path: the signature covers it exactly as it is sent")
        if not path.startswith("/"):
            raise ValueError("a path begins with a slash, as in /users/v1/me; the host comes from the credentials")
        if not isinstance(data, bytes | Multipart | None):
            raise TypeError("data is bytes or a Multipart; use json= for anything that becomes JSON")
        if json is not None and data is not None:
            raise TypeError("json and data are two bodies, and a request has one")
        if gzip and json is None:
            raise TypeError("gzip compresses json, and there is none")
        method = method.upper()
        if not (method.isascii() and method.isalpha()):
            raise ValueError("a method is a word, such as GET")
        self.method = method
        self.target = signable(path)
        self.public_path = public_url(path)
        self.name = f"{method} {self.public_path}"
        if headers is not None:
            _check_given(headers)
        _check_timeout(timeout)
        self.headers = headers
        self.timeout = usual_timeout if timeout is None else timeout
        usually = method in SAFE_METHODS if usually_idempotent is None else usually_idempotent
        self.repeatable = usually if idempotent is None else idempotent
        self.body, self.body_headers = _encoded(json, data, gzip=gzip)
        if self.body is None and method not in SAFE_METHODS:
            self.body_headers = {"Content-Length": "0"}


def signable(path: str) -> str:
    """Return a path and query as they go on the wire, with everything encoded that a URL cannot carry.

    Raises:
        ValueError: it holds half a character.
    """
    if has_half(path):
        raise ValueError(f"the path or the query holds {HALF_A_CHARACTER}")
    path, separator, query = path.partition("?")
    if "%" in path:  # urllib3 sends hex digits in capitals, so they are signed in capitals
        path = re.sub(_PERCENT, lambda encoded: encoded[0].upper(), path)
    return _encode(path, _PATH_SAFE) + separator + _encode(query, _QUERY_SAFE)


def _encode(text: str, safe: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(re.sub(_STRAY_PERCENT, "%25", text), safe=safe)


def _encoded(
    json: Any, data: bytes | Multipart | None, *, gzip: bool
) -> tuple[bytes | Multipart | None, dict[str, str]]:
    if json is None:
        if data is None:
            return None, {}
        kind = {"Content-Type": data.content_type} if isinstance(data, Multipart) else {}
        return data, {**kind, "Content-Length": str(len(data))}
    body = json_text(json, default=_written)
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
