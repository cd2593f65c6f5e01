"""Between requests and this library: URLs that can be signed, bodies within bounds, failures in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from shared.errors import DeadlineExceededError, InvalidResponseError, PlatformUnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.deadline import Deadline

CHUNK = 65_536  # bytes

# Characters that stay as they are in a query; anything else is percent-encoded, which the platform decodes to the same
# parameters. Square brackets are left out: the platform's URL parser reads them as structure.
_QUERY_SAFE = "=&;:%+~,*@!()/?'$-._"
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~/:@!$&'()*+,;=]*")


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
    """The body as it arrives, decoded. However slowly it comes, it ends before the deadline.

    Raises:
        DeadlineExceededError: the time is up.
        PlatformUnreachableError: the connection broke.
    """
    method, url = _call(response)
    raw = response.raw
    try:
        while chunk := raw.read1(CHUNK, decode_content=True):
            yield chunk
            remaining = deadline.check(f"the answer to {method}")
            socket = getattr(getattr(raw, "connection", None), "sock", None)
            if socket is not None and (socket.gettimeout() or 0) > remaining:
                socket.settimeout(remaining)
    except (HTTPError, OSError) as error:
        # Not chained, here and below: the original prints the URL with its query, and RQL values are personal data.
        if deadline.remaining() <= 0:
            raise DeadlineExceededError(f"the answer to {method} was not complete when the time was up") from None
        raise PlatformUnreachableError(_plain_words(error), method=method, url=url) from None


def unreachable(
    error: requests.RequestException, timeout: tuple[float, float], *, method: str, url: str
) -> PlatformUnreachableError:
    """The typed error for a request that got no answer within `timeout`, seconds to connect and to read."""
    connect, read = timeout
    permanent = False
    if isinstance(error, requests.exceptions.SSLError):
        reason, sent, permanent = "its TLS certificate was not accepted", False, True
    elif isinstance(error, requests.exceptions.ProxyError):
        reason, sent = "the proxy could not be reached", False
    elif isinstance(error, requests.ConnectTimeout):
        reason, sent = f"no connection within {connect:.3g} s", False
    elif isinstance(error, requests.Timeout):
        reason, sent = f"no answer within {read:.3g} s", True
    else:
        reason, sent = _plain_words(error), not _never_connected(error)
    return PlatformUnreachableError(reason, method=method, url=url, sent=sent, permanent=permanent)


def _call(response: requests.Response) -> tuple[str, str]:
    return str(response.request.method), str(response.request.url)


def _never_connected(error: BaseException) -> bool:
    return any(isinstance(each, NewConnectionError | ConnectTimeoutError) for each in _causes(error))


def _plain_words(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, requests.RequestException):
            return cause.strerror.lower()
    return "the connection was cut off"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those beneath it: requests keeps urllib3's in `args`, urllib3 the socket's in `reason`."""
    while error is not None:
        yield error
        inner = getattr(error, "reason", None) or (error.args[-1] if error.args else None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
