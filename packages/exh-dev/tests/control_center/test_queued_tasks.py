"""The queue as the control center shows it, and starting what it would start later."""

import pytest
import requests
from waiting import wait_for

LATER = "2999-01-01T00:00:00.000Z"


def queue(center):
    return center.get("/queue")


def test_an_empty_queue_has_no_tasks(center):
    found = queue(center)
    assert found["counts"] == {"running": 0, "waiting": 0, "retrying": 0, "scheduled": 0}
    assert (found["tasks"], found["schedules"]) == ([], [])


@pytest.mark.slow
def test_a_task_of_a_later_day_is_started_now(center):
    task = center.exh.tasks.create(functionName="other", startTimestamp=LATER)
    found = queue(center)
    assert found["counts"]["scheduled"] == 1
    assert [(each["id"], each["state"], each["attempt"]) for each in found["tasks"]] == [(task["id"], "scheduled", 1)]
    assert center.get("/runs")["total"] == 0
    center.post(f"/queue/tasks/{task['id']}/start")
    (run,) = center.ended(1)
    assert run["task_id"] == task["id"]
    answer = requests.post(f"{center.url}/_dev/api/queue/tasks/{task['id']}/start", timeout=5)
    assert (answer.json()["code"], "only one that is new" in answer.json()["message"]) == (27, True)


def test_tasks_that_ended_are_there_the_latest_first(center):
    canceled = center.exh.tasks.create(functionName="other", startTimestamp=LATER)
    center.exh.tasks.create(functionName="other")
    center.ended(1)
    (complete,) = wait_for(lambda: queue(center)["ended"])
    center.exh.tasks.cancel(canceled["id"])
    assert [(each["id"], each["status"]) for each in queue(center)["ended"]] == [
        (canceled["id"], "canceled"),
        (complete["id"], "complete"),
    ]
    assert queue(center)["tasks"] == []
    assert [each["id"] for each in center.get("/queue", limit=1)["ended"]] == [canceled["id"]]


def test_of_many_tasks_as_many_are_listed_as_are_asked_for(center):
    for _ in range(3):
        center.exh.tasks.create(functionName="other", startTimestamp=LATER)
    found = center.get("/queue", limit=2)
    assert (found["counts"]["scheduled"], len(found["tasks"])) == (3, 2)
    answer = requests.get(f"{center.url}/_dev/api/queue?limit=few", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, 15)


@pytest.mark.slow
def test_a_retry_is_listed_as_waiting(serve):
    center = serve(pace=0.001)
    center.exh.tasks.create(functionName="analyze", data={"fail": "no"})
    center.ended(1)
    (task,) = queue(center)["tasks"]
    assert (task["state"], task["attempt"]) == ("retrying", 2)


def test_a_schedule_is_run_now_and_stays_due_when_it_was(center):
    schedule = center.exh.tasks.schedules.create(functionName="other", interval=3600, startTimestamp=LATER)
    (before,) = queue(center)["schedules"]
    assert before["nextTimestamp"] == LATER
    made = center.post(f"/queue/schedules/{schedule['id']}/run")
    (run,) = center.ended(1)
    assert run["task_id"] == made["id"]
    assert queue(center)["schedules"] == [before]


def test_what_is_not_there_cannot_be_started(center):
    for path in ("tasks/none/start", "schedules/none/run"):
        answer = requests.post(f"{center.url}/_dev/api/queue/{path}", timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (404, 16)
