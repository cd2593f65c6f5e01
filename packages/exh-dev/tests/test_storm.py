"""Two thousand calls through a platform where three in ten go wrong, held against its ledger of applied writes."""

import random
from collections import Counter

import pytest
import requests

from exh_dev.platform.faults.rules import FaultRules
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import ExtraHorizonError, InvalidResponseError, PlatformError, PlatformUnreachableError
from extrahorizon.fan_out import fan_out
from extrahorizon.transport.over_requests import RequestsTransport
from extrahorizon.transport.over_sockets import SocketTransport

pytestmark = pytest.mark.slow

CALLS = 2000
LEDGER = "* /_dev/ledger/*"
FAULTS = [
    f"{LEDGER}:503:0.05",
    f"{LEDGER}:503+0:0.03",
    f"{LEDGER}:429+0:0.03",
    f"{LEDGER}:html:0.02",
    f"{LEDGER}:reset:0.05",
    f"{LEDGER}:reset-after:0.05",
    f"{LEDGER}:truncate:0.04",
    f"{LEDGER}:truncate-json:0.03",
    f"{LEDGER}:latency=1.6:0.02",
]
TIMEOUT = 0.8  # seconds, half of the latency above


@pytest.fixture(scope="module", params=[pytest.param(RequestsTransport, marks=pytest.mark.rare), SocketTransport])
def storm(request):
    """The outcome of each call by its key, the ledger by key, and what the platform says of nonces."""
    chance = random.Random(20260115)  # noqa: S311 - reproducible
    with LocalPlatform(faults=FaultRules(FAULTS, chance=chance.random)) as platform:
        platform.start()
        first = platform.credentials
        exh = ExtraHorizon(
            Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret),
            transport=request.param(),
        )
        methods = [chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE"]) for _ in range(CALLS)]

        def call(number):
            path = f"/_dev/ledger/call-{number}"
            body = {"number": number} if methods[number] != "GET" else None
            return exh.session.call(methods[number], path, json=body, timeout=TIMEOUT, expects=dict)

        outcomes = fan_out(call, range(CALLS), workers=16, return_exceptions=True)
        faults = {each.rule.text: each.struck for each in platform.faults.in_force}
        platform.faults.clear()
        ledger = Counter(
            entry["key"] for entry in requests.get(f"{platform.url}/_dev/ledger", timeout=10).json()["data"]
        )
        nonces = requests.get(f"{platform.url}/_dev/nonces", timeout=10).json()
        yield methods, outcomes, ledger, nonces, faults


def test_enough_went_wrong_to_mean_something(storm):
    _, _, _, _, faults = storm
    assert all(struck > 10 for struck in faults.values()), faults
    assert sum(faults.values()) > 0.25 * CALLS


def test_no_write_is_applied_twice(storm):
    _, _, ledger, _, _ = storm
    assert {key: count for key, count in ledger.items() if count > 1} == {}


def test_a_reported_success_was_applied_once_and_a_failure_at_most_once_and_says_so(storm):
    methods, outcomes, ledger, _, _ = storm
    failures = Counter()
    for number, (method, outcome) in enumerate(zip(methods, outcomes, strict=True)):
        applied = ledger[f"call-{number}"]
        if method == "GET":
            assert applied == 0
        elif not isinstance(outcome, Exception):
            assert applied == 1, number
        else:
            assert isinstance(outcome, ExtraHorizonError), outcome
            failures[type(outcome).__name__, applied] += 1
            if applied:
                says_so = outcome.sent if isinstance(outcome, PlatformUnreachableError) else False
                assert says_so or isinstance(outcome, InvalidResponseError), (number, outcome)
                assert "done all the same" in str(outcome)
            if isinstance(outcome, PlatformError) and not isinstance(outcome, InvalidResponseError):
                assert applied == 0, (number, outcome)
    assert sum(failures.values()) > 100  # what cannot be repeated safely is reported


def test_reads_succeed_through_it(storm):
    methods, outcomes, _, _, _ = storm
    reads = [outcome for method, outcome in zip(methods, outcomes, strict=True) if method == "GET"]
    failed = [outcome for outcome in reads if isinstance(outcome, Exception)]
    assert len(failed) <= 0.02 * len(reads), failed  # five attempts, each failing three times in ten: 0.2 %


def test_the_platform_never_sees_a_nonce_twice(storm):
    _, _, _, nonces, _ = storm
    assert nonces["seen"] > CALLS / 2
    assert nonces["duplicatesRefused"] == 0
