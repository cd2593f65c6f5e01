"""The auth service, `/auth/v2`: applications, tokens, second factors and OpenID Connect.

camelCase members, ISO 8601 timestamps.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from extrahorizon.resource import Service, string

if TYPE_CHECKING:
    from typing import Unpack

    from extrahorizon.credentials import Credentials
    from extrahorizon.login import Tokens
    from extrahorizon.services.auth.applications import Applications
    from extrahorizon.services.auth.oauth1 import OAuth1
    from extrahorizon.services.auth.oauth2 import OAuth2
    from extrahorizon.services.auth.oidc import Oidc
    from extrahorizon.services.auth.types import Grant, MfaAnswer, OidcAuthenticationUrl, Password, Presence
    from extrahorizon.services.auth.users import Users

BASE = "/auth/v2"


class Auth(Service):
    """`exh.auth`."""

    _base = BASE

    @cached_property
    def applications(self) -> Applications:
        """Applications that may call the platform, with a key for each version."""
        from extrahorizon.services.auth.applications import Applications

        return Applications(self._session)

    @cached_property
    def oauth1(self) -> OAuth1:
        """OAuth1 tokens, and single sign-on between applications."""
        from extrahorizon.services.auth.oauth1 import OAuth1

        return OAuth1(self._session)

    @cached_property
    def oauth2(self) -> OAuth2:
        """OAuth2 authorizations, access tokens and refresh tokens."""
        from extrahorizon.services.auth.oauth2 import OAuth2

        return OAuth2(self._session)

    @cached_property
    def oidc(self) -> Oidc:
        """Login by way of OpenID Connect providers."""
        from extrahorizon.services.auth.oidc import Oidc

        return Oidc(self._session)

    @cached_property
    def users(self) -> Users:
        """Second factors of users."""
        from extrahorizon.services.auth.users import Users

        return Users(self._session)

    def confirm_presence(self, **body: Unpack[Password]) -> Presence:
        """Confirm the user's presence by password. Needs no permission.

        Returns:
            The short-lived token that the methods of `exh.auth.users` require.

        Raises:
            UserNotAuthenticatedError: the credentials have no user (104).
            AuthenticationError: the password is wrong (106).
            LoginTimeoutError: there was another attempt within the last second (211).
            LoginFreezeError: too many attempts failed; wait a minute (212).
            TooManyFailedAttemptsError: the account is locked until its password is reset (213).
        """
        return cast("Presence", self._object("POST", f"{BASE}/confirmPresence", json=self._body("Password", body)))

    def authenticate(self, **grant: Unpack[Grant]) -> Credentials | Tokens:
        """Log in a user, as whom this client calls from then on.

        Args:
            grant: for a client of an OAuth1 application `email` and `password`, or `token` and `token_secret` (checked
                unless `skip_token_check`). For one of an OAuth2 application `username` and `password`; or `code`, with
                `redirect_uri` and `code_verifier` where the authorization had them; or `refresh_token`.

        Returns:
            The client's new credentials or tokens, to be stored.

        Raises:
            AuthenticationError: e-mail address or password is wrong (106).
            MfaRequiredError: a second factor is needed (129): go on with `confirm_mfa` and `error.mfa`.
            LoginFreezeError: too many attempts failed; wait a minute (212).
            OAuth2LoginError: a code or refresh token was refused; `exh_error` has the reason.
            ConfigurationError: the members conflict, or the client has another kind of authentication.
        """
        from extrahorizon.services.auth import grants

        self._body("Grant", grant)
        return grants.authenticate(self._session, grant)

    def confirm_mfa(self, **answer: Unpack[MfaAnswer]) -> Credentials | Tokens:
        """Finish a login that asked for a second factor; from then on this client calls as that user.

        Raises:
            InvalidMfaCodeError: the code is wrong (130).
            InvalidMfaTokenError: the token is unknown or too old: log in again (131).
            MfaReattemptDelayError: too soon after a wrong code; `retry_after` says how long to wait (134).
        """
        from extrahorizon.services.auth import grants

        self._body("MfaAnswer", answer)
        return grants.confirm_mfa(self._session, answer)

    def generate_oidc_authentication_url(
        self, provider_name: str, *, state: str | None = None
    ) -> OidcAuthenticationUrl:
        """Return the URL where a user logs in at an OpenID Connect provider. Needs an OAuth2 client, and no permission.

        Args:
            provider_name: as in `exh.auth.oidc.providers`.
            state: value that the provider returns unchanged with the user.

        Raises:
            ResourceUnknownError: the provider does not exist (16).
            IllegalStateError: the provider is disabled (27).
        """
        from extrahorizon.services.auth import grants

        url = grants.oauth2_of(self._session).oidc_authentication_url(
            provider_name, state=None if state is None else string(state)
        )
        return {"authenticationUrl": url}

    def authenticate_with_oidc(self, provider_name: str, *, authorization_code: str) -> Tokens:
        """Log a user in with what a provider gave; from then on this client calls as that user. Needs no permission.

        Raises:
            EmailUsedError: another user has this address (203).
            OidcInvalidAuthorizationCodeError: the provider does not accept the code (139).
        """
        from extrahorizon.services.auth import grants

        return grants.oauth2_of(self._session).exchange_oidc_code(provider_name, string(authorization_code))

    def logout(self) -> bool:
        """Forget the user's login. Tokens stay valid; only the session of a browser behind the proxy ends."""
        from extrahorizon.services.auth import grants

        return grants.log_out(self._session)
