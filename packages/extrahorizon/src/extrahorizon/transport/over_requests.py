"""The transport over requests: proxies, `responses` mocks and CA bundles work as they do with requests.

It uses an adapter of requests and no `requests.Session`: a session follows redirects, keeps cookies and reads `.netrc`,
which must not happen to a signed request.
"""

from __future__ import annotations

import os
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import ConnectTimeout, PreparedRequest, RequestException
from requests import Timeout as RequestsTimeout
from requests.exceptions import InvalidSchema, InvalidURL
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util import Timeout

from extrahorizon.errors import ConfigurationError, ExtraHorizonError, InvalidResponseError, PlatformUnreachableError
from extrahorizon.transport.adapter import Adapter, limits
from extrahorizon.transport.certificates import checked_ca, checked_cert
from extrahorizon.transport.connecting import SendingTimeoutError
from extrahorizon.transport.protocol import (
    CHUNK,
    CONNECT_TIMEOUT,
    CONNECTIONS,
    IDLE_LIMIT,
    Headers,
    Response,
    decoded,
    parted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests import Response as Answer

    from extrahorizon.deadline import Deadline
    from extrahorizon.transport.protocol import Request


class RequestsTransport:
    """A `Transport` over an adapter of requests, which keeps connections open between requests."""

    def __init__(
        self,
        *,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str | None = None,
        cert: str | tuple[str, str] | None = None,
    ) -> None:
        """Create a transport; for the arguments see `ExtraHorizon`.

        Raises:
            ConfigurationError: a CA bundle or a client certificate cannot be read.
        """
        self._verify, self._cert, self._proxies = checked_ca(verify), checked_cert(cert), proxies
        self._proxies_by_host: dict[str, dict[str, str]] = {}
        self._last_used = time.time()
        self._process = os.getpid()
        self._adapter = Adapter(pool_maxsize=CONNECTIONS)

    def close(self) -> None:
        """Close the connections that are kept open; the next request opens new ones."""
        self._adapter.close()

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request once; see `Transport.send`."""
        if self._process != os.getpid():  # forked: the parent process goes on using the connections
            self._process, self._adapter = os.getpid(), Adapter(pool_maxsize=CONNECTIONS)
        self._drop_idle_connections()
        remaining = deadline.remaining()
        connect, read = min(CONNECT_TIMEOUT, remaining), min(request.timeout, remaining)
        timeout = Timeout(connect=connect, read=read, total=None if remaining == float("inf") else remaining)
        failure: ExtraHorizonError
        try:
            with limits(request.timeout, deadline):
                answer = self._adapter.send(
                    _prepared(request),
                    stream=True,
                    timeout=timeout,  # type: ignore[arg-type]  # requests passes a Timeout of urllib3 on as it is
                    verify=self._verify,
                    cert=self._cert,
                    proxies=self._proxies_for(request.url),
                )
        except (RequestException, HTTPError, OSError) as error:
            # requests raises OSError itself, and none of its subclasses, only where a certificate file does not exist:
            # it was deleted after the client was created.
            if type(error) is OSError:
                failure = ConfigurationError(str(error))
            else:
                failure = unreachable(error, (connect, read), method=request.method, url=request.url)
        else:
            return self._begun(answer, request, deadline)
        # Raised outside of the except block, here and below: `from None` would keep the original error as __context__,
        # and its URL has the RQL query, whose values are personal data.
        raise failure

    @staticmethod
    def _begun(answer: Answer, request: Request, deadline: Deadline) -> Response:
        return Response(
            request,
            answer.status_code,
            Headers(answer.headers),
            _chunks(answer.raw, request, deadline),
            deadline=deadline,
            close=lambda: _give_up(answer.raw),
            http_version=answer.raw.version,
        )

    def _drop_idle_connections(self) -> None:
        now = time.time()
        if now - self._last_used > IDLE_LIMIT:
            self._adapter.close()
        self._last_used = now

    def _proxies_for(self, url: str) -> dict[str, str]:
        host, _ = parted(url)
        if host not in self._proxies_by_host:
            if self._proxies is not None:
                self._proxies_by_host[host] = dict(self._proxies)
            else:
                local = urlsplit(host).hostname == "localhost"
                self._proxies_by_host[host] = {} if local else get_environ_proxies(host)
        return self._proxies_by_host[host]


_REFUSED_TUNNEL = "Tunnel connection failed: "  # the beginning of http.client's OSError; the HTTP status follows


def _prepared(request: Request) -> PreparedRequest:
    # Not by `PreparedRequest.prepare`, which would encode and measure a URL and a body that are ready to send.
    prepared = PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.headers = CaseInsensitiveDict(request.headers)
    prepared.body = request.body  # type: ignore[assignment]
    return prepared


def _chunks(raw: Any, request: Request, deadline: Deadline) -> Iterator[bytes]:
    """Yield the decoded body as it arrives, until the deadline at most."""
    failure: ExtraHorizonError | None = None
    try:
        # Not decoded by urllib3, which raises no error where a compressed body is cut off.
        yield from decoded(_raw(raw, deadline), raw.headers.get("content-encoding", ""), raw.status, request)
    except InvalidResponseError as error:
        failure = error
    except (HTTPError, OSError) as error:
        failure = PlatformUnreachableError(_plain_words(error), method=request.method, url=request.url)
    if failure is not None:
        _give_up(raw)  # otherwise urllib3 leaves the connection open after a body that is not gzip
        raise failure


def _raw(raw: Any, deadline: Deadline) -> Iterator[bytes]:
    while True:
        if deadline.remaining() <= 0:
            raise TimeoutError
        if not (chunk := raw.read1(CHUNK, decode_content=False)):
            return
        yield chunk


def _give_up(raw: Any) -> None:
    raw.close()
    raw.release_conn()


def unreachable(
    error: BaseException, timeout: tuple[float, float], *, method: str, url: str
) -> PlatformUnreachableError:
    """Return the typed error for a request without an answer; `timeout` is (seconds to connect, seconds to read)."""
    connect, read = timeout
    causes = list(_causes(error))
    # The narrower first: a certificate that is refused, or a proxy that refuses, is also a connection that failed.
    if _any(causes, ssl.SSLCertVerificationError):
        reason, sent, permanent = "its TLS certificate was not accepted", False, True
    elif refusal := next((text for each in causes if (text := str(each)).startswith(_REFUSED_TUNNEL)), ""):
        reason, sent, permanent = (
            f"its proxy refused the connection ({refusal[len(_REFUSED_TUNNEL) :][:3]})",
            False,
            False,
        )
    elif _any(causes, NewConnectionError):
        reason, sent, permanent = _plain_words(error), False, False
    elif _any(causes, ConnectTimeoutError, ConnectTimeout):
        reason, sent, permanent = f"no connection within {connect:.3g} s", False, False
    elif _any(causes, SendingTimeoutError):
        reason, sent, permanent = f"the request could not be sent within {read:.3g} s", False, False
    elif _any(causes, TimeoutError, ReadTimeoutError, RequestsTimeout):
        reason, sent, permanent = f"no answer within {read:.3g} s", True, False
    elif _any(causes, InvalidSchema):
        reason, sent, permanent = "its proxy is over SOCKS, which needs the package PySocks", False, True
    elif _any(causes, LocationParseError, InvalidURL):
        reason, sent, permanent = "it is not the name of a host", False, True
    else:
        reason, sent, permanent = _plain_words(error), True, False
    return PlatformUnreachableError(reason, method=method, url=url, sent=sent, permanent=permanent)


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _plain_words(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, RequestException | ssl.SSLError):
            return cause.strerror.lower()
    return "the connection was cut off"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, in the attributes where requests and urllib3 put them.

    `__context__` is left out: it may be an unrelated error that the caller was handling.
    """
    while error is not None:
        yield error
        nested = (getattr(error, "reason", None), getattr(error, "original_error", None), *reversed(error.args))
        error = next((each for each in nested if isinstance(each, BaseException)), error.__cause__)
