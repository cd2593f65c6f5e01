"""Logging in by way of a developer's own provider, and each way in which that fails: by the typed client."""

import base64
import socket
import threading
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from own_provider import SECRET, hs256, own_provider, token

from exh_dev.platform.auth import oidc_calls
from extrahorizon.client import ExtraHorizon
from extrahorizon.errors import (
    EmailUsedError,
    IllegalStateError,
    InvalidNonceError,
    OAuth2ClientIdError,
    OAuth2ClientSecretError,
    OidcIdTokenError,
    OidcInvalidAuthorizationCodeError,
    OidcProviderResponseError,
    ResourceUnknownError,
)
from extrahorizon.login import OAuth2Authentication


@pytest.fixture
def own():
    with own_provider() as provider:
        yield provider


@pytest.fixture
def registered(exh, own):
    made = exh.auth.oidc.providers.create(**own.record())
    exh.auth.oidc.providers.enable(made["id"])
    return made


@pytest.fixture
def log_in(registered, own, application):
    """Begin a login, and come back with a code."""

    def log_in(**claims):
        url = application.auth.generate_oidc_authentication_url("own")["authenticationUrl"]
        own.claims = {**own.claims, "nonce": parse_qs(urlsplit(url).query)["nonce"][0], **claims}
        own.claims = {name: value for name, value in own.claims.items() if value is not None}
        return application.auth.authenticate_with_oidc("own", authorization_code="a code/+")

    return log_in


def attempts(exh):
    return [
        (each["status"], each.get("error", {}).get("code"), each.get("providerSubjectId"))
        for each in exh.auth.oidc.login_attempts.find_all()
    ]


def test_a_provider_that_is_unknown_or_disabled(exh, registered, application):
    with pytest.raises(ResourceUnknownError):
        application.auth.generate_oidc_authentication_url("none")
    with pytest.raises(ResourceUnknownError):
        application.auth.authenticate_with_oidc("none", authorization_code="c")
    exh.auth.oidc.providers.disable(registered["id"])
    with pytest.raises(IllegalStateError):
        application.auth.generate_oidc_authentication_url("own")
    with pytest.raises(IllegalStateError):
        application.auth.authenticate_with_oidc("own", authorization_code="c")
    assert attempts(exh) == [("failed", 16, None), ("failed", 27, None)]


def test_an_application_that_is_unknown_or_has_another_secret(platform, registered, own):
    client_id = platform.details()["oauth2_client_id"]
    for client, error in (((client_id, "x"), OAuth2ClientSecretError), (("x", "x"), OAuth2ClientIdError)):
        with pytest.raises(error):
            ExtraHorizon(OAuth2Authentication(platform.url, *client)).auth.authenticate_with_oidc(
                "own", authorization_code="c"
            )
    assert own.asked == []


def test_a_code_that_the_provider_does_not_accept(exh, log_in, own):
    own.answers["/token"] = (400, {"error": "invalid_grant", "error_description": "Malformed\nauth code."})
    with pytest.raises(OidcInvalidAuthorizationCodeError) as caught:
        log_in()
    assert "not accepted by the provider: Malformed auth code." in str(caught.value.__notes__)
    assert attempts(exh) == [("failed", 139, None)]


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": "invalid_client"}),
        (500, b"<html>"),
        (200, b"not JSON"),
        (200, b'{"id_token": NaN}'),
        (200, [1]),
        (200, {"access_token": "a"}),
        (200, {"id_token": "a"}),
        (200, {"id_token": 1, "access_token": {}}),
        (302, b""),
        (200, b"[" * 100_000),
    ],
)
def test_a_token_endpoint_that_answers_something_else(exh, log_in, own, answer):
    own.answers["/token"] = answer
    with pytest.raises(OidcProviderResponseError) as caught:
        log_in()
    assert f"token endpoint of the provider gave an unexpected result: HTTP {answer[0]}" in str(caught.value.__notes__)
    assert attempts(exh) == [("failed", 138, None)]
    assert [path for path, *_ in own.asked] == ["/token"]


@pytest.mark.parametrize("secret", ["s3cret\nX-Other: 1", "s3cret\r", "s3cret\0", "s3crét", ""])
def test_an_access_token_that_no_header_can_hold_is_refused_without_quoting_it(exh, log_in, own, secret):
    own.answers["/token"] = (200, {"access_token": secret, "id_token": token({"alg": "HS256"}, own.claims, hs256)})
    with pytest.raises(OidcProviderResponseError) as caught:
        log_in()
    message = str(caught.value.__notes__) + str(caught.value)
    assert "its access_token has characters that none can have" in message
    assert "s3cr" not in message + str(exh.auth.oidc.login_attempts.find_all())
    assert [path for path, *_ in own.asked] == ["/token"]


@pytest.mark.parametrize(("path", "secret"), [("/userinfo", "access"), ("/token", "a code/+"), ("/token", SECRET)])
def test_a_secret_in_the_reason_of_a_provider_is_masked(exh, log_in, own, path, secret):
    own.answers[path] = (401, {"error": "invalid", "error_description": f"not good: {secret}."})
    with pytest.raises(OidcProviderResponseError) as caught:
        log_in()
    assert "invalid, not good: …." in str(caught.value.__notes__)
    assert secret not in str(exh.auth.oidc.login_attempts.find_all())


@contextmanager
def drip():
    """A provider that sends the header of an answer, and then a byte of its body now and then, for ever."""
    ended = threading.Event()

    def serve():
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not ended.wait(0.05):
                    connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://localhost:{listening.getsockname()[1]}/token", thread
        finally:
            ended.set()
            thread.join()


@pytest.mark.slow
def test_a_provider_that_answers_byte_by_byte_is_not_waited_for(exh, log_in, registered, monkeypatch):
    monkeypatch.setattr(oidc_calls, "_LONGEST", 0.5)
    with drip() as (url, thread):
        exh.auth.oidc.providers.update(registered["id"], tokenEndpoint=url)
        with pytest.raises(OidcProviderResponseError) as caught:
            log_in()
        thread.join(10)  # nobody listens to it any more
        assert not thread.is_alive()
    assert "cannot be reached (TimeoutError: no complete answer within 0.5 s)" in str(caught.value.__notes__)


def test_a_provider_that_does_not_run(exh, log_in, registered):
    with socket.socket() as taken:  # bound, but it does not listen
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/token"
        exh.auth.oidc.providers.update(registered["id"], tokenEndpoint=nobody)
        with pytest.raises(OidcProviderResponseError, match=r"138") as caught:
            log_in()
    assert "cannot be reached" in str(caught.value.__notes__)


@pytest.mark.parametrize("member", ["tokenEndpoint", "userinfoEndpoint"])
@pytest.mark.parametrize(
    "url",
    [
        *("https://op.example/x", "http://localhost.example/x", "http://op.localhost/x", "http://127.1/x"),
        *("ftp://localhost/x", "http://localhost:x/", "x"),
    ],
)
def test_a_provider_elsewhere_is_not_called(exh, log_in, registered, own, member, url):
    exh.auth.oidc.providers.update(registered["id"], **{member: url})
    with pytest.raises(OidcInvalidAuthorizationCodeError) as caught:
        log_in()
    assert f"The {member} of the provider own is not on this machine" in str(caught.value.__notes__)
    assert own.asked == []


def test_localhost_is_this_machine_whatever_a_resolver_says(log_in, own, monkeypatch):
    ask, port = socket.getaddrinfo, urlsplit(own.url).port

    def resolve(host, asked, *options, **more):
        assert (host, asked) != ("localhost", port), "it would be asked where the provider is"
        return ask(host, asked, *options, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    log_in()
    assert [path for path, *_ in own.asked] == ["/token", "/userinfo"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://localhost:1"},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": ["own client", "other"], "azp": "other"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "2099"},
        {"exp": True},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_an_id_token_that_is_not_valid(exh, log_in, claims):
    with pytest.raises(OidcIdTokenError):
        log_in(**claims)
    assert attempts(exh) == [("failed", 136, None)]


def tampered(own):
    header, _, signature = token({"alg": "HS256"}, own.claims, hs256).split(".")
    return ".".join([header, token({}, {**own.claims, "sub": "s-2"}, hs256).split(".")[1], signature])


@pytest.mark.parametrize(
    "made",
    [
        lambda _: "x",
        lambda _: "a.b.c",
        lambda _: "é.é.é",
        lambda own: token({"alg": "none"}, own.claims, lambda _: b""),
        lambda own: token({"alg": "HS256"}, own.claims, lambda _: b""),
        lambda own: token({"alg": "HS512"}, own.claims, hs256),
        lambda own: token([], own.claims, hs256),
        lambda own: token({"alg": "HS256"}, ["sub"], hs256),
        lambda own: token({"alg": "RS256"}, own.claims, hs256),
        lambda own: token({"alg": "RS256", "kid": "k"}, own.claims, lambda _: b"\0" * 256),
        lambda own: token({"alg": "RS256", "kid": "k"}, own.claims, lambda _: b"\xff" * 256),
        lambda own: token({"alg": "RS256", "kid": "other"}, own.claims, own.rs256),
        tampered,
    ],
)
def test_an_id_token_that_the_provider_did_not_sign(log_in, own, made):
    own.id_token = made(own)
    with pytest.raises(OidcIdTokenError):
        log_in()


@pytest.mark.parametrize("key", [{"n": "AQAB"}, {"n": 1}, {"n": "é"}, {"e": "A" * 100}, {"kty": "EC"}, {"use": "enc"}])
def test_a_key_that_cannot_be_used_verifies_nothing(log_in, own, key):
    own.id_token = token({"alg": "RS256"}, own.claims, own.rs256)
    own.answers["/keys"] = (200, {"keys": [own.key(**key), "x"]})
    with pytest.raises(OidcIdTokenError):
        log_in()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/.well-known/openid-configuration", (404, {})),
        ("/.well-known/openid-configuration", (200, {"jwks_uri": "https://op.example/keys"})),
        ("/.well-known/openid-configuration", (200, {})),
        ("/keys", (500, {})),
        ("/keys", (200, {"keys": "x"})),
    ],
)
def test_keys_that_cannot_be_found(log_in, own, path, answer):
    own.id_token = token({"alg": "RS256"}, own.claims, own.rs256)
    own.answers[path] = answer
    with pytest.raises(OidcProviderResponseError):
        log_in()


def test_keys_of_an_issuer_elsewhere_are_not_asked_for(exh, log_in, own, registered):
    own.id_token = token({"alg": "RS256"}, own.claims, own.rs256)
    exh.auth.oidc.providers.update(registered["id"], issuerId="https://op.example")
    with pytest.raises(OidcIdTokenError) as caught:
        log_in()
    assert "the issuerId is not on this machine" in str(caught.value.__notes__)


def test_a_nonce_that_no_authentication_url_had(exh, log_in, own, application):
    for nonce in ("0" * 40, None, 7):
        with pytest.raises(InvalidNonceError):
            log_in(nonce=nonce)
    log_in()
    with pytest.raises(InvalidNonceError):  # it is good once
        application.auth.authenticate_with_oidc("own", authorization_code="c")
    exh.auth.oidc.providers.enable(exh.auth.oidc.providers.create(**own.record(name="second"))["id"])
    url = application.auth.generate_oidc_authentication_url("second")["authenticationUrl"]
    with pytest.raises(InvalidNonceError):  # of another provider
        log_in(nonce=parse_qs(urlsplit(url).query)["nonce"][0])
    assert [code for _, code, _ in attempts(exh)] == [137, 137, 137, None, 137, 137]


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": "invalid_token"}),
        (200, b""),
        (200, {"sub": "s-2", "email": "ada@example.com"}),
        (200, {"email": "ada@example.com"}),
        (200, {"sub": "s-1"}),
        (200, {"sub": "s-1", "email": "no address"}),
        (200, {"sub": "s-1", "email": ["ada@example.com"]}),
        (200, b'{"sub": "s-1", "email": "\\ud800@example.com"}'),
    ],
)
def test_a_userinfo_answer_without_an_identity_is_refused(exh, log_in, own, answer):
    own.answers["/userinfo"] = answer
    with pytest.raises(OidcProviderResponseError):
        log_in()
    assert attempts(exh) == [("failed", 138, "s-1")]


def test_an_email_address_that_is_used(exh, log_in, own, platform):
    own.person["email"] = platform.credentials.email
    with pytest.raises(EmailUsedError):
        log_in()
    assert attempts(exh) == [("failed", 203, "s-1")]
    assert exh.users.me().get("oidc_links") in (None, [])


def test_a_login_by_a_key_of_the_provider(exh, log_in, own, application, registered):
    own.claims["aud"] = ["own client", "other"]
    url = application.auth.generate_oidc_authentication_url("own")["authenticationUrl"]
    own.claims["nonce"] = parse_qs(urlsplit(url).query)["nonce"][0]
    own.id_token = token({"alg": "RS256", "kid": "k"}, own.claims, own.rs256)
    tokens = application.auth.authenticate_with_oidc("own", authorization_code="a code/+")
    assert exh.users.find_by_id(tokens.user_id)["oidc_links"] == [
        {"provider_id": registered["id"], "subject_id": "s-1"}
    ]


def test_the_provider_gets_the_requests_of_openid_connect(log_in, own):
    log_in()
    (_, basic, form), (_, bearer, _) = own.asked
    assert base64.b64decode(basic.removeprefix("Basic ")).decode() == f"own+client:{quote_plus(SECRET)}"
    assert form == {
        "grant_type": ["authorization_code"],
        "code": ["a code/+"],
        "redirect_uri": ["http://localhost:3000/callback"],
    }
    assert bearer == "Bearer access"


def test_a_user_without_names_has_empty_ones(exh, log_in, own):
    own.person = {"sub": "s-1", "email": "ada@example.com", "given_name": 7}
    user = exh.users.find_by_id(log_in().user_id)
    assert (user["first_name"], user["last_name"], user["email"]) == ("", "", "ada@example.com")
