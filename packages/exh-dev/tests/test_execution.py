"""What a case sets off: found, counted, and a failure of it is a failure of the case."""

import asyncio
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial

import pytest
from waiting import wait_for

from exh_dev.platform.dev import function_calls as platform_calls
from exh_dev.platform.dev.call_records import Records
from exh_dev.platform.http.connection import ConnectionCut
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.remote.activity import LocalCalls
from exh_dev.runtime import Function, Invocation, trace_root
from exh_dev.serve.execution import Case, Outcome
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.testing import client_of

SOURCE = """
import json, os, sys
sys.path.insert(0, {root!r})
from extrahorizon.client import ExtraHorizon

exh = ExtraHorizon()


def handler(event, context):
    data = event.get("data", {{}})
    for _ in range(data.get("calls", 0)):
        exh.users.me()
    if "then" in data:
        exh.tasks.create(functionName="work", data=data["then"])
    if len(event.get("retryForTaskIds", [])) < data.get("failures", 0):
        raise ValueError("induced")
"""


@pytest.fixture
def running(tmp_path, project_root):
    (tmp_path / "work.py").write_text(SOURCE.format(root=str(project_root)))
    with LocalPlatform(pace=60) as platform:
        function = Function("work", "work.handler", tmp_path, memory=512, environment=platform.environment())
        platform.start([OwnFunction(function, retry_policy={"enabled": True})])
        with LocalCalls(platform.url) as calls:
            yield client_of(platform.environment()), calls


@pytest.mark.slow
def test_runs_are_reported_once_with_their_calls(running):
    exh, calls = running
    assert calls.wait_for_rest(0)  # nothing has happened
    assert calls.new_runs() == []
    exh.tasks.create(functionName="work", data={"calls": 2, "then": {"calls": 3}})
    assert calls.wait_for_rest(float("inf"))
    first, second = calls.new_runs()
    assert [(run["function"], run["trigger"], run["status"]) for run in (first, second)] == [("work", "task", "OK")] * 2
    assert [calls.count(run["request_id"]) for run in (first, second)] == [3, 3]
    assert calls.new_runs() == []
    assert calls.count("00000000-0000-0000-0000-000000000000") == 0


@pytest.mark.slow
def test_another_attempt_belongs_to_what_was_set_off(running):
    exh, calls = running
    exh.tasks.create(functionName="work", data={"failures": 2})
    assert calls.wait_for_rest(float("inf"))
    runs = calls.new_runs()
    assert [(run["status"], run["trigger"]) for run in runs] == [
        ("FAILED", "task"),
        ("FAILED", "retry"),
        ("OK", "retry"),
    ]
    assert len({run["chain"] for run in runs}) == 1
    assert outcome(chain=runs).ok
    assert outcome(chain=runs[:2]).failures() == ["work: ValueError: induced"]


def test_a_run_that_does_not_end_in_time_is_reported(running):
    exh, calls = running
    exh.tasks.create(functionName="work", data={"failures": 1})
    wait_for(lambda: exh.tasks.find().total)
    assert calls.wait_for_rest(0) is False
    assert outcome(unfinished=True).failures() == ["runs that it triggered have not ended"]
    assert not outcome(unfinished=True).ok


def test_calls_of_the_latest_invocations_are_kept(monkeypatch):
    monkeypatch.setattr(platform_calls, "MOST_INVOCATIONS", 2)
    monkeypatch.setattr(platform_calls, "MOST_CALLS", 1)
    kept = platform_calls.Calls(clock=lambda: 0)
    ids = [f"{number}0000000-0000-0000-0000-000000000000" for number in range(3)]
    for request_id in [*ids, ids[2]]:
        send(kept, [200], trace=request_id)
    send(kept, [200])
    assert [len(kept.of(each)) for each in ids] == [0, 1, 1]
    (call,) = told(kept, ids[2])
    assert call.pop("duration_ms") >= 0
    assert call == {
        "number": 1,
        "timestamp": "1970-01-01T00:00:00.000Z",
        "method": "GET",
        "path": "/users/v1",
        "status": 200,
        "attempt": 1,
        "waited_ms": None,
        "query": "eq(email,a)",
        "rql": {"text": 'email = "a"', "terms": [{"operator": "eq", "field": "email", "value": "a"}]},
        "request": {"headers": {}, "type": None, "size": 0},
        "answer": {"type": None, "size": 0},
    }


def test_calls_are_seen_as_the_function_meets_them():
    now = iter(range(100, 200))
    kept = platform_calls.Calls(clock=lambda: next(now))
    request_id = "00000000-0000-0000-0000-000000000000"
    send(kept, [503, None, 200, 200], trace=request_id)
    shown = told(kept, request_id)
    assert [(each["status"], each["attempt"]) for each in shown] == [(503, 1), (0, 2), (200, 3), (200, 1)]
    assert [each["waited_ms"] is not None for each in shown] == [False, True, True, False]
    assert shown[1]["waited_ms"] > 900  # from the first answer to the second request
    assert told(kept, request_id) == shown


def told(kept, request_id):
    """What is told of an invocation's calls."""
    with closing(Store()) as store:
        return Records(store).of(kept.of(request_id))


def send(kept, statuses, trace=None):
    """Requests, as an invocation makes them; a status of None cuts the connection."""
    headers = [(b"x-amzn-trace-id", f"Root={trace_root(trace)};Parent=0;Sampled=0".encode())] if trace else []
    scope = {"type": "http", "headers": headers, "method": "GET", "path": "/users/v1/", "query_string": b"eq(email,a)"}

    async def answer(status, _scope, _receive, respond):
        if status is None:
            raise ConnectionCut
        await respond({"type": "http.response.start", "status": status})

    async def ignore(*_):
        pass

    for status in statuses:
        with suppress(ConnectionCut):
            asyncio.run(kept.around(partial(answer, status))(scope, ignore, ignore))


def outcome(**members):
    done = Invocation("r", "work", None, None, (), datetime.now(UTC), 0.0, None, 0.0, 0)
    return Outcome(Case("work", "work.json", {}, "env", "task"), done, 0, **members)
