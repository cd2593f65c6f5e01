"""What a transport is: it sends one signed request, once, and returns the beginning of its answer.

A transport never retries, never follows a redirect, keeps no cookies and reads no `.netrc`. Each of its waits ends by
the deadline. The conformance suite of this package's tests runs over every transport.
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
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

    from extrahorizon.deadline import Deadline

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds between two bytes of an answer
IDLE_LIMIT = 50.0  # seconds; load balancers drop idle connections after 60, and a frozen Lambda does not notice
BODY_LIMIT = 32 * 1024 * 1024  # bytes of an answer held in memory; the platform's own limit is 10 MB
CONNECTIONS = 32  # kept open per host, enough for a fan-out
CHUNK = 65_536  # bytes


def parted(url: str) -> tuple[str, str]:
    """Return scheme, host and port of a URL, and what follows them: far faster than `urlsplit`, for each request."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", f"/{path}" if slash else "/"


class RequestInfo(NamedTuple):
    """A request that is about to be sent. It holds no secret, and of personal data what a caller wrote into the path.

    Attributes:
        method: HTTP method.
        url: without its query, and with tokens of files and e-mail addresses masked.
    """

    method: str
    url: str


class ResponseInfo(NamedTuple):
    """An answer that has begun.

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
    """Headers of a message. A name is found in any case, and kept as it was written."""

    def __init__(self, *sources: Mapping[str, str]) -> None:
        """Hold those of `sources`; of two with one name the later counts."""
        self._by_name: dict[str, tuple[str, str]] = {}
        for source in sources:
            self.update(source)

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

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self)}>"  # names alone: values hold signatures and cookies


class Request:
    """A request as it goes on the wire.

    Attributes:
        method: HTTP method, in capitals.
        url: with everything encoded that a URL cannot carry.
        headers: all of them, the signature and the length of the body included.
        body: what is sent; an iterable is sent as it is read.
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
        """Hold what the attributes describe."""
        self.method = method
        self.url = url
        self.headers = Headers() if headers is None else headers
        self.body = body
        self.timeout = timeout


class Response:
    """An answer of the platform. Its body is read when `content`, `text`, `json` or `chunks` is asked for.

    **A file, a piece at a time**

        with exh.session.get("/files/v1/.../file", stream=True) as response:
            for chunk in response.chunks():
                ...

    Attributes:
        status_code: HTTP status.
        headers: found whatever the case of their names.
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
        """Hold an answer that has begun.

        Args:
            request: what it answers.
            status_code: HTTP status.
            headers: of the answer.
            body: pieces of the body, decoded, as they arrive; raises PlatformUnreachableError where the connection
                breaks, or where the time of `deadline` is up.
            deadline: when reading ends.
            close: gives up a body that was not read to its end, and its connection.
            http_version: 11 for HTTP/1.1.
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
        return f"<Response {self.status_code}>"  # neither the URL nor the body, which may be of a patient

    @property
    def content(self) -> bytes:
        """The body, decoded; at most `BODY_LIMIT` bytes.

        Raises:
            InvalidResponseError: it is larger.
            DeadlineExceededError: the time was up before it was complete.
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
        """The body as text, in the encoding that its Content-Type names, else UTF-8. Raises what `content` raises."""
        charset = self.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(' "')
        try:
            return self.content.decode(charset or "utf-8", errors="replace")
        except (LookupError, ValueError):  # no encoding of this name, or one that replaces nothing, as `idna`
            return self.content.decode(errors="replace")

    def json(self) -> Any:
        """Return the JSON in the body, None for an empty one.

        Raises:
            InvalidResponseError: it is not JSON. Also what `content` raises.
        """
        content = self.content
        try:
            return json_codec.loads(content) if content else None
        except (ValueError, RecursionError):
            pass
        # Outside of the block: the error of the parser has the whole body, and `from None` only hides it.
        raise self._invalid("an answer that is not JSON")

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, decoded.

        Raises:
            DeadlineExceededError: the time was up before it was complete.
            PlatformUnreachableError: the connection broke.
            InvalidResponseError: it was read before, or could not be read.
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
        """Whether it sends the caller to another address."""
        return self.status_code in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def is_cut_off(self) -> bool:
        """Whether it ends where no complete one can: its headers say nothing of how long its body is.

        Python's HTTP client takes the end of the connection for the end of the headers.
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
    """Yield a body without its Content-Encoding.

    Args:
        body: pieces as they came.
        coding: as the header has it.
        status: of the answer.
        request: what it answers.

    Raises:
        InvalidResponseError: it is in a coding that was not asked for.
        ConnectionResetError: it ends before its compression does, or is damaged.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        yield from body
    elif coding in ("gzip", "x-gzip", "deflate"):
        from extrahorizon.transport.decompression import decompressed  # and zlib, which many answers do without

        yield from decompressed(body, coding)
    elif any(body):
        problem = f"an answer in the Content-Encoding {coding[:20]!r}, which was not asked for"
        raise InvalidResponseError(problem, status=status, method=request.method, url=request.url, permanent=True)


class Transport(Protocol):
    """A way to send requests. `ExtraHorizon(transport=...)` takes one; it may be used from many threads at once."""

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request once, and return when the headers of its answer are there.

        Args:
            request: signed, and complete.
            deadline: when connecting, sending, waiting and reading end at the latest.

        Raises:
            PlatformUnreachableError: there was no answer; `sent` says whether the platform may have acted on the
                request, `permanent` that sending it again is of no use.
        """
        ...

    def close(self) -> None:
        """Close the connections that are kept open; the next request opens new ones."""
        ...
