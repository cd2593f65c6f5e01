import asyncio
import base64
import json
import shutil

import httpx
import pytest
from local_app import HOST, LocalApp, local_app
from people import person
from uploads import code, upload

from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store

EXECUTE = "/tasks/v1/functions/analyze/execute"
API = "/tasks/v1/api/analyze"
ECHO = """
def handler(event, context):
    print("called")
    if "/raise" in event["rawPath"]:
        raise ValueError("as told")
    if "/exit" in event["rawPath"]:
        import os
        os._exit(1)
    return {"statusCode": 200, "body": event}
"""
ANSWER = """
import json
def handler(event, context):
    return json.loads(event["body"])
"""


@pytest.fixture
def app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def only_task(app):
    (task,) = app.as_user("GET", "/tasks/v1").json()["data"]
    return task


# Direct execution


def test_a_direct_execution_answers_the_task_and_its_result(app):
    upload(app, executionOptions={"defaultPriority": 3})
    answer = app.as_user("POST", EXECUTE, json={"data": {"a": 1}}).json()
    result = answer.pop("result")
    assert answer == only_task(app)
    assert (answer["status"], answer["priority"], answer["data"]) == ("complete", 0, {"a": 1})
    assert result == {"version": 1, "event": {**answer, "status": "inProgress"}}


def test_a_body_is_not_needed_and_nothing_returned_is_null(app):
    upload(app, code=code({"main.py": "def handler(event, context): assert 'data' not in event"}))
    assert app.as_user("POST", EXECUTE).json()["result"] is None
    assert app.as_user("POST", EXECUTE, json={}).json()["result"] is None


@pytest.mark.slow
def test_an_error_of_the_function_is_1406(app, refused):
    upload(app, retryPolicy={"enabled": True})
    body = refused(
        app.as_user("POST", EXECUTE, json={"data": {"error": "ValueError"}}), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION"
    )
    assert body["runtimeError"] == {"name": "ValueError", "message": "as told"}
    task = only_task(app)
    assert (task["id"], task["status"]) == (body["taskId"], "failed")
    assert app.store.count("events", EVERYTHING) == 1


def test_a_function_of_another_language_is_1405(app, refused):
    upload(app, runtime="java21")
    body = refused(app.as_user("POST", EXECUTE), 400, 1405, "LAMBDA_INVOCATION_EXCEPTION")
    assert "java21" in body["runtimeError"]["message"]
    assert only_task(app)["error"]["type"] == "invocation"


def test_a_long_time_limit_is_refused(app, refused):
    upload(app, timeLimit=31)
    name = "TIME_LIMIT_EXCEEDS_DIRECT_EXECUTION_MAXIMUM_EXCEPTION"
    refused(app.as_user("POST", EXECUTE), 400, 1404, name)
    name = "TIME_LIMIT_EXCEEDS_API_FUNCTION_MAXIMUM_EXCEPTION"
    refused(app.as_user("GET", API), 400, 1411, name)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "permission"), [(EXECUTE, "EXECUTE_TASK_FUNCTION"), (API, "EXECUTE_API_FUNCTION")])
def test_a_function_is_executed_by_its_permission_mode(app, refused, path, permission):
    answering = code({"main.py": "def handler(event, context): return {'statusCode': 200}"})
    upload(app, code=answering)
    nobody, stranger = app.send, person(app)
    refused(nobody(None, "POST", path), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user("POST", path, token=stranger), 401, 10, "NO_PERMISSION_EXCEPTION")
    refused(app.as_user("POST", path, token=person(app, f"{permission}:other")), 401, 10, "NO_PERMISSION_EXCEPTION")
    for granted in (permission, f"{permission}:analyze"):
        assert app.as_user("POST", path, token=person(app, granted)).status_code == 200
    app.as_user("PUT", "/tasks/v1/functions/analyze", json={"executionOptions": {"permissionMode": "allUsers"}})
    refused(app.as_application("POST", path), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    assert app.as_user("POST", path, token=stranger).status_code == 200
    app.as_user("PUT", "/tasks/v1/functions/analyze", json={"executionOptions": {"permissionMode": "public"}})
    assert nobody(None, "POST", path).status_code == 200


@pytest.mark.slow
def test_functions_run_at_once_up_to_a_limit(app):
    sleep = code({"main.py": "import time\ndef handler(event, context): time.sleep(0.4); return {'statusCode': 200}"})
    upload(app, code=sleep, executionOptions={"permissionMode": "public"})

    async def together(number, path):
        async with httpx.AsyncClient(transport=app._transport, base_url=HOST) as client:
            answers = await asyncio.gather(*(client.post(path) for _ in range(number)))
        return sorted(answer.json()["code"] for answer in answers if answer.status_code == 400)

    assert asyncio.run(together(7, EXECUTE)) == [1403, 1403]
    assert asyncio.run(together(11, API)) == [1412]


@pytest.mark.parametrize(("body", "code"), [("[]", 22), ("{", 22), ('{"data": 1}', 15)])
def test_a_direct_execution_with_invalid_data_is_refused(app, body, code):
    upload(app)
    answer = app.as_user("POST", EXECUTE, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


# API functions


def test_the_event_of_an_api_function(app):
    upload(app, code=code({"main.py": ECHO}))
    headers = {"X-Test": "a", "X-Exh-Requesting-User-Id": "evil", "x-exh-requesting-else": "evil"}
    event = app.as_user("POST", f"{API}/a/b?x=1&y", json={"a": 1}, headers=headers).json()
    assert {name: value for name, value in event.items() if name != "headers"} == {
        "version": "2.0",
        "rawPath": "/a/b",
        "rawQueryString": "?x=1&y",
        "requestContext": {"http": {"method": "POST"}},
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }
    assert event["headers"]["x-test"] == "a"
    assert event["headers"]["content-type"] == "application/json"
    assert "evil" not in event["headers"].values()
    assert event["headers"]["x-exh-requesting-user-id"] == app.first.user_id
    assert event["headers"]["x-exh-requesting-application-id"] == app.first.application_id


@pytest.mark.slow
def test_a_public_call_without_a_path(app):
    upload(app, code=code({"main.py": ECHO}), executionOptions={"permissionMode": "public"})
    spoofed = [("x-exh-requesting-user-id", "evil"), ("x-a", "1"), ("X-A", "2")]

    async def call():
        async with httpx.AsyncClient(transport=app._transport, base_url=HOST) as client:
            return (await client.get(API, headers=spoofed)).json()

    event = asyncio.run(call())
    assert (event["rawPath"], event["rawQueryString"], event["isBase64Encoded"]) == ("/", "", False)
    assert "body" not in event
    assert event["headers"]["x-a"] == "1,2"
    assert not [name for name in event["headers"] if name.startswith("x-exh-requesting")]
    headers = app.as_application("GET", API).json()["headers"]
    callers = {name: value for name, value in headers.items() if name.startswith("x-exh-requesting")}
    assert callers == {"x-exh-requesting-application-id": app.first.application_id}


def test_the_path_arrives_as_it_was_sent(app):
    upload(app, code=code({"main.py": ECHO}), executionOptions={"permissionMode": "public"})
    assert app.send(None, "GET", f"{API}/a%20b%2Fc/d/").json()["rawPath"] == "/a%20b%2Fc/d/"


def test_a_body_that_is_no_text_comes_in_base64(app):
    upload(app, code=code({"main.py": ECHO}))
    for content, content_type in ((b"\xff\x00", "text/plain"), (b"abc", "application/octet-stream")):
        event = app.as_user("PUT", API, content=content, headers={"content-type": content_type}).json()
        assert event["isBase64Encoded"] is True
        assert base64.b64decode(event["body"]) == content


def test_an_api_function_is_called_by_each_method(app):
    upload(app, code=code({"main.py": ECHO}))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = app.as_user(method, API)
        assert (answer.status_code, answer.json()["requestContext"]["http"]["method"]) == (200, method)
    answer = app.as_user("HEAD", API)
    assert (answer.status_code, answer.content) == (200, b"")


def test_another_method_is_no_endpoint(app):
    answer = app.as_user("TRACE", API)
    assert (answer.status_code, answer.json()["name"]) == (404, "ENDPOINT_EXCEPTION")


def answered(app, result):
    return app.as_user("POST", API, content=json.dumps(result))


ANSWERS = [
    ({"statusCode": 200}, 200, b"", "application/json"),
    ({"statusCode": 499, "body": "x"}, 499, b"x", "application/json"),
    ({"statusCode": 201.0, "body": {"a": "é"}}, 201, '{"a":"é"}'.encode(), "application/json"),
    ({"statusCode": 200, "body": [1]}, 200, b"[1]", "application/json"),
    ({"statusCode": 200, "body": 1.5}, 200, b"1.5", "application/json"),
    ({"statusCode": 200, "body": None, "headers": None}, 200, b"", "application/json"),
    ({"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<p>"}, 200, b"<p>", "text/html"),
    ({"statusCode": 200, "isBase64Encoded": True, "body": "/wA="}, 200, b"\xff\x00", "application/json"),
    ({"statusCode": 204, "body": "x"}, 204, b"", "application/json"),
]


def test_what_a_function_returns_is_answered(app):
    upload(app, code=code({"main.py": ANSWER}))
    for result, *expected in ANSWERS:
        answer = answered(app, result)
        assert [answer.status_code, answer.content, answer.headers["content-type"]] == expected, result


def test_headers_are_answered_but_for_the_servers_own(app):
    upload(app, code=code({"main.py": ANSWER}))
    headers = {"X-A": 'b; c="d"', "Content-Length": "99", "Connection": "close", "Transfer-Encoding": "chunked"}
    answer = answered(app, {"statusCode": 200, "body": "abc", "headers": headers})
    assert (answer.headers["x-a"], answer.headers["content-length"]) == ('b; c="d"', "3")
    assert not {"connection", "transfer-encoding"} & set(answer.headers)


NO_ANSWERS = [
    *({"statusCode": status} for status in (199, 500, "200", None, True, 200.5)),
    *({}, [], "text", None, 200),
    {"statusCode": 200, "headers": []},
    {"statusCode": 200, "headers": {"X": 1}},
    {"statusCode": 200, "headers": {"X Y": "1"}},
    {"statusCode": 200, "headers": {"": "1"}},
    {"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}},
    {"statusCode": 200, "headers": {"X": "é"}},
    {"statusCode": 200, "isBase64Encoded": True, "body": "no base64!"},
    {"statusCode": 200, "isBase64Encoded": True, "body": {}},
    {"statusCode": 200, "isBase64Encoded": True},
    {"statusCode": 200, "isBase64Encoded": "true", "body": ""},
]


@pytest.mark.slow
def test_what_cannot_be_answered_is_1409(app):
    upload(app, code=code({"main.py": ANSWER}))
    for result in NO_ANSWERS:
        answer = answered(app, result)
        refusal = answer.status_code, answer.json()["code"], answer.json()["name"]
        assert refusal == (400, 1409, "INVALID_API_FUNCTION_RESULT"), result
    records = app.as_user("GET", "/tasks/v1/apiRequests?limit(50)").json()["data"]
    assert [(each["statusCode"], each["error"]["type"]) for each in records] == [(400, "response")] * len(NO_ANSWERS)


def test_failures_of_an_api_function(app, refused):
    upload(app, code=code({"main.py": ECHO}))
    body = refused(app.as_user("GET", f"{API}/raise"), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")
    assert (body["runtimeError"], "taskId" in body) == ({"name": "ValueError", "message": "as told"}, False)
    body = refused(app.as_user("GET", f"{API}/exit"), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")
    assert body["runtimeError"]["name"] == "Runtime.ExitError"
    app.as_user("PUT", "/tasks/v1/functions/analyze", json={"runtime": "java21"})
    body = refused(app.as_user("GET", API), 400, 1405, "LAMBDA_INVOCATION_EXCEPTION")
    assert "java21" in body["runtimeError"]["message"]
    assert app.as_user("GET", "/tasks/v1").json()["data"] == []  # no task is made
    refused(app.as_user("GET", "/tasks/v1/api/other"), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    app.as_user("POST", "/tasks/v1/functions/analyze/disable")
    refused(app.as_user("GET", API), 400, 27, "ILLEGAL_STATE_EXCEPTION")


@pytest.mark.slow
def test_too_much_in_either_direction_is_1405(app, refused):
    upload(
        app, code=code({"main.py": "def handler(event, context): return {'statusCode': 200, 'body': 'x' * 7_000_000}"})
    )
    refused(app.as_user("POST", API, content=b"x" * 6_500_000), 400, 1405, "LAMBDA_INVOCATION_EXCEPTION")
    refused(app.as_user("POST", API), 400, 1405, "LAMBDA_INVOCATION_EXCEPTION")


def test_the_record_of_a_call_and_its_log(app, refused):
    upload(app, code=code({"main.py": ECHO}))
    app.as_user("GET", f"{API}/a?b=1")
    app.as_user("GET", f"{API}/raise")
    called, raised = app.as_user("GET", "/tasks/v1/apiRequests?sort(timestamp)").json()["data"]
    assert called.pop("duration") >= 0
    assert called == {
        "id": called["id"],
        "functionName": "analyze",
        "method": "GET",
        "path": "/a?b=1",
        "userId": app.first.user_id,
        "applicationId": app.first.application_id,
        "timestamp": "2023-11-14T22:13:20.000Z",
        "statusCode": 200,
    }
    assert raised["error"] == {"type": "runtime", "name": "ValueError", "message": "as told"}
    lines = app.as_user("GET", f"/tasks/v1/apiRequests/{called['id']}/logs").json()["data"]
    assert lines[1]["message"] == "called\n"
    app.as_user("PUT", "/tasks/v1/functions/analyze", json={"runtime": "java21"})
    app.as_user("GET", f"{API}/none")
    (silent,) = app.as_user("GET", "/tasks/v1/apiRequests?eq(path,%252Fnone)").json()["data"]
    logs = f"/tasks/v1/apiRequests/{silent['id']}/logs"
    refused(app.as_user("GET", logs), 400, 1413, "NO_API_REQUEST_LOGS_FOUND_EXCEPTION")


# Half of a surrogate pair: JSON can say it, UTF-8 cannot

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no `node` on the PATH: NOT TESTED")
HALF_ERROR = "exports.handler = async () => { throw new Error('half \\ud83d'); };"
HALF = """
def handler(event, context):
    half = chr(0xD83D)
    if "rawPath" in event:
        body = {"text": half} if event["rawPath"] == "/object" else half
        return {"statusCode": 200, "body": body}
    return {"text": half, half: [half]}
"""


def upload_half(app):
    """Until Python 3.11, AWS's client writes JSON as ASCII, as a function may do itself; later ones end with it."""
    upload(app, code=code({"main.py": HALF}), runtime="python3.11", executionOptions={"permissionMode": "public"})


def upload_half_error(app):
    files = {"index.js": HALF_ERROR}
    upload(app, "raise", code=code(files), runtime="nodejs20.x", entryPoint="index.handler")


def test_a_result_with_a_lone_surrogate_is_answered_as_an_escape(app):
    upload_half(app)
    answer = app.as_user("POST", EXECUTE)
    assert answer.status_code == 200, answer.text
    assert b'"result":{"text":"\\ud83d","\\ud83d":["\\ud83d"]}' in answer.content
    assert only_task(app)["status"] == "complete"


@needs_node
def test_an_error_with_a_lone_surrogate_ends_the_task_as_failed(app, refused):
    upload_half_error(app)
    answer = app.as_user("POST", "/tasks/v1/functions/raise/execute")
    body = refused(answer, 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")
    assert body["runtimeError"] == {"name": "Error", "message": "half ?"}
    task = only_task(app)
    assert (task["status"], task["error"]["message"]) == ("failed", "half ?")


@needs_node
def test_the_queue_ends_tasks_with_a_lone_surrogate_too(app):
    upload_half(app)
    upload_half_error(app)
    for name in ("analyze", "raise"):
        app.as_user("POST", "/tasks/v1", json={"functionName": name})
    app.settle()
    assert {each["status"] for each in app.as_user("GET", "/tasks/v1").json()["data"]} == {"complete", "failed"}


@pytest.mark.slow
@needs_node
def test_the_control_center_shows_and_finds_runs_with_a_lone_surrogate(app):
    upload_half(app)
    upload_half_error(app)
    for name in ("analyze", "raise"):
        app.as_user("POST", f"/tasks/v1/functions/{name}/execute")
    failed, done = app.send(None, "GET", "/_dev/api/runs").json()["data"]
    shown = [app.send(None, "GET", f"/_dev/api/runs/{each['id']}").content for each in (done, failed)]
    assert b'"text":"\\ud83d"' in shown[0]
    assert b'"errorMessage":"half \\ud83d"' in shown[1]
    found = app.send(None, "GET", "/_dev/api/runs?search=half").json()["data"]
    assert [each["id"] for each in found] == [failed["id"]]


def test_a_run_with_a_lone_surrogate_is_copied_from_a_fresh_platform(app):
    upload_half(app)
    app.as_user("POST", EXECUTE)
    (record,) = app.send(None, "GET", "/_dev/api/runs").json()["data"]
    run = app.send(None, "GET", f"/_dev/api/runs/{record['id']}").content
    other = LocalApp(Store())
    assert other.send(None, "POST", "/_dev/api/runs", content=run).status_code == 201
    assert b'"text":"\\ud83d"' in other.send(None, "GET", f"/_dev/api/runs/{record['id']}").content
    other.store.close()


def test_an_api_function_answers_a_lone_surrogate_in_json_as_an_escape(app):
    upload_half(app)
    assert app.send(None, "GET", f"{API}/object").content == b'{"text":"\\ud83d"}'
    assert app.send(None, "GET", f"{API}/text").content == b"?"
