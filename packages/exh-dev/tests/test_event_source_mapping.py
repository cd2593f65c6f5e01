"""Between moto's SQS and a function that a test makes up."""

import json
from collections import Counter
from datetime import UTC, datetime
from threading import Barrier

import pytest

from exh_dev.aws.event_source_mapping import EventSourceMapping, left_over
from exh_dev.aws.services import LocalAws
from exh_dev.errors import DevkitError, UsageError
from exh_dev.runtime import Invocation


@pytest.fixture(scope="module")
def aws():
    with LocalAws() as running:
        yield running


@pytest.fixture
def sqs(aws):
    aws.reset()
    return aws.client("sqs")


@pytest.fixture
def queue(aws, sqs):
    """Messages that are received are visible again at once, three times."""
    return aws.create_work_queue(hidden=0, most_receives=3)


def outcome(result=None, error=None):
    return Invocation("r", "work", result, error, (), datetime.now(UTC), 0.0, None, 0.0, 0)


def send(sqs, queue, *bodies, **message):
    for body in bodies:
        sqs.send_message(QueueUrl=queue.url, MessageBody=body, **message)


def bodies(event):
    return [record["body"] for record in event["Records"]]


class Function:
    """Notes the batches it gets; what is in `failing` fails, and comes again."""

    def __init__(self, failing=()):
        self.batches, self.failing = [], set(failing)
        self.events = []

    def __call__(self, event):
        self.events.append(event)
        self.batches.append(bodies(event))
        failed = [record["messageId"] for record in event["Records"] if record["body"] in self.failing]
        return outcome({"batchItemFailures": [{"itemIdentifier": each} for each in failed]})


def mapping(sqs, queue, function, **options):
    return EventSourceMapping(sqs, queue.url, function, timeout=0, **options)


def test_completed_messages_are_deleted_and_failed_ones_come_again(sqs, queue):
    function = Function(failing=["b"])
    polled = mapping(sqs, queue, function)
    send(sqs, queue, "a", "b", "c")
    assert polled.poll().ok
    assert polled.waiting() == 1
    function.failing.clear()
    polled.poll()
    assert function.batches == [["a", "b", "c"], ["b"]]
    assert (polled.waiting(), polled.poll()) == (0, None)
    assert polled.counts == Counter(received=4, deleted=3, returned=2, reported=1, duplicate=0)


def test_the_event_is_that_of_lambda(sqs, queue):
    function = Function()
    attributes = {
        "Trace": {"DataType": "String", "StringValue": "x"},
        "Raw": {"DataType": "Binary", "BinaryValue": b"\0"},
    }
    send(sqs, queue, "é", MessageAttributes=attributes)
    mapping(sqs, queue, function).poll()
    (record,) = function.events[0]["Records"]
    assert record["attributes"].keys() == {
        "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SenderId", "SentTimestamp",
    }  # fmt: skip
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"] == {
        "Trace": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "Raw": {"binaryValue": "AA==", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert (record["body"], record["eventSource"], record["awsRegion"]) == ("é", "aws:sqs", "eu-central-1")
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-central-1:123456789012:work-queue"
    assert {"messageId", "receiptHandle", "md5OfBody"} < record.keys()


@pytest.mark.parametrize(
    "result", [None, "", {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"another": "answer"}]
)
def test_answers_after_which_all_are_deleted(result):
    assert left_over(["a", "b"], outcome(result)) == set()


@pytest.mark.parametrize(
    "result",
    [
        "done",
        [1],
        7,
        {"batchItemFailures": "a"},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"id": "a"}]},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "of another batch"}]},
    ],
)
def test_answers_after_which_all_come_again(result):
    assert left_over(["a", "b"], outcome(result)) is None


def test_a_function_that_fails_leaves_all_of_them_until_the_dead_letter_queue_has_them(sqs, queue):
    seen = []

    def fail(event):
        seen.append(bodies(event))
        return outcome(error={"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"})

    polled = mapping(sqs, queue, fail)
    send(sqs, queue, "a", "b")
    while polled.poll() is not None:
        pass
    assert seen == [["a", "b"]] * 3
    assert polled.counts["failed"] == 3
    dead = sqs.receive_message(QueueUrl=queue.dead_letters, MaxNumberOfMessages=10)["Messages"]
    assert [each["Body"] for each in dead] == ["a", "b"]
    assert polled.waiting() == 0


def test_a_message_stays_hidden_while_it_is_worked_on(aws, sqs):
    queue = aws.create_work_queue(hidden=30)
    send(sqs, queue, "a")
    seen = []

    def work(event):
        seen.append(bodies(event))
        assert mapping(sqs, queue, Function()).poll() is None
        return outcome()

    EventSourceMapping(sqs, queue.url, work, timeout=5).poll()
    assert seen == [["a"]]


class Clock:
    """Time that goes by only where somebody waits; `then` says what happens meanwhile."""

    def __init__(self, *then):
        self.now, self.then = 0.0, list(then)

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.now += seconds
        if self.then:
            self.then.pop(0)()


@pytest.mark.slow
def test_a_batch_waits_for_more_until_its_window_is_over(sqs, queue):
    queue_many = Clock(lambda: send(sqs, queue, "b"), lambda: None, lambda: send(sqs, queue, "c"))
    function = Function()
    # Visible at once, as messages here are, they would be received twice.
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "30"})
    send(sqs, queue, "a")
    polled = mapping(sqs, queue, function, batching_window=2, clock=queue_many, pause=queue_many.pause)
    polled.poll()
    assert function.batches == [["a", "b", "c"]]
    assert queue_many.now == pytest.approx(2)


@pytest.mark.slow
def test_a_full_batch_does_not_wait(sqs, queue):
    clock, function = Clock(), Function()
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "30"})
    send(sqs, queue, *(str(number) for number in range(27)))
    polled = mapping(sqs, queue, function, batch_size=12, batching_window=2, clock=clock, pause=clock.pause)
    polled.poll()
    polled.poll()
    assert clock.now == 0
    polled.poll()
    assert [len(batch) for batch in function.batches] == [12, 12, 3]
    assert clock.now == pytest.approx(2)


@pytest.mark.slow
def test_a_batch_is_no_larger_than_an_event_may_be(sqs, queue):
    function = Function()
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "30"})
    large = "x" * 1_000_000
    send(sqs, queue, *[large] * 8)
    polled = mapping(sqs, queue, function)
    polled.poll()
    polled.poll()
    assert [len(batch) for batch in function.batches] == [5, 3]
    assert all(len(json.dumps(event)) < 6_000_000 for event in function.events)
    assert polled.waiting() == 0


def test_a_duplicate_is_delivered_in_a_batch_of_its_own_although_it_was_deleted(sqs, queue):
    function = Function()
    answers = iter([False, True, False])
    send(sqs, queue, "a", "b")
    polled = mapping(sqs, queue, function, duplicate=lambda: next(answers))
    polled.poll()
    assert polled.waiting() == 1
    polled.poll()
    assert function.batches == [["a", "b"], ["b"]]
    assert len({event["Records"][-1]["messageId"] for event in function.events}) == 1
    assert polled.waiting() == 0


def test_as_many_batches_at_once_as_it_may(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "30"})
    together = Barrier(3, timeout=20)

    def work(_):
        together.wait()
        return outcome()

    send(sqs, queue, *(str(number) for number in range(2)))
    with mapping(sqs, queue, work, batch_size=1, maximum_concurrency=2):
        together.wait()


def test_an_error_of_the_mapping_itself_is_reported(sqs, queue):
    def broken(_):
        raise DevkitError("the runtime is closed")

    send(sqs, queue, "a")
    polled = mapping(sqs, queue, broken, maximum_concurrency=1)
    with pytest.raises(DevkitError, match="not polled any more: the runtime is closed"), polled:
        polled._threads[0].join()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"batch_size": 0}, "1 to 10000 messages"),
        ({"batch_size": 10_001}, "1 to 10000 messages"),
        ({"batching_window": 301}, "a window of 0 to 300 s"),
        ({"batch_size": 11}, "need a window of 1 s at least"),
        ({"maximum_concurrency": 0}, "a concurrency of 1 at least"),
    ],
)
def test_what_lambda_would_refuse_is_refused(sqs, queue, options, problem):
    with pytest.raises(UsageError, match=problem):
        mapping(sqs, queue, Function(), **options)


def test_a_queue_that_hides_messages_for_less_than_the_function_may_take_is_refused(aws, sqs):
    queue = aws.create_work_queue(hidden=30)
    with pytest.raises(UsageError, match="visibility timeout of 30 s is less than the function's timeout of 31 s"):
        EventSourceMapping(sqs, queue.url, Function(), timeout=31)
