from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from crashing import Crash, crash_at_every_call, crashing_after
from end_state import end_state
from exh_dev.testing import dispatcher_event, handle
from extrahorizon.errors import InvalidEventError
from extrahorizon.query import rql
from handlers.on_task_failed import OWN_NAME, failures, handler
from handlers.on_task_failed.failures import MOST_MAILS, SCHEMA, group_of, report_failure
from waiting import wait_for

TO = ["operators@example.com"]


def failure(number=1, *, function="analyze-pulse", error="NotReadyError", at=1768473281907):
    content = {"id": f"6968c22edc6db9e217d59{number:03}", "functionName": function, "error": {"name": error}}
    event_id = f"6968c2c1daa1233c99132{number:03}"
    return {"id": event_id, "type": "task_failed", "content": content, "creation_timestamp": at}


def test_failures_are_grouped_by_function_error_and_hour():
    assert group_of(failure()) == {
        "functionName": "analyze-pulse",
        "errorName": "NotReadyError",
        "hour": "2026-01-15T10:00Z",
    }
    timeout = failure()
    timeout["content"]["error"] = {"type": "runtime", "message": "Task timed out after 60.00 seconds"}
    assert group_of(timeout)["errorName"] == "runtime"
    del timeout["content"]["error"]
    assert group_of(timeout)["errorName"] == "unknown"


@pytest.mark.parametrize("data", [{}, {"recipients": TO}, {"event": failure()}, {"event": failure(), "recipients": []}])
def test_an_event_without_what_it_needs_is_refused(data, fake_exh):
    with pytest.raises(InvalidEventError):
        handle(handler, {"data": data}, fake_exh)
    assert fake_exh.calls == []


def test_the_first_failure_of_its_kind_is_mailed_and_later_ones_are_kept(exh, exh_of):
    client = exh_of(OWN_NAME)
    assert report_failure(client, failure(1), TO) == {"mailed": True}
    assert report_failure(client, failure(2), TO) == {"mailed": False, "reason": "told before"}
    (kept,) = exh.data.documents.find(SCHEMA).items
    assert [each["event"] for each in kept["data"]["failures"]] == [failure(1)["id"], failure(2)["id"]]
    assert report_failure(client, failure(3, error="AnotherError"), TO) == {"mailed": True}
    assert report_failure(client, failure(4, function="whoami"), TO) == {"mailed": True}
    assert report_failure(client, failure(5, at=1768473281907 + 3600_000), TO) == {"mailed": True}
    mails = exh.mails.find().items
    assert [mail["subject"] for mail in mails].count("analyze-pulse: NotReadyError") == 2
    assert len(mails) == 4


def test_what_was_wrong_in_detail_is_not_mailed(exh, exh_of):
    event = failure()
    event["content"]["error"]["message"] = "Ada Lovelace has no pulse"
    report_failure(exh_of(OWN_NAME), event, TO)
    assert "Lovelace" not in str(exh.mails.find().items) + str(exh.data.documents.find(SCHEMA).items)


def test_an_hour_has_so_many_mails_and_no_more(exh, exh_of):
    client = exh_of(OWN_NAME)
    answers = [report_failure(client, failure(number, error=f"Error{number}"), TO) for number in range(MOST_MAILS + 2)]
    assert [answer["mailed"] for answer in answers] == [True] * MOST_MAILS + [False] * 2
    assert exh.mails.find().total == MOST_MAILS
    assert exh.data.documents.find(SCHEMA).total == MOST_MAILS + 2  # none is forgotten


@pytest.mark.parametrize("more", [{"recipients": TO}, {}])
def test_it_does_not_tell_of_itself_whatever_else_is_wrong(more, fake_exh):
    event = {"data": {"event": failure(function=OWN_NAME), **more}}
    assert handle(handler, event, fake_exh) == {"mailed": False, "reason": "its own failure"}
    assert fake_exh.calls == []


def test_without_recipients_it_fails_once_and_does_not_set_itself_off(exh):
    (dispatcher,) = [each for each in exh.dispatchers.find() if each["eventType"] == "task_failed"]
    (action,) = dispatcher["actions"]
    exh.dispatchers.actions.update(dispatcher["id"], action["id"], data={})
    exh.tasks.create(functionName="assess-blood-pressure", data={})
    own = rql.eq("functionName", OWN_NAME)
    wait_for(lambda: exh.tasks.find(own.eq("status", "complete")).total == 1)
    assert [task["status"] for task in exh.tasks.find(own.sort("creationTimestamp"))] == ["failed", "complete"]


def test_of_failures_at_the_same_time_one_is_mailed(exh, exh_of):
    client, start = exh_of(OWN_NAME), Barrier(5)

    def report_with_the_others(number):
        start.wait()
        return report_failure(client, failure(number), TO)["mailed"]

    with ThreadPoolExecutor(5) as threads:
        mailed = list(threads.map(report_with_the_others, range(5)))
    assert mailed.count(True) == 1
    assert exh.mails.find().total == 1
    (kept,) = exh.data.documents.find(SCHEMA).items
    assert len(kept["data"]["failures"]) == 5


def test_when_the_first_run_has_come_to_nothing_another_tells(exh, exh_of, monkeypatch):
    first = exh_of(OWN_NAME)
    with suppress(Crash), crashing_after(first, 3):
        report_failure(first, failure(1), TO)
    assert report_failure(exh_of(OWN_NAME), failure(2), TO) == {"mailed": False, "reason": "another run tells"}
    monkeypatch.setattr(failures, "GIVEN_UP", timedelta(0))
    assert report_failure(exh_of(OWN_NAME), failure(3), TO) == {"mailed": True}


def test_the_last_mail_of_an_hour_says_so(exh, exh_of, monkeypatch):
    monkeypatch.setattr(failures, "MOST_MAILS", 2)
    for number in (1, 2):
        report_failure(exh_of(OWN_NAME), failure(number, error=f"Error{number}"), TO)
    first, last = exh.mails.find(rql.sort("creation_timestamp"))
    assert "last mail of this hour" not in first["body"]
    assert "last mail of this hour" in last["body"]


def test_the_same_event_twice_is_told_once(exh, exh_of):
    report_failure(exh_of(OWN_NAME), failure(), TO)
    before = end_state(exh)
    assert report_failure(exh_of(OWN_NAME), failure(), TO)["mailed"] is False
    assert end_state(exh) == before


def test_a_crash_after_any_call_changes_nothing_in_the_end(exh, exh_of):
    def prepare():
        for mail in exh.mails.find_all():
            exh.session.call("DELETE", f"/mail/v1/{mail['id']}")
        for document in exh.data.documents.find_all(SCHEMA):
            exh.data.documents.remove(SCHEMA, document["id"])

    crashes, states = crash_at_every_call(
        lambda client: report_failure(client, failure(), TO), lambda: exh_of(OWN_NAME), prepare, lambda: end_state(exh)
    )
    assert crashes == 7
    assert all(state == states[0] for state in states)


def test_a_task_that_fails_sets_it_off(exh):
    exh.tasks.create(functionName="assess-blood-pressure", data={})
    (mail,) = wait_for(lambda: exh.mails.find().items)
    assert mail["subject"] == "assess-blood-pressure: InvalidEventError"
    assert mail["recipients"]["to"] == TO
    # Its own failure: an event of a kind that it refuses.
    exh.tasks.create(functionName=OWN_NAME, data={})
    own = rql.eq("functionName", OWN_NAME).eq("status", "complete")
    wait_for(lambda: exh.tasks.find(own).total == 2)
    assert exh.mails.find().total == 1


def test_the_event_builder_gives_what_it_takes(exh_of):
    event = dispatcher_event("task_failed", failure()["content"], {"recipients": TO})
    assert handle(handler, event, exh_of(OWN_NAME)) == {"mailed": True}
