"""What one thing set off, over all functions."""

import time

import pytest
import requests
from folder_projects import MANIFEST, SCHEMA
from waiting import wait_for

from exh_dev.errors import DevkitError
from exh_dev.platform.storage.ids import object_id

pytestmark = pytest.mark.slow

CHAINED = {
    **SCHEMA,
    "creationTransition": {
        "type": "manual",
        "toStatus": "new",
        "actions": [{"type": "linkCreator"}, {"type": "task", "functionName": "analyze", "data": {"step": 1}}],
        "afterActions": [{"type": "task", "functionName": "other"}],
    },
}
DIRECT = """\
from extrahorizon.task import task_handler


@task_handler
def handler(task, exh):
    exh.tasks.functions.execute("other", data={})
    exh.mails.send(subject="Your pulse", body="x", recipients={"to": ["a@example.com"]})
"""
PERMISSIONS = "        executionCredentials: {permissions: [EXECUTE_TASK_FUNCTION, SEND_MAILS, CREATE_TASKS]}\n"
OTHER = MANIFEST.partition("Resources:\n")[2]
for word, another in (("Analyze", "Other"), ("handlers.analyze", "handlers.other"), ("name: analyze", "name: other")):
    OTHER = OTHER.replace(word, another)
FILES = {
    "template.yaml": MANIFEST + PERMISSIONS + OTHER,
    "handlers/analyze.py": DIRECT,
    "schemas/pulse.json": CHAINED,
}


def tree(center, thing):
    """The kinds and names of a trace, each with its children."""
    nodes = center.get(f"/traces/{thing}")["nodes"]

    def below(parent):
        return [(node["kind"], node["name"], below(node["id"])) for node in nodes if node["parent"] == parent]

    return below(None)


@pytest.mark.parametrize("thing", ["6968c1b48ab34b7d6e654701", "nothing", "%22%00"])
def test_an_unknown_id_has_no_trace(center, thing):
    with pytest.raises(DevkitError, match="is known that has set something off"):
        center.get(f"/traces/{thing}")


def alarm(center, event_type, **action):
    center.exh.dispatchers.create(eventType=event_type, actions=[action])


def test_a_request_of_somebody_outside_is_the_root_of_all_that_it_set_off(serve):
    center = serve(FILES)
    schema = center.exh.data.schemas.find_by_name("pulse")
    center.exh.data.documents.create(schema["id"], {"pulse": 50})
    runs = center.ended(3)
    other = ("task", "other", [("run", "other", [])])
    calls = [
        ("call", "/tasks/v1/functions/other/execute", [other]),
        ("call", "/mail/v1", [("mail", "Your pulse", [])]),
    ]
    analyze = ("task", "analyze", [("run", "analyze", calls)])
    (root,) = tree(center, runs[0]["id"])
    assert root == ("request", f"/data/v1/{schema['id']}/documents", [("transition", "creation", [analyze, other])])
    trace = center.get(f"/traces/{runs[0]['trace']}")
    assert {run["trace"] for run in runs} == {trace["id"]}
    assert (trace["runs"], trace["failed"], trace["cut"]) == (3, 0, False)
    first, transition = trace["nodes"][:2]
    assert (first["label"], first["status"], first["detail"]) == ("POST /data/v1/pulse/documents", "OK", "200")
    assert (transition["label"], transition["detail"]) == ("pulse: creation", "new")
    seen = set()
    for node in trace["nodes"]:
        assert node["parent"] is None or node["parent"] in seen
        assert trace["started"] <= node["started"] <= (node["ended"] or trace["ended"]) <= trace["ended"]
        seen.add(node["id"])
    task = next(run["task_id"] for run in runs if run["kind"] == "task")
    for thing in (trace["id"], task, runs[1]["id"]):
        assert center.get(f"/traces/{thing}") == trace
    assert center.get("/runs", trace=trace["id"])["total"] == 3


def test_attempts_are_under_the_task_that_they_are_attempts_at(center):
    task = center.exh.tasks.create(functionName="analyze", data={"fail": "induced"})
    runs = center.ended(4)
    (request,) = tree(center, task["id"])
    (found,) = request[2]
    assert found[:2] == ("task", "analyze")
    assert [child[:2] for child in found[2]] == [("run", "analyze")] * 4
    nodes = center.get(f"/traces/{task['id']}")["nodes"]
    assert [node["label"] for node in nodes if node["kind"] == "run"][-1] == "analyze, attempt 4"
    assert next(node for node in nodes if node["kind"] == "task")["status"] == "FAILED"
    assert len({run["trace"] for run in runs}) == 1


def test_an_event_is_between_its_cause_and_what_a_dispatcher_did_for_it(center):
    alarm(center, "told", type="task", functionName="other")
    alarm(center, "told", type="mail", recipients={"to": ["a@example.com"]}, templateId=template(center))
    event = center.exh.events.create(type="told", content={})
    wait_for(lambda: center.exh.mails.find().items)
    run = center.ended(1)[0]
    (request,) = tree(center, event["id"])
    assert request[:2] == ("request", "/events/v1")
    (found,) = request[2]
    assert found[:2] == ("event", "told")
    assert sorted(found[2]) == [("mail", "Told", []), ("task", "other", [("run", "other", [])])]
    assert (run["event_id"], run["event_type"]) == (event["id"], "told")


def test_what_a_failure_sets_off_is_under_the_run_that_failed(center):
    alarm(center, "task_failed", type="task", functionName="other")
    center.exh.session.request("PUT", "/tasks/v1/functions/analyze", json={"retryPolicy": {"enabled": False}})
    center.exh.tasks.create(functionName="analyze", data={"fail": "induced"})
    alarmed, failed = center.ended(2)
    event = ("event", "task_failed", [("task", "other", [("run", "other", [])])])
    (request,) = tree(center, alarmed["id"])
    (task,) = request[2]
    (run,) = task[2]
    assert run[:2] == ("run", "analyze")
    assert event in run[2]
    assert alarmed["trace"] == failed["trace"]


def test_a_task_that_waits_is_shown_as_waiting(center):
    later = "2099-01-31T12:00:00.000Z"
    task = center.exh.tasks.create(functionName="other", startTimestamp=later)
    (request, waiting) = center.get(f"/traces/{task['id']}")["nodes"]
    assert (request["kind"], waiting["parent"]) == ("request", request["id"])
    assert (waiting["status"], waiting["detail"], waiting["ended"]) == ("waiting", "new", None)


def test_a_run_by_hand_and_a_replay_begin_traces_of_their_own(center):
    run = center.invoke("analyze", {"data": {"then": {"step": 2}}})
    again = center.api.ended(center.post(f"/runs/{run['id']}/replay")["id"])
    assert (run["trace"], again["trace"]) == (run["id"], again["id"])
    center.ended(4)
    ((kind, name, calls),) = tree(center, run["id"])
    assert (kind, name) == ("run", "analyze")
    assert calls[1] == (
        "call",
        "/tasks/v1",
        [("task", "analyze", [("run", "analyze", [("call", "/users/v1/me", [])])])],
    )


def test_a_trace_outlives_the_platform(serve, tmp_path):
    first = serve(data_dir=tmp_path / "data")
    first.exh.tasks.create(functionName="analyze", data={"then": {"step": 2}})
    trace = first.ended(2)[0]["trace"]
    before = first.get(f"/traces/{trace}")
    first.platform.__exit__(None, None, None)
    assert serve(data_dir=tmp_path / "data").get(f"/traces/{trace}") == before


def test_a_trace_of_5_000_nodes_is_there_at_once(center):
    root = object_id()
    about = {"kind": "task", "trigger": "task", "status": "OK", "failure": "", "attempt": 1, "memory_mb": 1}
    call = {"method": "GET", "path": "/users/v1/me", "status": 200, "duration_ms": 1.0, "attempt": 1, "waited_ms": None}
    for number in range(500):
        run_id = root if not number else object_id()
        caused = {"caused_by": root, "caused_by_call": 1} if number else {}
        calls = [{"number": each + 1, "timestamp": "2026-01-31T12:00:00.000Z", **call} for each in range(9)]
        known = {"request_id": run_id, "chain": run_id, "trace": root, "started": "2026-01-31T12:00:00.000+00:00"}
        run = {"id": run_id, "function": "other", **about, **known, **caused, "event": {}, "logs": [], "calls": calls}
        center.platform.adopt_runs([run])
    began = time.process_time()  # of the platform, too: it is in this process
    answer = requests.get(f"{center.url}/_dev/api/traces/{root}", timeout=5)
    spent = time.process_time() - began
    assert len(answer.json()["nodes"]) == 5_000
    assert spent < 1  # 0.05 s on a machine that does nothing else


def template(center):
    inputs = {"event": {"type": "object", "properties": {}}}
    outputs = {"subject": "Told", "body": "told"}
    return center.exh.templates_v2.create(name="told", inputs=inputs, outputs=outputs)["id"]
