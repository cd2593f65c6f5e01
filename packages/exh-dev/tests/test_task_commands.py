"""`exh-dev tasks` and `exh-dev logs`: what ran on a platform, and what it said."""

import json
import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest
from folder_projects import GREETING, write

from exh_dev.project.project import Project
from exh_dev.remote.activity import LocalCalls
from exh_dev.remote.client import client_of
from exh_dev.remote.logs import ApiRuns, TaskRuns, follow, read
from exh_dev.runtime import logs as runtime_logs
from exh_dev.serve import deploy as served
from exh_dev.serve.local_platform import LocalPlatform

TALKER = """\
import json
import time


def handler(event, context):
    data = event.get("data") or {}
    for number in range(data.get("lines", 0)):
        print(number, flush=True)
        time.sleep(0.0005)
    print(json.dumps({"level": "WARNING", "message": "structured", "answer": 42}), flush=True)
    if data.get("fail"):
        raise LookupError(data["fail"])
    return {"statusCode": 200, "body": "hello"}
"""
API = GREETING["template.yaml"].partition("Resources:\n")[2]
TEMPLATE = GREETING["template.yaml"] + API.replace("HelloWorld", "Answer").replace("hello-world", "answer").replace(
    "kind: task", "kind: api"
)
RETRIED = "kind: task\n        retryPolicy: {enabled: true}"


@pytest.fixture
def here(tmp_path, monkeypatch):
    template = TEMPLATE.replace("kind: task", RETRIED)
    folder = write(tmp_path, {"template.yaml": template, "handlers/hello_world.py": TALKER}, GREETING)
    monkeypatch.chdir(folder)
    return Project(folder)


@pytest.fixture
def cluster(here):
    with LocalPlatform(data_dir=here.data_dir, ephemeral=True, pace=60) as cluster:
        cluster.grant("nobody", [])
        cluster.grant("viewer", ["VIEW_TASKS"])
        cluster.grant("reader", ["VIEW_TASKS", "VIEW_TASK_LOGS"])
        cluster.grant("api-reader", ["VIEW_API_FUNCTION_REQUESTS", "VIEW_API_FUNCTION_REQUEST_LOGS"])
        served.start(cluster, here, pytest.fail)
        yield cluster


@pytest.fixture
def exh(cluster):
    return client_of(cluster.environment())


@pytest.fixture
def run(exh, cluster):
    """Queue a task and wait for its end; its id."""

    def run(function="hello-world", **members):
        task = exh.tasks.create(functionName=function, **members)
        with LocalCalls(cluster.url) as calls:
            assert calls.wait_for_rest(time.monotonic() + 30)
        return task["id"]

    return run


def messages(out):
    return [json.loads(line)["message"] for line in out.splitlines()]


# tasks


@pytest.mark.slow
def test_the_newest_tasks_come_first_without_their_data(run, exh_dev):
    first, second = run(data={"name": "Ada Lovelace"}), run("nothing")
    code, out, lines = exh_dev("tasks")
    newest, oldest = json.loads(out)
    assert (code, newest["id"], oldest["id"], lines) == (0, second, first, [])
    assert (oldest["status"], newest["status"], "Ada" in out) == ("complete", "failed", False)
    assert all("data" not in task for task in (newest, oldest))
    _, out, _ = exh_dev("tasks", "--data", "--function", "hello_world")
    assert [task["data"] for task in json.loads(out)] == [{"name": "Ada Lovelace"}]


@pytest.mark.slow
def test_tasks_are_filtered_by_function_and_status(run, exh, exh_dev):
    run()
    failed = run("nothing")
    waiting = exh.tasks.create(functionName="nothing", startTimestamp="2099-01-01T00:00:00Z")["id"]

    def listed(*arguments):
        return [task["id"] for task in json.loads(exh_dev("tasks", *arguments)[1])]

    assert listed("--function", "nothing") == [waiting, failed]
    assert listed("--function", "nothing", "--status", "failed") == [failed]
    assert listed("--limit", "1") == [waiting]
    assert listed("--function", "none") == []
    for wrong in (["--status", "broken"], ["--limit", "0"]):
        assert exh_dev("tasks", *wrong)[0] == 2


@pytest.mark.slow
def test_tasks_of_several_pages_are_listed(exh, exh_dev):
    for _ in range(120):
        exh.tasks.create(functionName="nothing", startTimestamp="2099-01-01T00:00:00Z")
    ids = [task["id"] for task in json.loads(exh_dev("tasks", "--limit", "110")[1])]
    assert len(set(ids)) == len(ids) == 110


@pytest.mark.slow
def test_the_table_has_attempts_and_the_names_of_errors_but_not_their_messages(run, exh_dev):
    run(data={"fail": "Ada is not well"})
    code, out, _ = exh_dev("tasks", "--table")
    rows = [line.split() for line in out.splitlines()]
    assert (code, rows[0]) == (0, ["Created", "Function", "Status", "Attempt", "Id"])
    assert [(row[2], row[3], *below) for row, below in zip(rows[1::2], rows[2::2], strict=True)] == [
        ("failed", "4", "LookupError"),
        *(("retried", str(attempt), "LookupError") for attempt in (3, 2, 1)),
    ]
    assert "Ada" not in out
    run("nothing")
    assert exh_dev("tasks", "--table", "--limit", "1")[1].split()[-1] == "invocation"
    assert exh_dev("tasks", "--table", "--status", "canceled")[1] == "There are none\n"


# logs


@pytest.mark.slow
def test_lines_of_the_newest_tasks_in_the_order_of_time(run, exh_dev):
    ids = [run(data={"lines": 1}) for _ in range(3)]
    code, out, lines = exh_dev("logs", "HelloWorld", "--tasks", "2")
    entries = [json.loads(line) for line in out.splitlines()]
    assert (code, lines) == (0, [])
    assert [entry["task_id"] for entry in entries] == [ids[1]] * 5 + [ids[2]] * 5
    start, zero, structured, end, report = entries[:5]
    assert start["message"].startswith("START RequestId: ")
    assert {**zero, "timestamp": ""} == {
        "task_id": ids[1], "timestamp": "", "level": "INFO", "function": "hello-world", "message": "0",
    }  # fmt: skip
    assert structured == {"task_id": ids[1], "level": "WARNING", "message": "structured", "answer": 42}
    assert (end["message"][:3], report["message"][:6]) == ("END", "REPORT")


@pytest.mark.slow
def test_every_line_once_however_many_pages_there_are(run, exh_dev):
    run(data={"lines": 350})
    found = [message for message in messages(exh_dev("logs", "hello-world")[1]) if message.isdigit()]
    assert found == [str(number) for number in range(350)]


def test_lines_that_the_platform_cannot_give_are_mentioned(run, exh_dev, here, monkeypatch):
    class StoppedClock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 15, 10, tzinfo=tz)

    monkeypatch.setattr(runtime_logs, "datetime", StoppedClock)
    (here.root / "handlers" / "hello_world.py").write_text(
        "def handler(event, context):\n    print('\\n'.join(map(str, range(500))))\n"
    )
    task = run()
    code, _, (line,) = exh_dev("logs", "hello-world")
    assert code == 0
    assert line["message"] == f"task {task} may have more lines: the platform gives 100 of a millisecond at most"


def test_people_see_time_run_level_and_message(run, exh_dev):
    task = run()
    code, out, _ = exh_dev("logs", "hello-world", "--table")
    start, line, *_ = out.splitlines()
    assert code == 0
    assert start.split()[2:4] == [task, "START"]
    assert line.split()[2:] == [task, "WARNING", "structured", "answer=42"]


def test_an_api_function_has_the_lines_of_its_requests(exh, exh_dev):
    exh.session.request("GET", "/tasks/v1/api/answer/hello")
    code, out, lines = exh_dev("logs", "answer")
    (request,) = exh.tasks.api_requests.find()
    entries = [json.loads(line) for line in out.splitlines()]
    assert (code, lines) == (0, [])
    assert {entry["api_request_id"] for entry in entries} == {request["id"]}
    assert "structured" in [entry["message"] for entry in entries]


def test_a_run_without_lines_is_mentioned_and_no_failure(exh, run, exh_dev):
    waiting = exh.tasks.create(functionName="hello-world", startTimestamp="2099-01-01T00:00:00Z")["id"]
    failed = run("nothing")
    code, out, (line,) = exh_dev("logs", "hello-world")
    assert (code, out, line["message"]) == (0, "", f"task {waiting} (new) has no lines yet")
    code, out, (line,) = exh_dev("logs", "nothing")
    assert (code, out, line["message"]) == (0, "", f"task {failed} (failed) has no lines yet")
    exh.tasks.cancel(waiting)
    assert exh_dev("logs", "hello-world") == (0, "", [])


@pytest.mark.parametrize("name", ["answer", "html-to-pdf"])  # of the project, and of the platform alone
def test_a_function_that_has_not_run_is_no_failure(cluster, exh_dev, name):
    code, out, (line,) = exh_dev("logs", name)
    assert (code, out) == (0, "")
    assert f"{name} has not been run there" in line["message"]


def test_following_a_function_that_does_not_exist_is_a_usage_error(cluster, exh_dev):
    code, out, (line,) = exh_dev("logs", "helo-world", "--follow")
    assert (code, out) == (2, "")
    assert "has a function `helo-world` (did you mean `hello-world`?); there are: answer, " in line["message"]
    assert "html-to-pdf" in line["message"]


def test_a_name_of_the_platform_cannot_be_checked_without_the_permission(cluster, exh_dev, profile):
    profile("dev", cluster.function_environment("reader"))
    code, out, lines = exh_dev("logs", "helo-world", "--live", "--profile", "dev")
    assert (code, out) == (0, "")
    assert "lacks the permission VIEW_TASK_FUNCTIONS" in lines[-2]["message"]
    assert "did you mean `hello-world`?" in lines[-2]["message"]
    assert "helo-world has not been run there" in lines[-1]["message"]


@pytest.mark.slow
def test_outside_of_a_project_any_name_will_do(cluster, here, run, exh_dev, profile, monkeypatch, tmp_path_factory):
    run()
    profile("dev", cluster.environment())
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for place in (["--live", "--profile", "dev"], ["--data-dir", here.data_dir]):
        code, out, _ = exh_dev("logs", "hello-world", *place)
        assert (code, "structured" in messages(out)) == (0, True)
        assert exh_dev("tasks", *place)[0] == 0
    code, _, (line,) = exh_dev("logs", "hello-world")
    assert (code, "no template.yaml" in line["message"]) == (2, True)


def test_a_broken_manifest_is_mentioned_and_the_name_used_as_typed(run, exh_dev, here):
    run()
    (here.root / "template.yaml").write_text("Resources: [")
    code, out, lines = exh_dev("logs", "hello-world")
    assert (code, "structured" in messages(out)) == (0, True)
    assert "hello-world is used as typed" in lines[0]["message"]


@pytest.mark.parametrize(
    ("user", "command", "permission"),
    [
        ("nobody", ["tasks"], "VIEW_TASKS: GET /tasks/v1/"),
        ("nobody", ["logs", "hello-world"], "VIEW_TASKS: GET /tasks/v1/"),
        ("viewer", ["logs", "hello-world"], "VIEW_TASK_LOGS: GET /tasks/v1/"),
        ("reader", ["logs", "answer"], "VIEW_API_FUNCTION_REQUESTS: GET /tasks/v1/apiRequests"),
    ],
)
def test_a_permission_that_is_missing_is_named(cluster, run, exh_dev, profile, user, command, permission):
    run()
    profile("dev", cluster.function_environment(user))
    code, out, lines = exh_dev(*command, "--live", "--profile", "dev")
    assert (code, out) == (1, "")
    assert f"lacks the permission {permission}" in lines[-1]["message"]


def test_a_function_that_is_not_in_the_manifest_needs_no_permission_for_requests(cluster, run, exh_dev, profile):
    run("html-to-pdf", data={})
    profile("dev", cluster.function_environment("reader"))
    code, _, lines = exh_dev("logs", "html-to-pdf", "--live", "--profile", "dev")
    assert code == 0
    assert lines[1]["message"].startswith("without its API requests: ")


def test_an_api_function_needs_no_permission_for_tasks(cluster, exh, exh_dev, profile):
    exh.session.request("GET", "/tasks/v1/api/answer/hello")
    profile("dev", cluster.function_environment("api-reader"))
    code, out, lines = exh_dev("logs", "answer", "--live", "--profile", "dev")
    assert (code, "structured" in messages(out)) == (0, True)
    assert lines[1]["message"].startswith("without its tasks: ")


# following


def followed(sources, *steps):
    """What `follow` shows after each step, which takes the place of its waiting; the messages of the lines."""
    shown, todo = [[]], list(steps)

    def sleep(seconds):
        assert seconds == 2
        if not todo:
            raise KeyboardInterrupt
        todo.pop(0)()
        shown.append([])

    with pytest.raises(KeyboardInterrupt):
        follow(sources, lambda run, line: shown[-1].append((run.id, line.text)), clock=lambda: 0.0, sleep=sleep)
    return shown[1:]


@pytest.mark.slow
def test_following_shows_each_line_of_new_runs_once(exh, run):
    run(data={"lines": 1})
    exh.session.request("GET", "/tasks/v1/api/answer/hello")
    tasks, requests = TaskRuns(exh, "hello-world"), ApiRuns(exh, "answer")
    for source in (tasks, requests):
        source.begin(5, running=True)
    assert len(read([tasks, requests], 0)) == 5 + 4
    ids = []
    nothing, new, asked, again = followed(
        [tasks, requests],
        lambda: None,
        lambda: ids.append(run()),
        lambda: exh.session.request("GET", "/tasks/v1/api/answer/hello"),
        lambda: None,
    )
    assert (nothing, again) == ([], [])
    assert ({run_id for run_id, _ in new}, len(new)) == ({ids[0]}, 4)
    assert len(asked) == 4


def test_following_begins_where_there_is_nothing(exh, run):
    source = TaskRuns(exh, "hello-world")
    source.begin(5, running=True)
    assert read([source], 0) == []
    (first,) = followed([source], run)
    assert len(first) == 4


def test_following_sees_a_task_that_was_queued_long_before_it_runs(exh, run):
    later = exh.tasks.create(functionName="hello-world", startTimestamp="2099-01-01T00:00:00Z")["id"]
    source = TaskRuns(exh, "hello-world")
    source.begin(1, running=True)
    read([source], 0)
    (cancelled,) = followed([source], lambda: exh.tasks.cancel(later))
    assert (cancelled, source.runs[later].status, source.runs[later].closed) == ([], "canceled", True)


def test_requests_that_are_older_than_the_newest_are_not_shown_later(exh):
    for _ in range(3):
        exh.session.request("GET", "/tasks/v1/api/answer/hello")
    source = ApiRuns(exh, "answer")
    source.begin(1, running=True)
    assert len(read([source], 0)) == 4
    assert followed([source], lambda: None) == [[]]


@pytest.mark.slow
def test_ctrl_c_ends_following_with_130(here, run):
    run()
    command = [sys.executable, "-m", "exh_dev", "logs", "hello-world", "--follow"]
    process = subprocess.Popen(command, cwd=here.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert json.loads(process.stdout.readline())["message"].startswith("START")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, err) == (130, b"")
