"""What `exh-dev new` adds to a project for AWS: what starts a function there, with its role and its alarms."""

import pytest
from test_init import made

from exh_dev.errors import UsageError
from exh_dev.project.cloudformation import read_template
from exh_dev.project.new.function import make
from exh_dev.project.project import Project
from exh_dev.project.removing import remove_function


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
def test_a_kind_comes_with_what_starts_it_and_who_is_told(project, kind, added):
    before = resources(project)
    make(project, "greet", kind)
    assert resources(project) - before == {"Greet", "AlarmTopic", "AlarmSubscription", *added}
    assert "AnalyzeQueuedMeasurements" not in text(project)
    assert "SyncHoudiniBuilds" not in text(project)
    assert "PatientApi" not in text(project)


def test_a_parameter_that_asks_for_a_value_is_told_once(project):
    told = "give AlarmEmail a value in each environment of samconfig.toml; template.yaml describes it"
    assert told in make(project, "sweep", "schedule").next_steps
    assert told not in make(project, "clean", "schedule").next_steps
    assert told not in make(project, "greet", "task").next_steps


def test_what_is_shared_is_there_once(project):
    for name, kind in [("a-api", "api"), ("b-api", "api"), ("a-sweep", "schedule"), ("b-sweep", "schedule")]:
        make(project, name, kind)
    assert {"ASweepSchedulerRole", "BSweepSchedulerRole"} <= resources(project)
    assert [text(project).count(f"\n  {name}:\n") for name in ("HttpApi", "FailedRuns", "AlarmTopic", "JwtIssuer")] == [
        1
    ] * 4


def test_a_task_has_an_alarm_where_somebody_is_told(project):
    make(project, "sweep", "schedule")
    make(project, "greet", "task")
    assert "GreetFails" in resources(project)


def test_a_second_function_for_one_queue_is_refused(project):
    make(project, "greet", "queue")
    before = text(project)
    with pytest.raises(UsageError, match="has a WorkQueue already, and a queue is for one function"):
        make(project, "other", "queue")
    assert text(project) == before
    assert not (project.root / "handlers" / "other.py").exists()


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
