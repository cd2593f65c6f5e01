"""The same handler behind a queue, in processes of its own against local SQS and DynamoDB; and through a storm."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from exh_dev.aws.event_source_mapping import EventSourceMapping
from exh_dev.aws.services import LocalAws, WorkQueue
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.client import client_of
from exh_dev.runtime import Runtime
from exh_dev.serve import deploy as served
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon import queue
from extrahorizon.query import RQL
from handlers.enqueue_measurements.pages import enqueue
from waiting import wait_for

from benchmarks.killing import killing, workers

TASK, WORKER = "assess-blood-pressure", "analyze-queued-measurements"
HANDLER = "handlers.assess_blood_pressure.handler"
SCHEMA, PATIENT = "blood-pressure-reading", "68498c63b1b0b8de8a6228f6"
MOST_WAITING = 60  # moto goes through the whole queue for each message


@dataclass
class Cloud:
    """A platform, AWS, and the worker between them."""

    platform: LocalPlatform
    exh: object
    aws: LocalAws
    queue: WorkQueue
    runtime: Runtime
    timeout: float

    def mapping(self, **options):
        return EventSourceMapping(
            self.aws.client("sqs"),
            self.queue.url,
            lambda event: self.runtime.invoke(WORKER, event),
            timeout=self.timeout,
            **options,
        )

    def send(self, *bodies):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        assert not self.aws.client("sqs").send_message_batch(QueueUrl=self.queue.url, Entries=entries).get("Failed")

    def dead_letters(self):
        """The body, error and message of each message in the dead-letter queue."""
        found, sqs = [], self.aws.client("sqs")
        options = {"QueueUrl": self.queue.dead_letters, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while messages := sqs.receive_message(**options).get("Messages"):
            for each in messages:
                told = {name: value["StringValue"] for name, value in each.get("MessageAttributes", {}).items()}
                found.append((each["Body"], told.get("ErrorType"), told.get("ErrorMessage")))
        return found


@contextmanager
def cloud(project, image, *, hidden=60, timeout=None, workers=2, most_receives=5, faults=None):
    """`timeout` is what the worker may take, by default what the manifest says."""
    spec = project.manifest.function(WORKER)
    with LocalPlatform(pace=60, image=image, faults=faults) as platform, LocalAws() as aws:
        variables = served.injected(platform, spec)
        platform.start(served.own_functions(platform, pytest.fail, project))
        aws.put_secret("exh/tasks", variables)
        made = aws.create_work_queue(hidden=hidden, most_receives=most_receives)
        injected = {**aws.environment(), **made.environment()}
        function = function_of(project, spec, "secret", injected, {})
        function = replace(function, concurrency=workers, timeout=timeout or hidden)
        with Runtime([function]) as runtime:
            exh = client_of(platform.environment())
            yield Cloud(platform, exh, aws, made, runtime, function.timeout)


def measurements(count):
    """A seed with documents that wait."""
    return [
        {
            "id": f"6968c223f7f029ec{number:08x}",
            "creatorId": PATIENT,
            "data": {
                "patient": PATIENT,
                "timestamp": f"2026-01-{1 + number // 1440:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00.000Z",
                "systolic": 147.5,
                "diastolic": 93.5,
            },
        }
        for number in range(count)
    ]


def body_of(document_id):
    """As `enqueue-measurements` puts it, but for the id."""
    task_id = sha256(document_id.encode()).hexdigest()[:24]
    return json.dumps({"id": task_id, "data": {"schemaId": SCHEMA, "documentId": document_id}})


def sow(running, project, documents):
    import requests

    seed = json.loads((project.root / "events" / f"{TASK}.seed.json").read_text())
    seed["documents"] = {SCHEMA: documents}
    requests.post(f"{running.platform.url}/_dev/seed", json=seed, timeout=30).raise_for_status()


def mails_by_document(exh):
    return Counter(mail["content"]["documentId"] for mail in exh.mails.find_all())


def test_one_handler_as_a_task_as_a_lambda_and_behind_a_queue(project, platform_image, monkeypatch):
    task, worker = (project.manifest.function(name) for name in (TASK, WORKER))
    assert task.handler == worker.handler == "handlers.assess_blood_pressure.handler"
    with cloud(project, platform_image) as running:
        exh = running.exh
        documents = measurements(3)
        sow(running, project, documents)
        by_task, by_lambda, by_queue = (each["id"] for each in documents)
        # A task of Extra Horizon: the platform runs it.
        exh.tasks.create(functionName=TASK, data={"schemaId": SCHEMA, "documentId": by_task})
        # A Lambda function that is invoked with the same event.
        direct = running.runtime.invoke(WORKER, json.loads(body_of(by_lambda)))
        assert direct.result == {"done": ["analyzed", "reported", "mailed"]}
        wait_for(lambda: mails_by_document(exh)[by_task])
        # Behind a queue that enqueue-measurements fills.
        keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        for name, value in {**running.aws.environment(), **running.queue.environment(), **keys}.items():
            monkeypatch.setenv(name, value)
        assert enqueue(exh, SCHEMA, RQL("eq(status,created)")) == (1, True, by_queue)
        queue._aws.cache_clear()
        polled = running.mapping()
        assert polled.poll().result == {"batchItemFailures": []}
        assert polled.waiting() == 0
        assert mails_by_document(exh) == {by_task: 1, by_lambda: 1, by_queue: 1}
        assert {each["status"] for each in exh.data.documents.find_all(SCHEMA)} == {"reported"}
        assert running.dead_letters() == []


@pytest.mark.slow
def test_poison_a_worker_that_is_killed_and_the_rest_of_the_batch(project, platform_image):
    """Killed in the middle of its batch, the worker leaves what it did; another does the rest, once."""
    faults = FaultRules(["* /data/*:latency=0.05"])  # the batch is still at work when the first mail is seen
    with cloud(project, platform_image, faults=faults, hidden=5, timeout=5) as running:
        documents = measurements(4)
        sow(running, project, documents)
        running.exh.data.documents.update(SCHEMA, documents[1]["id"], {"systolic": 80, "diastolic": 80})
        running.send(*(body_of(each["id"]) for each in documents), "no task")
        polled = running.mapping()
        killer = threading.Thread(target=kill_after_a_mail, args=(running.exh,), daemon=True)
        killer.start()
        assert polled.poll().error["errorType"] == "Runtime.ExitError"
        killer.join()
        faults.clear()
        assert polled.waiting() == 5
        with running.mapping(maximum_concurrency=1) as mapping:
            mapping.wait_for(0, 30)
        good = [each["id"] for each in documents if each is not documents[1]]
        assert mails_by_document(running.exh) == dict.fromkeys(good, 1)
        assert sorted(running.dead_letters(), key=lambda each: each[1]) == [
            (body_of(documents[1]["id"]), "ImplausibleMeasurementError", IMPLAUSIBLE),
            ("no task", "InvalidEventError", "the message's body is not JSON; a task as JSON is expected"),
        ]


IMPLAUSIBLE = "the diastolic pressure must be below the systolic; are they swapped?"


def kill_after_a_mail(exh):
    wait_for(lambda: exh.mails.find().total)
    for process in workers(HANDLER, WORKER):
        process.kill()


# A storm

MESSAGES = 150  # with their PDFs and mails; `tests/test_queue_storm.py` has more of a smaller function
TWICE, POISON = 0.10, 0.02
KILLED_EVERY = 2  # seconds, on the average
FAULTS = ["* /data/*:429+0:0.02", "* /mail/*:503+0:0.02", "* /users/*:503:0.01", "GET /files/*:reset:0.01"]


class Producer:
    """What is sent: a task for each measurement, some of them twice, some of them poison."""

    def __init__(self, chance):
        self.documents = measurements(MESSAGES)
        self.good, self.poison, self.bodies = set(), set(), []
        for number, document in enumerate(self.documents):
            body = body_of(document["id"])
            if chance.random() >= POISON:
                self.good.add(document["id"])
            else:
                kind = number % 3
                if kind == 0:
                    document["data"].update(systolic=80, diastolic=80)
                body = (body, f"no task {number}", json.dumps({"id": f"{number:024x}", "data": {}}))[kind]
                self.poison.add(body)
            self.bodies += [body] * (2 if chance.random() < TWICE else 1)
        chance.shuffle(self.bodies)

    def run(self, running, mapping):
        for start in range(0, len(self.bodies), 10):
            mapping.wait_for(MOST_WAITING - 10, 120)
            running.send(*self.bodies[start : start + 10])


@pytest.mark.rare
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_storm_loses_nothing_and_does_nothing_twice(project, platform_image):
    chance, again = (random.Random(seed) for seed in (20260115, 2))  # noqa: S311 - reproducible
    producer = Producer(chance)
    faults = FaultRules(FAULTS, chance=random.Random(1).random)  # noqa: S311 - reproducible
    # Not the usual five receives: with every worker that is killed a whole batch is received once more.
    with cloud(project, platform_image, hidden=6, workers=2, most_receives=50, faults=faults) as running:
        sow(running, project, producer.documents)
        mapping = running.mapping(batch_size=5, maximum_concurrency=2, duplicate=lambda: again.random() < TWICE)
        with mapping:
            with killing(HANDLER, WORKER, chance=chance, every=KILLED_EVERY) as killed:
                producer.run(running, mapping)
            mapping.wait_for(0, 180)
        disturbed = {each.rule.text: (each.matched, each.struck) for each in faults.in_force}
        faults.clear()
        documents = running.exh.data.documents.find_all(SCHEMA)
        assert {each["id"] for each in documents if each["status"] == "reported"} == producer.good
        assert mails_by_document(running.exh) == dict.fromkeys(producer.good, 1)
        dead = running.dead_letters()
        assert {body for body, _, _ in dead} == producer.poison
        assert all(error and reason for _, error, reason in dead)
        # It was a storm.
        assert len(producer.bodies) > MESSAGES * (1 + TWICE / 2)
        assert producer.poison
        assert killed
        assert mapping.counts["failed"] > 0
        assert mapping.counts["duplicate"] > 5
        # Which rule strikes how often is chance; that each had its chances, and that enough struck, is not.
        assert all(matched for matched, _ in disturbed.values()), disturbed
        assert sum(struck for _, struck in disturbed.values()) > 5, disturbed
