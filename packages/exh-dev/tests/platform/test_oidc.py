"""Logins, links and unlinking by way of the local OpenID Connect provider, by the typed client."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from exh_dev.errors import DevkitError
from exh_dev.testing import LocalPlatform, client_of, oidc_code, oidc_provider
from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import (
    AuthenticationError,
    DisabledForOidcUsersError,
    EmailUsedError,
    IllegalStateError,
    InvalidNonceError,
    InvalidPresenceTokenError,
    OAuthTokenError,
    OidcInvalidAuthorizationCodeError,
    OidcProviderResponseError,
)
from extrahorizon.login import OAuth1Application, OAuth2Authentication

PASSWORD = "Secret123"


@pytest.fixture
def provider(exh, platform):
    made = exh.auth.oidc.providers.create(**oidc_provider(platform.url))
    exh.auth.oidc.providers.enable(made["id"])
    return made


@pytest.fixture
def code(provider, application):
    """A code for somebody, who is Ada unless it is said."""

    def code(email="ada@example.com", **names):
        url = application.auth.generate_oidc_authentication_url("local", state="s")["authenticationUrl"]
        return oidc_code(url, email=email, **names)

    return code


@pytest.fixture
def jan(platform, exh):
    """A user with a password, logged in."""
    email = "jan@example.com"
    exh.users.create_account(
        first_name="Jan", last_name="J", email=email, password=PASSWORD, phone_number="0", language="EN"
    )
    first = platform.credentials
    client = ExtraHorizon(OAuth1Application(platform.url, first.consumer_key, first.consumer_secret))
    client.auth.authenticate(email=email, password=PASSWORD)
    return client


def link(client, code):
    presence = client.auth.confirm_presence(password=PASSWORD)["token"]
    return client.auth.oidc.link_user_to_oidc_provider("local", presenceToken=presence, authorizationCode=code)


def test_a_new_platform_has_no_provider(exh):
    assert exh.auth.oidc.providers.find().total == 0


def test_a_code_is_good_once_and_only_a_code_is(application, code, exh):
    with pytest.raises(OidcInvalidAuthorizationCodeError):
        application.auth.authenticate_with_oidc("local", authorization_code="0" * 40)
    once = code()
    application.auth.authenticate_with_oidc("local", authorization_code=once)
    with pytest.raises(OidcInvalidAuthorizationCodeError):
        application.auth.authenticate_with_oidc("local", authorization_code=once)
    assert [each["status"] for each in exh.auth.oidc.login_attempts.find_all()] == ["failed", "success", "failed"]


def test_a_wrong_secret_or_callback_has_the_reason_of_the_provider(application, code, exh, provider):
    exh.auth.oidc.providers.update(provider["id"], redirectUri="http://localhost:3000/other")
    other = code()
    exh.auth.oidc.providers.update(provider["id"], redirectUri="http://localhost:3000/callback")
    with pytest.raises(OidcInvalidAuthorizationCodeError) as caught:
        application.auth.authenticate_with_oidc("local", authorization_code=other)
    assert "redirect_uri" in str(caught.value.__notes__)
    exh.auth.oidc.providers.update(provider["id"], clientSecret="wrong")
    with pytest.raises(OidcProviderResponseError) as caught:
        application.auth.authenticate_with_oidc("local", authorization_code=code())
    assert "invalid_client" in str(caught.value.__notes__)


def test_a_code_of_a_url_without_the_platforms_nonce_is_refused(application, provider):
    url = application.auth.generate_oidc_authentication_url("local")["authenticationUrl"]
    made_up = url.replace(parse_qs(urlsplit(url).query)["nonce"][0], "my-own-nonce")
    with pytest.raises(InvalidNonceError):
        application.auth.authenticate_with_oidc("local", authorization_code=oidc_code(made_up, email="ada@example.com"))


def test_who_logs_in_first_becomes_a_user_and_stays_that_user(application, code, exh, provider):
    tokens = application.auth.authenticate_with_oidc(
        "local", authorization_code=code(first_name="Ada", last_name="Lovelace")
    )
    me = application.users.me()
    assert (me["id"], me["first_name"], me["last_name"], me["email"], me["activation"]) == (
        *(tokens.user_id, "Ada", "Lovelace", "ada@example.com"),
        False,
    )
    (attempt,) = exh.auth.oidc.login_attempts.find_all()
    (link,) = me["oidc_links"]
    assert link == {"provider_id": provider["id"], "subject_id": attempt["providerSubjectId"]}
    assert (attempt["status"], attempt["userId"], attempt["providerName"]) == ("success", me["id"], "local")
    created = next(each for each in exh.events.find_all() if each["type"] == "user_created")
    assert created["content"] == {"id": me["id"]}
    # What the provider tells later changes nothing.
    again = application.auth.authenticate_with_oidc("local", authorization_code=code(first_name="Augusta"))
    assert (again.user_id, application.users.me()["first_name"]) == (me["id"], "Ada")


def test_who_has_a_password_is_not_taken_over_but_can_link(application, code, exh, jan):
    with pytest.raises(EmailUsedError):
        application.auth.authenticate_with_oidc("local", authorization_code=code("jan@example.com"))
    with pytest.raises(InvalidPresenceTokenError):
        jan.auth.oidc.link_user_to_oidc_provider("local", presenceToken="x", authorizationCode=code())
    with pytest.raises(OidcInvalidAuthorizationCodeError):
        link(jan, "0" * 40)
    jan_id = jan.users.me()["id"]
    assert link(jan, code("jan@provider.example")) == 1
    with pytest.raises(OAuthTokenError):  # all logins have ended
        jan.users.me()
    with pytest.raises(AuthenticationError):  # the password is gone
        jan.auth.authenticate(email="jan@example.com", password=PASSWORD)
    with pytest.raises(DisabledForOidcUsersError):
        exh.users.request_password_reset(email="jan@example.com")
    application.auth.authenticate_with_oidc("local", authorization_code=code("jan@provider.example"))
    assert (application.users.me()["id"], application.users.me()["email"]) == (jan_id, "jan@example.com")


def test_one_account_at_a_provider_is_one_user(application, code, jan):
    application.auth.authenticate_with_oidc("local", authorization_code=code())
    with pytest.raises(IllegalStateError):
        link(jan, code())
    assert jan.users.me().get("oidc_links") in (None, [])


def test_who_has_no_password_cannot_confirm_presence_for_another_link(application, code):
    application.auth.authenticate_with_oidc("local", authorization_code=code())
    with pytest.raises(AuthenticationError):
        application.auth.confirm_presence(password="")


def test_a_provider_with_users_stays_and_without_them_goes(exh, application, code, provider):
    application.auth.authenticate_with_oidc("local", authorization_code=code())
    exh.auth.oidc.providers.disable(provider["id"])
    with pytest.raises(IllegalStateError):
        exh.auth.oidc.providers.remove(provider["id"])
    exh.users.remove(application.raw.user_id)
    assert exh.auth.oidc.providers.remove(provider["id"]) == 1


def test_a_user_is_the_same_after_a_restart_on_another_port(tmp_path):
    users = []
    for _ in range(2):
        with LocalPlatform(data_dir=tmp_path) as platform:
            platform.start()
            exh = client_of(platform.environment())
            record = oidc_provider(platform.url)
            found = exh.auth.oidc.providers.find_first()
            if found:
                exh.auth.oidc.providers.update(found["id"], **record)
            else:
                exh.auth.oidc.providers.enable(exh.auth.oidc.providers.create(**record)["id"])
            details = platform.details()
            client = details["oauth2_client_id"], details["oauth2_client_secret"]
            application = ExtraHorizon(OAuth2Authentication(platform.url, *client))
            url = application.auth.generate_oidc_authentication_url("local")["authenticationUrl"]
            code = oidc_code(url, email="ada@example.com")
            users.append(application.auth.authenticate_with_oidc("local", authorization_code=code).user_id)
    assert users[0] == users[1]


def test_a_code_that_cannot_be_obtained_says_why(platform, application, provider):
    url = application.auth.generate_oidc_authentication_url("local")["authenticationUrl"]
    with pytest.raises(DevkitError, match="HTTP 400"):
        oidc_code(url, email="nobody")
    with pytest.raises(DevkitError, match="invalid_scope: The scope openid is missing"):
        oidc_code(url.replace("openid", "x"), email="ada@example.com")
    with pytest.raises(DevkitError, match="HTTP 404"):
        oidc_provider(f"{platform.url}/_dev")
    with pytest.raises(DevkitError, match="no local platform answers"):
        oidc_provider("http://localhost:1")


def test_the_discovery_document_names_the_record(platform):
    record = oidc_provider(platform.url, name="other", redirect_uri="myapp://callback")
    found = requests.get(f"{record['issuerId']}/.well-known/openid-configuration", timeout=5).json()
    assert (record["name"], record["redirectUri"]) == ("other", "myapp://callback")
    assert found["issuer"] == record["issuerId"]
    for member, name in (("tokenEndpoint", "token"), ("authorizationEndpoint", "authorization")):
        assert found[f"{name}_endpoint"] == record[member]
    assert found["userinfo_endpoint"] == record["userinfoEndpoint"]
    assert requests.get(found["jwks_uri"], timeout=5).json() == {"keys": []}
