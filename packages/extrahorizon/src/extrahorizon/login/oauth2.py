"""Log a user in to an OAuth2 application: the result is an authentication that refreshes its tokens."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
import time
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extrahorizon.authentication import Authorization
from extrahorizon.characters import HALF_A_CHARACTER, has_half
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    ConfigurationError,
    DeadlineExceededError,
    ExtraHorizonError,
    MfaRequiredError,
    OAuth2LoginError,
)
from extrahorizon.hosts import base_url
from extrahorizon.login.endpoint import LoginEndpoint, with_header
from extrahorizon.resource import given, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from extrahorizon.login.endpoint import Members
    from extrahorizon.transport.protocol import Transport

_TOKENS = "/auth/v2/oauth2/tokens"
_OIDC_PROVIDERS = "/auth/v2/oidc/providers"
_TOKEN_MEMBERS: Members = {"access_token": str, "refresh_token": str, "expires_in": (int, float)}
_HEADER_TOKEN = re.compile(r"[\x21-\x7e]+")
EARLY = 10.0  # seconds before its expiry that an access token is refreshed


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
    """Return a code verifier and its S256 challenge (RFC 7636): the latter is sent first, the former with the code.

    **Make a pair**

        >>> verifier, challenge = pkce()
        >>> len(verifier), len(challenge)
        (64, 43)
    """
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class OAuth2Authentication:
    """OAuth2 with automatic refresh, 10 s before the tokens expire or when they are refused; thread-safe.

    Concurrent threads share one refresh.

    **Log in, and call the platform as the user**

        from extrahorizon import ExtraHorizon

        authentication = OAuth2Authentication(host, client_id, client_secret)
        authentication.log_in(email, password)
        ExtraHorizon(authentication).users.me()
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
        self._endpoint = LoginEndpoint(self._host, _ClientAuthentication(self._host, client_id, client_secret))
        if tokens is not None:
            self._active = self._usable(tokens)

    def speak_through(self, transport: Transport) -> None:
        """Use the transport of the first client that has this authentication, with its proxies and certificates."""
        self._endpoint.speak_through(transport)

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
        path = f"{_OIDC_PROVIDERS}/{segment(provider_name)}/generateAuthenticationUrl"
        return str(self._endpoint.post(path, given({"state": state}), {"authenticationUrl": str})["authenticationUrl"])

    def exchange_oidc_code(self, provider_name: str, authorization_code: str) -> Tokens:
        """Log in with what an OpenID Connect provider gave.

        Raises:
            OidcInvalidAuthorizationCodeError: the provider does not accept the code (139).
            EmailUsedError: a user with this e-mail address exists, and is not linked to the provider (203).
        """
        path = f"{_OIDC_PROVIDERS}/{segment(provider_name)}/oAuth2Login"
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
        self._endpoint.session.deadline = deadline
        self._refreshes += 1
        try:
            self._grant("refresh_token", refresh_token=refresh_token)
        except DeadlineExceededError:
            raise  # this thread's deadline must not fail the threads that share the fetch
        except ExtraHorizonError as error:
            self._failure = (refresh_token, copy(error))  # without the frames of this thread
            raise
        finally:
            self._endpoint.session.deadline = Deadline()

    def _attempt(self, grant_type: str, **fields: str) -> Tokens:
        """Log in, and raise the platform's own error, as with OAuth1, instead of the one of OAuth2 around it."""
        try:
            return self._grant(grant_type, **fields)
        except OAuth2LoginError as error:
            if error.exh_error is None or isinstance(error, MfaRequiredError):
                raise
            raise error.exh_error from None

    def _grant(self, grant_type: str, **fields: str) -> Tokens:
        return self._fetch(_TOKENS, {"grant_type": grant_type, **fields})

    def _fetch(self, path: str, fields: dict[str, str]) -> Tokens:
        with self._lock:
            asked_at = self._clock()
            answer = self._endpoint.post(path, {**self._client, **fields}, _TOKEN_MEMBERS)
            expires_at = asked_at + answer["expires_in"]
            owners = answer.get("user_id"), answer.get("application_id")
            fresh = self._usable(Tokens(answer["access_token"], answer["refresh_token"], expires_at, *owners))
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
        return tokens, Authorization(self._host, with_header(f"Bearer {tokens.access_token}"))


class _ClientAuthentication:
    """Authentication at the token endpoint: Basic for confidential applications, and never a user."""

    def __init__(self, host: str, client_id: str, client_secret: str | None) -> None:
        if has_half(client_id) or has_half(client_secret or ""):  # what encodes it would show it in its error
            raise ConfigurationError(f"the client id or the client secret holds {HALF_A_CHARACTER}")
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._authorization = Authorization(host, with_header(f"Basic {pair}" if client_secret else None))

    def current(self, deadline: Deadline) -> Authorization:  # noqa: ARG002 - nothing is fetched
        return self._authorization

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:  # noqa: ARG002 - there is nothing else to try
        return False
