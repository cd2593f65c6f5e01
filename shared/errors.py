"""Everything that can go wrong between a function and the platform, as one tree.

ExtraHorizonError
├── ConfigurationError            credentials or settings are missing, partial or unusable; nothing was sent
├── InvalidEventError             the event is not what this kind of function receives
├── DeadlineExceededError         the call could not finish before the function's time is up
├── PlatformUnreachableError      no usable answer came back
└── PlatformError                 the platform answered, and the answer is an error; a class per code
    └── UnauthorizedError         HTTP 401
        ├── NoPermissionError                      10
        ├── ApplicationNotAuthenticatedError      101
        ├── UserNotAuthenticatedError             104
        └── CredentialsRejectedError              the OAuth1 credentials themselves are refused
            ├── OAuthKeyError                     107
            ├── OAuthTokenError                   108
            ├── OAuthSignatureError               109
            └── DuplicateRequestError             110

A class name is a wire contract: a function's `retryPolicy.errorsToRetry` matches it. The text of an error
(`str(error)`) is stored and mailed by the platform, so it holds no secret, no query value and none of the
platform's own prose, which may quote a record; that prose is in `PlatformError.message`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExtraHorizonError(Exception):
    """Base of every error this library raises on purpose."""


class ConfigurationError(ExtraHorizonError):
    """Credentials or settings are missing, partial or unusable. Raised before anything is sent."""


class InvalidEventError(ExtraHorizonError):
    """The event is not what this kind of function receives."""


class DeadlineExceededError(ExtraHorizonError):
    """The call could not finish before the function's time is up."""


class PlatformUnreachableError(ExtraHorizonError):
    """No usable answer came from the platform: refused, timed out, cut off, or a redirect to elsewhere.

    Attributes:
        host: scheme, name and port that were called.
        method: HTTP method of the call.
        url: URL of the call, without its query.
    """

    def __init__(self, reason: str, *, method: str, url: str) -> None:
        """Say why, for the call `method` `url`; the query of `url` is dropped."""
        self.reason = reason
        self.method = method
        self.url = without_query(url)
        parts = urlsplit(url)
        self.host = f"{parts.scheme}://{parts.netloc}"
        super().__init__(f"{self.host} could not be reached: {reason} ({method} {parts.path})")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class PlatformError(ExtraHorizonError):
    """The platform answered with an error.

    Attributes:
        status: HTTP status.
        code: the platform's numeric code, None when the body had none.
        name: the platform's name for it, such as `NO_PERMISSION_EXCEPTION`; None when the body had none.
        message: the platform's own explanation. It may quote a record, so it is not part of `str(error)`.
        method: HTTP method of the call.
        url: URL of the call, without its query.
        request_id: the gateway's id of the request, for support; None when it gave none.
        attempts: how often the call was sent.
        body: the whole error object, for the extra members some errors carry (`mfa`, `runtimeError`, …).
    """

    #: The codes that select this class. https://docs.extrahorizon.com lists them per service.
    codes: ClassVar[tuple[int, ...]] = ()
    #: What the reader can do about it; added to the text of the error.
    hint: ClassVar[str] = ""

    def __init__(
        self,
        *,
        status: int,
        code: int | None = None,
        name: str | None = None,
        message: str = "",
        method: str = "GET",
        url: str = "",
        request_id: str | None = None,
        attempts: int = 1,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.name = name
        self.message = message
        self.method = method
        self.url = without_query(url)
        self.request_id = request_id
        self.attempts = attempts
        self.body = dict(body or {})
        what = f"{name} (code {code})" if code is not None else name or "an answer that is no platform error"
        text = f"{what}, HTTP {status}, on {method} {urlsplit(url).path or '/'}"
        if attempts > 1:
            text += f", after {attempts} attempts"
        super().__init__(f"{text}. {self.hint}" if self.hint else text)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class UnauthorizedError(PlatformError):
    """HTTP 401: the application, the user or the permission is not enough for this call."""


class NoPermissionError(UnauthorizedError):
    """The user is known but lacks the permission; new credentials for the same user will not help."""

    codes = (10,)
    hint = "The task's user lacks a permission: see executionCredentials.permissions of the function."


class ApplicationNotAuthenticatedError(UnauthorizedError):
    """The call needs an application and none, or one of the wrong kind, was identified."""

    codes = (101,)


class UserNotAuthenticatedError(UnauthorizedError):
    """The call needs a user and none was identified."""

    codes = (104,)


class CredentialsRejectedError(UnauthorizedError):
    """The OAuth1 credentials, or the way they were used, were refused."""


class OAuthKeyError(CredentialsRejectedError):
    """The consumer key is unknown to this host."""

    codes = (107,)
    hint = "Check API_OAUTH_CONSUMER_KEY, and that API_HOST is the cluster it belongs to."


class OAuthTokenError(CredentialsRejectedError):
    """The token is unknown for this consumer key: mistyped, deleted, or ended by a password reset."""

    codes = (108,)
    hint = "Check API_OAUTH_TOKEN; a password reset or the removal of the user ends its tokens."


class OAuthSignatureError(CredentialsRejectedError):
    """The signature or its timestamp was refused: a wrong secret, or a clock that is off."""

    codes = (109,)
    hint = "Check API_OAUTH_CONSUMER_SECRET and API_OAUTH_TOKEN_SECRET, and the clock of this machine."


class DuplicateRequestError(CredentialsRejectedError):
    """A request with this nonce and timestamp was seen before: something re-sent a signed request."""

    codes = (110,)


def _by_code(base: type[PlatformError]) -> dict[int, type[PlatformError]]:
    table: dict[int, type[PlatformError]] = dict.fromkeys(base.codes, base)
    for child in base.__subclasses__():
        table |= _by_code(child)
    return table


_CLASS_BY_CODE = _by_code(PlatformError)
_CLASS_BY_STATUS: dict[int, type[PlatformError]] = {401: UnauthorizedError}
_REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-amzn-trace-id", "x-amz-cf-id")


def platform_error(  # noqa: D417 - method, url and attempts are those of PlatformError
    status: int, content: bytes, headers: Mapping[str, str], *, method: str, url: str, attempts: int = 1
) -> PlatformError:
    """The typed error for an error answer, whatever its body is.

    Args:
        status: HTTP status of the answer.
        content: its body. JSON of the documented shape, or of the variants some services use
            (`description` for `message`, `error` or `type` for `name`), or anything else.
        headers: its headers, with names that can be looked up in lower case.
    """
    body = _json_object(content)
    code = body.get("code")
    if isinstance(code, bool) or not isinstance(code, int):
        code = None
    cls = _CLASS_BY_CODE.get(code) if code is not None else None
    return (cls or _CLASS_BY_STATUS.get(status, PlatformError))(
        status=status,
        code=code,
        name=_first_text(body, "name", "error", "type"),
        message=_first_text(body, "description", "message") or "",
        method=method,
        url=url,
        request_id=next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None),
        attempts=attempts,
        body=body,
    )


def without_query(url: str) -> str:
    """The URL up to its query: RQL values are personal data."""
    return url.split("?", 1)[0].split("#", 1)[0]


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _first_text(body: Mapping[str, Any], *keys: str) -> str | None:
    return next((body[key] for key in keys if isinstance(body.get(key), str) and body[key]), None)


def _rebuild(cls: type[ExtraHorizonError], args: tuple[Any, ...], state: dict[str, Any]) -> ExtraHorizonError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error
