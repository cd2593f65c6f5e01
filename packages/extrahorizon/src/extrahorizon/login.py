"""Interactive logins, for tools and tests; functions use ready-made OAuth1 tokens and never load this module.

OAuth1 logins give `Credentials`, which never expire. OAuth2 logins give an `OAuth2Authentication`, which refreshes
itself. `ExtraHorizon(...)` takes both, and an `OAuth1Application` without a login; `exh.auth.authenticate`
then logs in through this module.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
import time
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from extrahorizon.authentication import Authorization, OAuth1Authentication
from extrahorizon.characters import HALF_A_CHARACTER, has_half
from extrahorizon.credentials import CredentialChain, Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    ConfigurationError,
    DeadlineExceededError,
    ExtraHorizonError,
    InvalidResponseError,
    MfaRequiredError,
    OAuth2LoginError,
)
from extrahorizon.hosts import base_url
from extrahorizon.resource import given, segment
from extrahorizon.session import PlatformSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from extrahorizon.transport.protocol import Request, Transport

OAUTH1_TOKENS = "/auth/v2/oauth1/tokens"
OAUTH1_MFA = "/auth/v2/oauth1/tokens/mfa"
SSO_GENERATE = "/auth/v2/oauth1/ssoTokens/generate"
SSO_CONSUME = "/auth/v2/oauth1/ssoTokens/consume"
OAUTH2_TOKENS = "/auth/v2/oauth2/tokens"
OIDC_PROVIDERS = "/auth/v2/oidc/providers"
_HEADER_TOKEN = re.compile(r"[\x21-\x7e]+")
EARLY = 10.0  # seconds before its expiry that an access token is refreshed


class OAuth1Application:
    """An OAuth1 application that logs users in; as an authentication, the application itself, without a user."""

    def __init__(self, host: str, consumer_key: str, consumer_secret: str) -> None:
        """Log in with this application's key, at `host`, which is written as `API_HOST` is.

        Raises:
            ConfigurationError: the host cannot be used.
        """
        self._application = Credentials(base_url(host), consumer_key, consumer_secret, "", "", "the application")
        self._session = PlatformSession(OAuth1Authentication(CredentialChain(given=self._application)))
        self._has_transport = False

    def speak_through(self, transport: Transport) -> None:
        """Use the transport of the first client that has this authentication, with its proxies and certificates."""
        if self._has_transport:
            return
        self._has_transport = True
        self._session = PlatformSession(self._session.authentication, transport=transport)

    def current(self, deadline: Deadline) -> Authorization:
        """Signatures of the application alone."""
        return self._session.authentication.current(deadline)

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:
        """Return False: there are no other credentials."""
        return self._session.authentication.renew(rejected, deadline)

    def with_token(self, token: str, token_secret: str) -> Credentials:
        """Return the credentials of the token's user, without a request."""
        known = self._application
        return Credentials(known.host, known.consumer_key, known.consumer_secret, token, token_secret, "a login")

    def log_in(self, email: str, password: str) -> Credentials:
        """Return the credentials of a user.

        Raises:
            AuthenticationError: e-mail address or password is wrong (106).
            MfaRequiredError: a second factor is needed: go on with `confirm_mfa` and `error.mfa`.
            LoginFreezeError: too many failed attempts; wait a minute (212).
            TooManyFailedAttemptsError: the account is locked (213).
        """
        return self._credentials(OAUTH1_TOKENS, {"email": email, "password": password})

    def confirm_mfa(self, token: str, method_id: str, code: str) -> Credentials:
        """Complete a login with a second factor, and return the credentials.

        Args:
            token: `error.mfa["token"]` of the `MfaRequiredError`.
            method_id: the `id` of one of its `methods`.
            code: the code that the user read there.

        Raises:
            InvalidMfaCodeError: the code is wrong (130).
            InvalidMfaTokenError: the token is unknown or too old (131): log in again.
            MfaReattemptDelayError: too soon after a wrong code (134); wait for `retry_after`.
        """
        return self._credentials(OAUTH1_MFA, {"token": token, "methodId": method_id, "code": code})

    def consume_sso_token(self, sso_token: str) -> Credentials:
        """Exchange an SSO token of another application for the user's credentials in this one.

        Raises:
            ResourceUnknownError: the token is unknown, was used, or has expired (16).
        """
        return self._credentials(SSO_CONSUME, {"ssoToken": sso_token})

    def _credentials(self, path: str, body: dict[str, str]) -> Credentials:
        # A token that was made and whose answer was lost does no harm, so that this is repeated like a read; a code or
        # a single-use token is not accepted twice.
        answer = self._session.call("POST", path, json=body, expects=dict, idempotent=path == OAUTH1_TOKENS)
        url = self._application.host + path
        return self.with_token(*_members(answer, url, {"token": str, "tokenSecret": str}))


def generate_sso_token(session: PlatformSession) -> str:
    """Return a token, good once and for a short time, that logs the session's user in to another application."""
    (token,) = _members(session.call("POST", SSO_GENERATE, json={}, expects=dict), SSO_GENERATE, {"ssoToken": str})
    return str(token)


@dataclass(frozen=True)
class Tokens:
    """Tokens from the OAuth2 token endpoint. The repr shows none.

    Attributes:
        expires_at: when the access token expires, in epoch seconds.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float
    user_id: str | None = None
    application_id: str | None = None


def pkce() -> tuple[str, str]:
    """Return a code verifier and its S256 challenge (RFC 7636): the latter is sent first, the former with the code."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class OAuth2Authentication:
    """OAuth2 with automatic refresh, 10 s before the tokens expire or when they are refused; thread-safe.

    Concurrent threads share one refresh.
    """

    def __init__(
        self,
        host: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        tokens: Tokens | None = None,
        on_tokens: Callable[[Tokens], object] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Authenticate an OAuth2 application's user; without `tokens`, after one of the logins below.

        Args:
            host: the platform, written as `API_HOST` is.
            client_id: of the application.
            client_secret: of a confidential application.
            tokens: those of an earlier login.
            on_tokens: gets fresh tokens before they are used, to keep them: a refresh token may be good only once.
            clock: the time in epoch seconds.

        Raises:
            ConfigurationError: the host, the client's id or secret, or the tokens cannot be used.
        """
        self._host = base_url(host)
        self._client = {"client_id": client_id, **({"client_secret": client_secret} if client_secret else {})}
        self._on_tokens = on_tokens
        self._clock = clock
        self._lock = threading.RLock()
        self._active: tuple[Tokens, Authorization] | None = None
        self._handing_over: tuple[Tokens, Authorization] | None = None
        self._failure: tuple[str, Exception] | None = None
        self._refreshes = 0
        self._owner = 0
        self._endpoint = PlatformSession(_ClientAuthentication(self._host, client_id, client_secret))
        self._has_transport = False
        if tokens is not None:
            self._active = self._usable(tokens)

    def speak_through(self, transport: Transport) -> None:
        """Use the transport of the first client that has this authentication, with its proxies and certificates."""
        if self._has_transport:
            return
        self._has_transport = True
        self._endpoint = PlatformSession(self._endpoint.authentication, transport=transport)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None before a login."""
        return self._active[0] if self._active else None

    def log_in(self, username: str, password: str) -> Tokens:
        """Log in with e-mail address and password.

        Raises:
            AuthenticationError: e-mail address or password is wrong (106).
            MfaRequiredError: a second factor is needed: go on with `confirm_mfa` and `error.mfa`.
            LoginFreezeError: too many failed attempts; wait a minute (212).
            OAuth2LoginError: another reason, which the platform has no error of its own for.
        """
        return self._attempt("password", username=username, password=password)

    def confirm_mfa(self, token: str, method_id: str, code: str) -> Tokens:
        """Finish a login that asked for a second factor. Arguments and errors as for `OAuth1Application`."""
        return self._attempt("mfa", token=token, method_id=method_id, code=code)

    def exchange_code(self, code: str, *, redirect_uri: str | None = None, code_verifier: str | None = None) -> Tokens:
        """Log in with an authorization code, and with the verifier where it was asked for with a PKCE challenge.

        Raises:
            OAuth2LoginError: the code is unknown, used or expired, or the verifier or redirect URI is another one.
        """
        optional = {"redirect_uri": redirect_uri, "code_verifier": code_verifier}
        given = {name: value for name, value in optional.items() if value is not None}
        return self._grant("authorization_code", code=code, **given)

    def exchange_refresh_token(self, refresh_token: str) -> Tokens:
        """Log in with the refresh token of an earlier login.

        Raises:
            InvalidGrantError: it is unknown, used or expired.
        """
        return self._grant("refresh_token", refresh_token=refresh_token)

    def oidc_authentication_url(self, provider_name: str, *, state: str | None = None) -> str:
        """Return the URL where a user logs in at an OpenID Connect provider.

        Raises:
            ResourceUnknownError: there is no such provider (16).
            IllegalStateError: the provider is disabled (27).
        """
        path = f"{OIDC_PROVIDERS}/{segment(provider_name)}/generateAuthenticationUrl"
        answer = self._endpoint.call("POST", path, json=given({"state": state}), expects=dict)
        (url,) = _members(answer, self._host + path, {"authenticationUrl": str})
        return str(url)

    def exchange_oidc_code(self, provider_name: str, authorization_code: str) -> Tokens:
        """Log in with what an OpenID Connect provider gave.

        Raises:
            OidcInvalidAuthorizationCodeError: the provider does not accept the code (139).
            EmailUsedError: a user with this e-mail address exists, and is not linked to the provider (203).
        """
        path = f"{OIDC_PROVIDERS}/{segment(provider_name)}/oAuth2Login"
        return self._fetch(path, {"authorizationCode": authorization_code})

    def refresh(self) -> Tokens:
        """Fetch fresh tokens now.

        Raises:
            ConfigurationError: no user is logged in.
            InvalidGrantError: the refresh token is unknown or expired: log in again.
        """
        with self._lock:
            self._refresh(Deadline())
            return self._require()[0]

    def forget(self) -> None:
        """Log out, here: the tokens stay good until they expire."""
        with self._lock:
            self._active = None

    def current(self, deadline: Deadline) -> Authorization:
        """Return the authorization for the next request; a token that is about to expire is refreshed first."""
        active = self._require()
        if self._clock() > active[0].expires_at - EARLY:
            self._replace(active, deadline)
        return self._require()[1]

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:
        """Refresh, once for all threads whose requests were refused with the same token."""
        active = self._require()
        if active[1] is rejected:
            self._replace(active, deadline)
        return True

    def _replace(self, stale: tuple[Tokens, Authorization], deadline: Deadline) -> None:
        """Refresh unless another thread has done so since; one that failed while this one waited failed for both."""
        before = self._refreshes
        with deadline.holding(self._lock, "fresh tokens"):
            if self._require() is not stale:
                return
            if self._failure and self._failure[0] == stale[0].refresh_token:
                final = isinstance(self._failure[1], OAuth2LoginError)
                if final or self._refreshes != before:
                    raise copy(self._failure[1])
            self._refresh(deadline)

    def _require(self) -> tuple[Tokens, Authorization]:
        handing_over = self._handing_over
        if handing_over is not None and self._owner == threading.get_ident():
            return handing_over  # `on_tokens` itself calls the platform
        if self._active is None:
            raise ConfigurationError("no user is logged in: call log_in, exchange_code or confirm_mfa first")
        return self._active

    def _refresh(self, deadline: Deadline) -> None:
        refresh_token = self._require()[0].refresh_token
        self._endpoint.deadline = deadline
        self._refreshes += 1
        try:
            self._grant("refresh_token", refresh_token=refresh_token)
        except DeadlineExceededError:
            raise  # this thread's deadline must not fail the threads that share the fetch
        except ExtraHorizonError as error:
            self._failure = (refresh_token, copy(error))  # without the frames of this thread
            raise
        finally:
            self._endpoint.deadline = Deadline()

    def _attempt(self, grant_type: str, **fields: str) -> Tokens:
        """Log in, and raise the platform's own error, as with OAuth1, instead of the one of OAuth2 around it."""
        try:
            return self._grant(grant_type, **fields)
        except OAuth2LoginError as error:
            if error.exh_error is None or isinstance(error, MfaRequiredError):
                raise
            raise error.exh_error from None

    def _grant(self, grant_type: str, **fields: str) -> Tokens:
        return self._fetch(OAUTH2_TOKENS, {"grant_type": grant_type, **fields})

    def _fetch(self, path: str, fields: dict[str, str]) -> Tokens:
        with self._lock:
            asked_at = self._clock()
            answer = self._endpoint.call("POST", path, json={**self._client, **fields}, expects=dict)
            access_token, refresh_token, lifetime = _members(
                answer,
                self._host + path,
                {"access_token": str, "refresh_token": str, "expires_in": (int, float)},
            )
            owners = answer.get("user_id"), answer.get("application_id")
            fresh = self._usable(Tokens(access_token, refresh_token, asked_at + lifetime, *owners))
            try:
                if self._on_tokens:
                    self._handing_over, self._owner = fresh, threading.get_ident()
                    self._on_tokens(fresh[0])
            finally:
                # Even when they could not be kept: the ones before may be used up.
                self._handing_over = None
                self._active = fresh
            return fresh[0]

    def _usable(self, tokens: Tokens) -> tuple[Tokens, Authorization]:
        if not _HEADER_TOKEN.fullmatch(tokens.access_token):
            raise ConfigurationError("the access token cannot be sent: it is empty, or holds a space or a line break")
        return tokens, Authorization(self._host, _with_header(f"Bearer {tokens.access_token}"))


class ProxyAuthentication:
    """The session of a browser that logged in through the platform's proxy, which signs for it."""

    def __init__(self, host: str, cookie: str) -> None:
        """Call as the browser that sends this `Cookie` header.

        Raises:
            ConfigurationError: the host cannot be used, or the cookie cannot be sent.
        """
        if not cookie.isascii() or not cookie.isprintable():
            raise ConfigurationError("the cookie cannot be sent: it is not one line of printable ASCII")
        url = base_url(host)
        proxy = url if "localhost" in url else url.replace("https://api.", "https://apx.", 1)
        self._authorization = Authorization(proxy, _with_header(cookie, "Cookie"))

    def current(self, deadline: Deadline) -> Authorization:  # noqa: ARG002 - nothing is fetched
        """Return the cookie."""
        return self._authorization

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:  # noqa: ARG002 - there is nothing else to try
        """Return False: there are no other credentials."""
        return False


class _ClientAuthentication:
    """Authentication at the token endpoint: Basic for confidential applications, and never a user."""

    def __init__(self, host: str, client_id: str, client_secret: str | None) -> None:
        if has_half(client_id) or has_half(client_secret or ""):  # what encodes it would show it in its error
            raise ConfigurationError(f"the client id or the client secret holds {HALF_A_CHARACTER}")
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._authorization = Authorization(host, _with_header(f"Basic {pair}" if client_secret else None))

    def current(self, deadline: Deadline) -> Authorization:  # noqa: ARG002 - nothing is fetched
        return self._authorization

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:  # noqa: ARG002 - there is nothing else to try
        return False


def _with_header(value: str | None, name: str = "Authorization") -> Callable[[Request], object]:
    def authorize(request: Request) -> None:
        if value is not None:
            request.headers[name] = value

    return authorize


def _members(answer: dict[str, Any], url: str, kinds: dict[str, type | tuple[type, ...]]) -> list[Any]:
    def fits(name: str) -> bool:
        value = answer.get(name)
        return isinstance(value, kinds[name]) and not isinstance(value, bool)

    missing = [name for name in kinds if not fits(name)]
    if missing:
        problem = f"an answer to a login without a usable {' and '.join(missing)}"
        raise InvalidResponseError(problem, status=200, method="POST", url=url)
    return [answer[name] for name in kinds]
