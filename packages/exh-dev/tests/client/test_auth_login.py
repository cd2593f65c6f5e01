"""`exh.auth.authenticate` and its kin: who the client calls as, before and after. Against the local platform."""

import pytest
import responses

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidGrantError,
    OAuthTokenError,
    PlatformError,
    UserNotAuthenticatedError,
)
from extrahorizon.login import OAuth1Application, OAuth2Authentication, ProxyAuthentication, Tokens

pytestmark = pytest.mark.usefixtures("over_requests")


@pytest.fixture
def application(platform):
    """A client of the first OAuth1 application, with nobody logged in."""
    first = platform.credentials
    return ExtraHorizon(OAuth1Application(platform.url, first.consumer_key, first.consumer_secret))


@pytest.fixture
def oauth2(platform):
    details = platform.details()
    return ExtraHorizon(
        OAuth2Authentication(platform.url, details["oauth2_client_id"], details["oauth2_client_secret"])
    )


def test_a_client_without_a_user_logs_one_in_and_out(application, platform):
    first = platform.credentials
    with pytest.raises(UserNotAuthenticatedError):
        application.users.me()
    credentials = application.auth.authenticate(email=first.email, password=first.password)
    assert application.users.me()["id"] == first.user_id
    assert ExtraHorizon(credentials).users.me()["id"] == first.user_id
    assert application.auth.logout() is True
    with pytest.raises(UserNotAuthenticatedError):
        application.users.me()


def test_a_wrong_password_leaves_the_client_as_it_was(exh, platform):
    with pytest.raises(AuthenticationError):
        exh.auth.authenticate(email=platform.credentials.email, password="wrong")
    assert exh.users.me()["id"] == platform.credentials.user_id


def test_a_ready_made_token_is_checked_before_it_is_used(application, platform):
    first = platform.credentials
    with pytest.raises(OAuthTokenError):
        application.auth.authenticate(token="no such token", token_secret="x")
    with pytest.raises(UserNotAuthenticatedError):
        application.users.me()
    application.auth.authenticate(token=first.token, token_secret=first.token_secret)
    assert application.users.me()["id"] == first.user_id
    application.auth.authenticate(token="no such token", token_secret="x", skip_token_check=True)
    with pytest.raises(OAuthTokenError):
        application.users.me()


def test_an_oauth2_client_logs_in_by_password_and_by_refresh_token(oauth2, platform):
    first = platform.credentials
    tokens = oauth2.auth.authenticate(username=first.email, password=first.password)
    assert isinstance(tokens, Tokens)
    assert oauth2.raw.user_id == first.user_id
    oauth2.auth.logout()
    with pytest.raises(ConfigurationError, match="no user is logged in"):
        oauth2.users.me()
    assert oauth2.auth.authenticate(refresh_token=tokens.refresh_token).access_token != tokens.access_token
    assert oauth2.users.me()["id"] == first.user_id
    with pytest.raises(InvalidGrantError):
        oauth2.auth.authenticate(code="no such code")


def test_an_authorization_code_logs_in(exh, oauth2, platform):
    client_id = platform.details()["oauth2_client_id"]
    authorization = exh.auth.oauth2.authorizations.create(responseType="code", clientId=client_id)
    oauth2.auth.authenticate(code=authorization["authorizationCode"])
    assert oauth2.users.me()["id"] == platform.credentials.user_id


@pytest.mark.parametrize(
    ("client", "grant", "message"),
    [
        ("exh", {"username": "u", "password": "p"}, "OAuth1 client logs in with email"),
        ("exh", {"email": "e"}, "OAuth1 client logs in with email"),
        ("oauth2", {"email": "e", "password": "p"}, "OAuth2 client logs in with username"),
    ],
)
def test_members_that_do_not_go_together_are_refused(client, grant, message, request):
    with pytest.raises(ConfigurationError, match=message):
        request.getfixturevalue(client).auth.authenticate(**grant)


def test_only_an_oauth2_client_logs_in_by_a_provider(exh, oauth2):
    with pytest.raises(ConfigurationError, match="OAuth2 client"):
        exh.auth.authenticate_with_oidc("google", authorization_code="c")
    with pytest.raises(PlatformError):
        oauth2.auth.authenticate_with_oidc("no-such-provider", authorization_code="c")


@responses.activate
def test_a_browsers_session_calls_the_proxy_with_its_cookie_and_no_signature():
    exh = ExtraHorizon(ProxyAuthentication("https://api.acme.io", "session=1"))
    responses.get("https://apx.acme.io/users/v1/me", json={"id": "u1"})
    responses.post("https://apx.acme.io/logout")
    assert exh.raw.user_id == "u1"
    assert exh.auth.logout() is True
    request = responses.calls[0].request
    assert request.headers["Cookie"] == "session=1"
    assert "Authorization" not in request.headers
    with pytest.raises(ConfigurationError, match="browser's session"):
        exh.auth.authenticate(email="e", password="p")


@pytest.mark.parametrize("cookie", ["a\r\nX-Evil: 1", "é"])
def test_a_cookie_that_cannot_be_sent_is_refused_unseen(cookie):
    with pytest.raises(ConfigurationError) as caught:
        ProxyAuthentication("https://api.acme.io", cookie)
    assert cookie not in str(caught.value)


@responses.activate
def test_the_client_asks_for_its_user_once_per_login():
    exh = ExtraHorizon(Credentials("https://api.acme.io", "key", "secret", "token", "secret"))
    responses.get("https://api.acme.io/users/v1/me", json={"id": "u1"})
    assert [exh.raw.user_id for _ in range(3)] == ["u1"] * 3
    assert len(responses.calls) == 1
    exh.auth.authenticate(token="other", token_secret="s", skip_token_check=True)
    assert exh.raw.user_id == "u1"
    assert len(responses.calls) == 2
