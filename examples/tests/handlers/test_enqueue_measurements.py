import json
from itertools import count

import pytest
from exh_dev.aws.services import LocalAws
from exh_dev.testing import handle, task_event
from extrahorizon import queue
from extrahorizon.deadline import Deadline
from extrahorizon.errors import InvalidEventError
from extrahorizon.query import RQL
from extrahorizon.queue import UnsentTasksError
from handlers.enqueue_measurements import handler, pages
from handlers.enqueue_measurements.pages import PAGE_SIZE, RESERVE, enqueue

NAME, SCHEMA = "enqueue-measurements", "blood-pressure-reading"
PATIENT = "68498c63b1b0b8de8a6228f6"
WAITING = RQL("eq(status,created)")


@pytest.fixture
def tasks(monkeypatch):
    """Takes what is in the queue: the tasks, parsed."""
    with LocalAws() as aws:
        work_queue = aws.create_work_queue()
        keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        for name, value in {**aws.environment(), **work_queue.environment(), **keys}.items():
            monkeypatch.setenv(name, value)

        def tasks():
            found, sqs = [], aws.client("sqs")
            while messages := sqs.receive_message(QueueUrl=work_queue.url, MaxNumberOfMessages=10).get("Messages"):
                found += [json.loads(each["Body"]) for each in messages]
            return found

        yield tasks
        queue._aws.cache_clear()


@pytest.fixture
def measured(exh):
    """Makes measurements, which wait; their ids."""
    numbers = count()

    def measured(how_many):
        made = []
        for _ in range(how_many):
            number = next(numbers)
            made.append(
                exh.data.documents.create(
                    SCHEMA,
                    {
                        "patient": PATIENT,
                        "timestamp": f"2026-01-{1 + number // 60:02d}T10:{number % 60:02d}:00Z",
                        "systolic": 147.5,
                        "diastolic": 93.5,
                    },
                )["id"]
            )
        return made

    return measured


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch):
    """The transition's own task would take them from where they wait."""
    from exh_dev.platform.tasks.queue import Queue

    monkeypatch.setattr(Queue, "_start_due", lambda _: None)


def test_a_task_for_each_measurement_that_waits_and_nothing_of_the_patient_in_it(exh, tasks, measured):
    ids = measured(PAGE_SIZE + 7)
    exh.data.documents.transition(SCHEMA, ids[3], name="mark-as-analyzed", data={"category": "normal"})
    answer = handle(handler, task_event({}), exh)
    following = {"schema": SCHEMA, "rql": "eq(status,created)", "after": max(ids), "queued": PAGE_SIZE + 6}
    assert answer == {"queued": PAGE_SIZE + 6, "complete": True, "next": following}
    found = tasks()
    assert sorted(each["data"]["documentId"] for each in found) == sorted({*ids} - {ids[3]})
    assert all(each["data"].keys() == {"schemaId", "documentId"} and each.keys() == {"id", "data"} for each in found)
    assert {len(each["id"]) for each in found} == {24}


def test_queued_again_they_have_the_same_ids_and_another_when_they_wait_anew(exh, tasks, measured):
    measured(3)
    enqueue(exh, SCHEMA, WAITING)
    first = {each["data"]["documentId"]: each["id"] for each in tasks()}
    enqueue(exh, SCHEMA, WAITING)
    assert {each["data"]["documentId"]: each["id"] for each in tasks()} == first
    assert len(set(first.values())) == 3
    (moved, *_) = first
    exh.data.documents.transition(SCHEMA, moved, name="mark-as-analyzed", data={"category": "normal"})
    enqueue(exh, SCHEMA, RQL("eq(status,analyzed)"))
    ((again,),) = [[each["id"] for each in tasks()]]
    assert again not in first.values()


def test_measurements_that_leave_the_list_meanwhile_hide_no_others(exh, tasks, measured, monkeypatch):
    ids = measured(2 * PAGE_SIZE)
    send = pages.send_tasks

    def send_and_analyze(batch, **options):
        batch = list(batch)
        for each in batch[:10]:
            document = each["data"]["documentId"]
            exh.data.documents.transition(SCHEMA, document, name="mark-as-analyzed", data={"category": "normal"})
        return send(batch, **options)

    monkeypatch.setattr(pages, "send_tasks", send_and_analyze)
    assert enqueue(exh, SCHEMA, WAITING)[0] == len(ids)
    assert {each["data"]["documentId"] for each in tasks()} == set(ids)


def test_runs_that_end_in_time_queue_all_together(exh, tasks, measured):
    """As the state machine runs it: each run with what the one before has under `next`."""
    ids = sorted(measured(2 * PAGE_SIZE + 5))
    data, answers = {"rql": str(WAITING)}, []
    while not answers or not answers[-1]["complete"]:
        exh.session.deadline = Deadline(RESERVE - 1)  # time for one page
        answers.append(handle(handler, task_event(data), exh))
        data = answers[-1]["next"]
    assert [each["queued"] for each in answers] == [PAGE_SIZE, PAGE_SIZE, 5]
    assert [each["next"]["after"] for each in answers] == [ids[PAGE_SIZE - 1], ids[2 * PAGE_SIZE - 1], ids[-1]]
    assert data["queued"] == len(ids)
    assert sorted(each["data"]["documentId"] for each in tasks()) == ids


def test_a_run_leaves_so_much_time_that_no_alarm_comes(project):
    """At 80 % of the timeout there is one; a page with its sends takes seconds at most."""
    timeout = project.manifest.function(NAME).timeout
    assert (timeout - RESERVE + 15) / timeout <= 0.8


def test_it_goes_on_where_it_ended(exh, tasks, measured):
    ids = sorted(measured(5))
    answer = handle(handler, task_event({"after": ids[2]}), exh)
    assert (answer["queued"], answer["complete"], answer["next"]["after"]) == (2, True, ids[4])
    assert sorted(each["data"]["documentId"] for each in tasks()) == ids[3:]
    assert enqueue(exh, SCHEMA, WAITING, ids[4]) == (0, True, ids[4])


def test_what_the_queue_does_not_take_is_told(exh, tasks, measured, monkeypatch):
    measured(2)
    client = queue._aws("sqs")
    refused = {"Failed": [{"Id": "1", "SenderFault": True, "Code": "InvalidMessageContents"}]}
    monkeypatch.setattr(client, "send_message_batch", lambda **_: refused)
    with pytest.raises(UnsentTasksError, match="after 1 tasks, 1 could not be put into the queue"):
        enqueue(exh, SCHEMA, WAITING)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"schema": 5}, "needs schema"),
        ({"after": ["x"]}, "needs after"),
        ({"rql": ""}, "needs rql"),
        ({"queued": "5"}, "queued is not a whole number"),
        ({"queued": True}, "queued is not a whole number"),
        ({"rql": "eq(status"}, "rql cannot be used"),
        ({"rql": "eq(status,created)&limit(5)"}, "may not limit, sort or select"),
        ({"rql": "sort(-id)"}, "may not limit, sort or select"),
        ({"rql": "select(data)"}, "may not limit, sort or select"),
    ],
)
def test_events_that_make_no_sense_are_refused(data, problem, fake_exh):
    with pytest.raises(InvalidEventError, match=problem):
        handle(handler, task_event(data), fake_exh)
    assert fake_exh.calls == []
