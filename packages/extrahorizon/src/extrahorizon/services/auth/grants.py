"""Logging the user of a client in: by which grant depends on how the client authenticates: `extrahorizon.login`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.credentials import CredentialChain, Credentials
from extrahorizon.errors import ConfigurationError
from extrahorizon.login import OAuth1Application, OAuth2Authentication, ProxyAuthentication, Tokens
from extrahorizon.session import PlatformSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from extrahorizon.services.auth.types import Grant, MfaAnswer

ME = "/users/v1/me"


def authenticate(session: PlatformSession, grant: Grant) -> Credentials | Tokens:
    """Log in; from then on the session calls as that user."""
    given: dict[str, Any] = {name: value for name, value in grant.items() if value is not None}
    if isinstance(session.authentication, OAuth2Authentication):
        oauth2 = session.authentication
        logins: list[tuple[Callable[..., Tokens], set[str], set[str]]] = [
            (oauth2.log_in, {"username", "password"}, set()),
            (oauth2.exchange_code, {"code"}, {"redirect_uri", "code_verifier"}),
            (oauth2.exchange_refresh_token, {"refresh_token"}, set()),
        ]
        for log_in, needed, possible in logins:
            if needed <= given.keys() <= needed | possible:
                return log_in(**given)
        raise ConfigurationError("an OAuth2 client logs in with username and password, a code or a refresh_token")
    application = _application(session)
    if given.keys() == {"email", "password"}:
        return _adopt(session, application.log_in(given["email"], given["password"]))
    if given.keys() - {"skip_token_check"} == {"token", "token_secret"}:
        credentials = application.with_token(given["token"], given["token_secret"])
        if not grant.get("skip_token_check"):
            PlatformSession(_signing(credentials), transport=session.transport).call("GET", ME, expects=dict)
        return _adopt(session, credentials)
    raise ConfigurationError("an OAuth1 client logs in with email and password, or with token and token_secret")


def confirm_mfa(session: PlatformSession, answer: MfaAnswer) -> Credentials | Tokens:
    """Finish a login that asked for a second factor."""
    if isinstance(session.authentication, OAuth2Authentication):
        return session.authentication.confirm_mfa(**answer)
    return _adopt(session, _application(session).confirm_mfa(**answer))


def oauth2_of(session: PlatformSession) -> OAuth2Authentication:
    """Return an OAuth2 client's authentication.

    Raises:
        ConfigurationError: it is not an OAuth2 client.
    """
    if isinstance(session.authentication, OAuth2Authentication):
        return session.authentication
    raise ConfigurationError("OpenID Connect logs in to an OAuth2 client: ExtraHorizon(OAuth2Authentication(...))")


def log_out(session: PlatformSession) -> bool:
    """Forget the login, and log out of the proxy."""
    if isinstance(session.authentication, ProxyAuthentication):
        session.request("POST", "/logout")
        return True
    if isinstance(session.authentication, OAuth2Authentication):
        session.authentication.forget()
    else:
        session.authentication = _application(session)
    return True


def _application(session: PlatformSession) -> OAuth1Application:
    by = session.authentication
    if isinstance(by, OAuth1Application):
        return by
    if isinstance(by, OAuth1Authentication):
        known = by.credentials(session.deadline)
        application = OAuth1Application(known.host, known.consumer_key, known.consumer_secret)
        application.speak_through(session.transport)
        return application
    raise ConfigurationError("this client cannot log anybody in: it calls with a browser's session")


def _signing(credentials: Credentials) -> OAuth1Authentication:
    return OAuth1Authentication(CredentialChain(given=credentials))


def _adopt(session: PlatformSession, credentials: Credentials) -> Credentials:
    session.authentication = _signing(credentials)
    return credentials
