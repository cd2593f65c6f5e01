"""The HTTP session functions share: signs, sends, retries, and answers with what the platform said or a typed error."""

from __future__ import annotations

import os
import sys
import time
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from extrahorizon.calls import Call, check_headers, checked_options, signable
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
from extrahorizon.transport.default import default_transport
from extrahorizon.transport.protocol import READ_TIMEOUT, Headers, Request, RequestInfo, ResponseInfo
from extrahorizon.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Unpack

    from extrahorizon.authentication import Authentication, Authorization
    from extrahorizon.calls import CallOptions, RequestOptions
    from extrahorizon.transport.protocol import Response, Transport

Result = TypeVar("Result")

REDIRECTS = 3  # in a row, within the host: more is a loop

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


class _Shared:
    """State that a session shares with those created by `with_options`."""

    def __init__(self) -> None:
        self.deadline = Deadline()


class PlatformSession:
    """A session with one platform, reused for the life of the process so that connections stay open.

    Takes paths (`/users/v1/me`), not URLs. Each attempt is signed again and has a timeout within the deadline. `.netrc`
    is never read; proxies and CA bundles are taken from the environment by default. Thread-safe. For code based on
    requests use `ExtraHorizon.oauth1_session`.

    **A call that no service has a method for**

        exh.session.get("/users/v1/me").json()

    Attributes:
        headers: sent with each call.
        retries: the retry policy.
        transport: sends the calls.
    """

    def __init__(
        self,
        authentication: Authentication,
        *,
        transport: Transport | None = None,
        retries: RetryPolicy | None = None,
        timeout: float | None = None,
        on_request: Callable[[RequestInfo], object] | None = None,
        on_response: Callable[[ResponseInfo], object] | None = None,
    ) -> None:
        """`authentication` authenticates each attempt.

        `ExtraHorizon` describes the other arguments.
        """
        self.transport = transport or default_transport()
        self.authentication = authentication
        self.retries = retries or RetryPolicy()
        self._shared = _Shared()
        self._on_request, self._on_response = on_request, on_response
        agent = _user_agent()
        self.headers = Headers(
            {
                "Accept": "application/json, */*;q=0.8",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": agent,
                "X-User-Agent": agent,
            }
        )
        self._options = checked_options(timeout=timeout)

    @property
    def authentication(self) -> Authentication:
        """The authentication of calls. If it calls the platform to log in, it uses this transport."""
        return self._authentication

    @authentication.setter
    def authentication(self, authentication: Authentication) -> None:
        self._authentication = authentication
        if speak_through := getattr(authentication, "speak_through", None):
            speak_through(self.transport)

    @property
    def deadline(self) -> Deadline:
        """The deadline of all calls, shared by sessions made by `with_options`."""
        return self._shared.deadline

    @deadline.setter
    def deadline(self, deadline: Deadline) -> None:
        self._shared.deadline = deadline

    if not TYPE_CHECKING:  # a checker that sees it takes any attribute

        def __setattr__(self, name: str, value: object) -> None:
            if name in _OF_REQUESTS:
                # A pinned CA or a proxy that is ignored in silence is worse than none.
                raise AttributeError(
                    f"this session has no {name}: ExtraHorizon(...) takes verify, cert and proxies, and "
                    f"exh.oauth1_session() is a session of requests"
                )
            object.__setattr__(self, name, value)

    def get(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a GET; arguments and errors as for `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a HEAD; arguments and errors as for `request`."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send an OPTIONS; arguments and errors as for `request`."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a POST; arguments and errors as for `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PUT; arguments and errors as for `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PATCH; arguments and errors as for `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a DELETE; arguments and errors as for `request`."""
        return self.request("DELETE", path, **options)

    def close(self) -> None:
        """Close open connections; the next call opens new ones."""
        self.transport.close()

    def with_options(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None, idempotent: bool | None = None
    ) -> PlatformSession:
        """Return a session with other options; see `ExtraHorizon.with_options`."""
        options = checked_options(timeout=timeout, headers=headers, idempotent=idempotent)
        if headers is not None:
            options["headers"] = {**self._options.get("headers", {}), **headers}
        other = copy(self)
        other._options = {**self._options, **options}  # noqa: SLF001 - a copy of this one
        return other

    def request(self, method: str, path: str, *, stream: bool = False, **options: Unpack[CallOptions]) -> Response:
        """Send a call, with retries if that is safe.

        Args:
            method: HTTP method.
            path: path and query with RQL, starting with a slash.
            stream: leave the body unread, for `Response.chunks`; the caller closes the response.
            options: `json`, a body to send as JSON, datetimes as ISO 8601; `gzip=True` compresses it, which the
                platform supports for creating documents. `data`, a raw body: bytes, or a
                `extrahorizon.multipart.Multipart`, which is streamed. `headers`, besides the session's own. `timeout`,
                seconds to wait for an answer, `READ_TIMEOUT` by default and never past the deadline. `idempotent=True`
                if repeating the call is harmless, so that it is retried like a read; `idempotent=False` if a GET has
                side effects, so that it is not.

        Returns:
            The answer, with a status below 300.

        Raises:
            ConfigurationError: there are no usable credentials.
            PlatformError: the platform answered with an error.
            PlatformUnreachableError: there was no valid answer.
            DeadlineExceededError: the deadline passed.
        """
        return self._perform(Call(method, path, **self._with(options)), _unread if stream else _read)

    def call(
        self,
        method: str,
        path: str,
        *,
        expects: type[dict[Any, Any] | list[Any]] | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Return the JSON that a call answers with, None for an empty body. Options and errors are those of `request`.

        Raises:
            InvalidResponseError: the body is not JSON, or not of the type that the caller `expects`.
        """
        call = Call(method, path, **self._with(options))
        return self._perform(call, lambda response: _json(response, expects))

    def _with(self, options: CallOptions) -> dict[str, Any]:
        """Return the options of a call: its own, and where it has none those of this session."""
        merged = {**self._options, **options}
        if (headers := options.get("headers")) and "headers" in self._options:
            merged["headers"] = {**self._options["headers"], **headers}
        return merged

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
        url = authorization.host + call.target
        redirects = 0
        while True:
            request = self._signed(call, url, authorization)
            response = self._exchange(call, request)
            if not response.is_redirect or redirects == REDIRECTS:
                break
            redirects += 1
            url = _redirected(call, response, url)
        if response.is_cut_off:
            # What follows on this connection is not the answer to the next call.
            response.close()
            raise PlatformUnreachableError("its answer was not complete", method=call.method, url=url)
        if response.status_code < 300:
            return response
        try:
            content = response.content
        except (PlatformUnreachableError, InvalidResponseError):
            content = b""  # the status alone says enough
        raise platform_error(response.status_code, content, response.headers, method=call.method, url=url)

    def _signed(self, call: Call, url: str, authorization: Authorization) -> Request:
        headers = Headers(self.headers, call.body_headers)
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):  # of this invocation: Lambda's runtime replaces it each time
            headers["X-Amzn-Trace-Id"] = trace
        if call.headers:
            headers.update(call.headers)
        check_headers(headers)
        request = Request(call.method, url, headers, call.body, timeout=call.timeout or READ_TIMEOUT)
        authorization.authorize(request)
        return request

    def _exchange(self, call: Call, request: Request) -> Response:
        self.deadline.check(call.name)
        if isinstance(call.body, Multipart):
            call.body.rewind()
            request.body = _within(call.body, self.deadline, call.name)
        if self._on_request:
            self._on_request(RequestInfo(call.method, public_url(request.url)))
        started = time.monotonic()
        try:
            response = self.transport.send(request, self.deadline)
        except _OfTheBodyError as failure:
            raise failure.error from None
        except PlatformUnreachableError as failure:
            if self.deadline.remaining() <= 0:
                what = "answered" if failure.sent else "sent"
                text = f"{call.name} was not {what} when the function's time was up"
                sent = failure.sent and call.method not in SAFE_METHODS
                raise DeadlineExceededError(text, sent=sent) from None
            raise
        if self._on_response:
            took = time.monotonic() - started
            self._on_response(ResponseInfo(call.method, public_url(request.url), response.status_code, took))
        return response


class _OfTheBodyError(Exception):
    """Carries an error of the body past the transport, which would take it for one of its own."""

    def __init__(self, error: OSError) -> None:
        self.error = error


def _unread(response: Response) -> Response:
    return response


def _read(response: Response) -> Response:
    response.content  # noqa: B018 - read here, where a body that is cut short is still asked for again
    return response


def _json(response: Response, expects: type | None) -> Any:
    value = response.json()
    if expects is None or isinstance(value, expects):
        return value
    problem = f"an answer that is not a JSON {'object' if expects is dict else 'array'}"
    raise InvalidResponseError(problem, status=response.status_code, method=response.method, url=response.url)


def _within(body: Iterable[bytes], deadline: Deadline, what: str) -> Iterator[bytes]:
    """Yield a body until the deadline.

    Raises:
        DeadlineExceededError: the deadline passed; nothing was done, because the body is incomplete.
    """
    try:
        for chunk in body:
            deadline.check(what)
            yield chunk
    except OSError as error:  # such as what `on_progress` raises: it is none of the connection
        raise _OfTheBodyError(error) from error


def _redirected(call: Call, response: Response, url: str) -> str:
    response.close()
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, response.headers["location"]))
        elsewhere = f"{there.scheme}://{there.hostname}" + (f":{there.port}" if there.port else "")
    except ValueError:
        elsewhere = "what is no URL"
    else:
        if (here.scheme, here.netloc.lower()) == (there.scheme, there.netloc.lower()):
            if call.method in SAFE_METHODS:
                target = (there.path or "/") + (f"?{there.query}" if there.query else "")
                return f"{here.scheme}://{here.netloc}{signable(target)}"
            reason = f"it redirects a {call.method} to another path, which is not followed: call that one"
            # 307 and 308 ask for the same again; 301 to 303 may come after what was asked for was done.
            sent = response.status_code < 307
            raise PlatformUnreachableError(reason, method=call.method, url=url, sent=sent, permanent=True)
    reason = f"it redirects to {elsewhere}, and a signed request is not sent on; check API_HOST"
    raise PlatformUnreachableError(reason, method=call.method, url=url, sent=False, permanent=True)


def _user_agent() -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Python/{python} OS/{sys.platform}-{os.uname().machine} SDK/{__version__}"
