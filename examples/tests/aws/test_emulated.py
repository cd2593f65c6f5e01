"""The queue and the state machines on emulators that are not moto: ministack for all of AWS, dynalite for DynamoDB.

Two implementations are less likely to make the same mistake as one. What is kept of a task in the idempotency table is
a conditional write, and of two at the same moment one alone may succeed: moto does not show that it does.
"""

import json
import shutil
import sysconfig
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from emulator import emulated, listening, program
from exh_dev.aws.services import AwsEndpoint

from benchmarks import queue

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DYNALITE = Path(__file__).parents[1] / "dynalite"
ROOT = Path(__file__).parents[3]
STORM = 400  # messages
ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture
def ministack(tmp_path):
    (tmp_path / "ministack").mkdir()
    with emulated(tmp_path / "ministack") as aws:
        yield aws


class WithDynalite(AwsEndpoint):
    """An AWS whose DynamoDB is dynalite."""

    def __init__(self, url, dynalite):
        super().__init__(url)
        self._dynalite = AwsEndpoint(dynalite)
        self._dynalite.client("dynamodb").update_time_to_live = lambda **_: None  # which it does not have

    def client(self, service):
        return self._dynalite.client(service) if service == "dynamodb" else super().client(service)

    def environment(self):
        return {**super().environment(), "AWS_ENDPOINT_URL_DYNAMODB": self._dynalite.url}


@pytest.fixture
def dynalite(tmp_path):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(DYNALITE / name, tmp_path)
    program(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], cwd=tmp_path)
    with listening(lambda port: ["node", "node_modules/.bin/dynalite", "--port", str(port)], tmp_path) as url:
        yield url


def stormy(aws):
    @contextmanager
    def emulator():
        yield aws

    told = queue.storm(STORM, 4, emulator)  # raises when something is lost, done twice, or not told
    assert told["sent"] > STORM
    assert told["delivered_twice"] > 5
    assert told["poison"] > 0


@pytest.mark.rare
def test_a_storm_on_another_sqs_loses_nothing_and_does_nothing_twice(ministack):
    stormy(AwsEndpoint(ministack.url))


@pytest.mark.rare
def test_what_has_been_done_is_kept_in_another_dynamodb_too(ministack, dynalite):
    stormy(WithDynalite(ministack.url, dynalite))


class StateMachine:
    """`until-complete.asl.json` over a function, on the emulator."""

    def __init__(self, aws, name, archive, handler, environment, lasting="InvalidEventError", timeout=60):
        self._aws = aws
        function = aws.client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Role=ROLE, Handler=handler, Timeout=timeout, MemorySize=256,
            Code={"ZipFile": archive.read_bytes()}, Environment={"Variables": environment},
        )  # fmt: skip
        text = (Path(__file__).parents[2] / "aws" / "until-complete.asl.json").read_text()
        definition = text.replace("${Partition}", "aws").replace("${Function}", function["FunctionArn"])
        definition = definition.replace('"IntervalSeconds": 5', '"IntervalSeconds": 1')
        definition = definition.replace("InvalidEventError", lasting)
        assert "${" not in definition
        made = aws.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)
        self._arn = made["stateMachineArn"]

    def run(self, data):
        """Return the execution when it has ended, and the names of what happened in it."""
        steps = self._aws.client("stepfunctions")
        started = steps.start_execution(stateMachineArn=self._arn, input=json.dumps({"data": data}))["executionArn"]
        until = time.monotonic() + 120
        while (found := steps.describe_execution(executionArn=started))["status"] == "RUNNING":
            assert time.monotonic() < until, found
            time.sleep(0.2)
        history = steps.get_execution_history(executionArn=started, maxResults=1000)["events"]
        return found, [each["type"] for each in history]


COUNTING = """
import os, pathlib
class InvalidEventError(Exception): pass
def handler(event, context):
    tries = pathlib.Path(os.environ["TRIES"])
    with tries.open("a") as file:
        file.write("x")
    data = event["data"]
    assert data["handOver"] is False
    if data.get("wrong"):
        raise InvalidEventError("it is wrong")
    if tries.stat().st_size == 2:
        raise OSError("once")
    at = data["at"] + 1
    return {"complete": at == 4, "next": {"at": at, "kept": data["kept"]}}
"""


@pytest.fixture
def counting(ministack, tmp_path):
    """Make a state machine over a small function that fails the second time, and say where it notes its calls."""
    with zipfile.ZipFile(tmp_path / "counting.zip", "w") as archive:
        archive.writestr("counting.py", COUNTING)

    def make(lasting="InvalidEventError"):
        environment = {"TRIES": str(tmp_path / "tries")}
        name = f"counting-{lasting.replace('.', '-')}"
        return StateMachine(ministack, name, tmp_path / "counting.zip", "counting.handler", environment, lasting)

    return make, tmp_path / "tries"


def test_the_state_machine_goes_on_with_what_each_run_says_until_it_is_complete(counting):
    make, tries = counting
    found, happened = make().run({"at": 0, "kept": "as it was"})
    assert found["status"] == "SUCCEEDED"
    assert json.loads(found["output"])["data"] == {"at": 4, "kept": "as it was"}
    assert tries.read_text() == "xxxxx"  # four, and one that failed
    assert happened.count("ChoiceStateEntered") == 4


def test_what_no_other_try_can_mend_ends_it_at_once(counting):
    make, tries = counting
    # AWS names an error by its class; the emulator has one name for all.
    found, _ = make(lasting="Runtime.HandlerError").run({"wrong": True})
    assert (found["status"], tries.read_text()) == ("FAILED", "x")
    assert "it is wrong" in found["cause"]


def test_every_measurement_is_queued_by_as_many_runs_as_it_takes(ministack, platform, exh, project_root, tmp_path):
    reading = {"patient": "68498c63b1b0b8de8a6228f6", "systolic": 147.5, "diastolic": 93.5}
    made = {
        exh.data.documents.create(
            "blood-pressure-reading",
            {**reading, "timestamp": f"2026-01-{1 + number // 60:02d}T10:{number % 60:02d}:00Z"},
        )["id"]
        for number in range(120)
    }
    sqs = ministack.client("sqs")
    work = sqs.create_queue(QueueName="enqueued")["QueueUrl"]
    archive = tmp_path / "enqueue.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for folder in (project_root / "handlers" / "enqueue_measurements", project_root / "shared"):
            for path in folder.glob("*.py"):
                file.write(path, path.relative_to(project_root))
    packages = sysconfig.get_path("purelib")
    ours = ROOT / "packages" / "extrahorizon" / "src"
    environment = {**platform.environment(), **ministack.environment, "WORK_QUEUE_URL": work}
    environment |= {"PYTHONPATH": f"{ours}:{packages}", "POWERTOOLS_SERVICE_NAME": "enqueue"}
    # So short that no run has the reserve left: each queues one page of 50.
    machine = StateMachine(
        ministack, "enqueue", archive, "handlers.enqueue_measurements.handler", environment, timeout=60
    )
    found, happened = machine.run({})
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"])["data"]["queued"] == 120
    assert happened.count("ChoiceStateEntered") == 3
    queued = set()
    while messages := sqs.receive_message(QueueUrl=work, MaxNumberOfMessages=10).get("Messages"):
        queued |= {json.loads(each["Body"])["data"]["documentId"] for each in messages}
    assert queued == made
