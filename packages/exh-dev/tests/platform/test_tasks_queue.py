import asyncio
import json

import pytest
from local_app import LocalApp, local_app
from people import person
from uploads import code, upload
from waiting import wait_for

from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks.runner import NotInvocableError, OwnFunction, Runner
from exh_dev.runtime import Function
from exh_dev.serve.local_platform import LocalPlatform

TASKS = "/tasks/v1"


@pytest.fixture
def app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def queue(app, **members):
    answer = app.as_user("POST", TASKS, json={"functionName": "analyze", **members})
    assert answer.status_code == 200, answer.text
    return answer.json()


def tasks(app, query=""):
    return app.as_user("GET", f"{TASKS}/?{query}").json()["data"]


def task(app, made):
    (found,) = tasks(app, f"eq(id,{made['id']})")
    return found


def failures(app):
    return [each["content"] for each in app.store.matching("events", EVERYTHING) if each["type"] == "task_failed"]


def test_a_new_task_is_stored_with_its_defaults(app):
    upload(app, executionOptions={"defaultPriority": 4})
    made = queue(app, data={"a": [1]}, tags=["x"])
    assert set(made) == {
        *("id", "functionName", "status", "statusChangedTimestamp", "data", "tags", "startTimestamp", "priority"),
        *("createdByApplicationId", "createdByUserId", "creationTimestamp", "updateTimestamp"),
    }
    assert (made["status"], made["priority"], made["startTimestamp"]) == ("new", 4, "2023-11-14T22:13:20.000Z")
    assert task(app, made) == made
    assert queue(app, priority=-3)["priority"] == -3
    assert "data" not in queue(app)


def test_a_task_that_is_due_runs_to_its_end(app):
    upload(app)
    made = queue(app, data={"a": 1})
    app.now += 1
    app.settle()
    ended = task(app, made)
    assert ended == {
        **made,
        "status": "complete",
        "statusChangedTimestamp": "2023-11-14T22:13:21.000Z",
        "updateTimestamp": "2023-11-14T22:13:21.000Z",
    }
    app.settle()
    assert task(app, made) == ended


def test_a_task_waits_for_its_start(app):
    upload(app)
    made = queue(app, startTimestamp="2023-11-14T23:13:30+01:00")
    assert made["startTimestamp"] == "2023-11-14T22:13:30.000Z"
    app.now += 9.999
    app.settle()
    assert task(app, made)["status"] == "new"
    app.now += 0.001
    app.settle()
    assert task(app, made)["status"] == "complete"


def test_a_function_gets_its_task_in_progress(app):
    upload(
        app, code=code({"main.py": "def handler(event, context): raise ValueError(__import__('json').dumps(event))"})
    )
    made = queue(app, data={"a": 1}, tags=["x"])
    app.settle()
    event = json.loads(task(app, made)["error"]["message"])
    assert event == {**made, "status": "inProgress"}


def test_priority_then_start_then_creation_and_five_at_once(app, monkeypatch):
    begun, running, most = [], 0, 0

    async def invoke(_, function, event, kind):
        nonlocal running, most
        begun.append(event["data"]["n"])
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        raise NotInvocableError(function["name"])

    monkeypatch.setattr(Runner, "invoke", invoke)
    upload(app)
    late = "2023-11-14T22:13:20.500Z"
    for n, members in enumerate([{"startTimestamp": late}, {}, {"priority": 1, "startTimestamp": late}, *[{}] * 9]):
        queue(app, data={"n": n}, **members)
        app.now += 0.01
    app.now += 1
    app.settle()
    assert (begun, most) == ([2, 1, *range(3, 12), 0], 5)


def test_a_failure_is_published(app):
    upload(app)
    made = queue(app, data={"error": "ValueError"})
    app.settle()
    ended = task(app, made)
    assert ended["status"] == "failed"
    assert ended["error"] == {"type": "runtime", "name": "ValueError", "message": "as told"}
    assert failures(app) == [{"id": made["id"], "functionName": "analyze", "error": ended["error"]}]


def test_a_failed_task_is_tried_three_times_more(app):
    upload(app, retryPolicy={"enabled": True})
    made = queue(app, data={"error": "ValueError"}, tags=["x"], priority=2)
    chain = [made["id"]]
    for delay in (2, 5, 10):
        app.settle()
        before = task(app, {"id": chain[-1]})
        assert (before["status"], before["error"]["name"]) == ("retried", "ValueError")
        retry = task(app, {"id": before["retriedByTaskId"]})
        assert retry["retryForTaskIds"] == chain
        kept = ("functionName", "data", "tags", "priority", "createdByUserId", "createdByApplicationId")
        assert {name: retry[name] for name in kept} == {name: made[name] for name in kept}
        assert "error" not in retry
        assert "retriedByTaskId" not in retry
        chain.append(retry["id"])
        app.now += delay - 0.001
        app.settle()
        assert task(app, retry)["status"] == "new"
        app.now += 0.001
    app.settle()
    assert task(app, {"id": chain[-1]})["status"] == "failed"
    assert [each["id"] for each in failures(app)] == [chain[-1]]
    assert len(tasks(app)) == 4


@pytest.mark.parametrize(
    ("errors", "data", "status"),
    [
        (["ValueError"], {"error": "ValueError"}, "retried"),
        (["valueerror", "KeyError"], {"error": "ValueError"}, "failed"),
        ([], {"error": "KeyError"}, "retried"),
        (["Runtime.ExitError"], {"exit": 3}, "retried"),
    ],
)
def test_the_policy_names_the_errors(app, errors, data, status):
    upload(app, retryPolicy={"enabled": True, "errorsToRetry": errors})
    made = queue(app, data=data)
    app.settle()
    assert task(app, made)["status"] == status


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda app: app.as_user("DELETE", "/tasks/v1/functions/analyze"), "no function analyze"),
        (lambda app: app.as_user("POST", "/tasks/v1/functions/analyze/disable"), "disabled"),
        (lambda app: app.as_user("PUT", "/tasks/v1/functions/analyze", json={"runtime": "java21"}), "java21"),
    ],
)
def test_what_cannot_run_fails_and_is_not_tried_again(app, change, reason):
    upload(app, retryPolicy={"enabled": True})
    made = queue(app)
    assert change(app).status_code == 200
    app.settle()
    error = task(app, made)["error"]
    assert (error["type"], set(error)) == ("invocation", {"type", "message"})
    assert reason in error["message"]
    assert len(failures(app)) == 1


def test_a_module_that_cannot_be_imported_is_an_error_of_the_runtime(app):
    upload(app, entryPoint="nowhere.handler")
    made = queue(app)
    app.settle()
    assert task(app, made)["error"]["name"] == "Runtime.ImportModuleError"


def test_only_a_new_task_can_be_canceled(app, refused):
    upload(app)
    made = queue(app, startTimestamp="2030-01-01T00:00:00.000Z")
    assert app.as_user("POST", f"{TASKS}/{made['id']}/cancel").json() == {"affectedRecords": 1}
    assert task(app, made)["status"] == "canceled"
    refused(app.as_user("POST", f"{TASKS}/{made['id']}/cancel"), 400, 27, "ILLEGAL_STATE_EXCEPTION")
    refused(app.as_user("POST", f"{TASKS}/{'0' * 24}/cancel"), 404, 16, "RESOURCE_UNKNOWN_EXCEPTION")
    refused(app.as_user("POST", f"{TASKS}/nonsense/cancel"), 400, 12, "ID_FORMAT_EXCEPTION")
    app.now += 1e9
    app.settle()
    assert task(app, made)["status"] == "canceled"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"functionName": None}, 14),
        ({"data": [1]}, 15),
        ({"data": {"a": "x" * 256_000}}, 15),
        ({"tags": "x"}, 15),
        ({"priority": 1.5}, 15),
        ({"priority": 2**53}, 15),
        ({"startTimestamp": "soon"}, 15),
        ({"startTimestamp": 5}, 15),
        ({"startTimestamp": "0001-01-01"}, 15),
    ],
)
def test_an_invalid_task_is_refused(app, members, code):
    answer = app.as_user("POST", TASKS, json={"functionName": "analyze", **members})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert tasks(app) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "permission", "status"),
    [
        ("GET", f"/{'0' * 24}/logs", None, "VIEW_TASK_LOGS", 404),
        ("GET", "/schedules", None, "VIEW_TASK_SCHEDULES", 200),
        ("POST", "/schedules", {"functionName": "f", "interval": 60}, "CREATE_TASK_SCHEDULE", 200),
        ("DELETE", f"/schedules/{'0' * 24}", None, "DELETE_TASK_SCHEDULE", 404),
        ("GET", "/apiRequests", None, "VIEW_API_FUNCTION_REQUESTS", 200),
        ("GET", f"/apiRequests/{'0' * 24}/logs", None, "VIEW_API_FUNCTION_REQUEST_LOGS", 404),
    ],
)
def test_logs_schedules_and_requests_need_their_permissions(app, refused, method, path, body, permission, status):
    refused(app.as_application(method, TASKS + path, json=body), 401, 104, "USER_NOT_AUTHENTICATED_EXCEPTION")
    refused(app.as_user(method, TASKS + path, token=person(app), json=body), 401, 10, "NO_PERMISSION_EXCEPTION")
    assert app.as_user(method, TASKS + path, token=person(app, permission), json=body).status_code == status


# Logs


def test_the_log_of_a_task_is_listed_and_queried(app, refused):
    upload(app)
    made = queue(app)
    logs = f"{TASKS}/{made['id']}/logs"
    refused(app.as_user("GET", logs), 400, 27, "ILLEGAL_STATE_EXCEPTION")
    app.settle()
    answer = app.as_user("GET", logs).json()
    assert answer["page"] == {"offset": 0, "limit": 100}
    messages = [line["message"] for line in answer["data"]]
    assert messages[1] == "working\n"
    assert [message.split()[0] for message in messages] == ["START", "working", "END", "REPORT"]
    marker = answer["data"][-1]["timestamp"]
    later = app.as_user("GET", f"{logs}?timestamp>={marker}").json()["data"]
    assert later == [line for line in answer["data"] if line["timestamp"] >= marker]
    assert app.as_user("GET", f"{logs}?ge(timestamp,2100-01-01)").json()["data"] == []
    for query in ("eq(message,x)", "ge(message,2020-01-01)", "ge(timestamp,x)", "ge(timestamp", "limit(1)"):
        refused(app.as_user("GET", f"{logs}?{query}"), 400, 19, "INVALID_RQL_EXCEPTION")


def test_the_log_of_a_task_is_read_by_its_index_whatever_others_have_logged(app):
    upload(app)
    made = queue(app)
    app.settle()
    connection, asked = app.store._connection, []
    connection.set_trace_callback(asked.append)
    app.as_user("GET", f"{TASKS}/{made['id']}/logs")
    connection.set_trace_callback(None)
    plans = [str(list(connection.execute(f"EXPLAIN QUERY PLAN {query}"))) for query in asked if "task_logs" in query]
    assert plans
    assert all("USING INDEX task_logs_of" in plan for plan in plans)


def test_the_log_of_a_task_without_lines_is_refused(app, refused):
    made = queue(app)
    app.settle()
    refused(app.as_user("GET", f"{TASKS}/{made['id']}/logs"), 400, 1408, "NO_TASK_LOGS_FOUND")


def test_the_log_of_a_function_needs_a_day(app, refused):
    upload(app)
    queue(app)
    app.settle()
    logs = f"{TASKS}/functions/analyze/logs"
    (day,) = {line["timestamp"][:10] for line in app.store.matching("task_logs", EVERYTHING)}
    span = f"eventTimestamp>={day}T00:00:00Z&eventTimestamp<={day}T23:59:59Z"
    lines = app.as_user("GET", f"{logs}?{span}").json()["data"]
    assert (lines[1]["message"], set(lines[1])) == ("working\n", {"message", "eventTimestamp"})
    for query in ("", "eventTimestamp>=2020-01-01", "eventTimestamp>=2020-01-01&eventTimestamp<=2020-01-03"):
        refused(app.as_user("GET", f"{logs}?{query}"), 400, 19, "INVALID_RQL_EXCEPTION")


# Schedules


def test_a_schedule_without_a_start_starts_now(app):
    body = {"functionName": "analyze", "interval": 60}
    made = app.as_user("POST", f"{TASKS}/schedules", json=body).json()
    assert made["startTimestamp"] == made["nextTimestamp"] == "2023-11-14T22:13:20.000Z"
    assert app.as_user("GET", f"{TASKS}/schedules").json()["data"] == [made]


def test_a_schedule_makes_a_task_each_time(app):
    upload(app)
    body = {"functionName": "analyze", "interval": 60, "data": {"a": 1}, "priority": 2}
    made = app.as_user("POST", f"{TASKS}/schedules", json={**body, "startTimestamp": "2023-11-14T22:13:30Z"}).json()
    assert made == {
        "id": made["id"],
        **body,
        "startTimestamp": "2023-11-14T22:13:30.000Z",
        "nextTimestamp": "2023-11-14T22:13:30.000Z",
        "creationTimestamp": "2023-11-14T22:13:20.000Z",
        "updateTimestamp": "2023-11-14T22:13:20.000Z",
    }
    app.settle()
    assert tasks(app) == []
    for seconds, starts in ((10, 30), (59, None), (1, 90), (600, 690)):  # the last after a long pause
        app.now += seconds
        known = len(tasks(app))
        app.settle()
        assert len(tasks(app)) == known + (starts is not None)
        if starts:
            last = tasks(app)[-1]
            assert (last["status"], last["data"], last["priority"]) == ("complete", {"a": 1}, 2)
            assert last["createdByUserId"] == app.first.user_id
    (listed,) = app.as_user("GET", f"{TASKS}/schedules").json()["data"]
    assert listed["nextTimestamp"] == "2023-11-14T22:25:30.000Z"
    assert set(listed) == set(made)
    assert app.as_user("DELETE", f"{TASKS}/schedules/{made['id']}").json() == {"affectedRecords": 1}
    app.now += 600
    app.settle()
    assert len(tasks(app)) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"functionName": "f"}, 14),
        ({"interval": 60}, 14),
        ({"functionName": "f", "interval": 0}, 15),
        ({"functionName": "f", "interval": "60"}, 15),
        ({"functionName": "f", "interval": 1e300}, 15),
        ({"functionName": "f", "interval": 60, "startTimestamp": "x"}, 15),
        ({"functionName": "f", "interval": 60, "priority": "x"}, 15),
    ],
)
def test_an_invalid_schedule_is_refused(app, body, code):
    assert app.as_user("POST", f"{TASKS}/schedules", json=body).json()["code"] == code


# While a server runs


def own(tmp_path, text, name="own"):
    (tmp_path / f"{name}.py").write_text(text)
    return OwnFunction(Function(name, f"{name}.handler", tmp_path), retry_policy={"enabled": True})


def client(platform):
    from extrahorizon.client import ExtraHorizon
    from extrahorizon.credentials import Credentials

    first = platform.credentials
    keys = Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
    return ExtraHorizon(keys).session.call


@pytest.mark.slow
def test_a_served_platform_runs_tasks_by_itself_and_time_can_be_fast(tmp_path):
    with LocalPlatform(pace=1000) as platform:
        platform.start([own(tmp_path, "def handler(event, context): raise KeyError")])
        call = client(platform)
        call("POST", "/tasks/v1/", json={"functionName": "own"})
        wait_for(lambda: call("GET", "/tasks/v1/?eq(status,failed)")["page"]["total"], seconds=20)
        assert call("GET", "/tasks/v1/?eq(status,retried)")["page"]["total"] == 3


def test_tasks_that_were_running_when_the_platform_stopped_have_failed(tmp_path):
    began = tmp_path / "began"
    sleeper = own(
        tmp_path,
        f"import time\ndef handler(event, context):\n    open({str(began)!r}, 'w').close()\n    time.sleep(60)",
    )
    with LocalPlatform(data_dir=tmp_path / "data") as platform:
        platform.start([sleeper])
        made = client(platform)("POST", "/tasks/v1/", json={"functionName": "own"})
        wait_for(began.exists, seconds=20)
    store = Store(tmp_path / "data" / "platform.db")
    assert store.get("tasks", made["id"])["status"] == "inProgress"
    app = LocalApp(store, folder=tmp_path)
    ended = store.get("tasks", made["id"])
    assert (ended["status"], ended["error"]["type"], ended["error"]["name"]) == (
        "failed",
        "invocation",
        "zombieTaskCleaned",
    )
    assert [each["id"] for each in failures(app)] == [made["id"]]
    app.close()
    store.close()
