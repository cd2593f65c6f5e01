import io
import json
import threading

import boto3
import pytest
import requests
from rfc5849 import parse_header

from extrahorizon import retries
from extrahorizon.authentication import OAuth1Authentication
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import CredentialChain, Credentials
from extrahorizon.deadline import Deadline
from extrahorizon.errors import (
    DeadlineExceededError,
    InvalidResponseError,
    NoPermissionError,
    OAuthTokenError,
    PlatformError,
    PlatformUnreachableError,
    TooManyRequestsError,
)
from extrahorizon.log import logger
from extrahorizon.retries import RetryPolicy
from extrahorizon.session import PlatformSession
from extrahorizon.settings import HOST, OAUTH_NAMES, Settings

pytestmark = pytest.mark.usefixtures("over_requests")

URL = "https://api.acme.io/data/v1/x"
CREDENTIALS = Credentials("https://api.acme.io", "k", "cs", "t", "ts")


@pytest.fixture
def session():
    return ExtraHorizon(CREDENTIALS).session


def answers(http, method, *answers):
    """Answer the first call with the first of `answers`, and so on; the last goes on for ever."""
    for answer in answers:
        if isinstance(answer, Exception):
            http.add(method, URL, body=answer)
        else:
            status, body, *headers = answer
            kind = {"body": body} if isinstance(body, str) else {"json": body}
            http.add(method, URL, status=status, headers=headers[0] if headers else None, **kind)


REFUSED = requests.ConnectionError(
    requests.packages.urllib3.exceptions.MaxRetryError(
        None, "/", requests.packages.urllib3.exceptions.NewConnectionError(None, "refused")
    )
)
LOST = requests.ConnectionError(requests.packages.urllib3.exceptions.ProtocolError("aborted", ConnectionResetError()))
READ_TIMEOUT = requests.ReadTimeout()
OK = (200, {"ok": True})


def error(code, status=400, **extra):
    return status, {"code": code, "name": "X", "message": "m", **extra}


@pytest.mark.parametrize(
    "failure",
    [
        *(REFUSED, LOST, READ_TIMEOUT, requests.ConnectTimeout(), requests.exceptions.ChunkedEncodingError("x")),
        *((429, ""), (500, ""), (502, "<html>"), (503, ""), (504, ""), (200, "<html>"), (200, '{"cut": ')),
        *(error(1, 500), error(4, 503), error(110, 401), error(415), error(1403), error(1412)),
    ],
)
def test_a_read_is_retried_after_any_temporary_failure(http, session, failure):
    answers(http, "GET", failure, failure, OK)
    assert session.call("GET", "/data/v1/x") == {"ok": True}
    assert len(http.calls) == 3


@pytest.mark.parametrize(
    ("method", "failure"),
    [
        *(
            ("POST", each)
            for each in (READ_TIMEOUT, (500, ""), (503, ""), error(415), (200, "<html>"), error(110, 401))
        ),
        *((method, LOST) for method in ("POST", "PUT", "PATCH", "DELETE")),
    ],
)
def test_a_write_that_may_have_been_done_is_not_sent_again(http, session, method, failure):
    answers(http, method, failure, OK)
    with pytest.raises((PlatformError, PlatformUnreachableError)):
        session.call(method, "/data/v1/x", json={})
    assert len(http.calls) == 1


@pytest.mark.parametrize(
    ("method", "failure"),
    [
        *(("POST", each) for each in (requests.ConnectTimeout(), (429, ""), (503, "", {"Retry-After": "1"}))),
        *((method, REFUSED) for method in ("POST", "PUT", "PATCH", "DELETE")),
    ],
)
def test_a_write_is_sent_again_when_nothing_can_have_been_done(http, session, method, failure):
    answers(http, method, failure, OK)
    assert session.call(method, "/data/v1/x", json={"a": 1}) == {"ok": True}
    assert [json.loads(call.request.body) for call in http.calls] == [{"a": 1}] * 2


@pytest.mark.parametrize("failure", [LOST, READ_TIMEOUT, (500, ""), error(415), error(110, 401)])
def test_a_write_declared_idempotent_is_sent_again_like_a_read(http, session, failure):
    answers(http, "PUT", failure, OK)
    assert session.call("PUT", "/data/v1/x", json={}, idempotent=True) == {"ok": True}


@pytest.mark.parametrize("code", [10, 15, 16, 4711])
def test_a_permanent_error_is_not_retried(http, session, code):
    answers(http, "GET", error(code), OK)
    with pytest.raises(PlatformError):
        session.call("GET", "/data/v1/x")
    assert len(http.calls) == 1


def test_each_attempt_has_its_own_nonce(http, session):
    answers(http, "GET", (503, ""))
    with pytest.raises(PlatformError) as raised:
        session.get("/data/v1/x")
    nonces = {parse_header(call.request.headers["Authorization"])["oauth_nonce"] for call in http.calls}
    assert len(nonces) == len(http.calls) == raised.value.attempts == 5
    assert "after 5 attempts" in str(raised.value)


def test_waits_grow_with_full_jitter_up_to_a_cap(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    policy = RetryPolicy(attempts=9, base=0.2, longest=5.0)
    failure = PlatformUnreachableError("x", method="GET", url=URL)
    waits = []
    for attempt in range(1, 10):
        failure.attempts = attempt
        waits.append(policy.wait(failure, 0, repeatable=True))
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, None]
    monkeypatch.undo()
    failure.attempts = 3
    assert len({policy.wait(failure, 0, repeatable=True) for _ in range(50)}) > 40


@pytest.mark.parametrize(
    ("failure", "least"),
    [
        ((429, "", {"Retry-After": "7"}), 7),
        ((503, "", {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}), 0),
        (error(211, 401), 1),
        (error(134, remainingDelay=2500), 2.5),
    ],
)
def test_the_wait_the_platform_asks_for_is_honoured(http, session, waits, failure, least):
    answers(http, "GET", failure, OK)
    session.get("/data/v1/x")
    assert least <= waits[0] < least + 1


def test_each_attempt_after_the_first_is_logged_without_the_query(http, session, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", stream)
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    answers(http, "GET", (503, "", {"Retry-After": "5"}), LOST, OK)
    session.get("/data/v1/x?eq(email,jan)")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = ("level", "message", "method", "path", "error", "attempt", "wait_ms")
    again = ("WARNING", "sending again", "GET", "/data/v1/x")
    assert [tuple(line[name] for name in told) for line in lines] == [
        (*again, "ServiceUnavailableError", 1, 5000),
        (*again, "PlatformUnreachableError", 2, 400),
    ]
    assert "jan" not in stream.getvalue()


def test_a_wait_longer_than_all_of_the_time_ends_it_with_the_platforms_error(http, session, waits):
    answers(http, "GET", (429, "", {"Retry-After": "61"}), OK)
    with pytest.raises(TooManyRequestsError) as raised:
        session.get("/data/v1/x")
    assert (raised.value.retry_after, waits) == (61, [])


def test_waiting_really_sleeps_outside_tests(monkeypatch):
    import time

    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    retries.pause_with(None)
    retries.pause(0.5)
    assert slept == [0.5]


# The deadline


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_timeouts_shrink_with_the_time_that_is_left(http, session):
    clock = Clock()
    session.deadline = Deadline(12, clock=clock)
    answers(http, "GET", OK)
    session.get("/data/v1/x")
    clock.now += 9
    session.get("/data/v1/x")
    session.get("/data/v1/x", timeout=1)
    timeouts = [call.request.req_kwargs["timeout"] for call in http.calls]
    assert [(each.connect_timeout, each._read, each.total) for each in timeouts] == [(5, 12, 12), (3, 3, 3), (3, 1, 3)]


def test_no_call_begins_after_the_deadline(http, session):
    session.deadline = Deadline(0)
    with pytest.raises(DeadlineExceededError, match="no time is left for GET /data/v1/x"):
        session.get("/data/v1/x?eq(email,jan)")
    assert len(http.calls) == 0


@pytest.mark.parametrize(
    ("method", "failure", "verb", "ending"),
    [
        ("GET", requests.ReadTimeout(), "answered", ""),
        ("POST", requests.ConnectTimeout(), "sent", ""),
        ("POST", requests.ReadTimeout(), "answered", ". It may have been done all the same"),
    ],
)
def test_a_call_that_is_cut_short_by_the_deadline_says_so(http, session, method, failure, verb, ending):
    clock = Clock()
    session.deadline = Deadline(2, clock=clock)

    def too_slow(_):
        clock.now += 2
        raise failure

    http.add_callback(method, URL, too_slow)
    with pytest.raises(DeadlineExceededError) as raised:
        session.request(method, "/data/v1/x")
    assert str(raised.value) == f"{method} /data/v1/x was not {verb} when the function's time was up{ending}"


def test_a_call_that_fails_shortly_before_the_deadline_has_its_own_reason(http, session):
    clock = Clock()
    session.deadline = Deadline(2, clock=clock)

    def fail(_):
        clock.now += 1.9
        raise LOST

    http.add_callback("POST", URL, fail)
    with pytest.raises(PlatformUnreachableError, match="the connection was cut off"):
        session.post("/data/v1/x")


@pytest.mark.parametrize("asked", ["3", "4"])
def test_no_wait_takes_all_of_the_time_that_is_left(http, session, waits, asked):
    session.deadline = Deadline(3, clock=Clock())
    answers(http, "GET", (503, "", {"Retry-After": asked}), OK)
    with pytest.raises(PlatformError) as raised:
        session.get("/data/v1/x")
    assert (raised.value.status, waits) == (503, [])


def test_the_deadline_is_that_of_the_context_less_a_margin():
    class Context:
        def get_remaining_time_in_millis(self):
            return 30_000

    assert 29.4 < Deadline.of(Context()).remaining() <= 29.5
    assert Deadline.of(None).remaining() == float("inf")


# Rotation


class SecretsStandIn:
    """Secrets Manager with one secret; moto cannot be active together with `responses`."""

    def __init__(self):
        self.token = "old"
        self.reads = 0

    def get_secret_value(self, SecretId):  # noqa: N803 - boto3's name
        self.reads += 1
        members = dict(zip(OAUTH_NAMES, ("k", "cs", self.token, "ts"), strict=True))
        return {"SecretString": json.dumps({HOST: "api.acme.io", **members})}


@pytest.fixture
def secrets(monkeypatch):
    stand_in = SecretsStandIn()
    monkeypatch.setattr(boto3, "client", lambda *_, **__: stand_in)
    return stand_in


@pytest.fixture
def rotating(secrets):
    """A session with credentials from a secret."""
    return PlatformSession(OAuth1Authentication(CredentialChain(Settings.from_environment({"API_SECRET_ID": "exh"}))))


def accept_only(http, token, method="GET", code=108):
    def answer(request):
        sent = parse_header(request.headers["Authorization"])["oauth_token"]
        body = {"ok": True} if sent == token else {"code": code, "name": "OAUTH_TOKEN_EXCEPTION"}
        return (200 if sent == token else 401, {}, json.dumps(body))

    http.add_callback(method, URL, answer)


@pytest.mark.parametrize(("method", "code"), [("GET", 107), ("GET", 108), ("GET", 109), ("POST", 108)])
def test_refused_credentials_from_a_rotated_secret_are_fetched_again_once(http, rotating, secrets, code, method):
    accept_only(http, "old", method, code)
    rotating.call(method, "/data/v1/x")
    secrets.token = "new"
    http.reset()
    accept_only(http, "new", method, code)
    assert rotating.call(method, "/data/v1/x") == {"ok": True}
    assert (len(http.calls), secrets.reads) == (2, 2)


def test_unchanged_credentials_are_not_tried_again(http, rotating, secrets):
    accept_only(http, "other")
    with pytest.raises(OAuthTokenError):
        rotating.get("/data/v1/x")
    assert (len(http.calls), secrets.reads) == (1, 2)


def test_a_secret_that_was_just_found_unchanged_is_not_fetched_for_every_refused_call(http, secrets):
    clock = Clock()
    chain = CredentialChain(Settings.from_environment({"API_SECRET_ID": "exh"}))
    session = PlatformSession(OAuth1Authentication(chain, clock=clock))
    accept_only(http, "new")
    for _ in range(20):
        with pytest.raises(OAuthTokenError):
            session.get("/data/v1/x")
    assert secrets.reads == 2
    secrets.token = "new"
    clock.now += 30
    assert session.call("GET", "/data/v1/x") == {"ok": True}


def test_reading_a_secret_keeps_to_the_deadline(http, secrets, rotating):
    rotating.deadline = Deadline(-1)
    with pytest.raises(DeadlineExceededError, match="no time is left for reading the secret"):
        rotating.get("/data/v1/x")
    assert secrets.reads == 0


def test_a_refused_secret_is_fetched_again_in_the_time_that_is_left(http, secrets, rotating, monkeypatch):
    timeouts = []

    def client(_, config):
        timeouts.append((config.connect_timeout, config.read_timeout))
        return secrets

    monkeypatch.setattr(boto3, "client", client)
    rotating.deadline = Deadline(2, clock=Clock())
    accept_only(http, "another")
    with pytest.raises(OAuthTokenError):
        rotating.get("/data/v1/x")
    assert timeouts == [(2, 2), (2, 2)]


def test_a_secret_that_changes_with_each_reading_is_fetched_again_once_per_call(http, secrets, rotating, monkeypatch):
    read = secrets.get_secret_value

    def rotate(**options):
        secrets.token = f"token-{secrets.reads}"
        return read(**options)

    monkeypatch.setattr(secrets, "get_secret_value", rotate)
    accept_only(http, "another")
    with pytest.raises(OAuthTokenError):
        rotating.get("/data/v1/x")
    assert (len(http.calls), secrets.reads) == (2, 2)


def test_a_missing_permission_is_not_a_reason_to_fetch_credentials(http, rotating, secrets):
    answers(http, "GET", error(10, 401))
    with pytest.raises(NoPermissionError):
        rotating.get("/data/v1/x")
    assert secrets.reads == 1


def test_credentials_of_the_environment_are_not_tried_again(http, session):
    answers(http, "GET", error(108, 401))
    with pytest.raises(OAuthTokenError):
        session.get("/data/v1/x")
    assert len(http.calls) == 1


def test_many_threads_that_are_refused_together_fetch_the_secret_once(http, rotating, secrets):
    accept_only(http, "old")
    rotating.get("/data/v1/x")
    secrets.token = "new"
    http.reset()
    together = threading.Barrier(8)

    def answer(request):
        sent = parse_header(request.headers["Authorization"])["oauth_token"]
        if sent == "old":
            together.wait(10)
            return 401, {}, '{"code": 108, "name": "OAUTH_TOKEN_EXCEPTION"}'
        return 200, {}, '{"ok": true}'

    http.add_callback("GET", URL, answer)
    results = []
    threads = [threading.Thread(target=lambda: results.append(rotating.call("GET", "/data/v1/x"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [{"ok": True}] * 8
    assert secrets.reads == 2


# Bodies


@pytest.mark.parametrize(
    ("body", "expects", "problem"),
    [
        ([1], dict, "an answer that is not a JSON object"),
        ({}, list, "an answer that is not a JSON array"),
        ("<html>", list, "an answer that is not JSON"),
        ("<html>", None, "an answer that is not JSON"),
    ],
)
def test_a_body_of_another_shape_is_a_typed_error(http, session, body, expects, problem):
    answers(http, "POST", (200, body))
    with pytest.raises(InvalidResponseError) as raised:
        session.call("POST", "/data/v1/x?eq(email,jan)", expects=expects)
    told = f"{problem}, HTTP 200, on POST /data/v1/x. It has probably been done all the same"
    assert (str(raised.value), raised.value.status) == (told, 200)


def test_a_read_whose_answer_has_another_shape_is_sent_again(http, session):
    answers(http, "GET", (200, [1]), OK)
    assert session.call("GET", "/data/v1/x", expects=dict) == {"ok": True}


def test_an_empty_body_is_none(http, session):
    answers(http, "DELETE", (204, ""))
    assert session.call("DELETE", "/data/v1/x") is None


def test_a_body_can_be_compressed(http, session):
    import gzip

    answers(http, "POST", OK)
    session.post("/data/v1/x", json={"text": "a" * 1000}, gzip=True)
    sent = http.calls[0].request
    assert (sent.headers["Content-Encoding"], sent.headers["Content-Type"]) == ("gzip", "application/json")
    assert json.loads(gzip.decompress(sent.body)) == {"text": "a" * 1000}
    assert int(sent.headers["Content-Length"]) == len(sent.body) < 200


def test_parameters_beside_the_path_are_refused(session):
    with pytest.raises(
        TypeError, match="^write the query into the path: the signature covers it exactly as it is sent$"
    ):
        session.get("/data/v1/x", params={"a": "b"})


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda exh: exh.users.request_password_reset("jan@example.com"), "/users/v1/forgot_password"),
        (lambda exh: exh.users.request_email_activation("jan@example.com"), "/users/v1/activation"),
        (lambda exh: exh.mails.track("hash"), "/mail/v1/hash/open"),
    ],
)
def test_a_read_that_does_something_is_not_repeated(http, call, path):
    http.get(f"https://api.acme.io{path}", status=500, json={"code": 1})
    with pytest.raises(PlatformError):
        call(ExtraHorizon(CREDENTIALS))
    assert len(http.calls) == 1
