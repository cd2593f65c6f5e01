"""The HTTP session functions share: signs, sends, retries, and answers with what the platform said or a typed error."""

from __future__ import annotations

import json as json_codec
import os
import sys
import time
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from extrahorizon.calls import Call, checked_options
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    AccessTokenExpiredError,
    AccessTokenUnknownError,
    DeadlineExceededError,
    InvalidResponseError,
    OAuthKeyError,
    OAuthSignatureError,
    OAuthTokenError,
    PlatformError,
    PlatformUnreachableError,
    platform_error,
    public_url,
)
from extrahorizon.log import logger
from extrahorizon.multipart import Multipart
from extrahorizon.retries import SAFE_METHODS, RetryPolicy, pause
from extrahorizon.transport import (
    RequestInfo,
    ResponseInfo,
    checked_ca,
    checked_cert,
    is_cut_off,
    read_body,
    unreachable,
    within,
)
from extrahorizon.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extrahorizon.authentication import Authentication, Authorization

Result = TypeVar("Result")

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds between two bytes of an answer
CONNECTIONS = 32  # kept open per host, enough for a fan-out
IDLE_LIMIT = 50.0  # seconds; load balancers drop idle connections after 60, and a frozen Lambda does not notice
BODY_LIMIT = 32 * 1024 * 1024  # bytes of an answer held in memory; the platform's own limit is 10 MB
REDIRECTS = 3

#: Refusals that other credentials may overcome. Code 10, also HTTP 401, is a missing permission and not one of them.
_REFUSED = (OAuthKeyError, OAuthTokenError, OAuthSignatureError, AccessTokenUnknownError, AccessTokenExpiredError)

#: Settings of the sessions of requests, which this one is none of.
_OF_REQUESTS = frozenset(
    {
        "adapters",
        "auth",
        "cert",
        "cookies",
        "hooks",
        "max_redirects",
        "params",
        "proxies",
        "stream",
        "trust_env",
        "verify",
    }
)


class PlatformSession:
    """Calls to one platform, kept for the life of the process so that connections stay open.

    Takes paths (`/users/v1/me`), not URLs. Each attempt is signed anew and has a timeout within the deadline. `.netrc`
    is never read; proxies and CA bundles are taken from the environment where none are given. Safe to use from many
    threads. Where code wants the world of requests itself: `ExtraHorizon.oauth1_session`.

    Attributes:
        headers: sent with each call.
        deadline: the point in time that no call passes; `task_handler` sets it for each invocation.
        retries: when a call is sent again.
    """

    def __init__(
        self,
        authentication: Authentication,
        *,
        retries: RetryPolicy | None = None,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str | None = None,
        cert: str | tuple[str, str] | None = None,
        timeout: float | None = None,
        on_request: Callable[[RequestInfo], object] | None = None,
        on_response: Callable[[ResponseInfo], object] | None = None,
    ) -> None:
        """Send with what `authentication` gives; it is asked before each attempt.

        `ExtraHorizon` describes the other arguments.

        Raises:
            ConfigurationError: a CA bundle or a certificate does not exist.
        """
        self.authentication = authentication
        self.retries = retries or RetryPolicy()
        self.deadline = Deadline()
        self._verify, self._cert, self._proxies = checked_ca(verify), checked_cert(cert), proxies
        self._on_request, self._on_response = on_request, on_response
        self._proxies_by_host: dict[str, dict[str, str]] = {}
        self._last_used = time.time()
        self._adapter = HTTPAdapter(pool_maxsize=CONNECTIONS)
        self.headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        self.headers["Accept"] = "application/json, */*;q=0.8"
        self.headers["Accept-Encoding"] = "gzip, deflate"
        self.headers["User-Agent"] = self.headers["X-User-Agent"] = _user_agent()
        self._options = checked_options(timeout=timeout)

    def __setattr__(self, name: str, value: object) -> None:
        if name in _OF_REQUESTS:
            # A pinned CA or a proxy that is ignored in silence is worse than none.
            raise AttributeError(
                f"this session has no {name}: ExtraHorizon(...) takes verify, cert and proxies, and "
                f"exh.oauth1_session() is a session of requests"
            )
        object.__setattr__(self, name, value)

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET; arguments and errors as for `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> Response:
        """Send a HEAD; arguments and errors as for `request`."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Any) -> Response:
        """Send an OPTIONS; arguments and errors as for `request`."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST; arguments and errors as for `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        """Send a PUT; arguments and errors as for `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Response:
        """Send a PATCH; arguments and errors as for `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE; arguments and errors as for `request`."""
        return self.request("DELETE", path, **options)

    def close(self) -> None:
        """Close the connections that are kept open; the next call opens new ones."""
        self._adapter.close()

    def with_options(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None, idempotent: bool | None = None
    ) -> PlatformSession:
        """Return a session that makes its calls with other options; `ExtraHorizon.with_options` describes them."""
        options = checked_options(timeout=timeout, headers=headers, idempotent=idempotent)
        if headers is not None:
            options["headers"] = {**self._options.get("headers", {}), **headers}
        other = copy(self)
        other._options = {**self._options, **options}  # noqa: SLF001 - a copy of this one
        return other

    def request(self, method: str, path: str, *, stream: bool = False, **options: Any) -> Response:
        """Send one call, again where that is safe.

        Args:
            method: HTTP method.
            path: path and query as the platform documents them, RQL included, starting with a slash.
            stream: leave the body unread, for `extrahorizon.transport.chunks`; the caller closes the response.
            options: `json`, a body to send as JSON, moments as ISO 8601; `gzip=True` compresses it, which the platform
                takes when documents are created. `data`, a body to send as it is: bytes, or a
                `extrahorizon.multipart.Multipart`, which is streamed. `headers`, besides the session's own. `timeout`,
                seconds to wait for an answer, `READ_TIMEOUT` by default and never past the deadline. `idempotent=True`
                says that doing this twice does no harm, so that it is retried like a read; `idempotent=False` that a
                GET does something, so that it is not.

        Returns:
            The answer, with a status below 300.

        Raises:
            ConfigurationError: there are no usable credentials.
            PlatformError: the platform answered with an error.
            PlatformUnreachableError: there was no usable answer.
            DeadlineExceededError: there was no time for one.
        """
        return self._perform(Call(method, path, **{**options, **self._options}), _unread if stream else self._read)

    def call(
        self, method: str, path: str, *, expects: type[dict[Any, Any] | list[Any]] | None = None, **options: Any
    ) -> Any:
        """The JSON that a call answers with, None for an empty body. Options and errors are those of `request`.

        Raises:
            InvalidResponseError: the body is not JSON, or not of the type that the caller `expects`.
        """
        call = Call(method, path, **{**options, **self._options})
        return self._perform(call, lambda response: self._read_json(response, expects))

    def _perform(self, call: Call, finish: Callable[[Response], Result]) -> Result:
        started = time.monotonic()
        attempts = 0
        renewed = False
        while True:
            attempts += 1
            authorization = self.authentication.current(self.deadline)
            try:
                return finish(self._send_once(call, authorization))
            except (PlatformError, PlatformUnreachableError) as error:
                error.attempts = attempts
                if (
                    isinstance(error, _REFUSED)
                    and not renewed
                    and self.authentication.renew(authorization, self.deadline)
                ):
                    renewed = True
                    continue
                wait = self.retries.wait(error, time.monotonic() - started, repeatable=call.repeatable)
                if wait is None or wait >= self.deadline.remaining():
                    raise
                reason = {"error": type(error).__name__, "attempt": attempts, "wait_ms": round(wait * 1000)}
                logger.warning("sending again", extra={"method": call.method, "path": call.public_path, **reason})
            pause(wait)

    def _send_once(self, call: Call, authorization: Authorization) -> Response:
        self._drop_idle_connections()
        url = authorization.host + call.target
        redirects = 0
        while True:
            request = self._prepared(call, url)
            authorization.authorize(request)
            response = self._exchange(call, request, authorization.host)
            if not response.is_redirect or redirects == REDIRECTS:
                break
            redirects += 1
            url = _redirected(call, response, url)
        if response.status_code < 200 or is_cut_off(response):  # noqa: PLR2004
            # What follows on this connection is not the answer to the next call.
            response.raw.close()
            raise PlatformUnreachableError("its answer was not complete", method=call.method, url=url)
        if response.status_code < 300:  # noqa: PLR2004
            return response
        try:
            read_body(response, self.deadline, BODY_LIMIT)
        except (PlatformUnreachableError, InvalidResponseError):
            response._content = b""  # noqa: SLF001 - the status alone says enough
        raise platform_error(response.status_code, response.content, response.headers, method=call.method, url=url)

    def _exchange(self, call: Call, request: PreparedRequest, host: str) -> Response:
        remaining = self.deadline.check(call.name)
        connect, read = min(CONNECT_TIMEOUT, remaining), min(call.timeout or READ_TIMEOUT, remaining)
        timeout = Timeout(connect=connect, read=read, total=None if remaining == float("inf") else remaining)
        if isinstance(call.body, Multipart):
            call.body.rewind()
            request.body = within(call.body, self.deadline, call.name)  # type: ignore[assignment]
        if self._on_request:
            self._on_request(RequestInfo(call.method, public_url(str(request.url))))
        started = time.monotonic()
        try:
            # The adapter of requests alone: its sessions would prepare to follow redirects and keep cookies.
            response = self._adapter.send(
                request,
                stream=True,
                timeout=timeout,  # type: ignore[arg-type]  # requests hands urllib3's own through
                verify=self._verify,
                cert=self._cert,
                proxies=self._proxies_for(host),
            )
        except (RequestException, HTTPError, OSError) as error:
            # Not chained: the original prints the URL with its query, and RQL values are personal data.
            failure = unreachable(error, (connect, read), method=call.method, url=str(request.url))
            if self.deadline.remaining() <= 0:
                text = f"{call.name} was not answered when the function's time was up"
                sent = failure.sent and call.method not in SAFE_METHODS
                raise DeadlineExceededError(text, sent=sent) from None
            raise failure from None
        if self._on_response:
            took = time.monotonic() - started
            self._on_response(ResponseInfo(call.method, public_url(str(request.url)), response.status_code, took))
        return response

    def _prepared(self, call: Call, url: str) -> PreparedRequest:
        # By hand: what requests does beyond this is undone or repeated work for URLs and bodies that are ready to send.
        request = PreparedRequest()
        request.method = call.method
        request.url = url
        request.headers = self.headers.copy()
        request.headers.update(call.body_headers)
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):  # of this invocation: Lambda's runtime sets it anew each time
            request.headers["X-Amzn-Trace-Id"] = trace
        request.body = call.body  # type: ignore[assignment]
        if call.headers:
            request.headers.update(call.headers)
        return request

    def _read(self, response: Response) -> Response:
        read_body(response, self.deadline, BODY_LIMIT)
        return response

    def _read_json(self, response: Response, expects: type | None) -> Any:
        content = self._read(response).content
        try:
            value = json_codec.loads(content) if content else None
        except (ValueError, RecursionError):
            problem = "an answer that is not JSON"
        else:
            if expects is None or isinstance(value, expects):
                return value
            problem = f"an answer that is no JSON {'object' if expects is dict else 'array'}"
        request = response.request
        raise InvalidResponseError(
            problem, status=response.status_code, method=str(request.method), url=str(request.url)
        )

    def _drop_idle_connections(self) -> None:
        now = time.time()
        if now - self._last_used > IDLE_LIMIT:
            self._adapter.close()
        self._last_used = now

    def _proxies_for(self, host: str) -> dict[str, str]:
        if host not in self._proxies_by_host:
            if self._proxies is not None:
                self._proxies_by_host[host] = dict(self._proxies)
            else:
                local = urlsplit(host).hostname == "localhost"
                self._proxies_by_host[host] = {} if local else get_environ_proxies(host)
        return self._proxies_by_host[host]


def _unread(response: Response) -> Response:
    return response


def _redirected(call: Call, response: Response, url: str) -> str:
    response.close()
    try:
        target = urljoin(url, response.headers["location"])
        here, there = urlsplit(url), urlsplit(target)
        elsewhere = f"{there.scheme}://{there.hostname}" + (f":{there.port}" if there.port else "")
    except ValueError:
        elsewhere = "what is no URL"
    else:
        if (here.scheme, here.netloc) == (there.scheme, there.netloc) and call.method in SAFE_METHODS:
            return target
    reason = f"it redirects to {elsewhere}, and a signed request is not sent on; check API_HOST"
    raise PlatformUnreachableError(reason, method=call.method, url=url, sent=False, permanent=True)


def _user_agent() -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Python/{python} OS/{sys.platform}-{os.uname().machine} SDK/{__version__}"
