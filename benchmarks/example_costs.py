"""What a million runs of each example cost on AWS: calls, computing and log are measured, and list prices are applied.

Each function runs its first sample event on the local platform, warm, as a function of AWS does. A call of the platform
counts as 50 ms of waiting, wherever this runs. The prices and the share of a core are those of `work_cost`.
"""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exh_dev.aws.services import LocalAws, uses_work_queue
from exh_dev.project.project import Project, read_event
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.activity import LocalCalls
from exh_dev.remote.client import client_of
from exh_dev.runtime import Runtime
from exh_dev.serve import deploy
from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.timestamps import iso, parse

from benchmarks.killing import workers
from benchmarks.work_cost import EXAMPLES, LATENCY, MILLION, Measured, Prices
from benchmarks.work_cost import WORKER as MEASURED_BY_WORK_COST

if TYPE_CHECKING:
    from exh_dev.project.function_spec import FunctionSpec
    from extrahorizon.client import ExtraHorizon

ON_REQUEST = True
"""Says something when a price or an example has changed; the table is in examples/README.md."""

ROUNDS = 20  # the clock of a process has steps of 10 ms


def usd(calls: int, computing: float, log_bytes: float, memory: int, prices: Prices | None = None) -> float:
    """Return what a million runs cost: Lambda's time and invocations, and the log, taken in and kept for a month.

    Args:
        calls: of the platform, in one run.
        computing: seconds of a core, in one run.
        log_bytes: of one run.
        memory: of the function, in MB.
        prices: AWS's.
    """
    of = prices or Prices()
    one = Measured(calls * LATENCY, computing, log_bytes, cold_start=0.0)
    time = MILLION * one.seconds(memory) * memory / 1024 * of.gb_second
    return time + of.million_invocations + MILLION * log_bytes / 1e9 * (of.gb_of_logs + of.gb_month_of_logs)


def measure() -> dict[str, Any]:
    """Measure each example, and say what a million runs cost."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    project = Project(EXAMPLES)
    specs = [spec for spec in project.manifest.functions if spec.name != MEASURED_BY_WORK_COST]
    return {"what": "a million runs of each example on AWS", "examples": [_measured(project, each) for each in specs]}


def _measured(project: Project, spec: FunctionSpec) -> dict[str, Any]:
    with ExitStack() as stack:
        platform = stack.enter_context(LocalPlatform())
        deploy.start(platform, project, _refuse)
        environment = deploy.injected(platform, spec)
        if uses_work_queue(spec):
            aws = stack.enter_context(LocalAws())
            environment |= {**aws.environment(), **aws.create_work_queue().environment()}
        exh = client_of(platform.environment())
        event = read_event(project.sample_events(spec)[0])
        function = replace(function_of(project, spec, "env", environment, {}), concurrency=1)
        runtime = stack.enter_context(Runtime([function]))
        calls = stack.enter_context(LocalCalls(platform.url))
        numbers, log_bytes, before = set(), 0, 0.0
        for number in range(ROUNDS + 1):  # the first is cold, and not counted
            _clear(exh)
            deploy.seed(platform, project, spec)
            done = runtime.invoke(spec.name, _at_another_time(event, number) if spec.name == "schedule-many" else event)
            if not done.ok:
                raise RuntimeError(f"{spec.name} failed: {done.failure()}")
            calls.wait_for_rest(float("inf"))
            numbers.add(calls.count(done.request_id))
            if number == 0:
                before = _computed(spec)
            else:
                log_bytes += sum(len(line.text.encode()) + 1 for line in done.logs)
        (count,) = numbers  # the same each time, or the platform was not as before
        computing = (_computed(spec) - before) / ROUNDS
    per_run = round(computing, 4), round(log_bytes / ROUNDS)
    cost = round(usd(count, *per_run, spec.memory), 2)
    return {
        "example": spec.name,
        "memory": spec.memory,
        "calls": count,
        "computing_seconds": per_run[0],
        "log_bytes": per_run[1],
        "usd": cost,
    }


def _computed(spec: FunctionSpec) -> float:
    """Return the seconds of a core that the function's worker has taken so far."""
    (worker,) = workers(spec.handler, spec.name)
    times = worker.cpu_times()
    return times.user + times.system


def _clear(exh: ExtraHorizon) -> None:
    """Delete what a run before has left, so that each run does the same."""
    for schema in exh.data.schemas.find_all():
        for document in list(exh.data.documents.find_all(schema["id"])):
            exh.data.documents.remove(schema["id"], document["id"])
    for mail in list(exh.mails.find_all()):
        exh.mails.remove(mail["id"])
    for file in list(exh.files.find_all()):
        exh.files.remove(next(each["token"] for each in file["tokens"] if each["accessLevel"] == "full"))
    for schedule in list(exh.tasks.schedules.find_all()):
        exh.tasks.schedules.remove(schedule["id"])


def _at_another_time(event: dict[str, Any], number: int) -> dict[str, Any]:
    """Return an event that starts some months later: tasks cannot be deleted, and a clinic has one for each day."""
    start = parse(event["startTimestamp"]) + timedelta(days=40 * number)
    return {**event, "startTimestamp": iso(start)}


def _refuse(problem: str) -> None:
    raise RuntimeError(problem)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
