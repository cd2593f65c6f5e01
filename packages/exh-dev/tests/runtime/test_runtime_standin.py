"""The stand-in for the native `runtime_client` behaves as the native one does."""

import re
import signal
import socket
import subprocess
import sys

import pytest

from exh_dev.runtime.environment import STANDIN
from exh_dev.runtime.failures import MAX_PAYLOAD

SCENARIOS = {
    "echo": ("basic.echo", {"text": "žluťoučký 🐎", "numbers": [1, 2.5, None]}),
    "large event and result": ("basic.echo", "é" * 2_000_000),
    "bytes": ("basic.raw_bytes", "no JSON"),
    "raised": ("basic.refuse", "côté 🐎\nand a second line"),
    "raised, long": ("basic.raise_long", 300_000),
    "raised, too long for a header": ("basic.raise_long", 2_000_000),
    "unserialisable": ("basic.unserialisable", None),
    "missing module": ("nowhere.handler", None),
    "missing handler": ("basic.nothing", None),
    "exit": ("basic.exit_with", 3),
    "killed": ("basic.signal_itself", signal.SIGKILL),
    "logs": ("logs.everything", None),
    "log of an error": ("logs.refuse", None),
}


def outcome(invocation):
    told = repr((invocation.result, invocation.error, [line.text for line in invocation.logs]))
    told = told.replace(invocation.request_id, "<id>")
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>", told)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_outcome_is_that_of_the_native_client(start, scenario):
    handler, event = SCENARIOS[scenario]
    native = start(handler, memory=512)
    standin = start(handler, memory=512, environment={"PYTHONPATH": str(STANDIN)})

    for _ in "cold", "warm":
        assert outcome(standin.invoke("under-test", event)) == outcome(native.invoke("under-test", event))


@pytest.mark.slow
def test_a_refused_response_is_an_error_of_the_invocation(run):
    standin = {"environment": {"PYTHONPATH": str(STANDIN)}}

    for options in {}, standin:
        invocation = run("basic.text_of_length", MAX_PAYLOAD, memory=512, **options)
        assert invocation.error["errorType"] == "Function.ResponseSizeTooLarge"
        assert invocation.logs[-1].text == "RuntimeError: Failed to post invocation response"


def test_the_forced_standin_is_what_the_worker_uses(run, module):
    written = module("import runtime_client\ndef handler(event, context): return runtime_client.__file__")

    used = run(**written, environment={"PYTHONPATH": str(STANDIN)}).result

    assert used == str(STANDIN / "runtime_client.py")


CALLS = {
    "next": "Failed to get next",
    "post_invocation_result, 'id', b'1', 'application/json', None": "Failed to post invocation response",
    "post_error, 'id', '{}', '', None": "Failed to post invocation error",
}


@pytest.mark.parametrize("client", ["native", "standin"])
@pytest.mark.parametrize("call", CALLS)
def test_a_runtime_api_that_has_ended_is_an_error(client, call):
    if client == "native":
        pytest.importorskip("runtime_client")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "{}:{}".format(*server.getsockname())
    name, *arguments = call.split(", ", 1)
    code = f"""
import runtime_client
runtime_client.initialize_client("test")
try:
    runtime_client.{name}({"".join(arguments)})
except RuntimeError as error:
    print(error)
"""
    variables = {"AWS_LAMBDA_RUNTIME_API": address}
    if client == "standin":
        variables["PYTHONPATH"] = str(STANDIN)

    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True, timeout=30
    )

    assert CALLS[call] in done.stdout.splitlines()
