"""Whom the template's alarms notify of what, and what its dashboard shows."""

import io
import json
import re

import pytest
from aws_stack import WITH_API, arn, deployed, holds, of_type

# Alarms


def alarms_of(stack):
    """Each alarm's metric and what it is of."""
    found = of_type(stack, "AWS::CloudWatch::Alarm", **WITH_API)
    return {
        name: (each["Properties"]["MetricName"], arn(each["Properties"]["Dimensions"][0]["Value"]))
        for name, each in found.items()
    }


def test_whatever_is_given_up_is_told(with_api):
    assert alarms_of(with_api) == {
        "HttpApiFails": ("5xx", "{HttpApi}"),
        "HttpApiRefuses": ("4xx", "{HttpApi}"),
        "HttpApiIsSlow": ("Latency", "{HttpApi}"),
        "ScheduledRunsFailed": ("ApproximateNumberOfMessagesVisible", "{FailedRuns.QueueName}"),
        "EnqueueAllFailed": ("ExecutionsFailed", "{EnqueueAll}"),
        "ChunkWholeFailed": ("ExecutionsFailed", "{ChunkWhole}"),
        "WorkFails": ("Failed", "{AnalyzeQueuedMeasurements}"),
        "WorkerFails": ("Errors", "{AnalyzeQueuedMeasurements}"),
        "WorkerIsNearItsTimeout": ("Duration", "{AnalyzeQueuedMeasurements}"),
        "DeadLetters": ("ApproximateNumberOfMessagesVisible", "{DeadLetterQueue.QueueName}"),
        "OldWork": ("ApproximateAgeOfOldestMessage", "{WorkQueue.QueueName}"),
    }
    for name, alarm in of_type(with_api, "AWS::CloudWatch::Alarm", **WITH_API).items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching", name


def test_a_worker_that_fails_at_everything_is_told_within_five_minutes(stack):
    """Before that a message is a dead letter only after five times twelve minutes."""
    alarm = of_type(stack, "AWS::CloudWatch::Alarm")["WorkFails"]["Properties"]
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 300
    assert alarm["DatapointsToAlarm"] > 1  # one error on a quiet queue is none
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Average", 0.5)
    variables = stack["Resources"]["AnalyzeQueuedMeasurements"]["Properties"]["Environment"]["Variables"]
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]


def test_the_worker_is_near_its_timeout_at_80_percent_of_it(stack, specs):
    (worker,) = (each for each in specs if each.logical_id == "AnalyzeQueuedMeasurements")
    alarm = of_type(stack, "AWS::CloudWatch::Alarm")["WorkerIsNearItsTimeout"]["Properties"]
    assert alarm["Threshold"] == 800 * worker.timeout


def test_mail_goes_to_whoever_is_named(stack):
    assert "AlarmSubscription" not in deployed(stack, AlarmEmail="none")
    assert "AlarmSubscription" in deployed(stack, AlarmEmail="ops@example.com")


# The dashboard, read as CloudWatch reads it


def metrics_of(widget):
    """Each metric of a widget, written out: `"."` repeats a part of the one before, `"..."` all parts but the last.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    found, before = [], []
    for metric in widget["properties"]["metrics"]:
        parts = [each for each in metric if not isinstance(each, dict)]
        if parts[0] == "...":
            parts = [*before[: len(before) - len(parts) + 1], *parts[1:]]
        parts = [before[place] if each == "." else each for place, each in enumerate(parts)]
        found.append(parts)
        before = parts
    return found


@pytest.fixture
def dashboard(with_api):
    (dashboard,) = of_type(with_api, "AWS::CloudWatch::Dashboard").values()
    text, names = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    ((name, choice),) = names.items()
    assert holds(with_api, choice["Fn::If"][0], WITH_API)
    return json.loads(arn({"Fn::Sub": [text, {name: choice["Fn::If"][1]}]}))


def test_the_dashboard_names_metrics_as_the_services_do(dashboard, with_api):
    shown = {
        tuple(metric) for widget in dashboard["widgets"] if widget["type"] == "metric" for metric in metrics_of(widget)
    }
    functions = of_type(with_api, "AWS::Lambda::Function", **WITH_API)
    for metric in ("Invocations", "Errors", "Throttles", "Duration"):
        of_functions = {each[3] for each in shown if each[:3] == ("AWS/Lambda", metric, "FunctionName")}
        assert of_functions == {f"{{{name}}}" for name in functions}
    for name in ("WorkQueue", "DeadLetterQueue", "FailedRuns"):
        assert ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"{{{name}.QueueName}}") in shown
    own = {each[1:] for each in shown if each[0] == "ExtraHorizonTasks"}
    assert own == {
        (name, "service", "{AnalyzeQueuedMeasurements}")
        for name in ("Done", "DoneBefore", "Failed", "NotBegun", "Poison")
    }
    assert all(len(metric) % 2 == 0 for metric in shown)  # a namespace, a name, and pairs


def test_every_alarm_of_a_function_is_of_a_metric_that_the_dashboard_has(dashboard, with_api):
    shown = {
        tuple(metric) for widget in dashboard["widgets"] if widget["type"] == "metric" for metric in metrics_of(widget)
    }
    for name, alarm in of_type(with_api, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        if properties["Namespace"] in ("AWS/Lambda", "AWS/SQS"):
            (dimension,) = properties["Dimensions"]
            wanted = (properties["Namespace"], properties["MetricName"], dimension["Name"], arn(dimension["Value"]))
            assert wanted in shown, name


def test_the_latest_errors_are_found_by_what_a_log_line_has(dashboard, monkeypatch):
    """Logs Insights: the filter of the query, on lines of the logger."""
    from extrahorizon.log import logger

    (widget,) = (each for each in dashboard["widgets"] if each["type"] == "log")
    source_of, *steps = map(str.strip, widget["properties"]["query"].split("|"))
    assert source_of == "SOURCE '{FunctionLogs}'"
    (condition,) = (step for step in steps if step.startswith("filter "))
    name, value = re.fullmatch(r"filter (\w+) = '(\w+)'", condition).groups()
    (fields,) = (step.removeprefix("fields ").split(", ") for step in steps if step.startswith("fields "))
    stream = io.StringIO()
    monkeypatch.setattr(logger.logger_handler, "stream", stream)
    logger.error("it failed", extra={"errorType": "ValueError"})
    logger.info("it went well")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    matching = [line for line in lines if line.get(name) == value]
    assert [line["message"] for line in matching] == ["it failed"]
    assert {each for each in fields if not each.startswith("@")} <= matching[0].keys()
