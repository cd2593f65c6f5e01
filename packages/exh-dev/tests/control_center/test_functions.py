"""Functions as the control center shows them."""

import pytest
import requests
from uploads import code

from exh_dev.errors import DevkitError


def named(center):
    return {each["name"]: each for each in center.get("/functions")["data"]}


def test_functions_are_listed_with_their_limits_and_permissions(center):
    functions = named(center)
    assert list(functions) == ["analyze", "other", "answer", "html-to-pdf"]
    analyze = functions["analyze"]
    assert (analyze["timeout"], analyze["memory"], analyze["handler"]) == (30, 512, "handlers.analyze.handler")
    assert analyze["retry_policy"] == {"enabled": True, "errorsToRetry": []}
    assert (functions["answer"]["permissions"], analyze["permissions"]) == (["VIEW_USER"], ["CREATE_TASKS"])
    assert (analyze["source"], functions["html-to-pdf"]["source"]) == ("project", "platform")
    assert (analyze["last"], analyze["problems"]) == (None, [])


def test_what_starts_them_is_read_from_the_platform(center):
    center.exh.tasks.schedules.create(functionName="other", interval=90)
    functions = named(center)
    assert functions["analyze"]["triggers"] == [{"type": "transition", "schema": "pulse", "name": "finish"}]
    (schedule,) = functions["other"]["triggers"]
    assert (schedule["type"], schedule["interval"]) == ("schedule", 90)
    assert functions["answer"]["triggers"] == [{"type": "api", "path": "/tasks/v1/api/answer/"}]
    dispatcher = {"eventType": "user_deleted", "actions": [{"type": "task", "functionName": "other"}]}
    center.exh.session.request("POST", "/dispatchers/v1", json=dispatcher)
    assert {"type": "dispatcher", "event": "user_deleted"} in named(center)["other"]["triggers"]


@pytest.mark.slow
def test_a_function_with_a_warm_worker_says_so(center):
    assert named(center)["other"]["workers"] == {"all": 0, "idle": 0}
    run = center.invoke("other", {})
    other = named(center)["other"]
    assert (other["workers"], other["last"]["id"]) == ({"all": 1, "idle": 1}, run["id"])


def test_a_function_has_its_sample_events(center):
    found = center.get("/functions/analyze")
    assert [each["name"] for each in found["events"]] == ["analyze.json", "analyze.failing.json"]
    assert found["events"][0]["event"]["data"] == {"step": 7}
    (center.folder / "events" / "analyze.broken.json").write_text("{")
    broken = center.get("/functions/analyze")["events"][1]
    assert (broken["name"], "not JSON" in broken["problem"]) == ("analyze.broken.json", True)
    (center.folder / "events" / "other.json").unlink()
    (missing,) = center.get("/functions/other")["events"]
    assert "no sample event" in missing["problem"]
    with pytest.raises(DevkitError, match="There is no function nothing"):
        center.get("/functions/nothing")


def test_an_uploaded_function_is_there_and_takes_the_place_of_the_projects(center):
    body = {"name": "other", "code": code(), "entryPoint": "main.handler", "runtime": "python3.13", "timeLimit": 20}
    body |= {"memoryLimit": 256}
    center.exh.session.request("POST", "/tasks/v1/functions", json=body)
    other = named(center)["other"]
    assert (other["source"], other["handler"], other["timeout"]) == ("uploaded", "main.handler", 20)
    assert center.invoke("other", {"data": {}})["result"]["version"] == 1


@pytest.mark.slow
def test_a_seed_is_put_on_the_platform_before(serve):
    seed = {"users": [{"id": "68498c63b1b0b8de8a6228f6", "email": "ada@example.com"}]}
    center = serve({"events/other.seed.json": seed})
    assert center.get("/functions/other")["seeded"] is True
    center.invoke("other", {})
    assert center.exh.users.find().total == 3  # the first one, and those of analyze and answer
    center.invoke("other", {}, seeded=True)
    assert center.get("/functions/other")["last"]["status"] == "OK"
    assert "ada@example.com" in [each["email"] for each in center.exh.users.find_all()]


def test_a_wrong_seed_is_refused_and_nothing_runs(serve):
    center = serve({"events/other.seed.json": {"users": [{"id": "x"}]}})
    answer = requests.post(
        f"{center.url}/_dev/api/functions/other/invoke", json={"event": {}, "seeded": True}, timeout=5
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 26)
    assert "other.seed.json" in answer.json()["message"]
    assert center.get("/runs")["total"] == 0


def test_a_manifest_that_cannot_be_read_leaves_what_the_platform_knows(serve):
    center = serve()
    (center.folder / "template.yaml").write_text("Resources: [")
    center.project.become(type(center.project.project)(center.folder))
    assert list(named(center)) == ["analyze", "answer", "other", "html-to-pdf"]
