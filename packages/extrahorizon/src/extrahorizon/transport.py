"""Between requests and this library: URLs that can be signed, bodies within bounds, failures in plain words."""

from __future__ import annotations

import os
import re
import ssl
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ReadTimeoutError,
)

from extrahorizon.errors import (
    ConfigurationError,
    DeadlineExceededError,
    InvalidResponseError,
    PlatformUnreachableError,
)
from extrahorizon.retries import SAFE_METHODS

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator

    from extrahorizon.deadline import Deadline

CHUNK = 65_536  # bytes

# Characters that stay as they are in a query; anything else is percent-encoded, which the platform decodes to the same
# parameters. Square brackets are left out: the platform's URL parser reads them as structure.
_QUERY_SAFE = "=&;:%+~,*@!()/?'$-._"
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~/:@!$&'()*+,;=]*")


class RequestInfo(NamedTuple):
    """A request that is about to leave; nothing secret and nobody's data is in it.

    Attributes:
        method: HTTP method.
        url: without its query, and with tokens of files masked.
    """

    method: str
    url: str


class ResponseInfo(NamedTuple):
    """An answer that has begun.

    Attributes:
        method: HTTP method of the request.
        url: of the request, without its query, and with tokens of files masked.
        status: HTTP status.
        seconds: from the request to the answer's headers.
    """

    method: str
    url: str
    status: int
    seconds: float


def checked_ca(verify: bool | str | None) -> bool | str:
    """Return which CA certificates to trust: those given, of the environment, or of certifi.

    Raises:
        ConfigurationError: the file or folder does not exist.
        TypeError: it is neither a path nor a boolean.
    """
    if isinstance(verify, bool):
        return verify
    if verify is not None and not isinstance(verify, str):
        raise TypeError(f"verify is a boolean or the path of a CA bundle, not a value of type {type(verify).__name__}")
    source = "verify" if verify else "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
    path = verify or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if path is not None and path and not os.path.exists(path):  # noqa: PTH110 - pathlib is not loaded
        raise ConfigurationError(f"{source} names {path}, which does not exist")
    return path or True


def checked_cert(cert: str | tuple[str, str] | None) -> str | tuple[str, str] | None:
    """Return a client certificate, whose files exist.

    Raises:
        ConfigurationError: one of the files does not exist.
    """
    for path in (cert,) if isinstance(cert, str) else cert or ():
        if not os.path.exists(path):  # noqa: PTH110 - pathlib is not loaded
            raise ConfigurationError(f"cert names {path}, which does not exist")
    return cert


def signable(path: str) -> str:
    """A path and query as they go on the wire, with everything encoded that a URL cannot carry."""
    path, separator, query = path.partition("?")
    if "%" in path:  # urllib3 sends hex digits in capitals, so they are signed in capitals
        path = _PERCENT.sub(lambda encoded: encoded[0].upper(), path)
    return _encode(path, _PATH_SAFE) + separator + _encode(query, _QUERY_SAFE)


def _encode(text: str, safe: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(_STRAY_PERCENT.sub("%25", text), safe=safe)


def read_body(response: requests.Response, deadline: Deadline, limit: int) -> None:
    """Read the whole body into `response.content`, at most `limit` bytes of it after decoding.

    Raises:
        InvalidResponseError: it is larger.
        DeadlineExceededError: the time is up.
        PlatformUnreachableError: the connection broke.
    """
    body = bytearray()
    for chunk in chunks(response, deadline):
        body += chunk
        if len(body) > limit:
            response.close()
            method, url = _call(response)
            raise InvalidResponseError(
                f"an answer of more than {limit:,} bytes",
                status=response.status_code,
                method=method,
                url=url,
                permanent=True,
            )
    # What requests itself sets after reading.
    response._content = bytes(body)  # noqa: SLF001
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


def chunks(response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """The body as it arrives, decoded. However slowly it comes, it ends by the deadline.

    Raises:
        DeadlineExceededError: the time is up.
        PlatformUnreachableError: the connection broke.
    """
    method, url = _call(response)
    raw = response.raw
    socket = _socket_of(raw)
    write = method not in SAFE_METHODS
    try:
        while True:
            remaining = deadline.remaining()
            if remaining <= 0:
                raise TimeoutError
            if socket is not None and (socket.gettimeout() or remaining) > remaining:
                socket.settimeout(remaining)
            if not (chunk := raw.read1(CHUNK, decode_content=True)):
                return
            yield chunk
    except (HTTPError, OSError) as error:
        # Not chained, here and below: the original prints the URL with its query, and RQL values are personal data.
        if deadline.remaining() <= 0:
            response.close()
            text = f"the answer to {method} was not complete when the time was up"
            raise DeadlineExceededError(text, sent=write) from None
        raise PlatformUnreachableError(_plain_words(error), method=method, url=url) from None


def is_cut_off(response: requests.Response) -> bool:
    """Whether the answer ends where no complete one can: its headers say nothing of how long its body is.

    Python's HTTP client takes the end of the connection for the end of the headers.
    """
    headers = response.headers
    return (
        response.raw.version == 11  # noqa: PLR2004 - HTTP/1.1
        and response.request.method != "HEAD"
        and response.status_code not in (204, 304)
        and "content-length" not in headers
        and "chunked" not in headers.get("transfer-encoding", "").lower()
        and "close" not in headers.get("connection", "").lower()
    )


def within(body: Iterable[bytes], deadline: Deadline, what: str) -> Iterator[bytes]:
    """A body to send, that is not sent past the deadline.

    Raises:
        DeadlineExceededError: the time is up; nothing was done, for the body is not complete.
    """
    for chunk in body:
        deadline.check(what)
        yield chunk


def unreachable(
    error: BaseException, timeout: tuple[float, float], *, method: str, url: str
) -> PlatformUnreachableError:
    """The typed error for a request that got no answer within `timeout`, seconds to connect and to read."""
    connect, read = timeout
    causes = list(_causes(error))
    if _any(causes, ssl.SSLCertVerificationError):
        reason, sent, permanent = "its TLS certificate was not accepted", False, True
    elif _any(causes, NewConnectionError) or any("Tunnel connection failed" in str(cause) for cause in causes):
        reason, sent, permanent = _plain_words(error), False, False
    elif _any(causes, ConnectTimeoutError, requests.ConnectTimeout):
        reason, sent, permanent = f"no connection within {connect:.3g} s", False, False
    elif _any(causes, TimeoutError, ReadTimeoutError, requests.Timeout):
        reason, sent, permanent = f"no answer within {read:.3g} s", True, False
    elif _any(causes, LocationParseError, requests.exceptions.InvalidURL):
        reason, sent, permanent = "it is not the name of a host", False, True
    else:
        reason, sent, permanent = _plain_words(error), True, False
    return PlatformUnreachableError(reason, method=method, url=url, sent=sent, permanent=permanent)


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _call(response: requests.Response) -> tuple[str, str]:
    return str(response.request.method), str(response.request.url)


def _socket_of(raw: Any) -> socket.socket | None:
    """The socket an answer comes from. A connection that will be closed after it has given it up already."""
    connected = getattr(getattr(raw, "connection", None), "sock", None)
    buffer = getattr(getattr(getattr(raw, "_fp", None), "fp", None), "raw", None)
    found: socket.socket | None = connected or getattr(buffer, "_sock", None)
    return found


def _plain_words(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, requests.RequestException):
            return cause.strerror.lower()
    return "the connection was cut off"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those beneath it, as requests and urllib3 nest them.

    `__context__` is not one of them: it may be an error that the caller is handling meanwhile.
    """
    while error is not None:
        yield error
        nested = (getattr(error, "reason", None), getattr(error, "original_error", None), *reversed(error.args))
        error = next((each for each in nested if isinstance(each, BaseException)), error.__cause__)
