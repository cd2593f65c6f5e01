"""Runs of functions as the control center shows them."""

import json
import re
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests
from waiting import wait_for

from exh_dev import control_center
from exh_dev.errors import DevkitError
from exh_dev.platform.dev.change_notifications import Changes
from exh_dev.platform.dev.function_calls import Calls
from exh_dev.platform.storage.sql import EVERYTHING
from exh_dev.platform.storage.store import Store
from exh_dev.platform.tasks import runs as runs_module
from exh_dev.platform.tasks.records import find_function
from exh_dev.platform.tasks.run_list import Wanted
from exh_dev.platform.tasks.runs import Runs
from exh_dev.runtime.triggers import TRIGGERS

pytestmark = pytest.mark.slow


def test_a_run_by_hand_is_shown_in_full(center):
    event = {"id": "6968c1b48ab34b7d6e654701", "data": {"step": 7}}
    run = center.invoke("analyze", event)
    assert (run["kind"], run["trigger"], run["status"], run["failure"]) == ("invoke", "task", "OK", "")
    assert (run["event"], run["result"]["word"], run["error"]) == (event, "first", None)
    (line,) = [json.loads(each["text"]) for each in run["logs"]]
    assert (line["message"], line["step"]) == ("working", 7)
    (call,) = run["calls"]
    assert (call["method"], call["path"], call["status"], call["attempt"]) == ("GET", "/users/v1/me", 200, 1)
    assert run["init_ms"] > 0
    assert run["duration_ms"] > 0
    assert run["memory_mb"] > 0
    assert run["platform_calls"] == 1
    again = center.invoke("analyze", event)
    assert again["init_ms"] is None  # warm


def test_calls_of_a_client_that_sends_no_trace_are_known_by_the_functions_token(center):
    run = center.invoke("answer", {"asks": True})
    assert [(call["method"], call["path"], call["status"]) for call in run["calls"]] == [("GET", "/users/v1/me", 200)]
    assert run["platform_calls"] == 1
    requests.get(f"{center.url}/users/v1/me", headers={"Authorization": 'OAuth oauth_token="x"'}, timeout=5)
    assert len(center.api.run(run["id"])["calls"]) == 1  # it is over, and that was another token


def test_calls_belong_to_no_run_while_two_have_the_token():
    calls = Calls(clock=time.time)
    scope = {"type": "http", "headers": [(b"authorization", b'OAuth oauth_token="t", oauth_nonce="n"')]}
    with calls.made_with("t", "6968c1b4-0000-4000-8000-000000000001"):
        assert calls._only_user_of_token(scope)
        with calls.made_with("t", "6968c1b4-0000-4000-8000-000000000002"):
            assert calls._only_user_of_token(scope) is None
        assert calls._only_user_of_token(scope)
    assert calls._only_user_of_token(scope) is None


def test_a_failure_has_the_error_of_lambda_and_is_found_by_it(center):
    run = center.invoke("analyze", {"data": {"fail": "Wilhelmina is missing"}})
    assert (run["status"], run["failure"]) == ("FAILED", "LookupError: Wilhelmina is missing")
    assert run["error"]["errorType"] == "LookupError"
    assert any("handlers/analyze.py" in frame for frame in run["error"]["stackTrace"])
    center.invoke("other", {})
    for search in ("wilhelmina", "LOOKUPERROR", "analyze.py"):
        assert [each["id"] for each in center.get("/runs", search=search)["data"]] == [run["id"]]
    assert center.get("/runs", search="nobody") == {"total": 0, "total_is_exact": True, "data": []}


def test_a_task_is_a_run_and_so_is_each_attempt_at_it(center):
    task = center.exh.tasks.create(functionName="analyze", data={"fail": "induced"})
    runs = center.ended(4)
    assert [each["attempt"] for each in runs] == [4, 3, 2, 1]
    assert {each["chain"] for each in runs} == {task["id"]}
    assert [each["trigger"] for each in runs] == ["retry", "retry", "retry", "task"]
    shown = center.api.run(runs[0]["id"])
    assert [each["id"] for each in shown["attempts"]] == [each["id"] for each in reversed(runs)]
    assert center.get("/runs", chain=task["id"])["total"] == 4


def test_what_a_run_sets_off_is_known_on_both_sides(center):
    center.exh.tasks.create(functionName="analyze", data={"then": {"then": {"step": 3}}})
    last, middle, first = (center.api.run(each["id"]) for each in center.ended(3))
    assert (first["cause"], [each["id"] for each in first["set_off"]]) == (None, [middle["id"]])
    assert (middle["cause"]["id"], [each["id"] for each in middle["set_off"]]) == (first["id"], [last["id"]])
    assert last["set_off"] == []


def test_api_requests_and_direct_executions_are_runs(center):
    center.exh.session.request("GET", "/tasks/v1/api/answer/hello?x=1")
    center.exh.tasks.functions.execute("other", data={})
    direct, api = center.ended(2)
    assert (api["kind"], api["trigger"], api["function"]) == ("api", "api", "answer")
    assert (direct["kind"], direct["trigger"], direct["function"]) == ("direct", "direct", "other")
    assert [each["id"] for each in center.get("/runs", kind="api")["data"]] == [api["id"]]
    assert [each["id"] for each in center.get("/runs", function="other")["data"]] == [direct["id"]]


def test_a_run_that_a_schedule_started_says_so(center):
    center.exh.tasks.schedules.create(functionName="other", interval=3600)
    (run,) = center.ended(1)
    assert (run["kind"], run["trigger"]) == ("task", "schedule")
    assert [each["id"] for each in center.get("/runs", trigger="schedule")["data"]] == [run["id"]]
    assert center.get("/runs", trigger="task")["data"] == []


def test_the_page_filters_by_each_trigger_that_there_is():
    page = Path(control_center.__file__).parent / "static" / "views" / "runs.js"
    (listed,) = re.findall(r"^  trigger: (\[.*\]),$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(json.loads(listed)) == TRIGGERS


def test_a_function_that_cannot_run_at_all_is_a_failed_run(center):
    center.exh.tasks.create(functionName="nothing")
    made = center.exh.tasks.find().items[0]
    assert made["functionName"] == "nothing"
    center.exh.session.request("PUT", "/tasks/v1/functions/other", json={"runtime": "java21"})
    run = center.invoke("other", {})
    assert (run["status"], "java21" in run["failure"], run["logs"]) == ("FAILED", True, [])


def test_pages_go_back_from_the_newest(center):
    ids = [center.invoke("other", number)["id"] for number in range(5)]
    page = center.get("/runs", limit=2, offset=1)
    assert (page["total"], [each["id"] for each in page["data"]]) == (5, [ids[3], ids[2]])
    assert [each["id"] for each in center.get("/runs", after=ids[2])["data"]] == [ids[4], ids[3]]
    for wrong in ({"limit": "many"}, {"offset": "-1"}, {"limit": "9" * 30}):
        with pytest.raises(DevkitError, match="must be an integer"):
            center.get("/runs", **wrong)


def test_again_with_the_same_or_with_another_event(center):
    first = center.invoke("analyze", {"data": {"step": 1}})
    same = center.api.ended(center.post(f"/runs/{first['id']}/replay")["id"])
    assert (same["event"], same["again"]) == (first["event"], first["id"])
    other = center.api.ended(center.post(f"/runs/{first['id']}/replay", {"event": {"data": {"fail": "x"}}})["id"])
    assert (other["event"], other["status"]) == ({"data": {"fail": "x"}}, "FAILED")
    null = center.api.ended(center.post(f"/runs/{first['id']}/replay", {"event": None})["id"])
    assert null["event"] is None


def test_runs_by_hand_have_nothing_to_do_with_each_other(center):
    first, second = (center.invoke("other", {"id": "6968c1b48ab34b7d6e654701"}) for _ in range(2))
    assert [each["id"] for each in second["attempts"]] == [second["id"]]
    again = center.api.ended(center.post(f"/runs/{first['id']}/replay")["id"])
    assert [each["id"] for each in again["attempts"]] == [again["id"]]


def test_search_finds_text_in_any_case(center):
    run = center.invoke("other", {"text": 'Ärger "quoted" C:\\x two\nlines'})
    center.invoke("other", {})
    for search in ("ärger", "ÄRGER", '"quoted"', "C:\\x", "two\nlines"):
        assert [each["id"] for each in center.get("/runs", search=search)["data"]] == [run["id"]], search


SLOW_TO_START = """\
import time
from pathlib import Path

time.sleep(2)
(Path(__file__).parent / "started").touch()


def handler(event, context):
    return "other"
"""


def test_an_invocation_does_not_wait_for_a_worker_that_was_warmed_before(serve):
    center = serve({"handlers/other.py": SLOW_TO_START})
    function = center.platform.call(lambda: find_function(center.platform._store, "other"))
    center.platform.call(lambda: center.platform._app.tasks.runner.warm(function))
    wait_for((center.folder / "handlers" / "started").exists)
    warmed = center.invoke("other", {})
    assert warmed["init_ms"] >= 2_000
    assert warmed["waited_ms"] < 1_500


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/runs/6968c1b48ab34b7d6e654701/replay", "", 16),
        ("/functions/none/invoke", '{"event": {}}', 16),
        ("/functions/other/invoke", "{}", 14),
        ("/functions/other/invoke", "{", 22),
        ("/functions/other/invoke", '{"event": {"data": 5}, "queued": true}', 15),
    ],
)
def test_what_cannot_be_run_is_refused(center, path, body, code):
    answer = requests.post(f"{center.url}/_dev/api{path}", body, timeout=5)
    assert (answer.status_code >= 400, answer.json()["code"]) == (True, code)


def test_as_a_task_of_the_queue_it_has_its_retries(center):
    answer = center.post("/functions/analyze/invoke", {"event": {"data": {"fail": "x"}}, "queued": True})
    assert len(center.ended(4, chain=answer["task_id"])) == 4


def test_only_the_latest_are_kept(serve):
    center = serve(keep_runs=3)
    ids = [center.invoke("other", number)["id"] for number in range(6)]
    kept = [each["id"] for each in center.get("/runs")["data"]]
    assert kept == ids[:2:-1]
    store = center.platform._store
    assert center.platform.call(lambda: store.count(runs_module.DETAILS, EVERYTHING)) == len(kept)


def test_runs_outlive_the_platform_and_what_ran_when_it_stopped_has_failed(serve, tmp_path):
    slow = "import time\n\ndef handler(event, context):\n    print('begun', flush=True)\n    time.sleep(60)\n"
    first = serve({"handlers/other.py": slow}, data_dir=tmp_path / "data")
    done = first.invoke("analyze", {"data": {}})
    with first.api.following() as messages:
        left = first.post("/functions/other/invoke", {"event": {}})["id"]
        assert next(each for each in messages if "line" in each)["line"]["text"] == "begun"
    first.platform.__exit__(None, None, None)
    second = serve(data_dir=tmp_path / "data")
    assert second.api.run(done["id"])["result"] == done["result"]
    stopped = second.api.run(left)
    assert (stopped["status"], "was stopped" in stopped["failure"]) == ("FAILED", True)


def test_what_ran_when_the_platform_was_killed_has_failed(tmp_path):
    about = {"function": "other", "kind": "task", "trigger": "task", "chain": "x", "status": "running"}
    record = {"id": "6968c1b48ab34b7d6e654701", **about}
    with closing(Store(tmp_path / "db")) as store:
        store.put(runs_module.RUNS, record)
        runs = Runs(store, Calls(clock=time.time), Changes(), clock=time.time)
        (found,), total, _ = runs.list.page(Wanted(), 5)
        assert (found["status"], found["failure"], total) == ("FAILED", "the platform was stopped meanwhile", 1)


def test_lines_are_sent_as_they_are_written_and_once(serve):
    waiting = {
        "handlers/other.py": "import time, pathlib\n\ndef handler(event, context):\n    print('one', flush=True)\n"
        "    while not pathlib.Path(event['until']).exists():\n        time.sleep(0.01)\n    print('two')\n"
    }
    center = serve(waiting)
    gate = center.folder / "gate"
    with center.api.following() as messages:
        run_id = center.post("/functions/other/invoke", {"event": {"until": str(gate)}})["id"]
        lines = (each for each in messages if "line" in each)
        message = next(lines)
        assert (message["run"]["id"], message["run"]["function"], message["number"]) == (run_id, "other", 0)
        assert message["line"]["text"] == "one"
        run = center.api.run(run_id)
        assert (run["status"], [each["text"] for each in run["logs"]]) == ("running", ["one"])
        gate.touch()
        assert (following := next(lines))["line"]["text"] == "two"
        assert following["number"] == 1
    assert [each["text"] for each in center.api.ended(run_id)["logs"]] == ["one", "two"]


def test_the_parts_of_a_cold_start_are_measured(serve):
    slow = "import time\n\ntime.sleep(0.3)\n\ndef handler(event, context):\n    return None\n"
    center = serve({"handlers/other.py": slow})
    cold, warm = center.invoke("other", {}), center.invoke("other", {})
    assert cold["init"]["import_ms"] >= 300
    assert 0 < cold["init"]["runtime_ms"] < cold["init_ms"]
    assert abs(sum(cold["init"].values()) - cold["init_ms"]) < 0.2
    assert "init" not in warm


def test_the_time_until_a_module_fails_to_load_is_measured(serve):
    center = serve({"handlers/other.py": "import time\n\ntime.sleep(0.2)\nraise RuntimeError('no')\n"})
    run = center.invoke("other", {})
    assert (run["status"], run["init"]["import_ms"] >= 200) == ("FAILED", True)


def test_the_record_of_a_run_alone_can_be_asked_for(center):
    run = center.invoke("other", {})
    assert "logs" in run
    assert center.get(f"/runs/{run['id']}", full="false") == center.get("/runs")["data"][0]


def test_what_is_not_a_run_is_not_imported(center):
    run = {**center.get(f"/runs/{center.invoke('other', {})['id']}"), "id": "6968c1b48ab34b7d6e654799"}
    for name, value in (("started", "x"), ("calls", [5]), ("logs", "x"), ("duration_ms", "1"), ("status", "running")):
        answer = requests.post(f"{center.url}/_dev/api/runs", json={**run, name: value}, timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (400, 22), name
    assert center.get("/runs")["total"] == 1
    assert center.get("/overview")["minutes"]


def test_the_runs_that_an_event_started(serve):
    center = serve()
    center.exh.dispatchers.create(
        eventType="admitted", actions=[{"type": "task", "functionName": "other"}], name="admissions"
    )
    event = center.exh.events.create(type="admitted", content={"ward": 3})
    (run,) = center.ended(1, event_id=event["id"])
    assert run["function"] == "other"
    assert [each["kind"] for each in center.get(f"/traces/{event['id']}")["nodes"]][-1] == "run"
