"""What moto can create of the stack is created, and hangs together as it should."""

import io
import json
import zipfile
from functools import partial

import boto3
import pytest
from aws_stack import REGION, deployed, source, translated
from exh_dev.project.project import Project
from moto import mock_aws

CREATED = (
    "AWS::DynamoDB::Table",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
)
PARAMETERS = {"AlarmEmail": "none", "JwtIssuer": "https://id.example.com", "JwtAudience": "clinic"}


@pytest.fixture(scope="module")
def aws():
    """A stack of everything of these types, as CloudFormation makes it."""
    template = translated(source(Project.find().root))
    resources = {name: each for name, each in deployed(template, **PARAMETERS).items() if each["Type"] in CREATED}
    client = partial(boto3.client, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")
    with mock_aws():
        s3 = client("s3")
        s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": REGION})
        for name in resources:
            s3.put_object(Bucket="bundles", Key=name, Body=bundle())
        kept = {name: part for name, part in template.items() if name not in {"Outputs", "Resources"}}
        body = json.dumps({**kept, "Resources": resources})
        told = [{"ParameterKey": name, "ParameterValue": value} for name, value in PARAMETERS.items()]
        client("cloudformation").create_stack(StackName="tasks", TemplateBody=body, Parameters=told)
        yield client


def bundle():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handlers/__init__.py", "")
    return buffer.getvalue()


def physical(aws, logical_id):
    return aws("cloudformation").describe_stack_resource(StackName="tasks", LogicalResourceId=logical_id)[
        "StackResourceDetail"
    ]["PhysicalResourceId"]


def queue(aws, logical_id):
    attributes = aws("sqs").get_queue_attributes(QueueUrl=physical(aws, logical_id), AttributeNames=["All"])
    return attributes["Attributes"]


def test_there_is_a_function_for_each_that_the_manifest_has_for_aws(aws):
    functions = {each["FunctionName"]: each for each in aws("lambda").list_functions()["Functions"]}
    for spec in Project.find().manifest.functions:
        if "aws" in spec.targets:
            made = functions[physical(aws, spec.logical_id)]
            assert (made["Handler"], made["Runtime"]) == (spec.handler, spec.runtime)
            assert (made["Timeout"], made["MemorySize"], made["Architectures"]) == (
                spec.timeout, spec.memory, [spec.architecture],
            )  # fmt: skip
            assert made["Environment"]["Variables"]["API_SECRET_ID"] == "exh/tasks"
            assert "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT" not in made["Environment"]["Variables"]


def test_only_aws_services_may_take_on_a_role(aws):
    found = set()
    for role in aws("iam").list_roles()["Roles"]:
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        services = statement["Principal"]["Service"]
        found |= {services} if isinstance(services, str) else set(services)
    assert "lambda.amazonaws.com" in found
    assert found <= {"lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"}


def test_the_queue_feeds_the_worker(aws):
    (mapping,) = aws("lambda").list_event_source_mappings()["EventSourceMappings"]
    work = queue(aws, "WorkQueue")
    assert mapping["EventSourceArn"] == work["QueueArn"]
    assert mapping["FunctionArn"].endswith(f":{physical(aws, 'AnalyzeQueuedMeasurements')}")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    worker = Project.find().manifest.function("analyze-queued-measurements")
    assert int(work["VisibilityTimeout"]) >= 6 * worker.timeout


def test_what_fails_five_times_goes_to_the_dead_letter_queue(aws):
    policy = json.loads(queue(aws, "WorkQueue")["RedrivePolicy"])
    assert policy["deadLetterTargetArn"] == queue(aws, "DeadLetterQueue")["QueueArn"]
    assert int(policy["maxReceiveCount"]) == 5


def test_the_functions_know_the_queues_and_the_table(aws):
    def variables(logical_id):
        configuration = aws("lambda").get_function_configuration(FunctionName=physical(aws, logical_id))
        return configuration["Environment"]["Variables"]

    assert variables("EnqueueMeasurements")["WORK_QUEUE_URL"] == physical(aws, "WorkQueue")
    worker = variables("AnalyzeQueuedMeasurements")
    assert worker["DEAD_LETTER_QUEUE_URL"] == physical(aws, "DeadLetterQueue")
    assert worker["IDEMPOTENCY_TABLE"] == physical(aws, "IdempotencyTable")


def test_the_table_is_one_that_idempotency_can_use(aws):
    table = aws("dynamodb").describe_table(TableName=physical(aws, "IdempotencyTable"))["Table"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_logs_are_forgotten(aws):
    groups = aws("logs").describe_log_groups()["logGroups"]
    assert groups
    assert {each["retentionInDays"] for each in groups} == {30}
