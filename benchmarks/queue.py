"""Messages through the queue in a storm by four workers, against one; 20 ms for each call of the platform.

One message in ten is sent twice and one in ten delivered twice, one in fifty is poison, workers are killed, and the
platform throttles. What comes of it is checked: each task done once in effect, each poison message in the dead-letter
queue with its reason, none lost. `python -m benchmarks.queue 20000` takes so many and not
1,000, which takes an hour.

Everything runs on this machine: SQS and DynamoDB are moto's, one request at a time, at 4 ms of a core each; so much for
how many workers there can be use for.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exh_dev.aws.event_source_mapping import EventSourceMapping
from exh_dev.aws.services import LocalAws
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.remote.client import client_of
from exh_dev.runtime import Function, Runtime
from exh_dev.serve.local_platform import LocalPlatform

from benchmarks.killing import killing
from benchmarks.queued import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from exh_dev.aws.services import AwsEndpoint, WorkQueue

ON_REQUEST = True
"""Takes so long that it runs only when it is named."""

MESSAGES = 1_000
WORKERS = (1, 2, 4)
MOST_WAITING = 50  # moto goes through all that wait for each message that it gives
TWICE, POISON = 0.1, 0.02
KILLED_EVERY = 10.0  # seconds, on the average: at a steady beat it could always be the same message
TIMEOUT, HIDDEN = 5, 6  # seconds, for a batch of ten
HANDLER = "benchmarks.queued.handler"
FAULTS = ["* /data/*:latency=0.02", "* /data/*:429+0:0.02"]
ROOT = Path(__file__).parent.parent


def measure(messages: int = MESSAGES) -> dict[str, Any]:
    """Messages per second by number of workers; the ratio is what four take to what one takes."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    found = {workers: storm(messages, workers) for workers in WORKERS}
    first, *_, last = found.values()
    return {
        "ratio": round(last["seconds"] / first["seconds"], 3),
        "target": 0.75,
        "ours_text": f"{last['messages_per_second']} messages a second",
        "theirs_text": f"{first['messages_per_second']} messages a second",
        "if_missed": "The workers wait for SQS and DynamoDB, which are moto's here: one request at a time.",
        "series": [
            {
                "label": f"{workers} worker{'s' * (workers > 1)}",
                "unit": "messages/s",
                "median": each["messages_per_second"],
            }
            for workers, each in found.items()
        ],
        "messages": messages,
        "workers": {str(workers): each for workers, each in found.items()},
    }


def storm(
    messages: int, workers: int, emulator: Callable[[], AbstractContextManager[AwsEndpoint]] = LocalAws
) -> dict[str, Any]:
    """Send messages through the queue; what happened, once it is checked that nothing was lost or done twice.

    Args:
        messages: how many.
        workers: how many at once.
        emulator: whose SQS and DynamoDB it is.
    """
    chance = random.Random(20260115)  # noqa: S311 - reproducible
    faults = FaultRules(FAULTS, chance=random.Random(1).random)  # noqa: S311 - reproducible
    with LocalPlatform(faults=faults) as platform, emulator() as aws:
        platform.start()
        exh = client_of(platform.environment())
        _make_schema(exh)
        queue = aws.create_work_queue(hidden=HIDDEN, most_receives=50)
        environment = {**platform.environment(), **aws.environment(), **queue.environment()}
        function = Function(
            "queued", HANDLER, ROOT, timeout=TIMEOUT, memory=256, environment=environment, concurrency=workers
        )
        with Runtime([function]) as runtime:
            mapping = EventSourceMapping(
                aws.client("sqs"),
                queue.url,
                lambda event: runtime.invoke("queued", event),
                timeout=TIMEOUT,
                maximum_concurrency=workers,
                duplicate=lambda: chance.random() < TWICE,
            )
            started = time.perf_counter()
            with mapping:
                with killing(HANDLER, chance=random.Random(3), every=KILLED_EVERY) as killed:  # noqa: S311 - reproducible
                    poison, sent = _produce(messages, aws, queue, mapping)
                mapping.wait_for(0, 600)
            seconds = time.perf_counter() - started
        faults.clear()
        _check(exh, aws, queue, messages, poison)
        return {
            "messages_per_second": round(sent / seconds, 1),
            "seconds": round(seconds, 1),
            "sent": sent,
            "delivered_twice": mapping.counts["duplicate"],
            "batches": mapping.counts["returned"],
            "batches_lost": mapping.counts["failed"],
            "poison": len(poison),
            "workers_killed": len(killed),
        }


def _make_schema(exh: Any) -> None:
    schema = exh.data.schemas.create(
        name=SCHEMA, description="What the benchmark made", createMode="default", readMode="allUsers"
    )
    exh.data.properties.create(schema["id"], name="number", configuration={"type": "string"})
    exh.data.statuses.create(schema["id"], name="made")
    exh.data.transitions.update_creation(schema["id"], type="manual", toStatus="made", conditions=[], actions=[])
    index = {"fields": [{"name": "data.number", "type": "asc"}], "options": {"unique": True}}
    exh.data.indexes.create(schema["id"], **index)


def _produce(messages: int, aws: AwsEndpoint, queue: WorkQueue, mapping: EventSourceMapping) -> tuple[set[str], int]:
    """Send the messages, a few at a time; what was poison, and how many were sent."""
    chance = random.Random(2)  # noqa: S311 - reproducible
    poison, bodies = set(), []
    for number in range(messages):
        body = json.dumps({"id": f"{number:024x}", "data": {"number": f"n{number}"}})
        if chance.random() < POISON:
            body = f"no task {number}" if number % 2 else json.dumps({"id": f"{number:024x}", "data": {}})
            poison.add(body)
        bodies += [body] * (2 if chance.random() < TWICE else 1)
    for start in range(0, len(bodies), 10):
        mapping.wait_for(MOST_WAITING - 10, 600)
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
        aws.client("sqs").send_message_batch(QueueUrl=queue.url, Entries=entries)
    return poison, len(bodies)


def _check(exh: Any, aws: AwsEndpoint, queue: WorkQueue, messages: int, poison: set[str]) -> None:
    """Check that no message was lost or processed twice, and that all poison was reported.

    Raises:
        RuntimeError: it was not so.
    """
    made = exh.data.documents.find(SCHEMA, "limit(1)").total
    if made != messages - len(poison):
        raise RuntimeError(f"{made} tasks were done, of {messages - len(poison)}")
    sqs, dead, untold = aws.client("sqs"), set(), 0
    options = {"QueueUrl": queue.dead_letters, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    while found := sqs.receive_message(**options).get("Messages"):
        dead |= {each["Body"] for each in found}
        untold += sum("ErrorMessage" not in each.get("MessageAttributes", {}) for each in found)
        for each in found:
            sqs.delete_message(QueueUrl=queue.dead_letters, ReceiptHandle=each["ReceiptHandle"])
    if dead != poison or untold:
        raise RuntimeError(f"of {len(poison)} poison messages {len(dead & poison)} were found, {untold} with no reason")


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES), indent=2))
