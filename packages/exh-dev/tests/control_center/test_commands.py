"""`exh-dev runs`, `replay`, `mails` and `logs --follow` against a platform that runs."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from waiting import wait_for

from exh_dev.remote.dev_api import DevApi
from exh_dev.serve.kept_runs import keep, kept

pytestmark = pytest.mark.slow


@pytest.fixture
def center(serve, tmp_path, monkeypatch):
    center = serve(data_dir=tmp_path / "project" / ".exh-dev", ephemeral=True)
    monkeypatch.chdir(center.folder)
    return center


def test_runs_lists_the_newest_runs_first_and_filters_them(center, exh_dev):
    code, out, lines = exh_dev("runs")
    assert (code, json.loads(out), [each["message"] for each in lines]) == (0, [], ["no matching runs"])
    first = center.invoke("analyze", {"data": {"fail": "Ada is not well"}})
    second = center.invoke("other", {})
    _, out, lines = exh_dev("runs")
    assert ([each["id"] for each in json.loads(out)], lines) == ([second["id"], first["id"]], [])

    def listed(*arguments):
        return [each["id"] for each in json.loads(exh_dev("runs", *arguments)[1])]

    assert listed("--limit", "1") == [second["id"]]
    for arguments in (["--function", "Analyze"], ["--status", "FAILED"], ["--search", "ADA IS"]):
        assert listed(*arguments) == [first["id"]]
    assert listed("--function", "unknown") == []
    for wrong in (["--status", "broken"], ["--limit", "0"]):
        assert exh_dev("runs", *wrong)[0] == 2


def test_the_table_of_runs_has_a_line_for_each_and_its_error_below(center, exh_dev):
    run = center.invoke("analyze", {"data": {"fail": "no measurement"}})
    code, out, _ = exh_dev("runs", "--table")
    heading, row, below = out.splitlines()
    assert (code, heading.split()[:3]) == (0, ["Started", "Function", "Status"])
    assert row.split()[1:3] == ["analyze", "FAILED"]
    assert run["id"] in row
    assert below == "  LookupError: no measurement"


def test_invoke_runs_on_the_platform_that_is_being_served(center, exh_dev):
    made = center.exh.data.documents.create("pulse", {"pulse": 61})
    code, out, lines = exh_dev("invoke", "analyze")
    assert (code, json.loads(out)["word"]) == (0, "first")
    (run,) = center.get("/runs")["data"]
    (note,) = [line for line in lines if "being served" in line["message"]]
    assert (run["kind"], note["run"]) == ("invoke", run["id"])
    assert note["message"].endswith(f"{center.url}/_dev/#/runs/{run['id']}")
    assert center.exh.data.documents.find_by_id("pulse", made["id"])  # it is the same world
    code, out, _ = exh_dev("invoke", "analyze", "--event", center.folder / "events" / "analyze.failing.json")
    assert (code, json.loads(out)["errorType"]) == (1, "LookupError")


def test_invoke_runs_on_an_empty_platform_when_asked_to(center, exh_dev):
    for options in (["--fresh"], ["--env", "A=b"]):
        code, _, lines = exh_dev("invoke", "analyze", *options)
        assert code == 0
        assert not any("being served" in line["message"] for line in lines)
        assert lines[-1]["message"].endswith(f"the run is in the control center: {center.url}/_dev/#/runs")
    runs = center.get("/runs")["data"]
    assert [(run["function"], run["kind"], run["fresh"]) for run in runs] == [("analyze", "invoke", True)] * 2
    assert not (center.folder / ".exh-dev" / "kept-runs.jsonl").exists()
    code, _, (line,) = exh_dev("invoke", "analyze", "--served", "--env", "A=b")
    assert (code, "--served runs the function as it is being served, which excludes --env" in line["message"]) == (
        2,
        True,
    )


def test_run_on_a_served_platform_reports_what_its_control_center_shows(center, exh_dev):
    code, out, lines = exh_dev("run", "--served")
    results = json.loads(out)["results"]
    assert code == 1  # one of its events is meant to fail
    runs = {each["id"]: each for each in center.get("/runs", limit=100)["data"]}
    by_request = {each["request_id"]: each for each in runs.values()}
    for result in results:
        run = by_request[result["request_id"]]
        assert (run["function"], run["status"] == "OK") == (result["function"], result["error"] is None)
        assert [each["id"] for each in result["chain"]] == [
            each["id"] for each in center.get(f"/runs/{run['id']}")["set_off"]
        ]
    assert lines[-1]["message"] == f"on the platform that is being served; its runs: {center.url}/_dev/#/runs"
    code, _, (line,) = exh_dev("run", "--served", "--env", "A=b")
    assert (code, "which excludes --env" in line["message"]) == (2, True)


def test_runs_of_a_fresh_platform_are_there_when_one_is_served_later(folder, exh_dev, monkeypatch):
    monkeypatch.chdir(folder)
    code, out, lines = exh_dev("run", "analyze", "other")
    assert (code, "shows this run in" in lines[-1]["message"]) == (1, True)
    results = {each["request_id"]: each for each in json.loads(out)["results"]}
    command = [sys.executable, "-m", "exh_dev", "serve", "--port", "0"]
    for _ in range(2):  # shown once, however often one is served
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                url = json.loads(process.stdout.readline())["url"]
                listed = json.loads(exh_dev("runs")[1])
                with DevApi(url) as api:
                    runs = {run["request_id"]: run for run in (api.run(each["id"]) for each in listed)}
            finally:
                process.terminate()
                process.communicate()
        assert len(listed) == len(results) == 3
        for request_id, result in results.items():
            run = runs[request_id]
            assert (run["fresh"], run["error"], run.get("result")) == (True, result["error"], result["result"])
            assert run["platform_calls"] == len(run["calls"]) == result["platform_calls"]
        assert any("working" in line["text"] for run in runs.values() for line in run["logs"])


def test_runs_that_cannot_be_kept_are_a_warning(folder, exh_dev, monkeypatch):
    (folder / ".exh-dev").write_text("no folder")
    monkeypatch.chdir(folder)
    code, _, lines = exh_dev("run", "other")
    assert (code, lines[-1]["level"], "cannot be kept" in lines[-1]["message"]) == (0, "WARNING", True)


def run_of(run_id, **more):
    kind = {"function": "f", "kind": "invoke", "trigger": "task", "status": "OK", "failure": "", "attempt": 1}
    return {"id": run_id, **kind, "request_id": run_id, "chain": run_id, "started": "2026-01-15T00:00:00Z", **more}


def test_of_too_many_runs_the_newest_are_kept(tmp_path):
    keep(tmp_path, [run_of(str(number)) for number in range(150)])
    keep(tmp_path, [run_of(str(number)) for number in range(150, 250)])
    assert [each["id"] for each in kept(tmp_path)] == [str(number) for number in range(50, 250)]
    keep(tmp_path, [run_of("large", event="x" * 19_999_000)])
    assert [each["id"] for each in kept(tmp_path)][-1] == "large"
    assert len(kept(tmp_path)) < 10


def test_the_bodies_of_calls_go_before_runs(tmp_path):
    def large(number):
        request = {"type": "text/plain", "size": 1, "body": {"text": "x" * 1_000_000}}
        return run_of(str(number), calls=[{"number": 1, "path": "/", "request": request}])

    keep(tmp_path, [large(number) for number in range(30)])
    runs = kept(tmp_path)
    assert len(runs) == 30
    bodies = [run["calls"][0]["request"]["body"] for run in runs]
    assert (bodies[0], len(bodies[-1]["text"])) == ({"left_out": True}, 1_000_000)


@pytest.mark.parametrize("line", ["{", "5", "null", '{"a": 1}', '{"id": "x"}', "[" * 100_000, "\x00"])
def test_a_damaged_line_of_the_kept_runs_costs_no_other(tmp_path, line):
    keep(tmp_path, [run_of("1")])
    with (tmp_path / "kept-runs.jsonl").open("a") as file:
        file.write(f"{line}\n")
    keep(tmp_path, [run_of("2")])
    assert [each["id"] for each in kept(tmp_path)] == ["1", "2"]


def test_commands_that_keep_their_runs_at_once_lose_none(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: keep(tmp_path, [run_of(str(number))]), range(40)))
    assert {each["id"] for each in kept(tmp_path)} == set(map(str, range(40)))


def test_replay_repeats_a_run(center, exh_dev, tmp_path):
    run = center.invoke("analyze", {"data": {"step": 3}})
    code, out, lines = exh_dev("replay", run["id"])
    assert (code, json.loads(out)["word"], [each["step"] for each in lines]) == (0, "first", [3])
    event = tmp_path / "other.json"
    event.write_text('{"data": {"fail": "no"}}')
    code, out, _ = exh_dev("replay", run["id"], "--event", event)
    assert (code, json.loads(out)["errorType"]) == (1, "LookupError")
    code, out, (line,) = exh_dev("replay", "6968c1b48ab34b7d6e654701")
    assert (code, out, line["message"].startswith("There is no run 6968c1b48ab34b7d6e654701")) == (1, "", True)
    event.write_text("{")
    assert exh_dev("replay", run["id"], "--event", event)[0] == 2


def test_mails_are_listed_and_printed(center, exh_dev):
    assert [each["message"] for each in exh_dev("mails")[2]] == ["no mail was sent"]
    sent = center.exh.mails.send(recipients={"to": ["ada@example.com"]}, subject="Hello", body="Line one\nLine two")
    code, out, _ = exh_dev("mails")
    assert (code, [each["subject"] for each in json.loads(out)]) == (0, ["Hello"])
    assert "ada@example.com" in exh_dev("mails", "--table")[1]
    assert [each["message"] for each in exh_dev("mails", "--search", "nobody")[2]] == ["no matching mails"]
    assert json.loads(exh_dev("mails", sent["id"])[1])["body"] == "Line one\nLine two"
    text = exh_dev("mails", sent["id"], "--table")[1].splitlines()
    assert text == ["From: noreply@localhost", "To: ada@example.com", "Subject: Hello", "", "Line one", "Line two"]
    code, _, (line,) = exh_dev("mails", "none")
    assert (code, line["message"]) == (1, "There is no mail none; exh-dev mails lists those that there are")


WAITS = """\
import pathlib, time


def handler(event, context):
    print("one", flush=True)
    while not pathlib.Path(event["data"]["until"]).exists():
        time.sleep(0.01)
    print("two")
"""


def test_lines_are_followed_while_the_function_runs(serve, tmp_path):
    center = serve({"handlers/other.py": WAITS}, data_dir=tmp_path / "project" / ".exh-dev", ephemeral=True)
    gate = center.folder / "gate"
    task = center.exh.tasks.create(functionName="other", data={"until": str(gate)})
    wait_for(lambda: [each for each in center.get("/runs")["data"] if center.api.run(each["id"])["logs"]])
    command = [sys.executable, "-m", "exh_dev", "logs", "other", "--follow"]
    with subprocess.Popen(command, cwd=center.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        one = json.loads(process.stdout.readline())
        assert (one["message"], one["task_id"]) == ("one", task["id"])
        gate.touch()
        assert json.loads(process.stdout.readline())["message"] == "two"
        run = center.invoke("other", {"data": {"until": str(gate)}})
        by_hand = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [(each["message"], each["run_id"]) for each in by_hand] == [("one", run["id"]), ("two", run["id"])]
        center.platform.__exit__(None, None, None)
        assert process.wait(10) == 0
        assert json.loads(process.stderr.read().splitlines()[-1])["message"] == "the platform has stopped"
