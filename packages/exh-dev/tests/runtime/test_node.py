"""Functions for Node.js run as functions for Python do, and tell what Lambda would tell of them."""

import json
import os
import re
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exh_dev.runtime import worker
from exh_dev.runtime.failures import MAX_PAYLOAD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="no `node` on the PATH: Node.js is NOT TESTED"),
]

NODE = Path(__file__).parent / "functions" / "node"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def start(start):
    """The same, for functions of Node.js."""
    return lambda handler, **options: start(handler, **{"task_root": NODE, "runtime": "nodejs20.x", **options})


@pytest.fixture
def module(tmp_path):
    """Writes files of a function, and gives the options that make a runtime use them."""

    def module(source="", name="written.js", **others):
        for path, text in {name: source, **{each.replace("__", "/"): text for each, text in others.items()}}.items():
            target = tmp_path / "task" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return {"handler": "written.handler", "task_root": tmp_path / "task"}

    return module


def texts(invocation):
    return [line.text for line in invocation.logs]


# What cannot be loaded


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("basic.missing", "HandlerNotFound", "basic.missing is undefined or not exported"),
        ("basic.inner.missing.echo", "HandlerNotFound", "basic.inner.missing.echo is undefined or not exported"),
        ("basic.notAFunction", "HandlerNotFound", "basic.notAFunction is not a function"),
        ("esm.missing", "HandlerNotFound", "esm.missing is undefined or not exported"),
        ("nowhere.handler", "ImportModuleError", "Error: Cannot find module 'nowhere'\nRequire stack:"),
        ("basic", "MalformedHandlerName", "Bad handler"),
        ("../node/basic.echo", "MalformedHandlerName", "'../node/basic.echo' has '..' in it"),
    ],
)
def test_a_handler_that_does_not_exist_is_an_error(run, handler, error_type, message):
    invocation = run(handler)

    assert invocation.error["errorType"] == f"Runtime.{error_type}"
    assert invocation.error["errorMessage"].startswith(message)
    assert (invocation.duration, invocation.init_duration > 0) == (0, True)
    (line,) = texts(invocation)
    assert re.match(rf"{STAMP}\tundefined\tERROR\tUncaught Exception \t{{", line)


@pytest.mark.parametrize("name", ["written.js", "written.mjs", "written.cjs"])
def test_a_syntax_error_is_an_error_of_the_function(run, module, name):
    error = run(**module("const fine = 1;\nconst = 2;\n", name)).error

    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("SyntaxError: ")


def test_a_syntax_error_has_its_line(run, module):
    error = run(**module("const fine = 1;\nconst = 2;\n")).error

    assert error["trace"][0].endswith("written.js:2")


def test_a_module_that_throws_is_an_error(run, module):
    error = run(
        **module('class NotConfigured extends Error {}\nthrow new TypeError("API_HOST is not set: côté");')
    ).error

    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "API_HOST is not set: côté")
    assert any("written.js:2" in line for line in error["trace"])


def test_a_missing_package_is_an_error(run, module):
    assert (
        run(**module('require("left-pad");')).error["errorMessage"].startswith("Error: Cannot find module 'left-pad'")
    )


def test_a_promise_that_is_rejected_while_the_module_loads(run, module):
    error = run(**module('Promise.reject(new Error("early"));\nawait new Promise(() => {});', "written.mjs")).error

    assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert error["errorMessage"] == "Error: early"


def test_a_process_that_ends_during_its_start_is_an_error(run, module):
    invocation = run(**module('console.log("going");\nprocess.exit(7);'))

    assert invocation.error["errorType"] == "Runtime.ExitError"
    assert invocation.error["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert [text.partition("INFO\t")[2] for text in texts(invocation)] == ["going"]


def test_a_start_that_takes_too_long_is_a_timeout(run, module, monkeypatch):
    monkeypatch.setattr(worker, "INIT_TIMEOUT", 0.2)

    invocation = run(**module("for (;;);"), timeout=0.3)

    assert invocation.error["errorMessage"].endswith("Task timed out after 0.30 seconds")


def test_a_failed_start_is_tried_again(start, module):
    runtime = start(**module('throw new Error("too early");'))
    assert runtime.invoke("under-test", 1).error["errorMessage"] == "too early"
    module('exports.handler = async () => "in time";')

    assert runtime.invoke("under-test", 1).result == "in time"


def test_a_package_json_that_is_not_deployed_makes_no_modules(run, module, tmp_path):
    options = module("exports.handler = async () => 1;")
    (tmp_path / "package.json").write_text('{"type": "module"}')

    error = run(**options).error

    assert f'{tmp_path}/package.json says "type": "module"' in error["errorMessage"]
    module("{}", "package.json")
    assert run(**options).result == 1
    module('{"type": "module"}', "package.json")
    assert "exports is not defined" in run(**options).error["errorMessage"]


# What goes wrong in an invocation


@pytest.mark.parametrize("handler", ["refuse", "refuseAtOnce", "callBackError", "fail"])
def test_an_error_of_the_handler_is_logged_and_answered(start, handler):
    runtime = start(f"basic.{handler}")
    invocation = runtime.invoke("under-test", "out of paper")

    assert set(invocation.error) == {"errorType", "errorMessage", "trace"}
    assert (invocation.error["errorType"], invocation.error["errorMessage"]) == ("OrderRefusedError", "out of paper")
    assert invocation.error["trace"][0] == "OrderRefusedError: out of paper"
    assert "basic.js:" in invocation.error["trace"][1]
    (line,) = texts(invocation)
    head, _, told = line.partition("Invoke Error \t")
    assert re.fullmatch(rf"{STAMP}\t{invocation.request_id}\tERROR\t", head)
    assert json.loads(told)["errorType"] == "OrderRefusedError"
    assert runtime.invoke("under-test", "again").init_duration is None


@pytest.mark.parametrize(
    ("thrown", "error_type", "message"),
    [("words", "string", "words"), (7, "number", "7"), ({}, "object", "[object Object]")],
)
def test_a_thrown_value_that_is_no_error_has_its_type_and_text(run, thrown, error_type, message):
    assert run("basic.throwValue", thrown).error == {"errorType": error_type, "errorMessage": message, "trace": []}


HOSTILE = {
    "a symbol": ("Symbol('x')", "symbol", "Symbol(x)"),
    "a large number": ("10n", "bigint", "10"),
    "a function": ("function f() {}", "function", "function f() {}"),
    "an object without a prototype": ("Object.create(null)", "handled", None),
    "a toString that throws": ("{ toString() { throw new Error('no'); } }", "handled", None),
    "a toString that gives a symbol": ("{ toString() { return Symbol('x'); } }", "handled", None),
    "a toString that gives a large number": ("{ toString() { return 10n; } }", "object", "10"),
    "a proxy": ("new Proxy({}, { get() { throw new Error('no'); } })", "handled", None),
    "a proxy of an error": ("new Proxy(new Error('a'), { getPrototypeOf() { throw new Error('no'); } })", "Error", "a"),
    "a name that is none": ("Object.assign(new Error('a'), { name: 5 })", "handled", None),
    "a message that is none": ("Object.assign(new Error('a'), { message: 10n })", "handled", None),
    "a stack that is none": ("Object.assign(new Error('a'), { stack: null })", "handled", None),
    "a toJSON that throws": ("Object.assign(new Error('a'), { toJSON() { throw new Error('no'); } })", "Error", "a"),
    "a getter that throws": ("Object.defineProperty(new Error('a'), 'code', { get() { throw 1; } })", "Error", "a"),
    "a large number in an error": ("Object.assign(new Error('a'), { size: 10n })", "Error", "a"),
}


@pytest.mark.parametrize(("version", "log_format"), [("nodejs20.x", "Text"), ("nodejs24.x", "JSON")])
@pytest.mark.parametrize("what", HOSTILE)
def test_any_thrown_value_is_an_error_and_the_worker_goes_on(start, module, what, version, log_format):
    thrown, error_type, message = HOSTILE[what]
    source = f"exports.handler = async (event) => {{ if (event === 'throw') throw {thrown}; return event; }};"
    runtime = start(**module(source), runtime=version, log_format=log_format)
    error = runtime.invoke("under-test", "throw").error
    assert (error["errorType"], error["errorMessage"]) == (error_type, message or error["errorMessage"])
    after = runtime.invoke("under-test", "fine")
    assert (after.result, after.init_duration) == ("fine", None)


@pytest.mark.parametrize("thrown", ["null", "undefined"])
def test_a_thrown_null_or_undefined_is_handled_on_node_24(start, module, thrown):
    source = f"exports.handler = async (event) => {{ if (event) throw {thrown}; return 'fine'; }};"
    runtime = start(**module(source), runtime="nodejs24.x")
    assert runtime.invoke("under-test", "throw").error["errorType"] == "handled"
    assert runtime.invoke("under-test", None).result == "fine"


def test_a_rejection_that_nobody_handles_may_be_of_anything(run, module):
    source = "exports.handler = async () => { Promise.reject(Object.create(null)); await new Promise(setImmediate); };"
    error = run(**module(source)).error
    assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert error["errorMessage"] == "A value that cannot be written as text"


def test_a_thrown_null_is_handled(run):
    assert run("basic.throwValue", None).error["errorMessage"] == "handled"


def test_a_result_that_cannot_be_serialized_is_an_error(run):
    error = run("basic.unserialisable").error

    assert (error["errorType"], error["errorMessage"]) == ("Error", "Unable to stringify response body")
    assert run("basic.unserialisable", runtime="nodejs24.x").error["errorType"] == "Runtime.JSONStringifyError"


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("basic.rejectUnhandled", "Runtime.UnhandledPromiseRejection", "Error: nobody listens"),
        ("basic.throwLater", "OrderRefusedError", "too late to catch"),
    ],
)
def test_what_nobody_catches_ends_the_process(start, handler, error_type, message):
    runtime = start(handler)
    first = runtime.invoke("under-test", None)

    assert (first.error["errorType"], first.error["errorMessage"]) == (error_type, message)
    again = runtime.invoke("under-test", None)
    assert again.init_duration is not None
    assert again.error["errorType"] == error_type


@pytest.mark.parametrize(
    ("handler", "event", "reason"),
    [
        ("basic.exitWith", 3, "Runtime exited with error: exit status 3"),
        ("basic.exitWith", 0, "Runtime exited without providing a reason"),
        ("basic.signalItself", signal.SIGKILL, "Runtime exited with error: signal: killed"),
        ("basic.signalItself", signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_during_an_invocation_is_an_error(start, handler, event, reason):
    runtime = start(handler)
    invocation = runtime.invoke("under-test", event)

    assert invocation.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}",
    }


def test_a_cold_start_after_a_crash(start, module):
    runtime = start(**module("exports.handler = async (event) => (event ? process.exit(1) : process.pid);"))
    first = runtime.invoke("under-test", None)
    assert not runtime.invoke("under-test", "crash").ok

    again = runtime.invoke("under-test", None)

    assert again.result != first.result
    assert (again.init_duration is None, runtime.invoke("under-test", None).result) == (False, again.result)


def test_a_promise_that_never_settles_ends_the_invocation(start):
    runtime = start("basic.neverSettle")

    assert runtime.invoke("under-test", None).error["errorType"] == "Runtime.NodeJsExit"
    assert runtime.invoke("under-test", None).init_duration is None


def test_an_invocation_that_takes_too_long_is_a_timeout(start):
    runtime = start("basic.waitForEver", timeout=0.5)
    invocation = runtime.invoke("under-test", None)

    assert list(invocation.error) == ["errorMessage"]
    assert invocation.error["errorMessage"].endswith(f"{invocation.request_id} Task timed out after 0.50 seconds")
    assert texts(invocation)[0].endswith("\tINFO\twaiting")
    assert texts(invocation)[1:] == [invocation.error["errorMessage"]]
    assert runtime.invoke("under-test", None).init_duration is not None


@pytest.mark.parametrize(("handler", "event"), [("basic.allocate", 400), ("basic.fillHeap", None)])
def test_memory_over_the_limit_ends_the_worker(run, handler, event):
    error = run(handler, event).error

    assert error["errorType"] == "Runtime.ExitError"
    assert re.search("signal: (killed|aborted)", error["errorMessage"])


def test_garbage_is_collected_within_the_limit(run):
    assert run("basic.makeGarbage", 100).ok


def test_a_response_that_is_too_large_is_an_error(start):
    runtime = start("basic.textOfLength", memory=256)

    assert runtime.invoke("under-test", MAX_PAYLOAD - 2).ok
    assert runtime.invoke("under-test", MAX_PAYLOAD - 1).error["errorType"] == "Function.ResponseSizeTooLarge"
    assert runtime.invoke("under-test", 1).result == "x"


# Handlers that call back, up to Node.js 22


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        ("basic.callBack", "event"),
        ("basic.callBackTwice", "first"),
        ("basic.neverCallBack", None),
        ("basic.returnWithoutPromise", None),
        ("basic.succeed", "event"),
    ],
)
def test_a_handler_that_is_no_async_function(start, handler, result):
    runtime = start(handler)

    assert [runtime.invoke("under-test", "event").result for _ in range(2)] == [result, result]


@pytest.mark.parametrize(("waits", "lines"), [(True, ["the loop went on"]), (False, [])])
def test_a_callback_waits_until_nothing_is_left_to_do(run, waits, lines):
    invocation = run("basic.callBackAndGoOn", {"waits": waits})

    assert invocation.result == "called back"
    assert [text.rpartition("\t")[2] for text in texts(invocation)] == lines


def test_there_are_no_callbacks_since_node_24(run):
    error = run("basic.callBack", runtime="nodejs24.x").error

    assert error["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert "async function" in error["errorMessage"]
    assert run("basic.succeed", runtime="nodejs24.x").error["errorType"] == "TypeError"
    assert run("basic.returnWithoutPromise", "event", runtime="nodejs24.x").result == "event"


# What works


@pytest.mark.parametrize("event", [None, {"text": "žluťoučký 🐎"}, [1.5, True, None], "x" * 3_000_000])
def test_the_result_is_what_the_handler_returned(run, event):
    invocation = run("basic.echo", event, memory=256)

    assert (invocation.result, invocation.error) == (event, None)
    assert 0 < invocation.peak_memory <= 256


def test_nothing_returned_is_null(run):
    assert run("basic.nothing").result is None


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("esm.handler", "mjs"),
        ("common.handler", "cjs"),
        ("src/index.handler", "nested"),
        ("./src/index.handler", "nested"),
        ("modules/index.handler", "type module"),
    ],
)
def test_modules_of_each_kind_are_loaded(run, handler, kind):
    result = run(handler, {"a": 1}).result

    assert (result["kind"], result["event"]) == (kind, {"a": 1})


def test_a_handler_may_be_nested_in_an_export(run):
    assert run("basic.inner.most.echo", 1).result == 1


def test_packages_in_node_modules_are_found(run, module):
    source = 'import pad, { word } from "left-pad";\nexport const handler = async () => [pad, word];'
    package = 'exports.word = "named"; exports.default = "default";'
    options = module(source, "written.mjs", **{"node_modules__left-pad__index.js": package})

    assert run(**options).result == [{"word": "named", "default": "default"}, "named"]


def test_the_context_is_lambdas(run):
    invocation = run("basic.wholeContext", memory=256, timeout=20)

    context = invocation.result
    assert 19_000 < context.pop("remaining") <= 20_000
    assert context.pop("traceId").startswith("Root=1-")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", context.pop("logStreamName"))
    assert context == {
        "awsRequestId": invocation.request_id,
        "callbackWaitsForEmptyEventLoop": True,
        "functionName": "under-test",
        "functionVersion": "$LATEST",
        "invokedFunctionArn": "arn:aws:lambda:eu-central-1:000000000000:function:under-test",
        "logGroupName": "/aws/lambda/under-test",
        "memoryLimitInMB": "256",
    }


def test_the_environment_is_lambdas_and_nothing_of_the_developers(run, monkeypatch):
    monkeypatch.setenv("DEVELOPERS_SECRET", "s3cret")
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")
    own = {"API_HOST": "http://localhost:8420", "_HANDLER": "other.handler", "PYTHONPATH": "/mine"}

    seen = run("basic.environment", environment=own).result

    variables = seen["variables"]
    assert "DEVELOPERS_SECRET" not in variables
    assert variables["API_HOST"] == "http://localhost:8420"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs20.x"
    assert (variables["_HANDLER"], variables["PYTHONPATH"]) == ("basic.environment", "/mine")
    assert variables["LAMBDA_TASK_ROOT"] == seen["workingDirectory"] == str(NODE)
    assert (seen["homeFiles"], seen["offset"]) == ([], 0)


def test_options_of_node_are_the_functions_own(run, module):
    options = module(
        'exports.handler = async () => require("node:v8").getHeapStatistics().heap_size_limit / 1024 / 1024;'
    )

    assert run(**options, memory=512).result < 600
    environment = {"NODE_OPTIONS": "--max-old-space-size=900"}
    assert run(**options, memory=512, environment=environment).result > 800


def test_a_warm_worker_is_used_again(start):
    runtime = start("basic.processId")

    first, *others = [runtime.invoke("under-test", None) for _ in range(5)]

    assert [other.result for other in others] == [first.result] * 4
    assert [other.init_duration for other in others] == [None] * 4


def test_a_worker_that_ended_while_idle_is_replaced(start):
    runtime = start("basic.processId")
    first = runtime.invoke("under-test", None).result
    [idle] = runtime._pool("under-test")._idle
    os.kill(first, signal.SIGKILL)
    assert idle._exited.wait(10)

    assert runtime.invoke("under-test", None).result != first


# What is logged


def test_output_of_every_kind_is_logged(start):
    runtime = start("logs.everything")
    first, second = (runtime.invoke("under-test", None) for _ in range(2))

    lines = [re.sub(STAMP, "<time>", text) for text in texts(first)]
    assert lines[0] == "<time>\tundefined\tINFO\tmodule loaded"
    expected = [
        "INFO\tone\ntwo",
        "INFO\tthree { a: 1 } [ 2 ]",
        "WARN\twith arguments",
        "ERROR\tError: told",
        "DEBUG\tžluťoučký 🐎",
    ]
    of_first = [line.removeprefix(f"<time>\t{first.request_id}\t") for line in lines[1:6]]
    assert [line.partition("\n    at ")[0] for line in of_first] == expected
    assert lines[6:] == ["to stderr", "no newline"]
    assert len(second.logs) == len(first.logs) - 1
    assert second.request_id in second.logs[0].text


def test_logs_in_json_are_json_lines(run):
    lines = texts(run("logs.everything", log_format="JSON", log_level="WARN"))

    warned, failed = json.loads(lines[0]), json.loads(lines[1])
    assert (warned["level"], warned["message"], len(lines)) == ("WARN", "with arguments", 4)
    assert (failed["level"], failed["message"]["errorType"]) == ("ERROR", "Error")
    assert failed["message"]["stackTrace"][0] == "Error: told"
    assert json.loads(texts(run("logs.circular", log_format="JSON"))[1])["message"].startswith("<ref *1>")
    refused = json.loads(texts(run("basic.refuse", "no", log_format="JSON"))[0])
    assert refused["message"]["errorType"] == "OrderRefusedError"


def test_ten_thousand_lines_are_logged_in_order(run):
    invocation = run("logs.many", {"token": "line", "count": 10_000})

    assert [text.rpartition("\t")[2] for text in texts(invocation)[1:]] == [
        f"line {number}" for number in range(10_000)
    ]


def test_a_line_longer_than_the_pipe_is_logged_completely(run):
    assert texts(run("logs.longLine", 1_000_000))[1].endswith("\t" + "x" * 1_000_000)


def test_the_last_line_of_a_process_is_logged(run):
    assert texts(run("logs.lastWords"))[-1] == "19999"


def test_lines_of_a_process_that_makes_the_pipe_non_blocking(start, module):
    source = (
        "exports.handler = async (count) => {\n  process.stdout._handle.setBlocking(false);\n"
        "  for (let n = 0; n < count; n += 1) process.stdout.write(`${n}\\n`);\n"
        "  await new Promise((done) => process.stdout.write('', done));\n};"
    )
    runtime = start(**module(source))

    for _ in range(3):
        assert texts(runtime.invoke("under-test", 30_000)) == [str(number) for number in range(30_000)]


def test_lines_of_concurrent_invocations_do_not_mix(start):
    runtime = start("logs.many", concurrency=3)
    tokens = [f"token-{number}" for number in range(9)]

    with ThreadPoolExecutor(6) as threads:
        events = [{"token": token, "count": 50} for token in tokens]
        invocations = list(threads.map(lambda event: runtime.invoke("under-test", event), events))

    for token, invocation in zip(tokens, invocations, strict=True):
        lines = [text for text in texts(invocation) if "module loaded" not in text]
        assert [line.rpartition("\t")[2] for line in lines] == [f"{token} {number}" for number in range(50)]
        assert all(invocation.request_id in line for line in lines)


def test_the_parts_of_a_cold_start_are_measured(start, module):
    slow = "const until = Date.now() + 200; while (Date.now() < until);\n"
    source = f"{slow}exports.handler = async () => process.argv.length;"
    runtime = start(**module(source))
    cold, warm = runtime.invoke("under-test", None), runtime.invoke("under-test", None)
    assert cold.result == 2
    assert cold.init_parts()["import_ms"] >= 200
    assert sum(cold.init_parts().values()) == pytest.approx(cold.init_duration * 1000, abs=0.2)
    assert warm.init_parts() is None
