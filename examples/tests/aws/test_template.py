"""What `template.yaml` makes on AWS, after SAM's own translator: who may do what, what starts what, who is told."""

import copy
import json

import pytest
from aws_stack import allowed, arn, deployed, holds, source, statements, translated, with_a_worker
from exh_dev.project.project import Project

EXTENSION = "arn:aws:lambda:eu-central-1:187925254637:layer:AWS-Parameters-and-Secrets-Lambda-Extension:12"
SECRET = "{ExtraHorizonCredentials}"


@pytest.fixture(scope="module")
def template():
    return source(Project.find().root)


@pytest.fixture(scope="module")
def stack(template):
    return translated(template)


@pytest.fixture(scope="module")
def specs():
    return Project.find().manifest.functions


def of_type(stack, kind):
    return {name: each for name, each in deployed(stack).items() if each["Type"] == kind}


def roles_of(stack):
    return {name.removesuffix("Role"): role for name, role in of_type(stack, "AWS::IAM::Role").items()}


# Functions


def test_only_functions_for_aws_are_deployed_there(stack, specs):
    assert set(of_type(stack, "AWS::Lambda::Function")) == {each.logical_id for each in specs if "aws" in each.targets}


def test_bundles_are_uploaded_as_they_were_built(template, specs):
    for spec in specs:
        resource = template["Resources"][spec.logical_id]
        assert resource["Metadata"]["SkipBuild"] is True
        assert resource["Properties"]["CodeUri"] == f"build/{spec.name}.zip"


def test_every_function_logs_into_the_group_that_forgets(stack):
    groups = of_type(stack, "AWS::Logs::LogGroup")
    assert groups["FunctionLogs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for function in of_type(stack, "AWS::Lambda::Function").values():
        assert function["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": "FunctionLogs"}


def test_tracing_is_off_unless_asked_for(template, stack):
    for function in of_type(stack, "AWS::Lambda::Function").values():
        assert function["Properties"]["TracingConfig"]["Mode"] == {"Ref": "Tracing"}
    assert template["Parameters"]["Tracing"]["Default"] == "PassThrough"


def test_the_secrets_extension_comes_with_the_port_by_which_it_is_found(stack):
    for function in of_type(stack, "AWS::Lambda::Function").values():
        layers = function["Properties"]["Layers"]
        port = function["Properties"]["Environment"]["Variables"]["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"]
        nothing = {"Ref": "AWS::NoValue"}
        assert layers == {"Fn::If": ["HasSecretsExtension", [{"Ref": "SecretsExtensionLayerArn"}], nothing]}
        assert port == {"Fn::If": ["HasSecretsExtension", "2773", nothing]}
    assert not holds(stack, "HasSecretsExtension", {})
    assert holds(stack, "HasSecretsExtension", {"SecretsExtensionLayerArn": EXTENSION})


# Who may do what


def secrets_read(stack):
    """By function: may it read our secret, and any other?"""
    other = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:others"
    return {
        name: [allowed(role, "secretsmanager:GetSecretValue", each) for each in (SECRET, other)]
        for name, role in roles_of(stack).items()
    }


def test_what_calls_extra_horizon_can_read_its_secret_and_no_other(stack):
    found = secrets_read(stack)
    assert found["SyncHoudiniBuilds"] == [True, False]
    assert not any(other for _, other in found.values())


def test_a_star_in_a_policy_is_found(template):
    wide = copy.deepcopy(template)
    (policy,) = wide["Resources"]["SyncHoudiniBuilds"]["Properties"]["Policies"]
    policy["AWSSecretsManagerGetSecretValuePolicy"]["SecretArn"] = "*"
    assert secrets_read(translated(wide))["SyncHoudiniBuilds"] == [True, True]


@with_a_worker
def test_the_worker_may_use_its_table_and_its_dead_letter_queue_and_nothing_else(stack):
    worker = roles_of(stack)["AnalyzeQueuedMeasurements"]
    assert allowed(worker, "dynamodb:PutItem", "{IdempotencyTable.Arn}")
    assert not allowed(worker, "dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/other")
    assert not allowed(worker, "dynamodb:Scan", "{IdempotencyTable.Arn}")
    dead, work = (
        f"arn:aws:sqs:eu-central-1:123456789012:{{{name}.QueueName}}" for name in ("DeadLetterQueue", "WorkQueue")
    )
    assert allowed(worker, "sqs:SendMessage", dead)
    assert not allowed(worker, "sqs:SendMessage", work)
    enqueuer = roles_of(stack)["EnqueueMeasurements"]
    assert allowed(enqueuer, "sqs:SendMessage", work)
    assert not allowed(enqueuer, "sqs:SendMessage", dead)
    assert not allowed(enqueuer, "sqs:ReceiveMessage", work)


def test_no_policy_of_ours_speaks_of_everything(stack):
    for name, role in roles_of(stack).items():
        for statement in statements(role):
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            assert "*" not in map(arn, resources), name
            assert "*" not in statement["Action"], name
            assert not any(str(action).endswith(":*") for action in statement["Action"]), name


def test_each_function_has_a_role_of_its_own(stack):
    functions = of_type(stack, "AWS::Lambda::Function")
    roles = [arn(each["Properties"]["Role"]) for each in functions.values()]
    assert len(set(roles)) == len(functions)


# What starts what


def test_schedules_run_as_often_as_on_extra_horizon(stack, specs):
    rules = of_type(stack, "AWS::Scheduler::Schedule")
    for spec in specs:
        if "aws" in spec.targets and spec.schedule:
            (rule,) = (
                each
                for each in rules.values()
                if arn(each["Properties"]["Target"]["Arn"]) == f"{{{spec.logical_id}.Arn}}"
            )
            amount, unit = rule["Properties"]["ScheduleExpression"].removeprefix("rate(").removesuffix(")").split()
            seconds = {"minute": 60, "hour": 3600, "day": 86400}[unit.removesuffix("s")]
            assert int(amount) * seconds == spec.schedule.interval


def test_the_http_api_lets_only_holders_of_a_token_through(stack):
    (api,) = of_type(stack, "AWS::ApiGatewayV2::Api").values()
    body = api["Properties"]["Body"]
    (scheme,) = body["components"]["securitySchemes"].values()
    assert scheme["x-amazon-apigateway-authorizer"]["jwtConfiguration"] == {
        "issuer": {"Ref": "JwtIssuer"},
        "audience": [{"Ref": "JwtAudience"}],
    }
    for path in body["paths"].values():
        for method in path.values():
            assert method["security"] == [{"Users": []}]


def test_the_log_of_the_http_api_names_nobody(stack):
    (stage,) = of_type(stack, "AWS::ApiGatewayV2::Stage").values()
    logged = json.loads(stage["Properties"]["AccessLogSettings"]["Format"])
    assert not {"sourceIp", "path", "authorizer"} & set(str(logged).replace(".", " ").replace("'", " ").split())


# The queue


@with_a_worker
def test_the_worker_takes_batches_and_says_which_messages_failed(stack):
    (mapping,) = of_type(stack, "AWS::Lambda::EventSourceMapping").values()
    assert arn(mapping["Properties"]["EventSourceArn"]) == "{WorkQueue.Arn}"
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["Properties"]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}


def test_what_cannot_be_done_goes_to_the_dead_letter_queue_and_stays(stack):
    queues = of_type(stack, "AWS::SQS::Queue")
    work, dead = queues["WorkQueue"]["Properties"], queues["DeadLetterQueue"]
    assert arn(work["RedrivePolicy"]["deadLetterTargetArn"]) == "{DeadLetterQueue.Arn}"
    assert dead["DeletionPolicy"] == "Retain"
    assert work["SqsManagedSseEnabled"] is dead["Properties"]["SqsManagedSseEnabled"] is True


def test_the_table_forgets_by_itself_and_costs_by_use(stack):
    table = of_type(stack, "AWS::DynamoDB::Table")["IdempotencyTable"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}


# Who is told


def test_every_function_has_its_alarms_with_its_own_timeout(stack, specs):
    nested = of_type(stack, "AWS::CloudFormation::Stack")
    for spec in specs:
        if "aws" in spec.targets:
            given = nested[f"{spec.logical_id}Alarms"]["Properties"]["Parameters"]
            assert given == {
                "FunctionName": {"Ref": spec.logical_id}, "Timeout": spec.timeout, "TopicArn": {"Ref": "AlarmTopic"},
            }  # fmt: skip


def test_the_alarms_of_a_function_are_errors_throttles_and_time(project_root):
    from samtranslator.yaml_helper import yaml_parse

    alarms = yaml_parse((project_root / "aws" / "function-alarms.yaml").read_text())["Resources"]
    assert set(alarms) == {"Errors", "Throttles", "NearTimeout"}
    for alarm in alarms.values():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "TopicArn"}]
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


def test_queues_have_alarms_too(stack):
    alarms = {name: each["Properties"] for name, each in of_type(stack, "AWS::CloudWatch::Alarm").items()}
    watched = {(each["MetricName"], arn(each["Dimensions"][0]["Value"])) for each in alarms.values()}
    assert watched == {
        ("ApproximateNumberOfMessagesVisible", "{DeadLetterQueue.QueueName}"),
        ("ApproximateAgeOfOldestMessage", "{WorkQueue.QueueName}"),
    }


def test_mail_goes_to_whoever_is_named(stack):
    assert "AlarmSubscription" not in deployed(stack)
    assert "AlarmSubscription" in deployed(stack, AlarmEmail="ops@example.com")


def test_the_dashboard_is_one_that_cloudwatch_can_read(stack):
    (dashboard,) = of_type(stack, "AWS::CloudWatch::Dashboard").values()
    body = json.loads(arn(dashboard["Properties"]["DashboardBody"]))
    assert len(body["widgets"]) == 5
    assert all({"type", "width", "height", "properties"} <= set(widget) for widget in body["widgets"])
