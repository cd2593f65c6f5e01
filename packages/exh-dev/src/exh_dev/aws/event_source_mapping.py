"""The event source mapping between an SQS queue and a function: receive, invoke with batches, delete.

As https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html has it, with `ReportBatchItemFailures`:

- A batch is complete when it has `batch_size` messages, when `batching_window` is over, or when another message would
  make the event too large.
- The function returned `batchItemFailures`: the messages listed there stay, all others are deleted.
  An empty list, null or an empty answer deletes all.
- It raised, ran out of time, was killed, or its answer is no such list, names a message that was not in the batch, or
  names none: all of them stay.
- What stays is hidden until its visibility timeout is over, and received again then, until it has been received as
  often as the queue's redrive policy says; SQS moves it to the dead-letter queue.
- SQS may deliver a message again that has been deleted, or that is being worked on. `duplicate` makes it do so.

`poll()` handles one batch. As a context manager it polls on threads of its own, as many as there may be invocations.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections import Counter
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from exh_dev.errors import DevkitError, UsageError
from exh_dev.json_text import json_text
from exh_dev.runtime.environment import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from exh_dev.runtime import Invocation

RECEIVED_AT_ONCE = 10  # messages, SQS's limit
LARGEST_BATCH = 10_000  # messages, Lambda's limit for standard queues
LONGEST_WINDOW = 300  # seconds
LARGEST_EVENT = 6_000_000  # bytes; a little less than what Lambda takes
LOOKED_UP = 1.0  # seconds between two looks at the length of a queue that nothing happens to
IDLE = 0.05  # seconds between two looks into an empty queue


class EventSourceMapping:
    """Feeds one function from one queue.

    Attributes:
        counts: numbers of batches that `returned` and `failed`, and of messages that were `received`, `deleted`, kept
            because they were `reported`, and delivered as a `duplicate`.
    """

    def __init__(
        self,
        sqs: Any,
        queue_url: str,
        invoke: Callable[[Any], Invocation],
        *,
        timeout: float,
        batch_size: int = 10,
        batching_window: float = 0,
        maximum_concurrency: int = 2,
        duplicate: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Configure the mapping without receiving anything.

        Args:
            sqs: a boto3 client of SQS.
            queue_url: the queue.
            invoke: runs the function with an event.
            timeout: seconds that the function may take.
            batch_size: how many messages a batch may have.
            batching_window: seconds to wait for a batch to become full, from its first message on.
            maximum_concurrency: how many batches at once.
            duplicate: called for each message; true delivers it again in another batch.
            clock: returns monotonic seconds.
            pause: sleeps the given number of seconds.

        Raises:
            UsageError: a number is out of Lambda's limits, or the queue's visibility timeout is less than `timeout`,
                which Lambda refuses.
        """
        if not 1 <= batch_size <= LARGEST_BATCH or not 0 <= batching_window <= LONGEST_WINDOW:
            raise UsageError(
                f"a batch has 1 to {LARGEST_BATCH} messages and a window of 0 to {LONGEST_WINDOW} s, not {batch_size} "
                f"and {batching_window}"
            )
        if batch_size > RECEIVED_AT_ONCE and batching_window < 1:
            raise UsageError(f"batches of more than {RECEIVED_AT_ONCE} messages need a window of 1 s at least")
        if maximum_concurrency < 1:
            raise UsageError("a mapping needs a concurrency of 1 at least")
        names = ["QueueArn", "VisibilityTimeout"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
        hidden = int(attributes["VisibilityTimeout"])
        if hidden < timeout:
            raise UsageError(
                f"the queue's visibility timeout of {hidden} s is less than the function's timeout of {timeout:g} s; "
                "six times that is advised"
            )
        self.counts: Counter[str] = Counter()
        self._arn = attributes["QueueArn"]
        self._sqs, self._url, self._invoke = sqs, queue_url, invoke
        self._batch_size, self._window = batch_size, batching_window
        self._duplicate = duplicate
        self._clock = clock
        self._stopped = Event()
        self._pause = pause or self._stopped.wait
        self._again: list[dict[str, Any]] = []
        self._lock = Lock()
        self._settled = Condition()
        self._error: BaseException | None = None
        self._threads = [
            Thread(target=self._run, name=f"event-source-{number}", daemon=True)
            for number in range(maximum_concurrency)
        ]

    def __enter__(self) -> Self:
        """Poll from now on."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop polling; batches in progress are finished.

        Raises:
            DevkitError: a thread ended early.
        """
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        if error is None:
            self.check()

    def check(self) -> None:
        """Raise if polling has stopped.

        Raises:
            DevkitError: a thread ended; its error is the cause of this one.
        """
        if self._error is not None:
            raise DevkitError(f"the queue is not polled any more: {self._error}") from self._error

    def poll(self) -> Invocation | None:
        """Receive a batch, invoke the function and delete the finished messages. Return None if the queue was empty."""
        batch = self._collect()
        if not batch:
            return None
        invocation = self._invoke({"Records": [self._record(message) for message in batch]})
        left = left_over([message["MessageId"] for message in batch], invocation)
        all_failed = left is None
        done = [] if left is None else [message for message in batch if message["MessageId"] not in left]
        with self._lock:
            self.counts["failed" if all_failed else "returned"] += 1
            self.counts["reported"] += 0 if all_failed else len(batch) - len(done)
        self._delete(done)
        return invocation

    def waiting(self) -> int:
        """Return the number of messages in the queue, including those in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        with self._lock:
            return sum(int(found[name]) for name in names) + len(self._again)

    def wait_for(self, most: int, seconds: float) -> None:
        """Wait until at most `most` messages are in the queue, which is checked after each batch.

        Raises:
            DevkitError: more are left after `seconds`, or polling has stopped.
        """
        until = self._clock() + seconds
        with self._settled:
            while (waiting := self.waiting()) > most:
                self.check()
                if self._clock() >= until:
                    raise DevkitError(f"{waiting} messages still wait after {seconds:g} s")
                self._settled.wait(LOOKED_UP)

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                if self.poll() is None:
                    self._pause(IDLE)
                else:
                    with self._settled:
                        self._settled.notify_all()
        except BaseException as error:  # noqa: BLE001 - `check` raises it in the waiting thread
            self._error = error

    def _collect(self) -> list[dict[str, Any]]:
        batch = self._take_again()
        size = sum(self._size(message) for message in batch)
        until = self._clock() + self._window
        while len(batch) < self._batch_size:
            messages = self._receive(min(self._batch_size - len(batch), RECEIVED_AT_ONCE))
            if messages and not batch:
                until = self._clock() + self._window
            for number, message in enumerate(messages):
                size += self._size(message)
                if batch and size > LARGEST_EVENT:
                    self._keep(messages[number:])
                    return batch
                batch.append(message)
            if not batch or self._clock() >= until:
                break
            if not messages:
                self._pause(min(IDLE, until - self._clock()))
        return batch

    def _receive(self, most: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=0,  # requests to the local AWS wait for each other
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        with self._lock:
            self.counts["received"] += len(messages)
            twice = [message for message in messages if self._duplicate()]
            self.counts["duplicate"] += len(twice)
        self._keep(twice)
        return messages

    def _keep(self, messages: list[dict[str, Any]]) -> None:
        """Deliver messages in a later batch."""
        with self._lock:
            self._again += messages

    def _take_again(self) -> list[dict[str, Any]]:
        """Return kept messages without duplicates, so that a batch has each once."""
        with self._lock:
            found: dict[str, dict[str, Any]] = {}
            for message in self._again:
                if len(found) < self._batch_size:
                    found.setdefault(message["MessageId"], message)
            batch = list(found.values())
            self._again = [message for message in self._again if not any(message is each for each in batch)]
        return batch

    def _size(self, message: Mapping[str, Any]) -> int:
        return len(json_text(self._record(message)).encode()) + 1

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(messages), RECEIVED_AT_ONCE):
            some = messages[start : start + RECEIVED_AT_ONCE]
            entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(some)]
            failed = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", [])
            with self._lock:
                # Not there any more: it was delivered twice, and the other delivery is done.
                self.counts["deleted"] += len(some) - len(failed)

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return a message in the format of the function's event, whose names differ from SQS's own."""
        attributes = message.get("MessageAttributes", {})
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": REGION,
        }


def left_over(ids: Sequence[str], invocation: Invocation) -> set[str] | None:
    """Return the ids that stay in the queue; None for the entire batch, when the function or its answer failed."""
    if not invocation.ok:
        return None
    answer = invocation.result
    if answer in (None, "", {}):
        return set()
    failures = answer.get("batchItemFailures", []) if isinstance(answer, dict) else None
    if failures is None and isinstance(answer, dict):
        return set()
    if not isinstance(failures, list):
        return None
    named = {each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures}
    return {each for each in ids if each in named} if named <= set(ids) else None


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        found["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        found["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    return found
