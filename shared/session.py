"""The HTTP session functions share: signs, sends, and answers with what the platform said or a typed error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth1, OAuth1Session

import shared
from shared.errors import PlatformUnreachableError, platform_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.credentials import Credentials

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds
CONNECTIONS = 10  # kept alive; more threads than that open and close their own

# What oauthlib accepts in a query that it signs. Anything else is percent-encoded before signing, which the
# platform decodes to the same parameters.
_SIGNABLE = "=&;:%+~,*@!()/?'$-._"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class PlatformSession(OAuth1Session):
    """An `OAuth1Session` for one platform, kept for the life of the process so that connections stay open.

    Takes paths (`/users/v1/me`), not URLs. Every request has a timeout, follows no redirect, reads neither
    `.netrc` nor proxies from the environment, and raises a typed error for anything but success.
    """

    def __init__(self, credentials: Callable[[], Credentials]) -> None:
        """Sign with what `credentials()` gives; it is asked before each request, so that a rotated secret counts."""
        self._credentials = credentials
        self._signing: Credentials | None = None
        super().__init__("")
        self.trust_env = False
        self.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))
        self.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))
        self.headers["Accept"] = "application/json"
        self.headers["X-User-Agent"] = f"Python/{_python_version()} SDK/{shared.__version__}"

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send one signed request.

        Args:
            method: HTTP method.
            url: path and query as the platform documents them, RQL included, starting with a slash.
            kwargs: as for `requests.Session.request`; `params` is not used by this platform.

        Returns:
            The answer, with a status below 300.

        Raises:
            ConfigurationError: there are no usable credentials.
            PlatformError: the platform answered with an error.
            PlatformUnreachableError: it could not be reached, did not answer in time, or redirects.
        """
        credentials = self._sign_with(self._credentials())
        absolute = credentials.host + _signable(url)
        kwargs.setdefault("timeout", (CONNECT_TIMEOUT, READ_TIMEOUT))
        kwargs["allow_redirects"] = False
        try:
            response = super().request(method, absolute, **kwargs)
        except requests.RequestException as error:
            # Not chained: the original prints the URL with its query, and RQL values are personal data.
            raise PlatformUnreachableError(_reason(error), method=method, url=absolute) from None
        if response.status_code < 300:  # noqa: PLR2004
            return response
        if response.is_redirect:
            reason = "it redirects elsewhere, which a signed request never follows; check API_HOST"
            raise PlatformUnreachableError(reason, method=method, url=absolute)
        raise platform_error(response.status_code, response.content, response.headers, method=method, url=absolute)

    def _sign_with(self, credentials: Credentials) -> Credentials:
        if credentials != self._signing:
            self.auth = OAuth1(
                credentials.consumer_key,
                client_secret=credentials.consumer_secret,
                resource_owner_key=credentials.token,
                resource_owner_secret=credentials.token_secret,
            )
            self._signing = credentials
        return credentials


def _signable(path: str) -> str:
    path, separator, query = path.partition("?")
    query = quote(_STRAY_PERCENT.sub("%25", query), safe=_SIGNABLE)
    return quote(_STRAY_PERCENT.sub("%25", path), safe="/%:@!$&'()*+,;=~-._") + separator + query


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT:g} s"
    if isinstance(error, requests.Timeout):
        return f"no answer within {READ_TIMEOUT:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "its TLS certificate was not accepted"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, requests.RequestException):
            return cause.strerror.lower()
        cause = _inner(cause)
    return "the connection failed" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _inner(error: BaseException) -> BaseException | None:
    """The error beneath: requests wraps urllib3's in `args`, urllib3 keeps the socket's in `reason`."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__


def _python_version() -> str:
    import platform

    return platform.python_version()
