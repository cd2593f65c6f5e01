"""Log a user in to an OAuth1 application: the result is `Credentials`, which never expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.credentials import CredentialChain, Credentials
from extrahorizon.hosts import base_url
from extrahorizon.login.endpoint import LoginEndpoint, with_members

if TYPE_CHECKING:
    from extrahorizon.authentication import Authorization
    from extrahorizon.deadline import Deadline
    from extrahorizon.session import PlatformSession
    from extrahorizon.transport.protocol import Transport

_TOKENS = "/auth/v2/oauth1/tokens"
_MFA = "/auth/v2/oauth1/tokens/mfa"
_SSO_GENERATE = "/auth/v2/oauth1/ssoTokens/generate"
_SSO_CONSUME = "/auth/v2/oauth1/ssoTokens/consume"


class OAuth1Application:
    """An OAuth1 application that logs users in; as an authentication, the application itself, without a user.

    **Log in, and call the platform as the user**

        from extrahorizon import ExtraHorizon

        application = OAuth1Application(host, consumer_key, consumer_secret)
        credentials = application.log_in(email, password)
        ExtraHorizon(credentials).users.me()
    """

    def __init__(self, host: str, consumer_key: str, consumer_secret: str) -> None:
        """Log in with this application's key, at `host`, which is written as `API_HOST` is.

        Raises:
            ConfigurationError: the host cannot be used.
        """
        self._application = Credentials(base_url(host), consumer_key, consumer_secret, "", "", "the application")
        self._authentication = OAuth1Authentication(CredentialChain(given=self._application))
        self._endpoint = LoginEndpoint(self._application.host, self._authentication)

    def speak_through(self, transport: Transport) -> None:
        """Use the transport of the first client that has this authentication, with its proxies and certificates."""
        self._endpoint.speak_through(transport)

    def current(self, deadline: Deadline) -> Authorization:
        """Signatures of the application alone."""
        return self._authentication.current(deadline)

    def renew(self, rejected: Authorization, deadline: Deadline) -> bool:
        """Return False: there are no other credentials."""
        return self._authentication.renew(rejected, deadline)

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
        return self._credentials(_TOKENS, {"email": email, "password": password})

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
        return self._credentials(_MFA, {"token": token, "methodId": method_id, "code": code})

    def consume_sso_token(self, sso_token: str) -> Credentials:
        """Exchange an SSO token of another application for the user's credentials in this one.

        Raises:
            ResourceUnknownError: the token is unknown, was used, or has expired (16).
        """
        return self._credentials(_SSO_CONSUME, {"ssoToken": sso_token})

    def _credentials(self, path: str, body: dict[str, str]) -> Credentials:
        # A token that was made and whose answer was lost does no harm, so that this is repeated like a read; a code or
        # a single-use token is not accepted twice.
        members = {"token": str, "tokenSecret": str}
        answer = self._endpoint.post(path, body, members, idempotent=path == _TOKENS)
        return self.with_token(answer["token"], answer["tokenSecret"])


def generate_sso_token(session: PlatformSession) -> str:
    """Return a token, good once and for a short time, that logs the session's user in to another application.

    **Log in to another application without a password**

        from extrahorizon.login import OAuth1Application

        sso_token = generate_sso_token(exh.session)
        credentials = OAuth1Application(host, consumer_key, consumer_secret).consume_sso_token(sso_token)
    """
    answer = session.call("POST", _SSO_GENERATE, json={}, expects=dict)
    return str(with_members(answer, _SSO_GENERATE, {"ssoToken": str})["ssoToken"])
