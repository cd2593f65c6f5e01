"""What a million measurements cost on AWS: the worker's time for each is measured, and AWS's list prices are applied.

`analyze-queued-measurements` runs on batches of ten, as a function of AWS does, against a platform that takes 50 ms for
each call more than the local one. Lambda gives a function a share of a core by its memory: what it computes takes that
much longer there than here, and what it waits for does not.
"""

from __future__ import annotations

import json
import logging
import math
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
from exh_dev.aws.services import LocalAws
from exh_dev.platform.faults.rules import FaultRules
from exh_dev.project.project import Project
from exh_dev.project.runtime_function import function_of
from exh_dev.runtime import Runtime
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.testing import queue_event, task_event

from benchmarks.cpu_share import WHOLE as ONE_CORE
from benchmarks.killing import workers

ON_REQUEST = True
"""Report changed prices or functions; the table is in docs/scale.md."""

EXAMPLES = Path(__file__).parents[1] / "examples"
WORKER, HANDLER = "analyze-queued-measurements", "handlers.assess_blood_pressure.handler"
SCHEMA, PATIENT = "blood-pressure-reading", "68498c63b1b0b8de8a6228f6"
BATCHES, BATCH = 6, 10  # the first batch is not counted
LATENCY = 0.05  # seconds
MEMORY = 256  # MB
MILLION = 1_000_000
DAYS_KEPT, ITEM_BYTES = 14, 250  # of a note in the idempotency table: key, status, expiry, and DynamoDB's 100
DAYS_OF_LOGS = 30


@dataclass(frozen=True)
class Prices:
    """US$, list prices of us-east-1 and x86_64, November 2026; what is free at first is not taken off."""

    gb_second: float = 0.0000166667
    million_invocations: float = 0.20
    million_sqs_requests: float = 0.40
    million_writes: float = 0.625
    gb_month_of_table: float = 0.25
    gb_of_logs: float = 0.50
    gb_month_of_logs: float = 0.03


@dataclass(frozen=True)
class Measured:
    """What one measurement takes here.

    Attributes:
        waiting: seconds in which the function waits for the platform.
        computing: seconds of a core.
        log_bytes: that it logs.
        cold_start: seconds of a core until the worker is ready.
    """

    waiting: float
    computing: float
    log_bytes: float
    cold_start: float

    def seconds(self, memory: int = MEMORY) -> float:
        """Return how long one takes on Lambda with so many MB."""
        return self.waiting + self.computing * max(1.0, ONE_CORE / memory)


def costs(one: Measured, memory: int = MEMORY, prices: Prices | None = None) -> list[tuple[str, str, float]]:
    """Return what a million cost: of each part its name, how much of it, and US$."""
    of = prices or Prices()
    seconds = one.seconds(memory)
    batches = MILLION // BATCH
    gb_seconds = MILLION * seconds * memory / 1024
    # A worker of 100 has its batches one after the other; each is started once.
    starts = 100 * one.cold_start * max(1.0, ONE_CORE / memory) * memory / 1024
    notes = MILLION * ITEM_BYTES / 1e9
    logs = MILLION * one.log_bytes / 1e9
    idle = 5 * 86_400 * 30 / 20  # receives a month: five pollers, each waits for 20 seconds
    return [
        ("Lambda, time", f"{gb_seconds:,.0f} GB-s ({seconds:.2f} s each)", gb_seconds * of.gb_second),
        ("Lambda, cold starts of 100 workers", f"{starts:,.0f} GB-s", starts * of.gb_second),
        ("Lambda, invocations", f"{batches:,} batches", batches / MILLION * of.million_invocations),
        ("SQS", f"{3 * batches:,} requests (send, receive, delete by ten)", 0.3 * of.million_sqs_requests),
        (
            "SQS, polled while nothing is in it",
            f"{idle:,.0f} requests a month",
            idle / MILLION * of.million_sqs_requests,
        ),
        ("DynamoDB, writes", f"{2 * MILLION:,} (begun, done)", 2 * of.million_writes),
        ("DynamoDB, notes for two weeks", f"{notes:.2f} GB", notes * of.gb_month_of_table * DAYS_KEPT / 30),
        ("logs, taken in", f"{logs:.2f} GB", logs * of.gb_of_logs),
        ("logs, kept for 30 days", f"{logs:.2f} GB", logs * of.gb_month_of_logs * DAYS_OF_LOGS / 30),
    ]


def measure() -> dict[str, Any]:
    """Measure, and say what a million cost."""
    one = measured()
    parts = costs(one)
    return {
        "what": "a million measurements through the work queue on AWS",
        "waiting_seconds": round(one.waiting, 3),
        "computing_seconds": round(one.computing, 4),
        "seconds_on_lambda": round(one.seconds(), 2),
        "log_bytes": round(one.log_bytes),
        "cold_start_seconds": round(one.cold_start, 2),
        "parts": [{"part": part, "units": units, "usd": round(usd, 2)} for part, units, usd in parts],
        "usd": round(math.fsum(usd for _, _, usd in parts), 2),
    }


def measured() -> Measured:
    """Run the worker on batches of new measurements."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    project = Project(EXAMPLES)
    spec = project.manifest.function(WORKER)
    with ExitStack() as stack:
        platform = stack.enter_context(LocalPlatform(faults=FaultRules([f"* /*:latency={LATENCY}"])))
        aws = stack.enter_context(LocalAws())
        deploy.start(platform, project, _refuse)
        environment = {**platform.environment(), **aws.environment(), **aws.create_work_queue().environment()}
        aws.put_secret("exh/tasks", deploy.injected(platform, spec))
        function = function_of(project, spec, "secret", environment, {})
        runtime = stack.enter_context(Runtime([replace(function, concurrency=1)]))
        _sow(platform.url)
        waiting = computing = log_bytes = 0.0
        before, cold_start = 0.0, 0.0
        for number in range(BATCHES):
            done = runtime.invoke(WORKER, _batch(number))
            if not done.ok or done.result != {"batchItemFailures": []}:
                raise RuntimeError(f"a batch failed: {done.failure()} {done.result}")
            (worker,) = workers(HANDLER)
            times = worker.cpu_times()
            after = times.user + times.system
            if number == 0:
                cold_start = done.init_duration or 0.0
            else:
                computing += after - before
                waiting += max(done.duration - (after - before), 0.0)
                log_bytes += sum(len(line.text.encode()) + 1 for line in done.logs)
            before = after
        count = (BATCHES - 1) * BATCH
        return Measured(waiting / count, computing / count, log_bytes / count, cold_start)


def _sow(url: str) -> None:
    seed = json.loads((EXAMPLES / "events" / "assess-blood-pressure.seed.json").read_text())
    seed["documents"] = {SCHEMA: [_measurement(number) for number in range(BATCHES * BATCH)]}
    requests.post(f"{url}/_dev/seed", json=seed, timeout=60).raise_for_status()


def _measurement(number: int) -> dict[str, Any]:
    data = {
        "patient": PATIENT,
        "systolic": 147.5,
        "diastolic": 93.5,
        "timestamp": f"2026-01-01T10:{number:02d}:00.000Z",
    }
    return {"id": f"6968c223f7f029ec{number:08x}", "creatorId": PATIENT, "data": data}


def _batch(number: int) -> dict[str, Any]:
    first = number * BATCH
    return queue_event(
        task_event({"schemaId": SCHEMA, "documentId": _measurement(each)["id"]}, id=f"{each:024x}")
        for each in range(first, first + BATCH)
    )


def _refuse(problem: str) -> None:
    raise RuntimeError(problem)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
