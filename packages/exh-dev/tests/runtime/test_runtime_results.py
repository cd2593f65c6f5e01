"""What a handler returns, raises or does to its process is what the invocation tells."""

import signal
from datetime import UTC, datetime

import pytest

from exh_dev.errors import DevkitError, UsageError
from exh_dev.runtime import Runtime, worker
from exh_dev.runtime.failures import MAX_PAYLOAD


@pytest.mark.parametrize("event", [None, {"text": "žluťoučký 🐎"}, [1.5, True, None], "x" * 5_000_000])
def test_the_result_is_what_the_handler_returned(run, event):
    before = datetime.now(UTC)

    invocation = run("basic.echo", event)

    assert invocation.ok
    assert invocation.result == event
    assert invocation.error is None
    assert invocation.function == "under-test"
    assert before <= invocation.started <= datetime.now(UTC)
    assert 0 < invocation.duration < invocation.init_duration + 5
    assert 0 < invocation.peak_memory <= 128


def test_the_context_is_lambdas(run):
    invocation = run("basic.whole_context", memory=256, timeout=20)

    context = invocation.result
    assert 19_000 < context.pop("remaining") <= 20_000
    assert context.pop("log_stream_name").startswith(f"{datetime.now(UTC):%Y/}")
    assert context.pop("trace_id").startswith("Root=1-")
    assert context == {
        "aws_request_id": invocation.request_id,
        "function_name": "under-test",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:eu-central-1:000000000000:function:under-test",
        "log_group_name": "/aws/lambda/under-test",
        "memory_limit_in_mb": "256",
    }


def test_a_raised_exception_is_the_error_of_the_invocation(run):
    invocation = run("basic.refuse", "out of paper")

    assert not invocation.ok
    assert invocation.result is None
    trace = invocation.error.pop("stackTrace")
    assert invocation.error == {
        "errorType": "OrderRefusedError",
        "errorMessage": "out of paper",
        "requestId": invocation.request_id,
    }
    assert len(trace) == 1
    assert 'basic.py", line' in trace[0]
    assert "raise OrderRefusedError(event)" in trace[0]


def test_a_message_longer_than_http_servers_take_headers(run):
    assert run("basic.raise_long", 300_000).error["errorMessage"] == "x" * 300_000


def test_a_result_that_is_not_json_is_an_error(run):
    error = run("basic.unserialisable").error

    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"].startswith("Unable to marshal response: Object of type set is not JSON")


@pytest.mark.parametrize(("sent", "result"), [('{"a": 1}', {"a": 1}), ("no JSON", "no JSON")])
def test_a_result_of_bytes_is_sent_as_it_is(run, sent, result):
    assert run("basic.raw_bytes", sent).result == result


@pytest.mark.slow
def test_a_worker_survives_what_its_handler_raises(start):
    runtime = start("basic.refuse")
    runtime.invoke("under-test", 1)

    assert runtime.invoke("under-test", 2).init_duration is None


def test_a_missing_module_is_an_import_error(run):
    invocation = run("no_such_module.handler")

    assert invocation.error["errorType"] == "Runtime.ImportModuleError"
    assert (
        invocation.error["errorMessage"] == "Unable to import module 'no_such_module': No module named 'no_such_module'"
    )
    assert invocation.duration == 0
    assert invocation.init_duration > 0


def test_a_missing_handler_is_an_error(run):
    assert run("basic.no_such_handler").error == {
        "errorType": "Runtime.HandlerNotFound",
        "errorMessage": "Handler 'no_such_handler' missing on module 'basic'",
        "requestId": "",
        "stackTrace": [],
    }


def test_a_syntax_error_is_an_error_of_the_function(run, module):
    error = run(**module("def handler(:")).error

    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("Syntax error in module 'written'")


def test_a_module_that_raises_is_an_error(run, module):
    error = run(**module("class NotConfigured(Exception): ...\nraise NotConfigured('côté')")).error

    assert error["errorType"] == "NotConfigured"
    assert error["errorMessage"] == "côté"
    assert any("written.py" in line for line in error["stackTrace"])


@pytest.mark.slow
def test_a_failed_start_is_tried_again(start, module):
    runtime = start(**module("raise ValueError('too early')"))
    assert runtime.invoke("under-test", 1).error["errorMessage"] == "too early"
    module("def handler(event, context): return 'in time'")

    assert runtime.invoke("under-test", 1).result == "in time"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handler", "event", "reason"),
    [
        ("basic.exit_with", 3, "Runtime exited with error: exit status 3"),
        ("basic.exit_with", 0, "Runtime exited without providing a reason"),
        ("basic.signal_itself", signal.SIGKILL, "Runtime exited with error: signal: killed"),
        ("basic.signal_itself", signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_during_an_invocation_is_an_error(start, handler, event, reason):
    runtime = start(handler)

    invocation = runtime.invoke("under-test", event)

    assert invocation.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}",
    }
    assert invocation.duration < 2


@pytest.mark.slow
def test_a_process_that_ends_during_its_start_is_an_error(run, module):
    invocation = run(**module("import sys\nprint('going')\nsys.exit(7)"))

    assert invocation.error["errorType"] == "Runtime.ExitError"
    assert invocation.error["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert [line.text for line in invocation.logs] == ["going"]


@pytest.mark.slow
def test_an_invocation_that_takes_too_long_is_a_timeout(run):
    invocation = run("basic.wait_for_ever", timeout=1)

    assert list(invocation.error) == ["errorMessage"]
    timestamp, request_id, rest = invocation.error["errorMessage"].split(" ", 2)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds() < 5
    assert len(timestamp) == len("2025-01-01T00:00:00.000Z")
    assert request_id == invocation.request_id
    assert rest == "Task timed out after 1.00 seconds"
    assert [line.text for line in invocation.logs] == ["waiting", invocation.error["errorMessage"]]
    assert 1 <= invocation.duration < 2


@pytest.mark.slow
def test_a_worker_that_timed_out_is_replaced(start):
    runtime = start("basic.fail_to_wait", timeout=0.3)
    first = runtime.invoke("under-test", "work").result
    assert "timed out" in runtime.invoke("under-test", "wait").error["errorMessage"]

    again = runtime.invoke("under-test", "work")

    assert again.result != first
    assert again.init_duration is not None


@pytest.mark.slow
def test_a_start_that_takes_too_long_is_a_timeout(run, module, monkeypatch):
    monkeypatch.setattr(worker, "INIT_TIMEOUT", 0.2)

    invocation = run(**module("import signal\nsignal.pause()"), timeout=0.3)

    assert invocation.error["errorMessage"].endswith("Task timed out after 0.30 seconds")
    assert 0.5 <= invocation.init_duration < 2


@pytest.mark.slow
def test_a_response_that_is_too_large_is_an_error(start):
    runtime = start("basic.text_of_length", memory=256)

    assert runtime.invoke("under-test", MAX_PAYLOAD - 2).ok
    assert runtime.invoke("under-test", MAX_PAYLOAD - 1).error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert runtime.invoke("under-test", 1).result == "x"


def test_an_event_that_is_too_large_is_refused(start):
    with pytest.raises(DevkitError, match=r"too large: 6,291,557 bytes"):
        start("basic.echo").invoke("under-test", "x" * (MAX_PAYLOAD - 1))


@pytest.mark.parametrize("event", [{1}, float("nan"), "\ud800"])
def test_an_event_that_is_not_json_is_refused(start, event):
    with pytest.raises(DevkitError, match="not JSON"):
        start("basic.echo").invoke("under-test", event)


def test_an_unknown_function_is_refused(start):
    with pytest.raises(UsageError, match="no function 'other'; there are: under-test"):
        start("basic.echo").invoke("other", None)
    with pytest.raises(UsageError, match="there are: none"):
        Runtime([]).warm("other")


def test_a_missing_task_root_is_refused(start, tmp_path):
    with pytest.raises(DevkitError, match="No worker for under-test can be started"):
        start("basic.echo", task_root=tmp_path / "nowhere").invoke("under-test", None)
