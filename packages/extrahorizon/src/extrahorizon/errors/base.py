"""The trunk of the error tree: what is raised before, instead of and because of an answer of the platform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExtraHorizonError(Exception):
    """Base of every error this library raises on purpose."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # By state: the constructors take keywords, which Exception's own way of pickling cannot pass.
        return _rebuild, (type(self), self.args, self.__dict__)


class ConfigurationError(ExtraHorizonError):
    """Credentials or settings are missing, partial or unusable. Raised before anything is sent."""


class SecretUnreachableError(ExtraHorizonError):
    """The secret with the credentials cannot be read at the moment: AWS or its extension does not answer or is busy.

    Nothing was done on the platform: it was not called, or refused the known credentials. The condition is temporary,
    so retry.
    """


class InvalidEventError(ExtraHorizonError):
    """The event is not what this kind of function receives."""


class DeadlineExceededError(ExtraHorizonError):
    """The call could not finish before the function's time is up.

    Attributes:
        sent: whether the platform may have received and done it all the same.
    """

    def __init__(self, text: str, *, sent: bool = False) -> None:
        super().__init__(text)
        self.sent = sent

    def __str__(self) -> str:
        text = str(self.args[0])
        return f"{text}. It may have been done all the same" if self.sent else text


class RequestAbortedError(ExtraHorizonError):
    """A call was broken off from this side: what it was to send could not be read."""


class PlatformUnreachableError(ExtraHorizonError):
    """No usable answer came from the platform: refused, timed out, cut off, or a redirect to elsewhere.

    Attributes:
        reason: the reason.
        host: scheme, name and port of the call.
        method: HTTP method of the call.
        url: URL of the call, without its query.
        attempts: number of attempts.
        sent: whether the platform may have processed the call.
        permanent: whether a retry is pointless.
    """

    def __init__(
        self, reason: str, *, method: str, url: str, attempts: int = 1, sent: bool = True, permanent: bool = False
    ) -> None:
        """Say why, for the call `method` `url`; the query of `url` is dropped."""
        self.reason = reason
        self.permanent = permanent
        self.method = method
        self.url = public_url(url)
        self.attempts = attempts
        self.sent = sent
        parts = urlsplit(self.url)
        self.host = f"{parts.scheme}://{parts.netloc}"
        super().__init__(reason)

    def __str__(self) -> str:
        path = urlsplit(self.url).path
        text = f"{self.host} could not be reached: {self.reason} ({self.method} {path}{_times(self.attempts)})"
        return f"{text}. It may have been done all the same" if self.sent and self.method not in _READS else text


class PlatformError(ExtraHorizonError):
    """The platform answered with an error.

    **What an error says of its call**

        from extrahorizon.errors import ResourceUnknownError

        try:
            exh.users.find_by_id("57f3f2a1b0b8de8a6228f6c1")
        except ResourceUnknownError as error:
            print(error.status, error.code, error.method, error.url)

    Attributes:
        status: HTTP status.
        code: the platform's numeric code, None when the body had none.
        name: the platform's name for it, such as `NO_PERMISSION_EXCEPTION`; None when the body had none.
        message: the platform's own explanation. It may quote a record, so it is not part of `str(error)`.
        method: HTTP method of the call.
        url: URL of the call, without its query.
        request_id: the gateway's id of the request, for support; None if absent.
        attempts: number of attempts.
        retry_after: seconds until the platform allows a retry; None if absent.
        permanent: whether a retry is pointless.
        body: the entire error object, for the extra members some errors carry (`mfa`, `runtimeError`, …).
    """

    #: The codes that select this class.
    codes: ClassVar[tuple[int, ...]] = ()
    #: Remedy for the reader, at the end of the message.
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
        retry_after: float | None = None,
        permanent: bool = False,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.name = name
        self.message = message
        self.method = method
        self.url = public_url(url)
        self.request_id = request_id
        self.attempts = attempts
        self.retry_after = retry_after
        self.permanent = permanent
        self.body = dict(body or {})
        super().__init__(name, code)

    def __str__(self) -> str:
        # A name in another form may be prose, and quote a record.
        name = self.name if self.name and re.fullmatch(_NAME, self.name) else "an answer that is not a platform error"
        what = f"{name} (code {self.code})" if self.code is not None else name
        path = urlsplit(self.url).path or "/"
        text = f"{what}, HTTP {self.status}, on {self.method} {path}{_times(self.attempts)}"
        return f"{text}. {self.hint}" if self.hint else text


class InvalidResponseError(PlatformError):
    """The platform answered with success, but the body is not what it documents: no JSON, another shape, or too large.

    Attributes:
        problem: what is wrong with it.
    """

    def __init__(self, problem: str, *, status: int, method: str, url: str, permanent: bool = False) -> None:
        super().__init__(status=status, method=method, url=url, permanent=permanent)
        self.problem = problem

    def __str__(self) -> str:
        text = f"{self.problem}, HTTP {self.status}, on {self.method} {urlsplit(self.url).path or '/'}"
        text += _times(self.attempts)
        return text if self.method in _READS else f"{text}. It has probably been done all the same"


class BadRequestError(PlatformError):
    """HTTP 400."""


class UnauthorizedError(PlatformError):
    """HTTP 401: the application, the user or the permission is not enough for this call."""


class CredentialsRejectedError(UnauthorizedError):
    """The OAuth1 credentials, or the way they were used, were refused."""


class ForbiddenError(PlatformError):
    """HTTP 403."""


class NotFoundError(PlatformError):
    """HTTP 404."""


class TooManyRequestsError(PlatformError):
    """HTTP 429."""


class ServerError(PlatformError):
    """HTTP 500: an unexpected failure inside the platform."""

    codes = (1,)


class BadGatewayServerError(PlatformError):
    """HTTP 502."""


class ServiceUnavailableError(PlatformError):
    """HTTP 503."""


class GatewayTimeoutServerError(PlatformError):
    """HTTP 504."""


class OAuth2LoginError(PlatformError):
    """An error of the OAuth2 token endpoint, in the shape of RFC 6749.

    Attributes:
        exh_error: the platform's own error behind it, None when the answer had none.
    """

    exh_error: PlatformError | None = None


_NAME = r"[A-Z][A-Z0-9_]{1,99}|[a-z]{2,30}(?:_[a-z]{2,30}){1,5}"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


#: A file token: who has it has the file.
_FILE_TOKEN = re.compile(r"[0-9a-f]{24}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def public_url(url: str) -> str:
    """Return a URL without its query, for RQL values are personal data, and with file tokens and e-mails masked."""
    public = _FILE_TOKEN.sub("[token]", url.split("?", 1)[0].split("#", 1)[0])
    if "@" not in public and "%40" not in public:
        return public
    scheme, separator, rest = public.partition("://")
    if not separator or "/" in scheme:  # a path alone, which may hold another URL
        scheme, separator, rest = "", "", public
    authority, *path = rest.split("/")
    masked = ["[email]" if "@" in each or "%40" in each else each for each in path]
    return scheme + separator + "/".join([authority.rpartition("@")[2], *masked])


def _times(attempts: int) -> str:
    return f", after {attempts} attempts" if attempts > 1 else ""


def _rebuild(cls: type[ExtraHorizonError], args: tuple[Any, ...], state: dict[str, Any]) -> ExtraHorizonError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error
