"""What went on in the last hour, and what there is."""

import pytest
from waiting import wait_for


def test_a_new_platform_has_an_empty_overview(serve):
    center = serve(pace=1)
    overview = center.get("/overview")
    assert len(overview["minutes"]) == 60
    assert {each["runs"] for each in overview["minutes"]} == {0}
    assert (overview["functions"], overview["mails"], overview["reloads"]) == ([], [], [])
    assert overview["counts"] == {"documents": 0, "users": len(center.exh.users.find()), "files": 0, "mails": 0}


@pytest.mark.slow
def test_runs_are_counted_by_minute_and_by_function(serve):
    center = serve(pace=1)
    center.invoke("other", {})
    center.invoke("analyze", {"data": {"fail": "no"}})
    center.exh.mails.send(recipients={"to": ["ada@example.com"]}, subject="Hello", body="x")
    overview = center.get("/overview")
    assert (sum(each["runs"] for each in overview["minutes"]), sum(each["failed"] for each in overview["minutes"])) == (
        2,
        1,
    )
    failing, other = overview["functions"]
    assert (failing["name"], failing["runs"], failing["failed"]) == ("analyze", 1, 1)
    assert (other["name"], other["failed"]) == ("other", 0)
    assert 0 < other["p50_ms"] <= other["p95_ms"]
    assert [each["subject"] for each in overview["mails"]] == ["Hello"]


def test_saved_files_are_listed(serve):
    center = serve(reload=True)
    center.write("handlers/other.py", "def handler(event, context):\n    return 2\n")
    (reload,) = wait_for(lambda: center.get("/overview")["reloads"])
    assert (reload["files"], reload["problems"]) == (["handlers/other.py"], 0)
