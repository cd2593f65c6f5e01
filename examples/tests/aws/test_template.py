"""What `template.yaml` makes on AWS, after SAM's own translator: names, permissions, triggers and queues."""

import copy
import json
import re

import pytest
from aws_stack import SECRET, WITH_API, allowed, arn, deployed, holds, of_type, role_of, statements, translated

EXTENSION = "arn:aws:lambda:eu-central-1:187925254637:layer:AWS-Parameters-and-Secrets-Lambda-Extension:12"


# Functions


def test_only_functions_for_aws_are_deployed_there(stack, specs):
    functions = {each.logical_id for each in specs if "aws" in each.targets}
    assert set(of_type(stack, "AWS::Lambda::Function", **WITH_API)) == functions
    assert set(of_type(stack, "AWS::Lambda::Function")) == functions - {"PatientApi"}  # without an API nothing calls it


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


def test_the_secrets_extension_comes_with_the_port_by_which_it_is_found(stack):
    for function in of_type(stack, "AWS::Lambda::Function").values():
        layers = function["Properties"]["Layers"]
        variables = function["Properties"]["Environment"]["Variables"]
        port = variables["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"]
        nothing = {"Ref": "AWS::NoValue"}
        assert layers == {"Fn::If": ["HasSecretsExtension", [{"Ref": "SecretsExtensionLayerArn"}], nothing]}
        assert port == {"Fn::If": ["HasSecretsExtension", "2773", nothing]}
        assert variables["SECRETS_MANAGER_TTL"] == {"Fn::If": ["HasSecretsExtension", "240", nothing]}
    assert not holds(stack, "HasSecretsExtension", {})
    assert holds(stack, "HasSecretsExtension", {"SecretsExtensionLayerArn": EXTENSION})


# Defaults and names


def test_no_default_is_an_example_of_a_value(template):
    for name, parameter in template["Parameters"].items():
        assert "example" not in str(parameter.get("Default", "")), name
    assert "Default" not in template["Parameters"]["AlarmEmail"]  # `sam deploy` asks for it


def test_what_a_default_leaves_out_is_left_out_whole(template, stack):
    without = deployed(stack)
    assert not {name for name in without if "Api" in name or "PatientApi" in name}
    there = deployed(stack, **WITH_API)
    assert {"HttpApi", "HttpApiLogs", "PatientApi", "HttpApiFails", "PatientApiEverythingPermission"} <= there.keys()
    for name, output in template["Outputs"].items():
        refers = re.findall(r"'(?:Ref|Fn::GetAtt)': \[?'(\w+)", str(output["Value"]))
        conditions = {stack["Resources"][each].get("Condition") for each in refers if each in stack["Resources"]}
        assert conditions <= {output.get("Condition")}, name


def test_an_issuer_comes_with_an_audience(template):
    (rule,) = template["Rules"].values()
    (assertion,) = rule["Assertions"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "JwtIssuer"}, ""]}]}
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "JwtAudience"}, ""]}]}


# Members that are the physical name of a resource. Those that are only looked up by it (dimensions, log lines) are not.
NAMES = {
    "AlarmName", "ApiName", "DashboardName", "FunctionName", "GroupName", "LogGroupName", "ManagedPolicyName", "Name",
    "QueueName", "RoleName", "StateMachineName", "TableName", "TopicName",
}  # fmt: skip

# Their names are those of what they belong to.
OF_OTHERS = {f"AWS::Lambda::{each}" for each in ("EventInvokeConfig", "EventSourceMapping", "Permission")}


def test_no_name_is_taken_in_an_accounts_second_stack(template, with_api):
    for name, resource in deployed(with_api, **WITH_API).items():
        if resource["Type"] in OF_OTHERS:
            continue
        for member in NAMES & resource.get("Properties", {}).keys():
            given = json.dumps(resource["Properties"][member])
            named_by = set(re.findall(r'"Ref": "(\w+)"|\$\{([\w:]+)\}', given))
            of_stack = {each for pair in named_by for each in pair} & {*template["Parameters"], "AWS::StackName"}
            assert of_stack, f"{name} is called {given}, in every stack"


def test_a_fixed_name_would_be_found(template):
    """SAM calls a schedule by its logical id unless it is told not to."""
    fixed = copy.deepcopy(template)
    del fixed["Resources"]["SyncHoudiniBuilds"]["Properties"]["Events"]["Daily"]["Properties"]["OmitName"]
    with pytest.raises(AssertionError, match="in every stack"):
        test_no_name_is_taken_in_an_accounts_second_stack(fixed, translated(fixed, **WITH_API))


def test_what_is_kept_is_not_kept_when_it_was_never_used(stack):
    kept = {
        name: each for name, each in deployed(stack).items() if str(each.get("DeletionPolicy")).startswith("Retain")
    }
    assert kept.keys() == {"ExtraHorizonCredentials", "DeadLetterQueue"}
    assert {each["DeletionPolicy"] for each in kept.values()} == {"RetainExceptOnCreate"}


def test_a_secret_that_is_there_is_not_made(stack):
    assert "ExtraHorizonCredentials" not in deployed(stack, ExistingSecret="yes")


# Who may do what; the simulator of test_policies.py holds each call of each function against it


def secrets_read(stack):
    """By function: may it read our secret, and any other?"""
    other = SECRET.replace("{CredentialsSecretName}", "exh/others")
    return {
        name: [allowed(stack, role_of(stack, name), "secretsmanager:GetSecretValue", each) for each in (SECRET, other)]
        for name in of_type(stack, "AWS::Lambda::Function")
    }


def test_every_function_can_read_its_secret_and_no_other(with_api):
    assert set(map(tuple, secrets_read(with_api).values())) == {(True, False)}


def test_a_star_in_a_policy_is_found(template):
    wide = copy.deepcopy(template)
    basics = wide["Resources"]["FunctionBasics"]["Properties"]["PolicyDocument"]["Statement"]
    basics[1]["Resource"] = "*"
    assert secrets_read(translated(wide))["SyncHoudiniBuilds"] == [True, True]


def test_the_worker_uses_its_own_queue_and_no_other(stack):
    worker, enqueuer = role_of(stack, "AnalyzeQueuedMeasurements"), role_of(stack, "EnqueueMeasurements")
    other = "arn:aws:sqs:eu-central-1:123456789012:exh-tasks-production-work"
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage"):
        assert allowed(stack, worker, action, "{WorkQueue.Arn}")
        assert not allowed(stack, worker, action, other)
    assert not allowed(stack, worker, "sqs:SendMessage", "{WorkQueue.Arn}")
    assert not allowed(stack, worker, "dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/other")
    assert not allowed(stack, worker, "dynamodb:Scan", "{IdempotencyTable.Arn}")
    assert not allowed(stack, enqueuer, "sqs:ReceiveMessage", "{WorkQueue.Arn}")


def test_what_sam_gives_to_a_worker_is_seen(template):
    """Without a role of ours SAM attaches a policy of AWS's, which takes messages of every queue of the account."""
    given = copy.deepcopy(template)
    del given["Resources"]["AnalyzeQueuedMeasurements"]["Properties"]["Role"]
    stack = translated(given)
    other = "arn:aws:sqs:eu-central-1:123456789012:exh-tasks-production-work"
    assert allowed(stack, role_of(stack, "AnalyzeQueuedMeasurements"), "sqs:DeleteMessage", other)


def test_no_policy_speaks_of_everything(with_api):
    for name in of_type(with_api, "AWS::IAM::Role", **WITH_API):
        for statement in statements(with_api, name):
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            assert "*" not in map(arn, resources), name
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any(str(action).endswith("*") for action in actions), name


def test_functions_share_a_role_only_where_they_may_do_the_same(with_api):
    shared = [role_of(with_api, each) for each in of_type(with_api, "AWS::Lambda::Function", **WITH_API)]
    assert {role for role in shared if shared.count(role) > 1} == {"FunctionRole"}
    assert "Policies" not in with_api["Resources"]["FunctionRole"]["Properties"]


def test_only_schedules_of_this_account_start_functions(stack):
    role = stack["Resources"]["SyncHoudiniBuildsSchedulerRole"]["Properties"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


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


def test_a_scheduled_run_that_failed_is_kept_and_told(stack):
    (rule,) = of_type(stack, "AWS::Scheduler::Schedule").values()
    assert arn(rule["Properties"]["Target"]["DeadLetterConfig"]["Arn"]) == "{FailedRuns.Arn}"
    (asynchronous,) = of_type(stack, "AWS::Lambda::EventInvokeConfig").values()
    assert arn(asynchronous["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]) == "{FailedRuns.Arn}"
    for role in ("SyncHoudiniBuildsSchedulerRole", role_of(stack, "SyncHoudiniBuilds")):
        assert allowed(stack, role, "sqs:SendMessage", "{FailedRuns.Arn}")


def body_of(stack):
    """The OpenAPI of the HTTP API, conditions being those of who has an issuer and origins."""
    (api,) = of_type(stack, "AWS::ApiGatewayV2::Api", **WITH_API).values()

    def chosen(value):
        match value:
            case {"Fn::If": [condition, then, otherwise]}:
                return chosen(then if holds(stack, condition, WITH_API) else otherwise)
            case dict():
                return {name: chosen(each) for name, each in value.items()}
            case list():
                return list(map(chosen, value))
        return value

    return chosen(api["Properties"]["Body"])


def test_the_http_api_lets_only_holders_of_a_token_through(with_api):
    body = body_of(with_api)
    (scheme,) = body["components"]["securitySchemes"].values()
    assert scheme["x-amazon-apigateway-authorizer"]["jwtConfiguration"] == {
        "issuer": {"Ref": "JwtIssuer"},
        "audience": [{"Ref": "JwtAudience"}],
    }
    operations = {
        (path, method): operation for path, methods in body["paths"].items() for method, operation in methods.items()
    }
    preflight = operations.pop(("/{proxy+}", "options"))
    assert operations.keys() == {("/$default", "x-amazon-apigateway-any-method")}
    assert all(operation["security"] == [{"Users": []}] for operation in operations.values())
    # $default takes OPTIONS too, and a browser has no token for it:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    assert preflight["security"] == [{"NONE": []}]
    assert preflight["x-amazon-apigateway-integration"]["type"] == "aws_proxy"


def test_an_api_that_would_have_no_routes_is_no_success(with_api):
    """API Gateway only warns of an issuer that it cannot reach, and leaves the routes out."""
    (api,) = of_type(with_api, "AWS::ApiGatewayV2::Api", **WITH_API).values()
    assert api["Properties"]["FailOnWarnings"] is True


def test_pages_of_the_named_origins_may_call_the_api_and_no_others(template, with_api):
    cors = body_of(with_api)["x-amazon-apigateway-cors"]
    assert cors.keys() == {"allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders"}
    assert cors["allowOrigins"] == {"Fn::Split": [",", WITH_API["CorsOrigins"]]}
    variables = template["Resources"]["PatientApi"]["Properties"]["Environment"]["Variables"]
    assert variables["CORS_ORIGINS"] == {"Ref": "CorsOrigins"}  # the function says the same


# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html, those without a person
CONTEXT = {"requestId", "routeKey", "status", "responseLatency", "integrationErrorMessage", "authorizer.error"}


def test_the_log_of_the_http_api_names_nobody_and_says_what_was_wrong_with_a_token(with_api):
    (stage,) = of_type(with_api, "AWS::ApiGatewayV2::Stage", **WITH_API).values()
    text = stage["Properties"]["AccessLogSettings"]["Format"]
    assert json.loads(text)
    assert set(re.findall(r"\$context\.([\w.]+)", text)) == CONTEXT


# The queue


def test_the_worker_takes_batches_and_says_which_messages_failed(stack):
    (mapping,) = of_type(stack, "AWS::Lambda::EventSourceMapping").values()
    assert arn(mapping["Properties"]["EventSourceArn"]) == "{WorkQueue.Arn}"
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["Properties"]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}


def test_what_cannot_be_done_goes_to_the_dead_letter_queue_and_stays(stack):
    queues = of_type(stack, "AWS::SQS::Queue")
    work, dead = queues["WorkQueue"]["Properties"], queues["DeadLetterQueue"]
    assert arn(work["RedrivePolicy"]["deadLetterTargetArn"]) == "{DeadLetterQueue.Arn}"
    assert work["SqsManagedSseEnabled"] is dead["Properties"]["SqsManagedSseEnabled"] is True


def test_a_dead_letter_outlives_the_longest_wait_before_it(stack):
    """A message keeps its age when it becomes a dead letter."""
    queues = of_type(stack, "AWS::SQS::Queue")
    work, dead = (queues[name]["Properties"]["MessageRetentionPeriod"] for name in ("WorkQueue", "DeadLetterQueue"))
    assert dead - work >= 7 * 86_400


def test_a_message_stays_hidden_for_six_timeouts_and_the_window(stack, specs):
    (mapping,) = of_type(stack, "AWS::Lambda::EventSourceMapping").values()
    (worker,) = (each for each in specs if each.logical_id == "AnalyzeQueuedMeasurements")
    hidden = of_type(stack, "AWS::SQS::Queue")["WorkQueue"]["Properties"]["VisibilityTimeout"]
    assert hidden == 6 * worker.timeout + mapping["Properties"]["MaximumBatchingWindowInSeconds"]


def test_only_the_work_queue_has_its_dead_letters_there(stack):
    queues = of_type(stack, "AWS::SQS::Queue")
    allow = queues["DeadLetterQueue"]["Properties"]["RedriveAllowPolicy"]
    name = arn(queues["WorkQueue"]["Properties"]["QueueName"])
    assert allow["redrivePermission"] == "byQueue"
    assert list(map(arn, allow["sourceQueueArns"])) == [f"arn:aws:sqs:eu-central-1:123456789012:{name}"]


def test_the_table_forgets_by_itself_and_costs_by_use(stack):
    table = of_type(stack, "AWS::DynamoDB::Table")["IdempotencyTable"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
