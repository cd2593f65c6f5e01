"""Hundreds of calls from many threads to a server where half of the answers go wrong."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from raw_server import RawServer, head_of

from extrahorizon.errors import PlatformError, PlatformUnreachableError

CALLS = 400


def good(number):
    body = json.dumps({"number": number}).encode()
    return head_of(len(body)) + body


WRONG = [
    lambda number: b"",
    lambda number: good(number)[:-3],
    lambda number: good(number)[:20],
    lambda number: head_of(13, "503 Service Unavailable") + b"<html></html>",
    lambda number: head_of(0, "429 Too Many Requests"),
    lambda number: head_of(7) + b"no json",
]


@pytest.mark.slow
def test_each_call_gets_its_own_answer_or_an_error_and_no_write_is_repeated(transport):
    chance = random.Random(20260115)  # noqa: S311 - reproducible
    done = Counter()

    def answer(connection, _, head):
        method, path, _ = head.decode().split(" ", 2)
        number = int(path.removeprefix("/"))
        reply = good(number) if chance.random() < 0.5 else chance.choice(WRONG)(number)
        if not reply.startswith(b"HTTP/1.1 429"):
            done[number] += method == "POST"
        connection.sendall(reply)

    with RawServer(answer, transport()) as server, ThreadPoolExecutor(8) as threads:

        def call(number):
            method = "GET" if number % 2 else "POST"
            try:
                return server.session.call(method, f"/{number}", expects=dict)["number"]
            except (PlatformError, PlatformUnreachableError) as error:
                return error

        outcomes = list(threads.map(call, range(CALLS)))
    succeeded = [number for number, outcome in enumerate(outcomes) if outcome == number]
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(succeeded) + len(failed) == CALLS
    assert len(succeeded) > CALLS / 2
    assert len(failed) > CALLS / 10
    assert max(done.values()) == 1
    assert all(done[number] for number in succeeded if number % 2 == 0)
