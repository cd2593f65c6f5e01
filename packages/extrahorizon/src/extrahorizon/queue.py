"""The same task function behind an SQS queue on AWS Lambda, and the way into that queue.

A message's body is a task as JSON: `{"id": …, "data": {…}}`, `retryForTaskIds` as well if it is a later attempt.
`@task_handler` hands a batch of messages to `work`, which runs the function once for each and answers which failed.

done          the message is deleted
poison        its body is no task, or the function says that no attempt can mend the error: it goes to the dead-letter
              queue at once, with what was wrong as message attributes, and is deleted
failed        it stays, and comes again when it is visible again; after so many times SQS moves it to the dead-letter
              queue itself. So does one that there was no time to begin, or that another worker is at
seen before   deleted without running the function

SQS delivers a message more than once now and then, and a worker may end between what it did and saying so. What has
been done is noted in a DynamoDB table (Powertools' idempotency) for as long as SQS can keep a message. The note says
that it was done, and nothing of the result. While a function runs the note is a lock, until the Lambda function's time
is up; who ended without a word, killed or timed out, is followed by another attempt after that. So a function must
still be safe to run again.

WORK_QUEUE_URL          what `send_tasks` sends to
IDEMPOTENCY_TABLE       the table: partition key `id`, TTL attribute `expiration`. Without it nothing is noted, and a
                        warning says so: then a message that is delivered twice runs twice
DEAD_LETTER_QUEUE_URL   where poison goes. Without it poison is left to SQS, as what fails: no reason is recorded there
POWERTOOLS_METRICS_NAMESPACE    of the metrics `Done`, `DoneBefore`, `Poison`, `NotBegun` and `Failed` in CloudWatch,
                        with the dimension `service`, the name of the Lambda function. Without it there are none. Each
                        message counts in one of them; `Failed` also has a 0 for each that was begun and did not fail,
                        so that its average is the share that failed. They are lines of the log (EMF), and cost no call

For standard queues, with `ReportBatchItemFailures`. Imported only by who has to do with a queue: boto3 and Powertools'
two utilities take half a second of a cold start.
"""

from __future__ import annotations

import json
import os
import re
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from extrahorizon.characters import read_json
from extrahorizon.deadline import Deadline
from extrahorizon.errors import ConfigurationError, DeadlineExceededError, ExtraHorizonError, InvalidEventError
from extrahorizon.log import add_to_invocation, logger
from extrahorizon.retries import pause
from extrahorizon.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

    from extrahorizon.deadline import LambdaContext

LEAST_TIME = 1.0
"""Seconds that have to be left to begin with a message; more where one of the same batch has taken longer."""

KEPT_FOR = 14 * 86_400
"""Seconds that a task counts as done: the longest that SQS keeps a message."""

DONE, DONE_BEFORE, POISON, NOT_BEGUN, FAILED = "Done", "DoneBefore", "Poison", "NotBegun", "Failed"
"""What can become of a message: also the names of metrics."""

BATCH_SIZE = 10  # messages that SQS takes at once
BATCH_BYTES = 262_144  # of all bodies together; the least that any queue takes
SEND_ATTEMPTS = 4
_FIRST_WAIT = 0.2  # seconds until a message that SQS did not take is sent again; doubles
_LONGEST_REASON = 1000  # characters
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in SQS's texts
_TASK_KEYS = ("task_id", "task")


class UnsentTasksError(ExtraHorizonError):
    """Some tasks could not be put into the queue. Sending all of them again does no harm if their ids stay the same.

    Attributes:
        sent: how many are in the queue.
        unsent: the ids of those of the last batch that are not.
    """

    def __init__(self, reason: str, *, sent: int, unsent: Sequence[str]) -> None:
        super().__init__(f"after {sent} tasks, {len(unsent)} could not be put into the queue: {reason}")
        self.sent, self.unsent = sent, tuple(unsent)


@dataclass(frozen=True)
class QueueSettings:
    """What the environment says of the queue; None for what it does not name."""

    work_queue_url: str | None
    dead_letter_queue_url: str | None
    idempotency_table: str | None
    metrics_namespace: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> QueueSettings:
        """Read `environ`, by default the process's own."""
        environ = os.environ if environ is None else environ
        names = ("WORK_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "IDEMPOTENCY_TABLE", "POWERTOOLS_METRICS_NAMESPACE")
        return cls(*(environ.get(name, "").strip() or None for name in names))


def work(
    event: dict[str, Any],
    context: LambdaContext,
    run: Callable[[Task], object],
    *,
    name: str,
    poison: tuple[type[Exception], ...] = (),
    idempotency_key: Callable[[Task], str | None] | None = None,
) -> dict[str, Any]:
    """Run a function for each message of a batch.

    Args:
        event: what Lambda's event source mapping sends.
        context: Lambda's context of the invocation.
        run: runs the function for a task.
        name: of the function: what is done is noted for each function apart.
        poison: errors that no other attempt can mend, besides `InvalidEventError`.
        idempotency_key: a string that two tasks have in common when they ask for the same; see `task_handler`.

    Returns:
        `{"batchItemFailures": [{"itemIdentifier": id}, …]}`, the messages that are to come again. The errors are in
        the log.
    """
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    settings = QueueSettings.from_environment()
    worker = _Worker(context, run, settings, name, (InvalidEventError, *poison), idempotency_key)
    # Not raised when all of them failed: the error would quote all of their messages.
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event, worker.handle, processor, cast("Any", context))
    if settings.metrics_namespace is not None:
        _write_metrics(settings.metrics_namespace, worker.outcomes)
    return cast("dict[str, Any]", answer)


def _write_metrics(namespace: str, outcomes: Mapping[str, int]) -> None:
    """Write what became of a batch's messages to the log, in CloudWatch's embedded metric format."""
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

    metrics = EphemeralMetrics(namespace=namespace, service=logger.service)
    for outcome in (DONE, DONE_BEFORE, POISON, NOT_BEGUN):
        metrics.add_metric(outcome, MetricUnit.Count, outcomes.get(outcome, 0))
    for outcome, count in outcomes.items():
        for _ in range(0 if outcome == NOT_BEGUN else count):
            metrics.add_metric(FAILED, MetricUnit.Count, int(outcome == FAILED))
    metrics.flush_metrics()


@dataclass
class _Worker:
    """What the messages of one batch have in common."""

    context: LambdaContext
    run: Callable[[Task], object]
    settings: QueueSettings
    name: str
    poison: tuple[type[Exception], ...]
    idempotency_key: Callable[[Task], str | None] | None
    needed: float = LEAST_TIME
    """Seconds that the next message is expected to take: the longest that one took."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How many of the messages were `Done`, `DoneBefore`, `Poison`, `NotBegun` or `Failed`."""

    def handle(self, record: SQSRecord) -> None:
        """Do what a message asks for. Whatever it raises makes the message come again."""
        logger.remove_keys(_TASK_KEYS)
        add_to_invocation(message_id=record.message_id, receive_count=_receive_count(record))
        self._check_time()
        started = time.monotonic()
        try:
            self.outcomes[self._do(record)] += 1
        except Exception as error:
            self.outcomes[FAILED] += 1
            logger.warning("the message comes again", extra=_facts(error))
            raise
        finally:
            self.needed = max(self.needed, time.monotonic() - started)

    def _check_time(self) -> None:
        remaining = Deadline.of(self.context).remaining()
        if remaining < self.needed:
            self.outcomes[NOT_BEGUN] += 1
            error = DeadlineExceededError(f"{remaining:.1f} s are too little to begin with this message")
            logger.warning("the message is not begun, and comes again", extra=_facts(error))
            raise error

    def _do(self, record: SQSRecord) -> str:
        """Do what a message asks for, or put it aside as poison; return which of these it was."""
        try:
            task = _task(record.body)
            if self.settings.idempotency_table is None:
                _warn_of_no_table()
                self.run(task)
                return DONE
            return self._do_once(task, record.message_id, _store(self.settings.idempotency_table))
        except self.poison as error:
            if self.settings.dead_letter_queue_url is None:
                raise
            _aws("sqs").send_message(
                QueueUrl=self.settings.dead_letter_queue_url,
                MessageBody=record.body,
                MessageAttributes=_attributes(record, error, self.name),
            )
            logger.error("the message is poison, and in the dead-letter queue", extra=_facts(error))
            return POISON

    def _do_once(self, task: Task, message_id: str, store: DynamoDBPersistenceLayer) -> str:
        from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function

        outcome = DONE

        def attempt(*, key: str) -> None:
            del key
            self.run(task)  # what it returns is nobody's business here, and not kept

        def done_before(response: Any, idempotent_data: DataRecord) -> Any:  # noqa: ARG001 - passed by place
            nonlocal outcome
            outcome = DONE_BEFORE
            logger.info("done before: the message asks for what has been done")
            return response

        own = self.idempotency_key(task) if self.idempotency_key else None
        config = IdempotencyConfig(
            expires_after_seconds=KEPT_FOR,
            hash_function="sha256",
            lambda_context=cast("Any", self.context),
            response_hook=done_before,
        )
        once = idempotent_function(
            attempt, data_keyword_argument="key", persistence_store=store, config=config, key_prefix=self.name
        )
        once(key=own or task.first_id or message_id)
        return outcome


def send_tasks(tasks: Iterable[Mapping[str, Any]], *, deadline: Deadline | None = None) -> int:
    """Put tasks into the work queue, ten at a time. What SQS does not take is sent again, a few times.

    Args:
        tasks: each with an `id`, which is what makes sending it again harmless, and `data`. A message is read by
            whoever may look into the queue: ids belong into it, and nothing of a person.
        deadline: past it no further ten are sent.

    Returns:
        How many.

    Raises:
        ConfigurationError: WORK_QUEUE_URL is not set.
        UnsentTasksError: SQS did not take some, or one is no JSON: it holds NaN, Infinity or itself. Those before them
            are in the queue.
        DeadlineExceededError: there was no time for all of them.
    """
    url = QueueSettings.from_environment().work_queue_url
    if url is None:
        raise ConfigurationError("WORK_QUEUE_URL must be set: the URL of the SQS queue that tasks go to")
    deadline = deadline or Deadline()
    sent = 0
    for batch in _batches(tasks):
        deadline.check("the next tasks")
        _send(url, batch, sent)
        sent += len(batch)
    return sent


def _send(url: str, batch: Mapping[str, tuple[str, str]], before: int) -> None:
    """Send a batch: of each entry its task's id and the body."""
    from botocore.exceptions import BotoCoreError, ClientError

    unsent = dict(batch)
    reason = ""
    for attempt in range(SEND_ATTEMPTS):
        if attempt:
            pause(_FIRST_WAIT * 2 ** (attempt - 1))
        entries = [{"Id": entry, "MessageBody": body} for entry, (_, body) in unsent.items()]
        try:
            answer = _aws("sqs").send_message_batch(QueueUrl=url, Entries=entries)
        except (ClientError, BotoCoreError) as error:  # botocore has tried again what may pass
            reason = _reason(error)
            break
        failed = answer.get("Failed", [])
        unsent = {each["Id"]: unsent[each["Id"]] for each in failed}
        if not unsent:
            return
        reason = f"SQS answered {', '.join(sorted({each['Code'] for each in failed}))}"
        if all(each["SenderFault"] for each in failed):
            break
    sent = before + len(batch) - len(unsent)
    raise UnsentTasksError(reason, sent=sent, unsent=[task_id for task_id, _ in unsent.values()])


def _batches(tasks: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, tuple[str, str]]]:
    batch: dict[str, tuple[str, str]] = {}
    size = sent = 0
    for task in tasks:
        body = _body(task)
        if body is None:
            ids = [*(each for each, _ in batch.values()), str(task["id"])]
            raise UnsentTasksError("one cannot be JSON: it holds NaN, Infinity or itself", sent=sent, unsent=ids)
        length = len(body.encode())
        if batch and (len(batch) == BATCH_SIZE or size + length > BATCH_BYTES):
            yield batch
            sent += len(batch)
            batch, size = {}, 0
        batch[str(len(batch))] = str(task["id"]), body
        size += length
    if batch:
        yield batch


def _body(task: Mapping[str, Any]) -> str | None:
    """Return a task as JSON, with an escape for each character that SQS refuses; None where it cannot be JSON."""
    try:
        text = json.dumps(dict(task), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _task(body: str) -> Task:
    try:
        event = read_json(body)
    except ValueError:
        raise InvalidEventError("the message's body is not JSON; a task as JSON is expected") from None
    task = Task.from_event(event)
    if task.id is not None and not isinstance(task.id, str):
        raise InvalidEventError("the task's id is not a string")
    return task


def _receive_count(record: SQSRecord) -> str:
    return str(record.raw_event.get("attributes", {}).get("ApproximateReceiveCount", 1))


def _attributes(record: SQSRecord, error: Exception, name: str) -> dict[str, dict[str, str]]:
    """Return the attributes that a poison message has in the dead-letter queue."""
    texts = {
        "ErrorType": type(error).__name__,
        "ErrorMessage": _FORBIDDEN.sub("?", _reason(error))[:_LONGEST_REASON],
        "Function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or name,
        "MessageId": record.message_id,
    }
    attributes = {key: {"DataType": "String", "StringValue": text} for key, text in texts.items()}
    return {**attributes, "ReceiveCount": {"DataType": "Number", "StringValue": _receive_count(record)}}


def _facts(error: BaseException) -> dict[str, Any]:
    """Return an error for the log: its name, a reason, and where, without the message of one that is not ours."""
    trace = traceback.format_tb(error.__traceback__)
    return {"error": type(error).__name__, "reason": _reason(error), "stackTrace": trace}


def _reason(error: BaseException) -> str:
    """Why, in words that hold nothing personal: the text of an error of ours; of others their names, and AWS's code."""
    if isinstance(error, ExtraHorizonError):
        return str(error) or type(error).__name__
    response, operation = getattr(error, "response", None), getattr(error, "operation_name", None)
    if isinstance(response, dict) and operation is not None:
        return f"AWS answered {response.get('Error', {}).get('Code')} to {operation}"
    cause = f": {_reason(error.__cause__)}" if error.__cause__ is not None else ""
    return f"{type(error).__name__}{cause}"


@cache
def _warn_of_no_table() -> None:
    logger.warning("IDEMPOTENCY_TABLE is not set: a message that is delivered twice runs twice")


@cache
def _store(table: str) -> DynamoDBPersistenceLayer:
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

    return DynamoDBPersistenceLayer(table_name=table, boto3_client=_aws("dynamodb"))


@cache
def _aws(service: str) -> Any:
    """Return a boto3 client, kept across warm invocations."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)
