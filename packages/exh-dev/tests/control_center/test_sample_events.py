"""Events of functions: their shape, and keeping one."""

import json

import pytest
import requests


def keep(center, function="analyze", **body):
    return requests.post(f"{center.url}/_dev/api/functions/{function}/events", json=body, timeout=5)


def test_an_event_is_kept_as_a_sample(center):
    answer = keep(center, case="late", event={"data": {"step": 9, "word": "é"}})
    assert (answer.status_code, answer.json()) == (201, {"file": "events/analyze.late.json"})
    assert json.loads((center.folder / "events/analyze.late.json").read_text("utf-8"))["data"]["word"] == "é"
    assert "analyze.late.json" in [each["name"] for each in center.get("/functions/analyze")["events"]]


def test_an_event_that_is_there_is_only_replaced_when_that_is_asked_for(center):
    before = (center.folder / "events/analyze.failing.json").read_text()
    answer = keep(center, case="failing", event={})
    assert (answer.status_code, "exists already" in answer.json()["message"]) == (400, True)
    assert (center.folder / "events/analyze.failing.json").read_text() == before
    assert keep(center, case="failing", event={}, replace=True).status_code == 201
    assert (center.folder / "events/analyze.failing.json").read_text() == "{}\n"


@pytest.mark.parametrize("case", ["", "seed", "../x", "a/b", "A", "a.b", "-a", "x" * 61, 7, None])
def test_an_invalid_name_of_a_sample_event_is_refused(center, case):
    before = sorted(center.folder.rglob("*"))
    assert keep(center, case=case, event={}).json()["code"] in {14, 15}
    assert sorted(center.folder.rglob("*")) == before


def test_an_event_of_no_function_and_no_event_are_refused(center):
    assert "is not a function of this project" in keep(center, "none", case="a", event={}).json()["message"]
    assert keep(center, case="a").json()["code"] == 14


def test_nothing_is_kept_without_a_project(platform):
    url = f"{platform.url}/_dev/api/functions/html-to-pdf/events"
    assert requests.post(url, json={"case": "a", "event": {}}, timeout=5).json()["code"] == 27
    schema = requests.get(f"{platform.url}/_dev/api/functions/html-to-pdf/event-schema", timeout=5).json()
    assert "functionName" in schema["properties"]


def test_the_schema_of_an_event_is_that_of_what_starts_the_function(center):
    analyze = center.get("/functions/analyze/event-schema")
    assert analyze["properties"]["data"]["properties"] == {"step": {"type": "number"}, "fail": {"type": "string"}}
    assert "rawPath" in center.get("/functions/answer/event-schema")["properties"]
    answer = requests.get(f"{center.url}/_dev/api/functions/none/event-schema", timeout=5)
    assert answer.json()["code"] == 16
