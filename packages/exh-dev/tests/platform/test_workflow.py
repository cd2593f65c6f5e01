"""The whole way over real sockets: a document starts a task, whose function moves the document on."""

from pathlib import Path

import pytest
from waiting import wait_for

from exh_dev.platform.tasks.runner import OwnFunction
from exh_dev.remote.client import client_of
from exh_dev.runtime import Function
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.query import rql

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACE = 20.0  # the delays of retries, 2, 5 and 10 s, pass in 0.1, 0.25 and 0.5 s


@pytest.fixture(scope="module")
def exh():
    """A client of a platform with a schema whose documents are analyzed by a function."""
    with LocalPlatform(pace=PACE) as platform:
        environment = {"PYTHONPATH": str(ROOT), **platform.environment()}
        function = Function(
            name="analyze-pulse", handler="analyze_pulse.handler", task_root=ROOT / "tests" / "functions", memory=512,
            environment=environment,
        )  # fmt: skip
        policy = {"enabled": True, "errorsToRetry": ["NotReadyError"]}
        platform.start([OwnFunction(function, retry_policy=policy)])
        exh = client_of(platform.environment())
        define(exh)
        yield exh


def define(exh):
    exh.data.schemas.create(name="pulse", description="Heart rate")
    for name, kind in (("pulse", "number"), ("failures", "number"), ("category", "string")):
        exh.data.properties.create("pulse", name=name, configuration={"type": kind})
    for status in ("analyzing", "analyzed"):
        exh.data.statuses.create("pulse", name=status)
    exh.data.transitions.update_creation("pulse", type="manual", toStatus="new", actions=[{"type": "linkCreator"}])
    exh.data.transitions.create(
        "pulse", name="start", type="automatic", fromStatuses=["new"], toStatus="analyzing",
        afterActions=[{"type": "task", "functionName": "analyze-pulse"}],
    )  # fmt: skip
    required = {"type": "object", "properties": {"category": {"type": "string"}}, "required": ["category"]}
    exh.data.transitions.create(
        "pulse", name="mark-as-analyzed", type="manual", fromStatuses=["analyzing"], toStatus="analyzed",
        conditions=[{"type": "input", "configuration": required}],
    )  # fmt: skip


def tasks_of(exh, document):
    tasks = exh.tasks.find_all(rql.eq("data.documentId", document["id"]).sort("creationTimestamp"))
    return list(tasks)


def test_a_document_is_analyzed_by_itself(exh):
    document = exh.data.documents.create("pulse", {"pulse": 130})
    moved = wait_for(lambda: exh.data.documents.find_by_id("pulse", document["id"], rql.eq("status", "analyzed")))
    assert moved["data"] == {"pulse": 130, "category": "high"}
    wait_for(lambda: tasks_of(exh, document)[0]["status"] == "complete")
    (task,) = tasks_of(exh, document)
    assert "result" not in task
    assert any("START" in line["message"] for line in exh.tasks.logs.find(task["id"]))


def test_an_induced_failure_is_retried_until_it_works(exh):
    document = exh.data.documents.create("pulse", {"pulse": 60, "failures": 2})
    wait_for(lambda: exh.data.documents.find_by_id("pulse", document["id"], rql.eq("status", "analyzed")))
    wait_for(lambda: tasks_of(exh, document)[-1]["status"] == "complete")
    first, second, third = tasks_of(exh, document)
    assert [task["status"] for task in (first, second, third)] == ["retried", "retried", "complete"]
    assert (first["retriedByTaskId"], second["retriedByTaskId"]) == (second["id"], third["id"])
    assert third["retryForTaskIds"] == [first["id"], second["id"]]
    assert first["error"] == {"type": "runtime", "name": "NotReadyError", "message": "attempt 1 fails"}


def test_a_function_that_never_works_ends_in_an_event(exh):
    document = exh.data.documents.create("pulse", {"pulse": 60, "failures": 9})
    wait_for(lambda: len(tasks_of(exh, document)) == 4 and tasks_of(exh, document)[-1]["status"] == "failed")
    tasks = tasks_of(exh, document)
    assert [task["status"] for task in tasks] == ["retried"] * 3 + ["failed"]
    assert exh.data.documents.find_by_id("pulse", document["id"])["status"] == "analyzing"
