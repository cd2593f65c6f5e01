"""Access tokens: how they are asked for, how long they are used, and how many are asked for."""

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from exh_dev.sidefx import failures
from extrahorizon.errors import DeadlineExceededError, PlatformUnreachableError
from extrahorizon.sidefx import APIError, AuthorizationError, service

TOKEN_URL = "https://www.sidefx.com/oauth2/application_token"
API_URL = "https://www.sidefx.com/api/"
GIVEN = {"client_id": "the id", "client_secret_key": "the sécret"}


def test_a_token_is_asked_for_with_an_empty_body_and_no_content_type(http):
    http.post(TOKEN_URL, json={"access_token": "t", "expires_in": 60})
    assert service(**GIVEN).access_token == "t"
    sent = http.calls[0].request
    assert sent.headers["Authorization"] == "Basic " + base64.b64encode("the id:the sécret".encode()).decode()
    assert sent.headers["Content-Length"] == "0"
    assert "Content-Type" not in sent.headers
    assert not sent.body


@pytest.mark.parametrize("url", ["https://sidefx.example/oauth2/token", "https://sidefx.example/oauth2/token/"])
def test_a_url_that_ends_in_token_gets_the_grant_type(http, url):
    http.post(url, json={"access_token": "t", "expires_in": 60})
    assert service(**GIVEN, access_token_url=url).access_token == "t"
    assert http.calls[0].request.body == "grant_type=client_credentials"


def test_a_token_of_one_secret_is_not_given_to_another(http):
    http.post(TOKEN_URL, json={"access_token": "t", "expires_in": 60})
    assert service(**GIVEN).access_token == "t"
    http.replace("POST", TOKEN_URL, status=403, body="bad")
    with pytest.raises(AuthorizationError):
        _ = service(client_id="the id", client_secret_key="another").access_token


def test_a_token_is_used_until_two_seconds_before_its_end(api, sidefx, clock):
    sidefx.token_lifetime = 100
    started = clock.now
    api.bugs.get_submission_options()
    clock.now = started + 98
    api.bugs.get_submission_options()
    assert sidefx.token_requests == 1
    clock.now = started + 98.001
    api.bugs.get_submission_options()
    assert sidefx.token_requests == 2
    assert api.access_token_expiry_time == started + 98.001 + 98


def test_the_time_the_request_takes_counts_against_the_token(clock, http):
    def answer(_):
        clock.now += 10
        return 200, {}, '{"access_token": "t", "expires_in": 60}'

    http.add_callback("POST", TOKEN_URL, answer)
    before = clock.now
    assert service(**GIVEN).access_token_expiry_time == before + 58


def test_services_share_the_token_of_an_application(make, sidefx):
    assert make().access_token == make().access_token
    assert sidefx.token_requests == 1


def test_applications_do_not_share_tokens(http):
    for token in ("one", "two"):
        http.post(TOKEN_URL, json={"access_token": token, "expires_in": 60})
    assert service(client_id="a", client_secret_key="x").access_token == "one"
    assert service(client_id="b", client_secret_key="x").access_token == "two"


@pytest.mark.slow
def test_fifty_threads_ask_for_one_token(make, sidefx):
    sidefx.fail(failures.slow(0.2), where="token")
    together = threading.Barrier(50)

    def call():
        api = make()
        together.wait()
        return api.bugs.get_submission_options()["products"]

    with ThreadPoolExecutor(50) as pool:
        results = [future.result() for future in [pool.submit(call) for _ in range(50)]]
    assert len(results) == 50
    assert sidefx.token_requests == 1


@pytest.mark.slow
def test_threads_that_wait_share_the_failure(make, sidefx):
    sidefx.fail(failures.Failure(403, b"no", delay=0.3), times=50, where="token")
    together = threading.Barrier(20)

    def call():
        api = make()
        together.wait()
        with pytest.raises(AuthorizationError) as raised:
            api.ping()
        return raised.value

    with ThreadPoolExecutor(20) as pool:
        errors = [future.result() for future in [pool.submit(call) for _ in range(20)]]
    assert sidefx.token_requests == 1
    assert len(set(map(id, errors))) == 20


def test_after_a_401_one_token_is_fetched_and_the_call_sent_again(api, sidefx, issue):
    api.bugs.get_submission_options()
    sidefx.forget_tokens()
    assert api.bugs.submit_issue(**issue)["id"] == 1
    assert sidefx.token_requests == 2
    assert len(sidefx.issues) == 1


def test_a_second_401_is_the_answer(api, sidefx):
    sidefx.fail(failures.unauthorized(), times=5)
    with pytest.raises(APIError, match="401 Invalid or expired access token"):
        api.bugs.get_submission_options()
    assert sidefx.token_requests == 2
    assert sidefx.next_failure("api")
    assert len(sidefx._failures["api"]) == 2


@pytest.mark.slow
def test_after_a_401_many_threads_fetch_one_token(api, sidefx):
    api.bugs.get_submission_options()
    sidefx.forget_tokens()
    sidefx.fail(failures.slow(0.2), where="token")
    with ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(api.bugs.get_submission_options) for _ in range(20)]:
            future.result()
    assert sidefx.token_requests == 2


def test_a_token_kept_from_before_is_used_while_it_lasts(make, sidefx, clock):
    token, lifetime = sidefx.new_token()
    api = make(access_token=token, access_token_expiry_time=clock.now + lifetime - 2)
    api.bugs.get_submission_options()
    assert (sidefx.token_requests, api.access_token) == (0, token)
    clock.now += lifetime
    api.bugs.get_submission_options()
    assert sidefx.token_requests == 1


@pytest.mark.parametrize(
    "kept",
    [{"access_token": "t"}, {"access_token_expiry_time": 2e9}, {"access_token": "t", "access_token_expiry_time": 5}],
)
def test_a_token_without_expiry_or_past_it_is_not_used(make, sidefx, kept):
    api = make(**kept)
    assert api.access_token != "t"
    assert sidefx.token_requests == 1


def test_a_kept_token_that_is_refused_is_replaced(make, sidefx):
    api = make(access_token="unknown", access_token_expiry_time=2e9)
    api.bugs.get_submission_options()
    assert sidefx.token_requests == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500])
def test_a_refused_token_request_is_not_repeated(api, sidefx, status):
    sidefx.fail(failures.Failure(status, b"no such application"), times=9, where="token")
    with pytest.raises(AuthorizationError) as raised:
        api.download.get_daily_builds_list("houdini")
    assert raised.value.http_code == status
    assert str(raised.value) == f"{status}: no such application"
    assert sidefx.token_requests == 1


def test_a_wrong_secret_is_an_authorization_error(make, sidefx):
    with pytest.raises(AuthorizationError, match="403: Invalid client id"):
        make(client_secret_key="wrong").ping()


def test_a_busy_token_endpoint_is_asked_again(api, sidefx, waits):
    sidefx.fail(failures.rate_limited("3"), where="token")
    sidefx.fail(failures.unavailable(), where="token")
    sidefx.fail(failures.cut_connection(), where="token")
    assert api.bugs.get_submission_options()
    assert sidefx.token_requests == 4
    assert waits[0] == 3


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"access_token": "t"}',
        '{"expires_in": 1}',
        '{"access_token": 1, "expires_in": 1}',
        '{"access_token": "a\\nb", "expires_in": 1}',
        '{"access_token": "é", "expires_in": 1}',
        '{"access_token": "t", "expires_in": "1"}',
        '{"access_token": "t", "expires_in": true}',
        '{"access_token": "t", "expires_in": NaN}',
        '{"access_token": "t", "expires_in": 1' + "0" * 400 + "}",
    ],
)
def test_an_answer_without_a_usable_token_is_an_authorization_error(http, body):
    http.post(TOKEN_URL, body=body)
    with pytest.raises(AuthorizationError, match="holds no usable access_token and expires_in") as raised:
        _ = service(**GIVEN).access_token
    assert raised.value.http_code == 200


@pytest.mark.slow
def test_a_thread_does_not_wait_for_another_past_its_own_time(make, sidefx):
    sidefx.fail(failures.slow(0.6), where="token")
    first = threading.Thread(target=make().bugs.get_submission_options)
    first.start()
    while not sidefx.token_requests:
        time.sleep(0.01)
    with pytest.raises(DeadlineExceededError, match="no time is left for the access token"):
        make(remaining=lambda: 0.1).bugs.get_submission_options()
    first.join()


def test_a_token_url_that_redirects_is_refused_naming_both(api, sidefx):
    sidefx.fail(failures.redirect("https://other.example/login?next=%2Fsecret"), times=4, where="token")
    with pytest.raises(PlatformUnreachableError) as raised:
        api.ping()
    assert "(HTTP 302) to https://other.example/login, which is not followed" in str(raised.value)
    assert "/_sidefx/oauth2/application_token" in str(raised.value)
    assert "localhost" in str(raised.value)
    assert sidefx.token_requests == 1
