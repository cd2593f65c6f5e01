"""A signed request is accepted once: nonces, timestamps, and a clock that is off."""

import tracemalloc

import pytest
from signed_requests import BAD_SIGNATURE, BAD_TIMESTAMP, NO_NONCE, NOW, REPLAYED, refusal, signed

from exh_dev.platform.http.oauth1 import WINDOW, OAuth1Verifier


def test_the_same_request_again_is_110_until_its_timestamp_is_too_old(store, known):
    now = [NOW]
    verifier = OAuth1Verifier(store, clock=lambda: now[0])
    request = signed(known)
    assert verifier.verify(request)
    assert refusal(verifier, request) == REPLAYED
    now[0] += WINDOW
    assert refusal(verifier, request) == REPLAYED
    now[0] += 1
    assert refusal(verifier, request) == BAD_TIMESTAMP
    assert verifier.verify(signed(known, oauth_timestamp=str(now[0])))


def test_a_forged_request_does_not_use_up_the_nonce(verifier, known):
    assert refusal(verifier, signed(known, token_secret="wrong")) == BAD_SIGNATURE
    assert verifier.verify(signed(known))


def test_the_same_nonce_with_another_timestamp_is_a_new_request(verifier, known):
    assert verifier.verify(signed(known))
    assert verifier.verify(signed(known, oauth_timestamp=str(NOW - 1)))


def test_the_same_nonce_with_another_token_is_a_new_request(store, verifier, known):
    token = {"applicationId": known.application_id, "userId": "u", "token": "another", "tokenSecret": "s"}
    store.put("oauth1_tokens", {"id": "another", **token})
    assert verifier.verify(signed(known))
    assert verifier.verify(signed(known, oauth_token="another", token_secret="s")).user_id == "u"


def test_a_request_without_a_nonce_is_refused(verifier, known):
    assert refusal(verifier, signed(known, oauth_nonce=None)) == NO_NONCE


@pytest.mark.slow
def test_nonces_are_kept_for_as_long_as_their_timestamps_are_good_and_no_longer(store, known):
    now = [NOW]
    verifier = OAuth1Verifier(store, clock=lambda: now[0])
    tracemalloc.start()
    try:
        for number in range(3_000):
            now[0] = NOW + number
            verifier.verify(signed(known, oauth_timestamp=str(now[0]), oauth_nonce=f"{number:040}"))
            if number == 1_000:
                before = tracemalloc.get_traced_memory()[0]
        assert tracemalloc.get_traced_memory()[0] - before < 50_000
    finally:
        tracemalloc.stop()
    assert refusal(verifier, signed(known, oauth_timestamp=str(now[0]), oauth_nonce=f"{2_999:040}")) == REPLAYED
    assert refusal(verifier, signed(known, oauth_timestamp=str(now[0] - 300), oauth_nonce=f"{2_699:040}")) == REPLAYED


def test_a_skewed_clock_neither_loses_nor_forges_the_memory_of_nonces(store, known):
    skew = [0.0]
    now = [NOW]
    verifier = OAuth1Verifier(store, clock=lambda: now[0], skew=lambda: skew[0])
    request = signed(known)
    assert verifier.verify(request)
    skew[0] = 5000.0
    assert refusal(verifier, signed(known, oauth_nonce="n2")) == BAD_TIMESTAMP
    assert verifier.verify(signed(known, oauth_nonce="n3", oauth_timestamp=str(NOW + 5000)))
    skew[0] = 0.0
    assert refusal(verifier, request) == REPLAYED


def test_the_nonces_of_a_request_with_a_slow_clock_outlive_requests_without_one(store, known):
    skew, now = [-600.0], [NOW]
    verifier = OAuth1Verifier(store, clock=lambda: now[0], skew=lambda: skew[0])
    late = signed(known, oauth_timestamp=str(NOW - 500))
    assert verifier.verify(late)
    skew[0] = 0.0
    for _ in range(3):
        now[0] += 100
        assert verifier.verify(signed(known, oauth_timestamp=str(now[0])))
    skew[0] = -600.0
    assert refusal(verifier, late) == REPLAYED


def test_a_nonce_is_not_forgotten_between_the_look_at_its_timestamp_and_the_look_at_the_nonce(store, known):
    times = [float(NOW)]
    verifier = OAuth1Verifier(store, clock=lambda: times.pop(0) if len(times) > 1 else times[0])
    request = signed(known)
    assert verifier.verify(request)
    times[:] = [NOW + WINDOW, NOW + WINDOW + 0.01]  # good when the timestamp is looked at, and too old right after it
    assert refusal(verifier, request) == REPLAYED


@pytest.mark.parametrize("ahead", [0.0, 1.0])
def test_a_nonce_is_kept_until_its_timestamp_is_too_old_with_or_without_a_skew(store, known, ahead):
    skew, now = [ahead], [NOW]
    verifier = OAuth1Verifier(store, clock=lambda: now[0], skew=lambda: skew[0])
    request = signed(known)
    assert verifier.verify(request)
    skew[0], now[0] = 0.0, NOW + WINDOW
    assert verifier.verify(signed(known, oauth_timestamp=str(now[0])))  # which drops what has expired
    assert refusal(verifier, request) == REPLAYED
