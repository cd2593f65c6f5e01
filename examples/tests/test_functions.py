"""What is true of every function of this project that has sample events: its permissions, and what it tells."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from end_state import end_state, files_of
from exh_dev.aws.services import LocalAws, hidden_for, uses_work_queue
from exh_dev.project.project import Project, read_event
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.activity import LocalCalls
from exh_dev.remote.client import client_of
from exh_dev.remote.schedules import marked_data
from exh_dev.runtime import Runtime
from exh_dev.serve import deploy as served
from exh_dev.serve.local_platform import LocalPlatform
from exh_dev.testing import task_event
from extrahorizon.query import rql

PROJECT = Project(Path(__file__).parent.parent)
START = "2026-01-10T05:00:00Z"
SCHEDULED = [spec.name for spec in PROJECT.manifest.functions if spec.schedule]
SPECS = [spec for spec in PROJECT.manifest.functions if spec.execution_credentials]
PERMISSIONS = [(spec.name, name) for spec in SPECS for name in spec.execution_credentials.permissions]
_FORTY_DIGITS = re.compile(r"[0-9a-f]{24}")


@dataclass
class Samples:
    """What came of a function's sample events.

    Attributes:
        outcomes: of each event the error's name, the HTTP status if it is an API function, and what it left behind.
        told: what others can read: log lines, error messages, tasks, the paths and queries of calls.
    """

    outcomes: list[Any] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def run_samples(name, without=None):
    """Run all sample events of a function on a platform of their own, perhaps without one of its permissions."""
    spec = PROJECT.manifest.function(name)
    found = Samples()
    with LocalPlatform(pace=60, image=loaded()) as platform, local_aws(spec) as aws:
        variables = served.injected(platform, spec)
        platform.start(served.own_functions(platform, pytest.fail, PROJECT))
        exh = client_of(platform.environment())
        if without is not None:
            role = rql.eq("name", f"exh.tasks.{name}")
            assert exh.users.global_roles.remove_permissions(role, permissions=[without]) == 1
        injected = {**variables, **aws.environment()}
        function = function_of(PROJECT, spec, "env", injected, {})
        with Runtime([function]) as runtime, LocalCalls(platform.url) as calls:
            for path in PROJECT.sample_events(spec):
                served.seed(platform, PROJECT, spec)
                invocation = runtime.invoke(name, read_event(path))
                calls.wait_for_rest(float("inf"))
                error, result = invocation.error or {}, invocation.result
                status = result.get("statusCode") if isinstance(result, dict) else None
                left = end_state(exh, seeded(name)), files_of(exh), aws.left()
                found.outcomes.append((error.get("errorType"), status, left))
                found.told += [line.text for line in invocation.logs]
                found.told.append(json.dumps(error))
        found.told += [
            json.dumps(task) for task in exh.tasks.find_all() if task["functionName"] != "html-to-pdf"
        ]  # which takes what it is to print as its data, there is no other way
        found.told += aws.told()
        # The platform decodes a query twice.
        found.told += [unquote(unquote(each["request"])) for each in exh.logs.access.find_all()]
    return found


class NoAws:
    """For functions that are for Extra Horizon as well."""

    environment = dict
    told = list
    left = list


class QueueOnAws:
    """What functions for AWS alone find there, and what others can read in it."""

    def __init__(self, aws, hidden):
        self.aws, self.queue = aws, aws.create_work_queue(hidden=hidden)

    def environment(self):
        return {**self.aws.environment(), **self.queue.environment()}

    def left(self):
        """How many messages are in each of the two queues."""
        names = ["ApproximateNumberOfMessages"]
        urls = (self.queue.url, self.queue.dead_letters)
        found = [self.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names) for url in urls]
        return [each["Attributes"] for each in found]

    def told(self):
        sqs = self.aws.client("sqs")
        options = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        messages = [sqs.receive_message(QueueUrl=url, **options) for url in (self.queue.url, self.queue.dead_letters)]
        return [json.dumps(messages), json.dumps(self.aws.client("dynamodb").scan(TableName=self.queue.table))]


@contextmanager
def local_aws(spec):
    if not uses_work_queue(spec):
        yield NoAws()
        return
    with LocalAws() as aws:
        yield QueueOnAws(aws, hidden_for([spec]))


with_everything = cache(run_samples)


@cache
def loaded():
    """A platform with this project's configuration, to begin with."""
    with LocalPlatform() as platform:
        served.start(platform, PROJECT, pytest.fail)
        return platform.image()


def seeded(name):
    path = PROJECT.seed(PROJECT.manifest.function(name))
    return path.read_text() if path else ""


def personal_values(value):
    """The values in a seed that say something of a person: texts but ids and moments, numbers that are no accident."""
    if isinstance(value, dict):
        return {each for name, item in value.items() if name not in _IMPERSONAL for each in personal_values(item)}
    if isinstance(value, list):
        return {each for item in value for each in personal_values(item)}
    text = str(value)
    if isinstance(value, bool) or _FORTY_DIGITS.match(text) or _DATE.match(text):
        return set()
    return {text} if len(text) > 3 else set()


def sent_values(name):
    """Those in what callers send to an API function."""
    events = [read_event(path) for path in PROJECT.sample_events(PROJECT.manifest.function(name))]
    bodies = [event["body"] for event in events if event.get("body") and not event.get("isBase64Encoded")]
    return {value for body in bodies for value in personal_values(json.loads(body))}


#: Functions that have to do with nobody: their own user, builds, failures, days.
_WITHOUT_PERSONS = {"sync-houdini-builds", "on-task-failed", "schedule-many"}
_IMPERSONAL = {"template_name", "subject", "language", "time_zone", "permissions", "status", "category"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@pytest.mark.parametrize("name", [spec.name for spec in SPECS])
def test_its_sample_events_succeed_with_the_permissions_of_the_manifest(name):
    for error, status, _ in with_everything(name).outcomes:
        assert error is None
        assert status is None or status < 500


@pytest.mark.slow
@pytest.mark.parametrize(("name", "permission"), PERMISSIONS)
def test_no_permission_is_spare(name, permission):
    assert run_samples(name, without=permission).outcomes != with_everything(name).outcomes


@pytest.mark.parametrize("name", [spec.name for spec in SPECS])
def test_it_tells_nothing_personal(name):
    values = personal_values(json.loads(seeded(name) or "{}")) | sent_values(name)
    assert values or name in _WITHOUT_PERSONS
    for told in with_everything(name).told:
        for value in values:
            assert value not in told


@pytest.mark.parametrize("name", SCHEDULED)
def test_scheduled_functions_do_not_stumble_over_the_data_that_the_toolkit_adds(name, run_function, seed):
    seed(name)
    assert run_function(name, task_event(marked_data(86400, START), function_name=name)).error is None
