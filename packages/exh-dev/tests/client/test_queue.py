"""A task function behind a queue, against moto's SQS and DynamoDB over real HTTP."""

import io
import json
import time
from dataclasses import dataclass

import pytest

from exh_dev.aws.services import LocalAws
from extrahorizon import queue
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError, ExtraHorizonError, InvalidEventError
from extrahorizon.log import logger
from extrahorizon.queue import BATCH_BYTES, SEND_ATTEMPTS, UnsentTasksError, send_tasks
from extrahorizon.task import task_handler

PERSONAL = "Wilhelmina Quillfeather"


@dataclass
class Context:
    seconds: float = 30
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self):
        return int(self.seconds * 1000)


class UnmendableError(ExtraHorizonError):
    """What a function names as poison."""


@pytest.fixture(scope="module")
def aws():
    with LocalAws() as running:
        yield running


@pytest.fixture
def work_queue(aws, monkeypatch):
    """Queue, dead-letter queue and table, named in this process's environment."""
    aws.reset()
    made = aws.create_work_queue()
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_LAMBDA_FUNCTION_NAME": "analyze"}
    for name, value in {**aws.environment(), **made.environment(), **keys}.items():
        monkeypatch.setenv(name, value)
    yield made
    for cached in (queue._aws, queue._store, queue._warn_of_no_table):
        cached.cache_clear()


@pytest.fixture
def sqs(aws):
    return aws.client("sqs")


@pytest.fixture
def dead_letters(sqs, work_queue):
    """What is in the dead-letter queue: of each message its body and its attributes."""

    def dead_letters():
        found = sqs.receive_message(
            QueueUrl=work_queue.dead_letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            (each["Body"], {name: value["StringValue"] for name, value in each.get("MessageAttributes", {}).items()})
            for each in found.get("Messages", [])
        ]

    return dead_letters


@pytest.fixture
def notes(aws, work_queue):
    """What is noted in the table."""
    return lambda: aws.client("dynamodb").scan(TableName=work_queue.table)["Items"]


@pytest.fixture
def lines(monkeypatch):
    """The log, line by line."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def event_of(*bodies):
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "r",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "2"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:work-queue",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def failed(answer):
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def task(task_id, **data):
    return {"id": task_id, "data": data}


class Recorder:
    """A function that notes the tasks it gets, and raises what a task's data says."""

    def __init__(self, **options):
        self.seen = []
        self.handler = task_handler(**options)(self.run) if options else task_handler(self.run)

    def run(self, task, exh):
        self.seen.append(task.id)
        error = {"value": ValueError, "invalid": InvalidEventError, "unmendable": UnmendableError}.get(
            task.data.get("raise")
        )
        if error is not None:
            raise error(PERSONAL if error is ValueError else "the reason")
        return {"patient": PERSONAL}

    def __call__(self, *bodies, context=None):
        return self.handler(event_of(*bodies), context or Context())


# What becomes of messages


def test_each_message_is_a_task_and_what_failed_comes_again(work_queue, dead_letters):
    work = Recorder()
    answer = work(task("a"), task("b", **{"raise": "value"}), task("c"))
    assert work.seen == ["a", "b", "c"]
    assert failed(answer) == ["message-1"]
    assert dead_letters() == []


def test_the_same_handler_takes_a_task_alone(work_queue):
    work = Recorder()
    assert work.handler(task("a"), Context()) == {"patient": PERSONAL}
    with pytest.raises(ValueError, match=PERSONAL):
        work.handler(task("b", **{"raise": "value"}), Context())


@pytest.mark.parametrize("event", [{"Records": []}, {"Records": [{"eventSource": "aws:s3"}]}, {"Records": "all"}])
def test_an_event_that_is_no_batch_of_messages_is_a_task(event):
    work = Recorder()
    work.handler(event, Context())
    assert work.seen == [None]


def test_when_all_of_them_fail_all_of_them_are_named(work_queue):
    work = Recorder()
    assert failed(work(*[task(each, **{"raise": "value"}) for each in "ab"])) == ["message-0", "message-1"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no JSON", "the message's body is not JSON; a task as JSON is expected"),
        ("[" * 100_000, "the message's body is not JSON; a task as JSON is expected"),
        ("[1]", "the event is a list; a task function receives a task object, a JSON object"),
        ('{"data": [1]}', "the task's data is a list; expected a JSON object, or none"),
        ('{"id": 5}', "the task's id is not a string"),
        ('{"id": "a", "data": {"raise": "invalid"}}', "the reason"),
    ],
)
def test_poison_goes_to_the_dead_letter_queue_at_once_with_the_reason(work_queue, dead_letters, body, reason):
    assert failed(Recorder()(body, task("good"))) == []
    ((found, attributes),) = dead_letters()
    assert found == body
    assert attributes == {
        "ErrorType": "InvalidEventError",
        "ErrorMessage": reason,
        "Function": "analyze",
        "MessageId": "message-0",
        "ReceiveCount": "2",
    }


def test_a_function_names_its_own_poison(work_queue, dead_letters):
    body = task("a", **{"raise": "unmendable"})
    assert failed(Recorder()(body)) == ["message-0"]
    assert failed(Recorder(poison=(UnmendableError,))(body, task("b", **{"raise": "invalid"}))) == []
    assert [attributes["ErrorType"] for _, attributes in dead_letters()] == ["UnmendableError", "InvalidEventError"]


def test_the_message_of_a_foreign_error_is_neither_sent_nor_logged(work_queue, dead_letters, lines):
    assert failed(Recorder(poison=(ValueError,))(task("a", **{"raise": "value"}))) == []
    ((_, attributes),) = dead_letters()
    assert attributes["ErrorType"] == attributes["ErrorMessage"] == "ValueError"
    assert failed(Recorder()(task("b", **{"raise": "value"}))) == ["message-0"]
    assert len(lines()) == 2
    assert PERSONAL not in json.dumps(lines())


def test_a_reason_that_sqs_would_refuse_is_made_fit(work_queue, dead_letters):
    @task_handler
    def handler(task, exh):
        raise InvalidEventError("a\x00b" + "c" * 5000)

    assert failed(handler(event_of(task("a")), Context())) == []
    ((_, attributes),) = dead_letters()
    assert attributes["ErrorMessage"] == "a?b" + "c" * 997


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1/none"])
def test_poison_that_cannot_be_moved_is_not_lost(work_queue, monkeypatch, url):
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url)
    assert failed(Recorder()("no JSON", task("a"))) == ["message-0"]


def test_poison_is_not_lost_when_the_dead_letter_queue_is_gone(work_queue, sqs, lines):
    sqs.delete_queue(QueueUrl=work_queue.dead_letters)
    assert failed(Recorder()("no JSON")) == ["message-0"]
    assert lines()[-1]["reason"] == "AWS answered AWS.SimpleQueueService.NonExistentQueue to SendMessage"


# What is counted


def metrics(capsys):
    """Each line that CloudWatch reads as metrics: namespace, dimensions, and values by name."""
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        if "_aws" in line:
            ((directive,),) = (line["_aws"]["CloudWatchMetrics"],)
            dimensions = {name: line[name] for names in directive["Dimensions"] for name in names}
            yield (
                directive["Namespace"],
                dimensions,
                {each["Name"]: line[each["Name"]] for each in directive["Metrics"]},
            )


def test_completed_failed_and_poison_messages_are_counted(work_queue, monkeypatch, capsys):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "clinic-dev")
    work = Recorder()
    work(task("a"), task("a"), "no task", task("b", **{"raise": "value"}), task("c"))
    ((namespace, dimensions, values),) = metrics(capsys)
    assert namespace == "clinic-dev"
    assert dimensions == {"service": logger.service}
    counts = {name: sum(values[name]) for name in ("Done", "DoneBefore", "Poison", "Failed")}
    assert counts == {"Done": 2, "DoneBefore": 1, "Poison": 1, "Failed": 1}
    assert sum(values["Failed"]) / len(values["Failed"]) == 1 / 5


def test_messages_that_were_not_begun_are_not_counted_as_failures(work_queue, monkeypatch, capsys):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "clinic-dev")
    work = Recorder()
    result = work(task("a"), task("b"), context=Context(seconds=0.5))
    assert len(failed(result)) == 2
    ((_, _, values),) = metrics(capsys)
    assert (values["NotBegun"], values.get("Failed")) == ([2], None)


def test_when_all_of_them_fail_the_average_says_so(work_queue, monkeypatch, capsys):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "clinic-dev")
    Recorder()(*[task(each, **{"raise": "value"}) for each in "ab"])
    ((_, _, values),) = metrics(capsys)
    assert values["Failed"] == [1, 1]


def test_without_a_namespace_nothing_is_counted(work_queue, capsys):
    Recorder()(task("a"))
    assert list(metrics(capsys)) == []


# Once


def test_a_task_is_done_once_however_often_it_comes(work_queue):
    work = Recorder()
    assert failed(work(task("a"), task("a"))) == []
    assert failed(work(task("a"))) == []
    assert work.seen == ["a"]


def test_a_later_attempt_is_the_same_task(work_queue):
    work = Recorder()
    assert failed(work(task("a"), {"id": "c", "retryForTaskIds": ["a", "b"]})) == []
    assert work.seen == ["a"]


def test_a_function_says_what_is_the_same(work_queue):
    work = Recorder(idempotency_key=lambda task: task.data.get("order"))
    work(task("a", order="1"), task("b", order="1"), task("c", order="2"), task("d"), task("d"))
    assert work.seen == ["a", "c", "d"]


def test_a_task_without_an_id_is_done_once_for_its_message(work_queue):
    work = Recorder()
    work({"data": {}})
    work({"data": {}})
    assert work.seen == [None]


def test_a_task_that_failed_or_was_poison_may_run_again(work_queue):
    for error in ("value", "invalid"):
        work = Recorder()
        work(task(error, **{"raise": error}))
        work(task(error))
        assert work.seen == [error, error]


def test_two_functions_do_the_same_task_each_for_itself(work_queue):
    seen = []

    @task_handler
    def one(task, exh):
        seen.append("one")

    @task_handler
    def other(task, exh):
        seen.append("other")

    for handler in (one, other, one):
        handler(event_of(task("a")), Context())
    assert seen == ["one", "other"]


def test_the_table_holds_nothing_of_the_result_or_the_key(work_queue, notes):
    Recorder(idempotency_key=lambda _: PERSONAL)(task("a"))
    (note,) = notes()
    assert note["status"] == {"S": "COMPLETED"}
    assert note["data"] == {"S": "null"}
    assert PERSONAL not in json.dumps(note)
    assert 13 * 86_400 < int(note["expiration"]["N"]) - time.time() <= 14 * 86_400


def test_a_task_whose_attempt_crashed_runs_again_when_its_lock_expires(aws, work_queue, notes):
    class Killed(BaseException):
        pass

    attempts = []

    @task_handler
    def handler(task, exh):
        attempts.append(task.id)
        if len(attempts) == 1:
            raise Killed

    with pytest.raises(Killed):
        handler(event_of(task("a")), Context(seconds=20))
    (note,) = notes()
    assert note["status"] == {"S": "INPROGRESS"}
    assert 15 < int(note["in_progress_expiration"]["N"]) / 1000 - time.time() <= 20
    assert failed(handler(event_of(task("a")), Context())) == ["message-0"]
    assert attempts == ["a"]
    note["in_progress_expiration"] = {"N": str(int(time.time() * 1000) - 1)}
    aws.client("dynamodb").put_item(TableName=work_queue.table, Item=note)
    assert failed(handler(event_of(task("a")), Context())) == []
    assert attempts == ["a", "a"]


def test_without_a_table_a_task_runs_each_time_with_a_warning(work_queue, monkeypatch, lines):
    monkeypatch.delenv("IDEMPOTENCY_TABLE")
    work = Recorder()
    assert failed(work(task("a"), task("a"))) == []
    assert work.seen == ["a", "a"]
    assert [line["message"] for line in lines()] == [
        "IDEMPOTENCY_TABLE is not set: a message that is delivered twice runs twice"
    ]


def test_a_table_that_is_not_there_fails_the_message_and_runs_nothing(work_queue, monkeypatch, lines):
    monkeypatch.setenv("IDEMPOTENCY_TABLE", "another")
    work = Recorder()
    assert failed(work(task("a"))) == ["message-0"]
    assert work.seen == []
    assert "AWS answered ResourceNotFoundException to PutItem" in lines()[0]["reason"]


# Time


def test_messages_are_not_begun_without_the_time_for_them(work_queue):
    context = Context(seconds=10)
    seen = []

    @task_handler
    def handler(task, exh):
        seen.append((task.id, round(exh.deadline.remaining(), 1)))
        context.seconds -= 9

    assert failed(handler(event_of(task("a"), task("b")), context)) == ["message-1"]
    assert seen == [("a", 9.5)]


def test_a_message_is_not_begun_with_less_than_another_took(work_queue, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(queue.time, "monotonic", lambda: now[0])
    context = Context(seconds=30)
    seen = []

    @task_handler
    def handler(task, exh):
        seen.append(task.id)
        now[0] += 12
        context.seconds -= 12

    assert failed(handler(event_of(*map(task, "abc")), context)) == ["message-2"]
    assert seen == ["a", "b"]


def test_log_lines_say_which_message_and_nothing_of_the_one_before(work_queue, lines):
    Recorder()(task("a", **{"raise": "value"}), "no JSON")
    first, second = lines()
    assert (first["message_id"], first["task_id"], first["error"]) == ("message-0", "a", "ValueError")
    assert any("in run" in each for each in first["stackTrace"])
    assert (second["message_id"], second.get("task_id")) == ("message-1", None)


# Into the queue


def bodies_in(sqs, url):
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [each["Body"] for each in messages]
    return found


def test_tasks_are_put_into_the_queue_ten_at_a_time(work_queue, sqs, monkeypatch):
    batches = []
    send = queue._aws("sqs").send_message_batch
    monkeypatch.setattr(
        queue._aws("sqs"), "send_message_batch", lambda **body: batches.append(len(body["Entries"])) or send(**body)
    )
    assert send_tasks(task(str(number)) for number in range(23)) == 23
    assert batches == [10, 10, 3]
    assert {json.loads(body)["id"] for body in bodies_in(sqs, work_queue.url)} == {str(each) for each in range(23)}
    assert send_tasks([]) == 0


def test_large_tasks_go_in_smaller_batches(work_queue, monkeypatch):
    batches = []
    monkeypatch.setattr(
        queue._aws("sqs"), "send_message_batch", lambda **body: batches.append(len(body["Entries"])) or {}
    )
    send_tasks([task(str(number), text="é" * (BATCH_BYTES // 5)) for number in range(5)])
    assert batches == [2, 2, 1]


def test_what_sqs_does_not_take_is_sent_again(work_queue, sqs, monkeypatch, waits):
    client = queue._aws("sqs")
    send, calls = client.send_message_batch, []

    def busy(**body):
        calls.append([entry["Id"] for entry in body["Entries"]])
        if len(calls) > 2:
            return send(**body)
        return {"Failed": [{"Id": each, "SenderFault": False, "Code": "InternalError"} for each in calls[-1][1:]]}

    monkeypatch.setattr(client, "send_message_batch", busy)
    assert send_tasks(map(task, "abc")) == 3
    assert calls == [["0", "1", "2"], ["1", "2"], ["2"]]
    assert waits == [0.2, 0.4]


@pytest.mark.parametrize(("fault", "attempts"), [(False, SEND_ATTEMPTS), (True, 1)])
def test_a_message_that_sqs_never_takes_raises(work_queue, monkeypatch, fault, attempts):
    calls = []

    def refuse(**body):
        calls.append(body)
        (*_, last) = body["Entries"]
        return {"Failed": [{"Id": last["Id"], "SenderFault": fault, "Code": "InvalidMessageContents"}]}

    monkeypatch.setattr(queue._aws("sqs"), "send_message_batch", refuse)
    with pytest.raises(
        UnsentTasksError, match="after 2 tasks, 1 could not .* SQS answered InvalidMessageContents"
    ) as e:
        send_tasks(map(task, "abc"))
    assert (e.value.sent, e.value.unsent, len(calls)) == (2, ("c",), attempts)


def test_a_queue_that_does_not_exist_raises(work_queue, sqs):
    sqs.delete_queue(QueueUrl=work_queue.url)
    with pytest.raises(UnsentTasksError, match=r"AWS answered \S*NonExistentQueue|QueueDoesNotExist"):
        send_tasks([task("a")])


def test_without_a_queue_nothing_is_sent(monkeypatch):
    monkeypatch.setenv("WORK_QUEUE_URL", " ")
    with pytest.raises(ConfigurationError, match="WORK_QUEUE_URL must be set"):
        send_tasks([task("a")])


def test_past_the_deadline_nothing_is_sent(work_queue, sqs):
    with pytest.raises(DeadlineExceededError):
        send_tasks([task("a")], deadline=Deadline(-1))
    assert bodies_in(sqs, work_queue.url) == []
