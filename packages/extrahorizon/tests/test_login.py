"""Logins against answers made here; tests/platform holds them against the local platform."""

import base64
import hashlib
import json
import threading

import pytest
from requests import ConnectTimeout
from rfc5849 import parse_header

from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    AccessTokenExpiredError,
    AuthenticationError,
    ConfigurationError,
    DeadlineExceededError,
    InvalidGrantError,
    InvalidMfaCodeError,
    InvalidResponseError,
    MfaReattemptDelayError,
    MfaRequiredError,
    RefreshTokenExpiredError,
    ServerError,
)
from extrahorizon.login import OAuth1Application, OAuth2Authentication, Tokens, generate_sso_token, pkce
from extrahorizon.transport.protocol import Headers, Response

pytestmark = pytest.mark.usefixtures("over_requests")

HOST = "https://api.acme.io"
TOKENS_URL = f"{HOST}/auth/v2/oauth2/tokens"


def body_of(call):
    return json.loads(call.request.body)


# OAuth1


@pytest.fixture
def application():
    return OAuth1Application("acme.io", "key", "secret")


TOKEN = {"id": "1", "userId": "u", "applicationId": "a", "token": "t1", "tokenSecret": "ts1"}


def test_an_oauth1_login_is_signed_by_the_application_alone_and_gives_credentials(http, application):
    http.post(f"{HOST}/auth/v2/oauth1/tokens", json=TOKEN)
    credentials = application.log_in("jan@example.com", "pass-word")
    assert (credentials.host, credentials.consumer_key, credentials.token) == (HOST, "key", "t1")
    assert credentials.token_secret == "ts1"
    assert body_of(http.calls[0]) == {"email": "jan@example.com", "password": "pass-word"}
    assert "oauth_token" not in parse_header(http.calls[0].request.headers["Authorization"])
    assert "ts1" not in repr(credentials)


def test_a_login_that_asks_for_a_second_factor_goes_on_with_it(http, application):
    mfa = {"token": "m1", "tokenExpiresIn": 900000, "methods": [{"id": "method-1", "type": "totp"}]}
    http.post(
        f"{HOST}/auth/v2/oauth1/tokens", status=403, json={"code": 129, "name": "MFA_REQUIRED_EXCEPTION", "mfa": mfa}
    )
    http.post(f"{HOST}/auth/v2/oauth1/tokens/mfa", json=TOKEN)
    with pytest.raises(MfaRequiredError) as asked:
        application.log_in("jan@example.com", "p")
    assert asked.value.mfa == mfa
    assert application.confirm_mfa("m1", "method-1", "123456").token == "t1"
    assert body_of(http.calls[1]) == {"token": "m1", "methodId": "method-1", "code": "123456"}


def test_a_login_too_soon_is_tried_again_after_a_second(http, application, waits):
    http.post(f"{HOST}/auth/v2/oauth1/tokens", status=401, json={"code": 211, "name": "LOGIN_TIMEOUT_EXCEPTION"})
    http.post(f"{HOST}/auth/v2/oauth1/tokens", json=TOKEN)
    assert application.log_in("jan@example.com", "p").token == "t1"
    assert waits[0] >= 1


@pytest.mark.parametrize("failure", [(500, None), (401, 110)])
def test_a_code_and_a_single_use_token_are_never_sent_twice(http, application, failure):
    status, code = failure
    for path in ("oauth1/tokens/mfa", "oauth1/ssoTokens/consume"):
        http.post(f"{HOST}/auth/v2/{path}", status=status, json={"code": code, "name": "X"})
    for attempt in (lambda: application.confirm_mfa("m", "i", "c"), lambda: application.consume_sso_token("s")):
        before = len(http.calls)
        with pytest.raises(Exception, match="HTTP"):
            attempt()
        assert len(http.calls) == before + 1


def test_a_session_is_handed_to_another_application(http, application):
    http.post(f"{HOST}/auth/v2/oauth1/tokens", json=TOKEN)
    http.post(f"{HOST}/auth/v2/oauth1/ssoTokens/generate", json={"ssoToken": "sso-1"})
    http.post(f"{HOST}/auth/v2/oauth1/ssoTokens/consume", json={**TOKEN, "token": "t2"})
    exh = ExtraHorizon(application.log_in("jan@example.com", "p"))
    sso_token = generate_sso_token(exh.session)
    other = OAuth1Application("acme.io", "other-key", "other-secret")
    assert other.consume_sso_token(sso_token).token == "t2"
    assert body_of(http.calls[2]) == {"ssoToken": "sso-1"}


def test_an_answer_without_a_token_is_a_typed_error(http, application):
    http.post(f"{HOST}/auth/v2/oauth1/tokens", json={"token": "t"})
    with pytest.raises(InvalidResponseError, match="an answer to a login without a usable tokenSecret"):
        application.log_in("jan@example.com", "p")


# OAuth2


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


class TokenEndpoint:
    """Gives numbered tokens, and knows which ones it gave."""

    def __init__(self, http, clock):
        self.clock, self.given, self.bodies, self.lock = clock, 0, [], threading.Lock()
        self.headers = []
        http.add_callback("POST", TOKENS_URL, self.answer)
        http.add_callback("GET", f"{HOST}/users/v1/me", self.me)
        self.valid = set()

    def answer(self, request):
        with self.lock:
            self.given += 1
            self.bodies.append(json.loads(request.body))
            self.headers.append(request.headers.get("Authorization"))
            self.valid = {f"access-{self.given}"}
            answer = {
                "access_token": f"access-{self.given}",
                "refresh_token": f"refresh-{self.given}",
                "expires_in": 300,
            }
            return 200, {}, json.dumps({**answer, "token_type": "bearer", "user_id": "u", "application_id": "a"})

    def me(self, request):
        if request.headers["Authorization"].removeprefix("Bearer ") in self.valid:
            return 200, {}, '{"id": "u"}'
        return 401, {}, '{"code": 118, "name": "ACCESS_TOKEN_EXPIRED_EXCEPTION"}'


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def endpoint(http, clock):
    return TokenEndpoint(http, clock)


@pytest.fixture
def authentication(clock):
    return OAuth2Authentication("acme.io", "client", "hush", clock=clock)


def test_a_password_login_sends_the_client_in_header_and_body_and_then_a_bearer_token(endpoint, authentication):
    tokens = authentication.log_in("jan@example.com", "p")
    assert endpoint.bodies == [
        {
            "client_id": "client",
            "client_secret": "hush",
            "grant_type": "password",
            "username": "jan@example.com",
            "password": "p",
        }
    ]
    assert endpoint.headers == [f"Basic {base64.b64encode(b'client:hush').decode()}"]
    assert ExtraHorizon(authentication).users.me() == {"id": "u"}
    assert (tokens.user_id, tokens.expires_at) == ("u", 1_000_300.0)
    assert "access-1" not in repr(tokens)


def test_a_public_client_sends_no_secret(endpoint, clock):
    OAuth2Authentication("acme.io", "client", clock=clock).log_in("jan@example.com", "p")
    assert endpoint.headers == [None]
    assert "client_secret" not in endpoint.bodies[0]


def test_a_code_is_exchanged_with_its_verifier(endpoint, authentication):
    verifier, challenge = pkce()
    assert base64.urlsafe_b64decode(challenge + "=") == hashlib.sha256(verifier.encode()).digest()
    authentication.exchange_code("code-1", redirect_uri="https://app.example/", code_verifier=verifier)
    sent = endpoint.bodies[0]
    assert (sent["grant_type"], sent["code"], sent["code_verifier"]) == ("authorization_code", "code-1", verifier)
    authentication.exchange_code("code-2")
    assert "redirect_uri" not in endpoint.bodies[1]


def test_a_second_factor_has_its_own_grant(endpoint, authentication):
    authentication.confirm_mfa("m1", "method-1", "123456")
    sent = endpoint.bodies[0]
    assert (sent["grant_type"], sent["token"], sent["method_id"], sent["code"]) == ("mfa", "m1", "method-1", "123456")


def test_tokens_are_refreshed_ten_seconds_before_they_expire(endpoint, authentication, clock):
    authentication.log_in("jan@example.com", "p")
    exh = ExtraHorizon(authentication)
    clock.now += 290
    exh.users.me()
    assert endpoint.given == 1
    clock.now += 0.1
    exh.users.me()
    assert endpoint.bodies[1] == {
        "client_id": "client",
        "client_secret": "hush",
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
    }


def test_a_refused_token_is_refreshed_and_the_call_sent_again_once(endpoint, authentication, http):
    authentication.log_in("jan@example.com", "p")
    endpoint.valid = set()
    assert ExtraHorizon(authentication).users.me() == {"id": "u"}
    assert endpoint.given == 2


def test_a_token_that_is_refused_after_its_refresh_raises(endpoint, authentication, http):
    authentication.log_in("jan@example.com", "p")
    http.remove("GET", f"{HOST}/users/v1/me")
    http.get(f"{HOST}/users/v1/me", status=401, json={"code": 118, "name": "ACCESS_TOKEN_EXPIRED_EXCEPTION"})
    with pytest.raises(AccessTokenExpiredError):
        ExtraHorizon(authentication).users.me()
    assert endpoint.given == 2


@pytest.mark.parametrize("why", ["about to expire", "refused"])
def test_fifty_threads_that_need_fresh_tokens_refresh_once(endpoint, authentication, clock, why):
    authentication.log_in("jan@example.com", "p")
    exh = ExtraHorizon(authentication)
    together = threading.Barrier(50)
    if why == "about to expire":
        clock.now += 295
    else:
        endpoint.valid = set()
    results = []

    def call():
        together.wait(10)
        results.append(exh.users.me())

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [{"id": "u"}] * 50
    assert endpoint.given == 2


@pytest.mark.slow
@pytest.mark.parametrize("why", ["about to expire", "refused"])
def test_a_call_with_little_time_does_not_wait_for_the_refresh_of_another_thread(why, http, clock):
    begun, over = threading.Event(), threading.Event()

    def answer(_):
        begun.set()
        over.wait(10)
        return 200, {}, '{"access_token": "new", "refresh_token": "r", "expires_in": 300}'

    http.add_callback("POST", TOKENS_URL, answer)
    http.get(f"{HOST}/users/v1/me", json={"id": "u"})
    authentication = OAuth2Authentication("acme.io", "client", tokens=Tokens("t", "r", clock.now), clock=clock)
    old = authentication._require()[1]
    results = []
    patient = threading.Thread(target=lambda: results.append(ExtraHorizon(authentication).users.me()))
    patient.start()
    assert begun.wait(10)
    deadline = Deadline(0.2)
    with pytest.raises(DeadlineExceededError, match="no time is left for fresh tokens") as raised:
        authentication.current(deadline) if why == "about to expire" else authentication.renew(old, deadline)
    assert deadline.remaining() > -0.5
    assert not raised.value.sent
    over.set()
    patient.join()
    assert results == [{"id": "u"}]


def test_a_refresh_that_one_thread_had_no_time_for_is_begun_again_by_the_next(http, clock):
    """Its time says nothing about that of the others, who waited for it."""
    tried = []

    def answer(_):
        tried.append(1)
        if len(tried) == 1:
            begun.set()
            waits.wait(10)
            raise ConnectTimeout
        return 200, {}, '{"access_token": "new", "refresh_token": "r", "expires_in": 300}'

    begun, waits = threading.Event(), threading.Event()
    http.add_callback("POST", TOKENS_URL, answer)
    authentication = OAuth2Authentication("acme.io", "client", tokens=Tokens("t", "r", clock.now), clock=clock)
    now = [0.0]
    hurried = Deadline(1, clock=lambda: now[0])
    outcomes = []

    def refresh(deadline):
        try:
            authentication.current(deadline)
            outcomes.append("fresh")
        except DeadlineExceededError:
            outcomes.append("late")

    first = threading.Thread(target=refresh, args=[hurried])
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=refresh, args=[Deadline(60)])
    second.start()
    now[0] = 2.0
    waits.set()
    first.join()
    second.join()
    assert sorted(outcomes) == ["fresh", "late"]
    assert authentication.tokens.access_token == "new"


def test_fresh_tokens_are_handed_over_before_they_are_used(endpoint, clock):
    kept = []
    authentication = OAuth2Authentication(
        "acme.io", "client", clock=clock, on_tokens=lambda tokens: kept.append((tokens, authentication.tokens))
    )
    first = authentication.log_in("jan@example.com", "p")
    second = authentication.refresh()
    assert kept == [(first, None), (second, first)]


def test_tokens_that_cannot_be_kept_are_used_all_the_same(endpoint, clock):
    def full(_):
        raise OSError("disk full")

    authentication = OAuth2Authentication("acme.io", "client", clock=clock, on_tokens=full)
    with pytest.raises(OSError, match="disk full"):
        authentication.log_in("jan@example.com", "p")
    assert ExtraHorizon(authentication).users.me() == {"id": "u"}


def test_kept_tokens_go_on_without_a_login(endpoint, clock):
    endpoint.valid = {"kept"}
    tokens = Tokens("kept", "refresh", clock.now + 100)
    authentication = OAuth2Authentication("acme.io", "client", tokens=tokens, clock=clock)
    assert ExtraHorizon(authentication).users.me() == {"id": "u"}


def test_a_refresh_that_fails_reaches_the_caller_with_the_platforms_reason(http, clock):
    inner = {"code": 120, "name": "REFRESH_TOKEN_EXPIRED_EXCEPTION", "description": "d"}
    http.post(TOKENS_URL, status=400, json={"error": "invalid_grant", "description": "d", "exh_error": inner})
    tokens = Tokens("old", "refresh", clock.now)
    authentication = OAuth2Authentication("acme.io", "client", tokens=tokens, clock=clock)
    with pytest.raises(InvalidGrantError) as raised:
        ExtraHorizon(authentication).users.me()
    assert type(raised.value.exh_error) is RefreshTokenExpiredError
    assert len(http.calls) == 1


def test_a_call_without_a_login_raises(http, authentication):
    with pytest.raises(ConfigurationError, match="no user is logged in"):
        ExtraHorizon(authentication).users.me()
    assert authentication.tokens is None


def test_fifty_threads_share_a_refresh_that_fails(http, clock):
    refused = []
    together = threading.Barrier(50)

    def answer(_):
        refused.append(1)
        return 400, {}, '{"error": "invalid_grant", "description": "d", "exh_error": {"code": 120, "name": "X"}}'

    http.add_callback("POST", TOKENS_URL, answer)
    authentication = OAuth2Authentication("acme.io", "client", tokens=Tokens("t", "r", clock.now), clock=clock)
    exh = ExtraHorizon(authentication)
    errors = []

    def call():
        together.wait(10)
        try:
            exh.users.me()
        except InvalidGrantError as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(errors), len(refused)) == (50, 1)


def test_a_refresh_that_failed_temporarily_is_tried_again_by_the_next_call(http, clock, endpoint):
    http.remove("POST", TOKENS_URL)
    http.post(TOKENS_URL, status=500, body="")
    authentication = OAuth2Authentication("acme.io", "client", tokens=Tokens("t", "r", clock.now), clock=clock)
    with pytest.raises(ServerError):
        ExtraHorizon(authentication).users.me()
    http.remove("POST", TOKENS_URL)
    http.add_callback("POST", TOKENS_URL, endpoint.answer)
    assert ExtraHorizon(authentication).users.me() == {"id": "u"}


def test_who_keeps_the_tokens_may_call_the_platform_with_them(endpoint, clock):
    seen = []
    authentication = OAuth2Authentication(
        "acme.io", "client", clock=clock, on_tokens=lambda _: seen.append(ExtraHorizon(authentication).users.me())
    )
    authentication.log_in("jan@example.com", "p")
    clock.now += 300
    ExtraHorizon(authentication).users.me()
    assert seen == [{"id": "u"}] * 2
    assert endpoint.given == 2


@pytest.mark.parametrize("answer", [{"expires_in": "300"}, {"expires_in": True}, {"access_token": 7}])
def test_a_login_answer_with_a_token_of_the_wrong_type_is_refused(http, authentication, answer):
    good = {"access_token": "a", "refresh_token": "r", "expires_in": 300}
    http.post(TOKENS_URL, json={**good, **answer})
    with pytest.raises(InvalidResponseError, match="without a usable"):
        authentication.log_in("jan@example.com", "p")


@pytest.mark.parametrize("token", ["", "hush\n", "hu sh", "h\u00fcsh"])
def test_a_token_that_no_header_can_hold_is_refused_without_quoting_it(token, clock):
    with pytest.raises(ConfigurationError, match="the access token cannot be sent") as raised:
        OAuth2Authentication("acme.io", "client", tokens=Tokens(token, "r", clock.now + 99), clock=clock)
    assert "h" not in token or token.strip() not in str(raised.value)


def test_a_refresh_keeps_to_the_deadline_of_the_call(http, clock):
    authentication = OAuth2Authentication("acme.io", "client", tokens=Tokens("t", "r", clock.now), clock=clock)
    exh = ExtraHorizon(authentication)
    exh.session.deadline = Deadline(-1)
    with pytest.raises(DeadlineExceededError):
        exh.users.me()
    assert len(http.calls) == 0


def refused(code, name, **more):
    inner = {"code": code, "name": name, **more}
    return {"error": "invalid_grant", "error_description": "no", "exh_error": inner}


def test_an_oauth2_login_raises_what_an_oauth1_login_does(http):
    """Around the platform's own error is one of OAuth2, which says little."""
    oauth2 = OAuth2Authentication("acme.io", "client", "secret")
    http.post(TOKENS_URL, status=400, json=refused(106, "AUTHENTICATION_EXCEPTION"))
    with pytest.raises(AuthenticationError):
        oauth2.log_in("jan@example.com", "wrong")
    http.post(TOKENS_URL, status=400, json=refused(130, "INVALID_MFA_CODE_EXCEPTION"))
    http.post(TOKENS_URL, status=400, json=refused(134, "MFA_REATTEMPT_DELAY_EXCEPTION", remainingDelay=1500))
    with pytest.raises(InvalidMfaCodeError):
        oauth2.confirm_mfa("m1", "method-1", "000000")
    with pytest.raises(MfaReattemptDelayError) as too_soon:
        oauth2.confirm_mfa("m1", "method-1", "000000")
    assert too_soon.value.retry_after == 1.5


@pytest.mark.parametrize(
    "grant",
    [
        {},
        {"username": "a@example.com"},
        {"username": "a@example.com", "password": "p", "code": "c"},
        {"email": "a@example.com", "password": "p"},
        {"refresh_token": "r", "password": "p"},
    ],
)
def test_members_of_a_login_that_do_not_go_together_are_refused(grant):
    with pytest.raises(ConfigurationError, match="logs in with username and password, a code or a refresh_token"):
        ExtraHorizon(OAuth2Authentication("acme.io", "client", "secret")).auth.authenticate(**grant)


# The transport of the client


class Noting:
    """A transport to a platform that logs everybody in; `sent` lists the paths."""

    def __init__(self):
        self.sent = []

    def send(self, request, deadline):
        self.sent.append(request.url.removeprefix(HOST))
        tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 1e6, "user_id": "u", "application_id": "x"}
        body = json.dumps({"id": "u", **TOKEN, **tokens}).encode()
        headers = Headers({"Content-Length": str(len(body))})
        return Response(request, 200, headers, iter([body]), deadline=deadline, close=lambda: None)

    def close(self):
        pass


@pytest.mark.parametrize(
    ("authentication", "grant", "path"),
    [
        (OAuth2Authentication("acme.io", "client"), {"username": "jan", "password": "p"}, "/auth/v2/oauth2/tokens"),
        (OAuth1Application("acme.io", "key", "secret"), {"email": "jan", "password": "p"}, "/auth/v2/oauth1/tokens"),
        (Credentials(HOST, "k", "s", "t", "ts"), {"email": "jan", "password": "p"}, "/auth/v2/oauth1/tokens"),
        (Credentials(HOST, "k", "s", "t", "ts"), {"token": "t", "token_secret": "s"}, "/users/v1/me"),
    ],
)
def test_a_login_goes_through_the_transport_of_its_client(authentication, grant, path):
    """Else it would not trust the certificates, nor take the proxy, that the client was given."""
    transport = Noting()
    exh = ExtraHorizon(authentication, transport=transport)
    exh.auth.authenticate(**grant)
    exh.users.me()
    assert transport.sent == [path, "/users/v1/me"]


def test_a_second_client_does_not_take_the_logins_of_the_first():
    """Its certificates, or that it trusts anybody, are not those that the first was given."""
    first, second = Noting(), Noting()
    authentication = OAuth2Authentication("acme.io", "client")
    exh = ExtraHorizon(authentication, transport=first)
    ExtraHorizon(authentication, transport=second)
    exh.auth.authenticate(username="jan", password="p")
    assert (first.sent, second.sent) == (["/auth/v2/oauth2/tokens"], [])
