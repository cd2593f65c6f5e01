"""List messages in an SQS dead-letter queue and move them back to their source queue.

A dead-letter queue has two kinds of messages. Those that failed too often were moved by SQS and carry no reason. Poison
messages were sent by `extrahorizon.queue` and carry the error as message attributes. AWS's StartMessageMoveTask moves
the entire queue and needs an explicit destination for poison messages.

SQS cannot peek: a message that is read is hidden from other consumers until it is released.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from exh_dev.aws.stacks import as_devkit_errors
from extrahorizon.queue import BATCH_BYTES, BATCH_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_HIDDEN = 900  # seconds that a message which was read is hidden from others, unless it is given back before
_MOST_IDLE = 20  # answers in a row with nothing new
_WAIT = 2  # seconds; with a wait SQS asks all of its servers, so that an empty answer means an empty queue
_REASON = ("ErrorType", "ErrorMessage", "Function", "MessageId", "ReceiveCount")  # attributes that the worker adds


@dataclass(frozen=True)
class DeadLetter:
    """A message of the queue."""

    id: str
    body: str
    receipt: str
    sent: datetime
    attributes: dict[str, Any]

    @property
    def error_type(self) -> str | None:
        """Return the class of the error that made the message poison, or None.

        It is None if the message failed too often; the function's log has the error then.

        For a scheduled run, return the class of the error that ended it, or the reason why EventBridge could not start
        it.
        """
        return self._reason("ErrorType") or self._reason("ERROR_CODE") or self._ended_with("errorType")

    @property
    def task_id(self) -> str | None:
        """The id of the task in it."""
        try:
            found = json.loads(self.body).get("id")
        except (ValueError, AttributeError, RecursionError):  # the message is no task
            return None
        return found if isinstance(found, str) else None

    @property
    def other_attributes(self) -> dict[str, str]:
        """Return its string and number attributes other than the reason; for a scheduled run, EventBridge's error."""
        return {
            name: str(each["StringValue"])
            for name, each in self.attributes.items()
            if name not in _REASON and "StringValue" in each
        }

    def as_json(self) -> dict[str, Any]:
        """Return the message as JSON output, without its body, which may have personal data."""
        return {
            "id": self.id,
            "task_id": self.task_id,
            "sent_at": self.sent.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "error_type": self.error_type,
            "error_message": self._reason("ErrorMessage")
            or self._reason("ERROR_MESSAGE")
            or self._ended_with("errorMessage"),
            "function": self._reason("Function"),
            "message_id": self._reason("MessageId") or self.id,
        }

    def _ended_with(self, name: str) -> str | None:
        """Return what Lambda says of the last run, in the message of a destination."""
        try:
            found = json.loads(self.body)["responsePayload"][name]
        except (ValueError, LookupError, TypeError, RecursionError):  # not sent by a destination
            return None
        return found if isinstance(found, str) else None

    def _reason(self, name: str) -> str | None:
        value = self.attributes.get(name, {}).get("StringValue")
        return None if value is None else str(value)


class DeadLetters:
    """A dead-letter queue."""

    def __init__(self, sqs: Any, url: str) -> None:
        """`url` is the queue's URL; `sqs` is a boto3 client of SQS."""
        self._sqs, self._url = sqs, url
        self.seen = 0
        """Number of messages in the last read."""

    def count(self) -> int:
        """Return the approximate number of messages, including those in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        with as_devkit_errors(f"look at {self._url}"):
            found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    @contextmanager
    def reading(self) -> Iterator[Iterator[DeadLetter]]:
        """Yield each message present at the start once. Release them at the end."""
        kept: dict[str, str] = {}
        try:
            yield self._read(kept)
        finally:
            self._give_back(kept)

    def move(
        self,
        to: str,
        is_wanted: Callable[[DeadLetter], bool],
        moved: Callable[[int], object] = lambda count: None,  # noqa: ARG005 - nothing to report
    ) -> tuple[int, int]:
        """Move messages to another queue, and return the number moved and the number that failed.

        Each message is sent before it is deleted: an interruption can duplicate one but loses none. What
        comes into the queue meanwhile, such as poison that is poison still, stays there.

        Args:
            to: URL of the other queue.
            is_wanted: whether a message is to be moved.
            moved: called with the number of those that have been.

        Raises:
            DevkitError: AWS refused; earlier messages remain moved.
        """
        done = failed = 0
        kept: dict[str, str] = {}
        try:
            for wanted in _batches(letter for letter in self._read(kept) if is_wanted(letter)):
                sent = self._send(to, wanted)
                self._delete(sent)
                for letter in sent:
                    del kept[letter.id]
                done += len(sent)
                failed += len(wanted) - len(sent)
                moved(done)
        finally:
            self._give_back(kept)
        return done, failed

    def _read(self, kept: dict[str, str]) -> Iterator[DeadLetter]:
        """Yield the messages present at the start; add the receipts to release to `kept`."""
        self.seen = 0
        began: datetime | None = None
        seen: set[str] = set()
        idle = 0  # answers without anything new: of what came in meanwhile, or is visible again
        while True:
            with as_devkit_errors(f"read {self._url}"):
                answer = self._sqs.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=BATCH_SIZE,
                    VisibilityTimeout=_HIDDEN,
                    WaitTimeSeconds=_WAIT,
                    MessageSystemAttributeNames=["SentTimestamp"],
                    MessageAttributeNames=["All"],
                )
            began = began or _time_of(answer)
            received = [_letter(each) for each in answer.get("Messages", ())]
            kept.update({letter.id: letter.receipt for letter in received})
            fresh = [letter for letter in received if letter.id not in seen and letter.sent < began]
            seen.update(letter.id for letter in received)
            self.seen = len(seen)
            idle = 0 if fresh else idle + 1
            if not received or idle == _MOST_IDLE:
                return
            yield from fresh

    def _send(self, to: str, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Send messages, and return those that were taken."""
        entries = [
            {
                "Id": str(number),
                "MessageBody": letter.body,
                "MessageAttributes": {
                    name: {key: value for key, value in each.items() if not key.endswith("ListValues")}
                    for name, each in letter.attributes.items()
                    if name not in _REASON
                },
            }
            for number, letter in enumerate(letters)
        ]
        with as_devkit_errors(f"send to {to}"):
            answer = self._sqs.send_message_batch(QueueUrl=to, Entries=entries)
        return [letters[int(each["Id"])] for each in answer.get("Successful", ())]

    def _delete(self, letters: Sequence[DeadLetter]) -> None:
        """Delete the sent messages. Those that SQS does not delete return to this queue and may be sent twice."""
        entries = [{"Id": str(number), "ReceiptHandle": letter.receipt} for number, letter in enumerate(letters)]
        if entries:
            with as_devkit_errors(f"take what was sent out of {self._url}"):
                self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _give_back(self, kept: dict[str, str]) -> None:
        receipts = iter(kept.values())
        while some := list(islice(receipts, BATCH_SIZE)):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(some)
            ]
            with as_devkit_errors(f"give back what was read of {self._url}; it is hidden for {_HIDDEN // 60} minutes"):
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


def _batches(letters: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Yield batches within SQS's limits: ten messages, and the size that every queue accepts."""
    batch: list[DeadLetter] = []
    size = 0
    for letter in letters:
        length = len(letter.body.encode()) + len(json.dumps(letter.attributes, default=str).encode())
        if batch and (len(batch) == BATCH_SIZE or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += length
    if batch:
        yield batch


def _letter(message: dict[str, Any]) -> DeadLetter:
    return DeadLetter(
        id=message["MessageId"],
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        sent=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        attributes=message.get("MessageAttributes", {}),
    )


def _time_of(answer: dict[str, Any]) -> datetime:
    """Return the end of the second in which SQS answered, by its clock, which SentTimestamp is of."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return (parsedate_to_datetime(date) if date else datetime.now(UTC)) + timedelta(seconds=1)
