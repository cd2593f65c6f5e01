"""Every call of AWS that the functions make in their sample events, held against their roles: nothing is denied, and
nothing is granted that is not used.

Calls are recorded where moto answers them. What AWS itself does in a role's name is not seen here, and listed below.
"""

from __future__ import annotations

import io
import json
from collections import defaultdict
from contextlib import contextmanager
from functools import cache

import pytest
from aws_stack import SECRET, WITH_API, allowed, arn, deployed, grants, role_of, statements
from exh_dev.aws import services
from exh_dev.aws.event_source_mapping import EventSourceMapping
from exh_dev.aws.services import LocalAws, hidden_for
from exh_dev.project.project import Project, read_event
from exh_dev.project.runtime_function import function_of
from exh_dev.remote.activity import LocalCalls
from exh_dev.runtime import Runtime
from exh_dev.serve import deploy as served
from exh_dev.serve.local_platform import LocalPlatform

PROJECT = Project.find()
ON_AWS = [spec.name for spec in PROJECT.manifest.functions if "aws" in spec.targets]
WORKER = "analyze-queued-measurements"
RESOURCES = {
    "work-queue": "{WorkQueue.Arn}",
    "dead-letter-queue": "{DeadLetterQueue.Arn}",
    "idempotency": "{IdempotencyTable.Arn}",
    "exh/tasks": SECRET,
}
# The permission that a call takes, where it is called otherwise.
PERMISSIONS = {"sqs:SendMessageBatch": "sqs:SendMessage", "sqs:DeleteMessageBatch": "sqs:DeleteMessage"}
LOGS = {("logs:CreateLogStream", "{FunctionLogs.Arn}"), ("logs:PutLogEvents", "{FunctionLogs.Arn}")}
# What AWS does as a role: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
BY_AWS = {
    "FunctionRole": LOGS,
    "ScheduledRole": LOGS | {("sqs:SendMessage", "{FailedRuns.Arn}")},
    "EnqueuerRole": LOGS,
    "WorkerRole": LOGS,
    "SyncHoudiniBuildsSchedulerRole": {
        ("lambda:InvokeFunction", "{SyncHoudiniBuilds.Arn}"),
        ("sqs:SendMessage", "{FailedRuns.Arn}"),
    },
    "EnqueueAllRole": {("lambda:InvokeFunction", "{EnqueueMeasurements.Arn}")},
    "ChunkWholeRole": {("lambda:InvokeFunction", "{ChunkPsgSignals.Arn}")},
}
# Powertools reads a note that DynamoDB did not give back with its refusal, which moto does, and AWS nearly always.
SELDOM = {("dynamodb:GetItem", "{IdempotencyTable.Arn}")}


@pytest.fixture
def stack(with_api):
    """All roles are those of an environment with the HTTP API."""
    return with_api


@contextmanager
def recorded():
    """Local AWS, and a list that gets each call of it: its permission, and what it is about."""
    calls, one_at_a_time = [], services._one_at_a_time

    def recording(app):
        answer = one_at_a_time(app)

        def recorder(environ, start_response):
            if call := call_of(environ):
                calls.append(call)
            return answer(environ, start_response)

        return recorder

    services._one_at_a_time = recording
    try:
        with LocalAws() as aws:
            yield aws, calls
    finally:
        services._one_at_a_time = one_at_a_time


def call_of(environ):
    """The permission of a call in AWS's JSON protocol, and the ARN of its resource; its body can be read again."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    target = environ.get("HTTP_X_AMZ_TARGET")
    if not target:
        return None
    service, operation = target.split(".")
    prefix = {"AmazonSQS": "sqs", "DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}[service]
    given = json.loads(body)
    name = given.get("SecretId") or given.get("TableName") or given.get("QueueUrl", "").rpartition("/")[2]
    permission = f"{prefix}:{operation}"
    return PERMISSIONS.get(permission, permission), RESOURCES.get(name, name)


@cache
def calls_of(name):
    """The calls that a function makes in all of its sample events, and that Lambda makes for it at its queue."""
    spec = PROJECT.manifest.function(name)
    with recorded() as (aws, calls), LocalPlatform(pace=60) as platform:
        variables = served.injected(platform, spec)
        served.start(platform, PROJECT, pytest.fail)
        queue = aws.create_work_queue(hidden=hidden_for([spec]))
        aws.put_secret("exh/tasks", {**variables, **platform.sidefx_environment()})
        calls.clear()  # those were CloudFormation's, so to speak
        function = function_of(PROJECT, spec, "secret", {**aws.environment(), **queue.environment()}, {})
        with Runtime([function]) as runtime, LocalCalls(platform.url) as others:
            for path in PROJECT.sample_events(spec):
                served.seed(platform, PROJECT, spec)
                assert runtime.invoke(name, read_event(path)).error is None
                others.wait_for_rest(float("inf"))
            if name == WORKER:
                sqs = aws.client("sqs")
                sqs.send_message(QueueUrl=queue.url, MessageBody="no task")
                calls.pop()  # that was this test
                mapping = EventSourceMapping(
                    sqs, queue.url, lambda event: runtime.invoke(name, event), timeout=spec.timeout
                )
                assert mapping.poll().ok
        return frozenset(calls)


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_AWS)
def test_no_call_of_a_function_is_denied(stack, name):
    spec = PROJECT.manifest.function(name)
    made = calls_of(name)
    assert ("secretsmanager:GetSecretValue", SECRET) in made
    for permission, resource in made:
        assert allowed(stack, role_of(stack, spec.logical_id), permission, resource), f"{permission} on {resource}"


def used_by(stack):
    """The calls of each role: those of its functions, and those that AWS makes."""
    used = defaultdict(set, {role: set(calls) for role, calls in BY_AWS.items()})
    for name in ON_AWS:
        used[role_of(stack, PROJECT.manifest.function(name).logical_id)] |= calls_of(name)
    used["WorkerRole"] |= SELDOM
    return used


def granted(stack, role):
    """Each action with each resource that a role's statements speak of, as a statement of its own."""
    for statement in statements(stack, role):
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            for resource in resources:
                yield {"Effect": statement["Effect"], "Action": action, "Resource": resource}


def spare(stack):
    """What is granted and not used, by role."""
    used = used_by(stack)
    roles = [name for name, each in deployed(stack, **WITH_API).items() if each["Type"] == "AWS::IAM::Role"]
    assert set(roles) == set(used)
    return {
        (role, each["Action"], arn(each["Resource"]))
        for role in roles
        for each in granted(stack, role)
        if not any(grants(each, permission, resource) for permission, resource in used[role])
    }


def test_nothing_is_granted_that_is_not_used(stack):
    assert spare(stack) == set()


def test_what_is_spare_is_found(stack):
    wide = json.loads(json.dumps(stack))
    (policy,) = wide["Resources"]["EnqueuerRole"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"][0]["Action"] = ["sqs:SendMessage", "sqs:PurgeQueue"]
    assert spare(wide) == {("EnqueuerRole", "sqs:PurgeQueue", "{WorkQueue.Arn}")}


def test_what_aws_does_is_allowed(stack):
    for role, calls in BY_AWS.items():
        for permission, resource in calls:
            assert allowed(stack, role, permission, resource), f"{permission} on {resource}"
