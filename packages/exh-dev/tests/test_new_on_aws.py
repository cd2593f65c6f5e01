"""What `exh-dev new` adds to a project for AWS: what starts a function there, with its role and its alarms."""

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_init import made

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import read_template
from exh_dev.project.new.function import make
from exh_dev.project.project import Project
from exh_dev.project.removing import remove_function
from exh_dev.project.renaming import rename_function

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path):
    return Project(made(tmp_path, target="both").folder)


def resources(project):
    return set(read_template(project.root / "template.yaml").root.required("Resources").own)


def text(project):
    return (project.root / "template.yaml").read_text()


def test_a_new_project_has_what_one_function_needs_and_no_more(project):
    assert resources(project) == {
        "Whoami", "HelloWorld", "FunctionRole", "FunctionLogs", "ExtraHorizonCredentials",
    }  # fmt: skip


def test_a_task_takes_the_role_that_is_there(project):
    before = resources(project)
    make(project, "greet", "task")
    assert resources(project) - before == {"Greet"}
    assert text(project).count("Role: !GetAtt FunctionRole.Arn") == 3


@pytest.mark.parametrize(
    ("kind", "added"),
    [
        ("api", {"HttpApi", "HttpApiLogs", "HttpApiFails", "HttpApiRefuses", "HttpApiIsSlow"}),
        (
            "schedule",
            {
                "GreetSchedulerRole",
                "ScheduledRole",
                "FunctionBasics",
                "FailedRuns",
                "FailedRunsPolicy",
                "ScheduledRunsFailed",
            },
        ),
        (
            "queue",
            {
                "WorkQueue",
                "DeadLetterQueue",
                "WorkQueuesPolicy",
                "IdempotencyTable",
                "WorkerRole",
                "FunctionBasics",
                "WorkFails",
            }
            | {"WorkerFails", "WorkerIsNearItsTimeout", "DeadLetters", "OldWork"},
        ),
    ],
)
def test_a_kind_of_function_comes_with_its_trigger_and_its_alarm_topic(project, kind, added):
    before = resources(project)
    make(project, "greet", kind)
    assert resources(project) - before == {"Greet", "AlarmTopic", "AlarmSubscription", *added}
    assert "AnalyzeQueuedMeasurements" not in text(project)
    assert "SyncHoudiniBuilds" not in text(project)
    assert "PatientApi" not in text(project)


def test_a_parameter_that_needs_a_value_is_mentioned_once(project):
    told = "give AlarmEmail a value in each environment of samconfig.toml; template.yaml describes it"
    assert told in make(project, "sweep", "schedule").next_steps
    assert told not in make(project, "clean", "schedule").next_steps
    assert told not in make(project, "greet", "task").next_steps


def test_shared_resources_are_created_once(project):
    for name, kind in [("an-api", "api"), ("a-sweep", "schedule"), ("b-sweep", "schedule")]:
        make(project, name, kind)
    assert {"ASweepSchedulerRole", "BSweepSchedulerRole"} <= resources(project)
    assert [text(project).count(f"\n  {name}:\n") for name in ("HttpApi", "FailedRuns", "AlarmTopic", "JwtIssuer")] == [
        1
    ] * 4


def test_a_task_has_an_alarm_where_there_is_an_alarm_topic(project):
    make(project, "sweep", "schedule")
    make(project, "greet", "task")
    assert "GreetFails" in resources(project)


@pytest.mark.parametrize(("has_aws", "first"), [(False, "install what runs it"), (True, "run it")])
def test_a_queue_says_first_what_has_to_be_installed_for_it(project, monkeypatch, has_aws, first):
    monkeypatch.setattr("exh_dev.project.new.function.has_aws", lambda: has_aws)
    assert make(project, "greet", "queue").next_steps[0].startswith(first)


@pytest.mark.parametrize(
    ("target", "told"),
    [("both", "exh-dev call GET /tasks/v1/api/greet/patients/"), ("aws", "GET /patients/5f0a1b2c3d4e5f6071829301 at")],
)
def test_an_api_says_how_to_call_it_where_it_is(project, target, told):
    assert any(told in step for step in make(project, "greet", "api", target=target).next_steps)


def test_a_second_function_for_one_queue_is_refused(project):
    make(project, "greet", "queue")
    before = text(project)
    with pytest.raises(UsageError, match="has a WorkQueue already, and a queue serves one function"):
        make(project, "other", "queue")
    assert text(project) == before
    assert not (project.root / "handlers" / "other.py").exists()


def test_a_second_function_behind_one_api_is_refused(project):
    """SAM makes no stack of two that take every path."""
    make(project, "greet", "api")
    with pytest.raises(UsageError, match="every path and method of the HTTP API leads to Greet already"):
        make(project, "other", "api")
    make(project, "other", "api", target="exh")


@pytest.mark.parametrize(
    "name", ["http-api", "alarm-topic", "failed-runs", "work-queue", "function-role", "work-fails"]
)
def test_a_function_cannot_be_called_like_a_part(project, name):
    with pytest.raises(UsageError, match="has .* already; choose another name"):
        make(project, name, "task")


def test_a_part_that_would_be_named_like_a_function_is_refused(project):
    make(project, "job-fails", "task")
    make(project, "sweep", "schedule")
    with pytest.raises(UsageError, match=r"template.yaml:\d+: JobFails is something else there"):
        make(project, "job", "task")
    assert "Job" not in resources(project)


@pytest.mark.parametrize("target", ["exh", "both"])
def test_a_queue_is_on_aws_alone(project, target):
    with pytest.raises(UsageError, match="SQS is on AWS alone"):
        make(project, "greet", "queue", target=target)


@pytest.mark.parametrize("kind", ["task", "api", "schedule"])
def test_what_is_for_extra_horizon_alone_has_nothing_of_aws(tmp_path, kind):
    project = Project(made(tmp_path, target="exh").folder)
    make(project, "greet", kind)
    assert resources(project) == {"Whoami", "HelloWorld", "Greet"}
    assert "AWS::IAM" not in text(project)
    assert "!GetAtt" not in text(project)


@pytest.mark.parametrize("kind", ["task", "api", "schedule", "queue"])
def test_removing_it_takes_what_came_with_it(project, kind):
    before = resources(project)
    make(project, "greet", kind)
    remove_function(project, "greet", force=True)
    assert resources(project) == before


def everything(project):
    tree = yaml.compose(text(project), yaml.SafeLoader)
    return {
        (section.value, key.value): yaml.serialize(value)
        for section, node in tree.value
        if isinstance(node, yaml.MappingNode)
        for key, value in node.value
    }


def alarms_of_tasks(parts):
    """Whether a task has an alarm depends on what was there before it."""
    return {part: said for part, said in parts.items() if not part[1].startswith("Task")}


KINDS = {"task-one": "task", "sweep-one": "schedule", "sweep-two": "schedule", "jobs": "queue", "web": "api"}


@pytest.mark.timeout(180)
@settings(max_examples=4)
@given(st.permutations(list(KINDS)), st.integers(1, 5), st.data())
@pytest.mark.rare
def test_a_function_that_is_removed_might_never_have_been_made(tmp_path_factory, names, count, data):
    names = names[:count]
    gone = data.draw(st.sampled_from(names))
    folder = made(tmp_path_factory.mktemp("with"), target="both").folder
    other = Path(shutil.copytree(folder, tmp_path_factory.mktemp("without") / "clinic"))
    for name in names:
        make(Project(folder), name, KINDS[name])
        if name != gone:
            make(Project(other), name, KINDS[name])
    remove_function(Project(folder), gone, force=True)
    assert alarms_of_tasks(everything(Project(folder))) == alarms_of_tasks(everything(Project(other)))


def edited(project, before, after):
    path = project.root / "template.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))


def test_a_table_that_only_has_its_name_in_it_stays(project):
    make(project, "report", "task")
    table = (
        "  ReportTable:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      KeySchema: [{AttributeName: Report}]\n"
    )
    edited(project, "\nResources:\n", f"\nResources:\n{table}")
    remove_function(Project(project.root), "report", force=True)
    assert table in text(project)


def test_a_topic_of_the_project_stays(project):
    topic = "  AlarmTopic:\n    Type: AWS::SNS::Topic\n    Properties: {KmsMasterKeyId: alias/own}\n"
    policy = "  AlarmTopicPolicy:\n    Type: AWS::SNS::TopicPolicy\n    Properties: {Topics: [!Ref AlarmTopic]}\n"
    edited(project, "\nResources:\n", f"\nResources:\n{topic}{policy}")
    make(Project(project.root), "jobs", "queue")
    assert topic in text(project)
    remove_function(Project(project.root), "jobs", force=True)
    assert topic in text(project)
    assert policy in text(project)


def test_a_function_that_other_resources_refer_to_is_not_removed(project):
    make(project, "jobs", "queue")
    own = "  Own:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      Queue: !GetAtt WorkQueue.QueueName\n"
    of_it = "  OfIt:\n    Type: AWS::Lambda::Permission\n    Properties:\n      FunctionName: !Ref Jobs\n"
    edited(project, "\nResources:\n", f"\nResources:\n{own}{of_it}")
    before = text(project)
    with pytest.raises(UsageError, match=r"template.yaml:\d+: OfIt refers to Jobs; change that first"):
        remove_function(Project(project.root), "jobs", force=True)
    assert text(project) == before
    edited(project, of_it, "")
    remove_function(Project(project.root), "jobs", force=True)
    assert "WorkQueue" in resources(project)  # which an alarm of somebody's own is about


def test_an_alarm_that_was_changed_goes_with_its_function(project):
    make(project, "sweep", "schedule")
    make(project, "greet", "task")
    edited(project, "AlarmDescription: greet failed; its log says why", "AlarmDescription: greet is broken")
    remove_function(Project(project.root), "greet", force=True)
    assert "GreetFails" not in resources(project)


def test_what_only_looks_like_its_name_is_not_renamed(project):
    make(project, "queue", "task")
    make(project, "jobs", "queue")
    make(project, "subscription", "task")
    make(project, "report", "task")
    table = (
        "  ReportTable:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      KeySchema: [{AttributeName: Report}]\n"
    )
    edited(project, "\nResources:\n", f"\nResources:\n{table}")
    before = text(project)
    for old, new in (("queue", "line"), ("subscription", "plan"), ("report", "summary")):
        rename_function(Project(project.root), old, new)
    assert table in text(project)
    assert "AWS::SQS::Line" not in text(project)
    assert "AWS::SNS::Plan" not in text(project)
    for old, new in (("line", "queue"), ("plan", "subscription"), ("summary", "report")):
        rename_function(Project(project.root), old, new)
    assert text(project) == before


def test_renaming_a_function_renames_the_resources_that_came_with_it(project):
    make(project, "sync", "schedule")
    rename_function(Project(project.root), "sync", "sync-two")
    assert {"SyncTwo", "SyncTwoSchedulerRole"} <= resources(project)
    assert "SyncSchedulerRole" not in text(project)
    make(Project(project.root), "sync", "schedule")
    assert {"Sync", "SyncSchedulerRole", "SyncTwo", "SyncTwoSchedulerRole"} <= resources(project)
    remove_function(Project(project.root), "sync-two", force=True)
    assert resources(project) & {"SyncTwo", "SyncTwoSchedulerRole", "SyncSchedulerRole"} == {"SyncSchedulerRole"}


def test_a_function_is_not_called_after_another_one(project):
    make(project, "patient", "task")
    make(project, "patient-api", "api")
    edited(project, "        CORS_ORIGINS: !Ref CorsOrigins", "        CORS_ORIGINS: !Ref Patient")
    rename_function(Project(project.root), "patient", "person")
    assert {"Person", "PatientApi"} <= resources(project)
    assert "CORS_ORIGINS: !Ref Person" in text(project)


def test_a_new_name_that_a_part_has_already_is_refused(project):
    make(project, "sweep", "schedule")
    make(project, "greet", "task")
    own = "  HelloFails:\n    Type: AWS::SNS::Topic\n"
    edited(project, "\nResources:\n", f"\nResources:\n{own}")
    before = text(project)
    with pytest.raises(UsageError, match=r"template.yaml:\d+: HelloFails is there already"):
        rename_function(Project(project.root), "greet", "hello")
    assert text(project) == before


@pytest.mark.parametrize("kind", ["api", "queue", "schedule"])
def test_lines_end_as_those_of_the_project_do(project, kind):
    path = project.root / "template.yaml"
    before = path.read_text()
    path.write_bytes(before.replace("\n", "\r\n").encode())
    make(Project(project.root), "greet", kind)
    rename_function(Project(project.root), "greet", "hello")
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")
    remove_function(Project(project.root), "hello", force=True)
    assert path.read_bytes().decode().replace("\r\n", "\n") == before
