"""Run a task function from an SQS queue on AWS Lambda, and send tasks to that queue.

A message's body is a task as JSON: `{"id": …, "data": {…}}`, with `retryForTaskIds` for a retry. `@task_handler` passes
a batch of messages to `work`, which runs the function once for each and returns those that failed.

    done          the message is deleted
    poison        its body is not a task, or the function raised an error that no retry can fix: it is sent to the
                  dead-letter queue immediately, with the error as message attributes, and deleted
    failed        it stays and is received again when it is visible; after several receives SQS moves it to the
                  dead-letter queue. The same applies if there was no time to start it, or another worker has it
    seen before   deleted without running the function

SQS occasionally delivers a message more than once, and a worker may end before it reports success. Completed messages
are recorded in a DynamoDB table (Powertools' idempotency) for as long as SQS can keep a message. The record does not
contain the result. While a function runs, the record is a lock until the Lambda function's timeout; after a kill or
timeout another attempt follows. So a function must still be safe to run again.

    WORK_QUEUE_URL          the queue of `send_tasks`
    IDEMPOTENCY_TABLE       the table: partition key `id`, TTL attribute `expiration`. Without it nothing is recorded,
                            a warning is logged, and a message that is delivered twice runs twice
    DEAD_LETTER_QUEUE_URL   for poison. Without it SQS handles poison like failed messages, and no reason is recorded
    POWERTOOLS_METRICS_NAMESPACE    of the metrics `Done`, `DoneBefore`, `Poison`, `NotBegun`, `Failed` in CloudWatch,
                            with the dimension `service`, the name of the Lambda function. Without it there are none.
                            Each message counts in one of them; `Failed` also has a 0 for each that was begun and did
                            not fail, so that its average is the failure rate. They are log lines (EMF), which need no
                            API call

For standard queues, with `ReportBatchItemFailures`. Import it only where a queue is used: boto3 and Powertools' two
utilities add half a second to a cold start.
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
"""Seconds that must remain to start a message; more if one of the same batch took longer."""

KEPT_FOR = 14 * 86_400
"""Seconds that a task counts as done: the longest that SQS keeps a message."""

DONE, DONE_BEFORE, POISON, NOT_BEGUN, FAILED = "Done", "DoneBefore", "Poison", "NotBegun", "Failed"
"""Outcomes of a message, which are also names of metrics."""

BATCH_SIZE = 10  # messages per SQS request
BATCH_BYTES = 262_144  # of all bodies together; the least that any queue takes
SEND_ATTEMPTS = 4
_FIRST_WAIT = 0.2  # seconds until a message that SQS did not take is sent again; doubles
_LONGEST_REASON = 1000  # characters
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in SQS's format
_TASK_KEYS = ("task_id", "task")


class UnsentTasksError(ExtraHorizonError):
    """Some tasks could not be sent. It is safe to send all of them again with the same ids.

    Attributes:
        sent: number of tasks sent.
        unsent: ids of the unsent tasks of the last batch.
    """

    def __init__(self, reason: str, *, sent: int, unsent: Sequence[str]) -> None:
        super().__init__(f"after {sent} tasks, {len(unsent)} could not be put into the queue: {reason}")
        self.sent, self.unsent = sent, tuple(unsent)


@dataclass(frozen=True)
class QueueSettings:
    """The queue's environment variables; None for missing ones."""

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

    **A function that is not decorated with `task_handler`**

        >>> batch = {"Records": [{"messageId": "m1", "body": '{"data": {"pulse": 61}}'}]}
        >>> work(batch, context, lambda task: task.data["pulse"], name="store-pulse")
        {'batchItemFailures': []}

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
    """State that the messages of a batch share."""

    context: LambdaContext
    run: Callable[[Task], object]
    settings: QueueSettings
    name: str
    poison: tuple[type[Exception], ...]
    idempotency_key: Callable[[Task], str | None] | None
    needed: float = LEAST_TIME
    """Seconds that the next message is expected to take: the longest that one took."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Number of messages that were `Done`, `DoneBefore`, `Poison`, `NotBegun` or `Failed`."""

    def handle(self, record: SQSRecord) -> None:
        """Process a message. An exception makes SQS deliver the message again."""
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
            self.run(task)  # the result is not used or stored

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
    """Send tasks to the work queue, ten at a time. Messages that SQS refuses are retried a few times.

    **A task for each user**

        send_tasks({"id": user["id"], "data": {"userId": user["id"]}} for user in exh.users.find_all())

    Args:
        tasks: each with an `id`, which makes it safe to send again, and `data`. Put only ids into it, no personal data,
            because everyone with access to the queue can read it.
        deadline: no batch is sent after it.

    Returns:
        The number of tasks.

    Raises:
        ConfigurationError: WORK_QUEUE_URL is not set.
        UnsentTasksError: SQS refused some, or one is not JSON because it contains NaN, Infinity or itself. Earlier
            tasks were sent.
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
            raise UnsentTasksError("one cannot be JSON: it contains NaN, Infinity or itself", sent=sent, unsent=ids)
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
    """Return the reason without personal data: the message of our own errors; the class and AWS's code of others."""
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
    """Return a boto3 client, reused by warm invocations."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)
