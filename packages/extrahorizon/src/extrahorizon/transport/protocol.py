"""The `Transport` protocol, and its requests and responses.

A transport sends one signed request, once, and returns the response as soon as its headers have arrived. It never
retries, never follows a redirect, keeps no cookies and reads no `.netrc`; each of its waits ends by the deadline. The
conformance suite in this package's tests runs over every transport.
"""

from __future__ import annotations

import json as json_codec
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from extrahorizon.errors import (
    DeadlineExceededError,
    InvalidResponseError,
    PlatformUnreachableError,
)
from extrahorizon.retries import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
    from typing import Self

    from extrahorizon.deadline import Deadline

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds between two bytes of an answer
IDLE_LIMIT = 50.0  # seconds; load balancers drop idle connections after 60, which a frozen Lambda function misses
BODY_LIMIT = 32 * 1024 * 1024  # bytes of an answer held in memory; the platform's own limit is 10 MB
CONNECTIONS = 32  # kept open per host, enough for a fan-out
CHUNK = 65_536  # bytes


def parted(url: str) -> tuple[str, str]:
    """Return a URL's origin (scheme, host, port) and the rest. It runs for each request; `urlsplit` is far slower."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", f"/{path}" if slash else "/"


class RequestInfo(NamedTuple):
    """A request that is about to be sent, for hooks. It has no secrets; the path may have personal data in it.

    **Print each request, retries included**

        from extrahorizon import ExtraHorizon

        exh = ExtraHorizon(on_request=lambda request: print(request.method, request.url))
        exh.users.me()

    Attributes:
        method: HTTP method.
        url: without its query, and with tokens of files and e-mail addresses masked.
    """

    method: str
    url: str


class ResponseInfo(NamedTuple):
    """A response whose headers have arrived, for hooks.

    Attributes:
        method: HTTP method of the request.
        url: of the request, without its query, and with tokens of files and e-mail addresses masked.
        status: HTTP status.
        seconds: from the request to the answer's headers.
    """

    method: str
    url: str
    status: int
    seconds: float


class Headers(MutableMapping[str, str]):
    """HTTP headers: a mapping whose lookup ignores case, and whose names keep the case in which they were set.

    **Look up a header**

        >>> Headers({"Content-Type": "application/json"})["content-type"]
        'application/json'
    """

    def __init__(self, *sources: Mapping[str, str]) -> None:
        """Merge the headers in `sources`; of two with the same name the later one is kept."""
        self._by_name: dict[str, tuple[str, str]] = {}
        for source in sources:
            self._by_name |= {name.lower(): (name, value) for name, value in source.items()}

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        self._by_name[name.lower()] = (name, value)

    def __delitem__(self, name: str) -> None:
        del self._by_name[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def items(self) -> ItemsView[str, str]:
        """Return names and values as they are now. That of `Mapping` looks each value up, several times for a call."""
        return dict(self._by_name.values()).items()

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self)}>"  # without values, which may be signatures and cookies


class Request:
    """A request that is ready to send.

    Attributes:
        method: HTTP method, in capitals.
        url: percent-encoded.
        headers: all of them, including the signature and Content-Length.
        body: bytes; or an iterable of bytes, which is sent piece by piece.
        timeout: seconds to wait between two bytes of the answer.
    """

    __slots__ = ("body", "headers", "method", "timeout", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: Headers | None = None,
        body: bytes | Iterable[bytes] | None = None,
        *,
        timeout: float = READ_TIMEOUT,
    ) -> None:
        """Create a request; the attributes describe the arguments."""
        self.method = method
        self.url = url
        self.headers = Headers() if headers is None else headers
        self.body = body
        self.timeout = timeout


class Response:
    """A response of the platform. Its body is read when `content`, `text`, `json` or `chunks` is used first.

    **Read a file in pieces**

        created = exh.files.create(b"some bytes", name="scan.bin")
        token = created["tokens"][0]["token"]
        with exh.session.get(f"/files/v1/{token}/file", stream=True) as response:
            size = sum(len(chunk) for chunk in response.chunks())

    Attributes:
        status_code: HTTP status.
        headers: their lookup ignores case.
        method: HTTP method of the request.
        url: of the request.
    """

    def __init__(
        self,
        request: Request,
        status_code: int,
        headers: Headers,
        body: Iterator[bytes],
        *,
        deadline: Deadline,
        close: Callable[[], object],
        http_version: int = 11,
    ) -> None:
        """Create a response whose headers have arrived.

        Args:
            request: the request that it answers.
            status_code: HTTP status.
            headers: of the response.
            body: pieces of the decoded body, as they arrive; raises PlatformUnreachableError if the connection breaks
                or the time of `deadline` is up.
            deadline: when reading ends.
            close: closes the connection of a body that was not read to its end.
            http_version: 11 for HTTP/1.1, 10 for HTTP/1.0.
        """
        self.method, self.url = request.method, request.url
        self.status_code = status_code
        self.headers = headers
        self.close = close
        self._body = body
        self._content: bytes | None = None
        self._taken = False
        self._deadline = deadline
        self._http_version = http_version

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Response {self.status_code}>"  # without the URL and the body, which may have data of patients

    @property
    def content(self) -> bytes:
        """The decoded body, of at most `BODY_LIMIT` bytes.

        Raises:
            InvalidResponseError: the body is larger.
            DeadlineExceededError: the time was up before the body was complete.
            PlatformUnreachableError: the connection broke.
        """
        if self._content is None:
            body = bytearray()
            for chunk in self.chunks():
                body += chunk
                if len(body) > BODY_LIMIT:
                    self.close()
                    raise self._invalid(f"an answer of more than {BODY_LIMIT:,} bytes", permanent=True)
            self._content = bytes(body)
        return self._content

    @property
    def text(self) -> str:
        """The body as a string, in the encoding of its Content-Type, by default UTF-8. Raises what `content` raises."""
        charset = self.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(' "')
        try:
            return self.content.decode(charset or "utf-8", errors="replace")
        except (LookupError, ValueError):  # an unknown encoding, or one without errors="replace", such as `idna`
            return self.content.decode(errors="replace")

    def json(self) -> Any:
        """Return the JSON in the body, None for an empty one.

        Raises:
            InvalidResponseError: the body is not JSON. Also what `content` raises.
        """
        content = self.content
        try:
            return json_codec.loads(content) if content else None
        except (ValueError, RecursionError):
            pass
        # Raised outside of the except block: `from None` would keep the parser's error as __context__, and that has the
        # entire body.
        raise self._invalid("an answer that is not JSON")

    def chunks(self) -> Iterator[bytes]:
        """Yield the decoded body in pieces, as they arrive.

        Raises:
            DeadlineExceededError: the time was up before the body was complete.
            PlatformUnreachableError: the connection broke.
            InvalidResponseError: the body was read before, or could not be read.
        """
        if self._content is not None:
            yield self._content
            return
        if self._taken:
            raise self._invalid("an answer whose body was read before, or could not be read", permanent=True)
        self._taken = True
        try:
            yield from self._body
        except PlatformUnreachableError:
            if self._deadline.remaining() > 0:
                raise
            self.close()
            text = f"the answer to {self.method} was not complete when the time was up"
            raise DeadlineExceededError(text, sent=self.method not in SAFE_METHODS) from None

    @property
    def is_redirect(self) -> bool:
        """Return whether the response is a redirect to another URL."""
        return self.status_code in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def is_cut_off(self) -> bool:
        """Return whether headers may be missing: they give neither the body's length nor `Connection: close`.

        The end of the connection then ends the body by RFC 9112 (6.3), but a server that keeps connections open sends
        one of the two. Python's `http.client` takes the end of the connection for the end of the headers.
        """
        headers = self.headers
        return self.status_code < 200 or (
            self._http_version == 11
            and self.method != "HEAD"
            and self.status_code not in (204, 304)
            and "content-length" not in headers
            and "chunked" not in headers.get("transfer-encoding", "").lower()
            and "close" not in headers.get("connection", "").lower()
        )

    def _invalid(self, problem: str, *, permanent: bool = False) -> InvalidResponseError:
        return InvalidResponseError(
            problem, status=self.status_code, method=self.method, url=self.url, permanent=permanent
        )


def decoded(body: Iterator[bytes], coding: str, status: int, request: Request) -> Iterator[bytes]:
    """Yield a body, decompressed if necessary.

    Args:
        body: pieces as they arrived.
        coding: the value of the header Content-Encoding.
        status: HTTP status, for the error.
        request: the request, for the error.

    Raises:
        InvalidResponseError: the coding is neither gzip nor deflate.
        ConnectionResetError: the compressed data is damaged, or ends too early.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        yield from body
    elif coding in ("gzip", "x-gzip", "deflate"):
        from extrahorizon.transport.decompression import decompressed  # late: it imports zlib

        yield from decompressed(body, coding)
    elif any(body):
        problem = f"an answer in the Content-Encoding {coding[:20]!r}, which was not asked for"
        raise InvalidResponseError(problem, status=status, method=request.method, url=request.url, permanent=True)


class Transport(Protocol):
    """An object that sends requests, for `ExtraHorizon(transport=...)`. It must be safe to use from many threads.

    **Send through requests, and print what is sent**

        from extrahorizon import ExtraHorizon
        from extrahorizon.transport.over_requests import RequestsTransport

        class Printing(RequestsTransport):
            def send(self, request, deadline):
                print(request.method)
                return super().send(request, deadline)

        ExtraHorizon(transport=Printing()).users.me()
    """

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request once, and return the response as soon as its headers have arrived.

        Args:
            request: complete and signed.
            deadline: end of connecting, sending, waiting and reading, together.

        Raises:
            PlatformUnreachableError: there was no answer; `sent` says whether the platform may have acted on the
                request, `permanent` that a retry is of no use.
        """
        ...

    def close(self) -> None:
        """Close the connections that are kept open; the next request opens new ones."""
        ...
