"""What the work queue on AWS could not do: listed, shown and sent again, on moto's server."""

import json
import threading

import boto3
import pytest

from exh_dev.aws.dead_letters import DeadLetters
from exh_dev.aws.services import LocalAws
from exh_dev.cli.main import run_command
from exh_dev.runtime.environment import REGION

pytestmark = pytest.mark.slow

POISON = {
    "ErrorType": {"DataType": "String", "StringValue": "PatientUnknownError"},
    "ErrorMessage": {"DataType": "String", "StringValue": "no patient has this id"},
    "Function": {"DataType": "String", "StringValue": "analyze"},
    "MessageId": {"DataType": "String", "StringValue": "059f36b4-87a3-44ab-83d2-661975830a7d"},
    "ReceiveCount": {"DataType": "Number", "StringValue": "1"},
}
TEMPLATE = {
    "Resources": {
        "WorkQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "work"}},
        "DeadLetterQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead"}},
    },
}
SAMCONFIG = f"""
version = 0.1
[dev.deploy.parameters]
stack_name = "tasks-dev"
region = "{REGION}"
[nameless.deploy.parameters]
region = "{REGION}"
"""
LIVE = ("--live", "--config-env", "dev")


class Queues:
    """A stack with a work queue and a dead-letter queue."""

    def __init__(self, aws):
        self.sqs = aws.client("sqs")
        aws.client("cloudformation").create_stack(StackName="tasks-dev", TemplateBody=json.dumps(TEMPLATE))
        self.work, self.dead = (self.sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("work", "dead"))

    def put(self, body, attributes=None):
        body = body if isinstance(body, str) else json.dumps(body)
        return self.sqs.send_message(QueueUrl=self.dead, MessageBody=body, MessageAttributes=attributes or {})[
            "MessageId"
        ]

    def bodies(self, url):
        found = []
        while got := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += got
        return sorted(each["Body"] for each in found)


@pytest.fixture(scope="module")
def aws():
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def queues(aws, tmp_path, monkeypatch):
    aws.reset()
    for name, value in {**aws.environment(), "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr("exh_dev.aws.dead_letters._WAIT", 0)
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG)
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    monkeypatch.chdir(tmp_path)
    return Queues(aws)


def run(capsys, *arguments):
    code = run_command(["dead-letters", *arguments, "--json"])
    printed = capsys.readouterr()
    return code, json.loads(printed.out) if printed.out else None, printed.err


def test_messages_are_listed_with_their_reason_and_without_their_content(queues, capsys):
    poison = queues.put({"id": "t1", "data": {"name": "Ada"}}, POISON)
    moved = queues.put({"id": "t2", "data": {}})
    code, found, _ = run(capsys, "list", *LIVE)
    assert code == 0
    by_id = {each["id"]: each for each in found}
    assert by_id.keys() == {poison, moved}
    assert by_id[poison] | {"sent_at": ""} == {
        "id": poison, "task_id": "t1", "sent_at": "", "error_type": "PatientUnknownError",
        "error_message": "no patient has this id", "function": "analyze",
        "message_id": "059f36b4-87a3-44ab-83d2-661975830a7d",
    }  # fmt: skip
    assert by_id[moved]["error_type"] is None
    assert by_id[moved]["message_id"] == moved
    assert "Ada" not in json.dumps(found)


@pytest.mark.parametrize("body", ["no JSON", "[1]", "{}", '{"id": 5}', "[" * 100_000])
def test_messages_that_are_not_tasks_are_listed_too(queues, capsys, body):
    queues.put(body, POISON)
    code, found, _ = run(capsys, "list", *LIVE)
    assert (code, found[0]["task_id"]) == (0, None)


def test_listing_removes_no_message(queues, capsys):
    queues.put({"id": "t1"})
    for _ in range(3):
        assert len(run(capsys, "list", *LIVE)[1]) == 1
    assert queues.bodies(queues.dead) == ['{"id": "t1"}']


def test_messages_are_listed_up_to_a_limit_that_is_mentioned(queues, capsys):
    for number in range(25):
        queues.put({"id": f"t{number}"})
    assert len(run(capsys, "list", *LIVE)[1]) == 25
    _, found, said = run(capsys, "list", "--limit", "12", *LIVE)
    assert len(found) == 12
    assert "12 are shown, of about 25 in the queue" in said
    assert len(queues.bodies(queues.dead)) == 25


def test_a_message_is_shown_completely(queues, capsys):
    queues.put({"id": "t1"})
    own = {"Clinic": {"DataType": "String", "StringValue": "north"}}
    wanted = queues.put({"id": "t2", "data": {"documentId": "5f0a"}}, {**POISON, **own})
    code, found, _ = run(capsys, "show", wanted[:8], *LIVE)
    assert (code, found["id"], found["body"]) == (0, wanted, {"id": "t2", "data": {"documentId": "5f0a"}})
    assert (found["error_type"], found["attributes"]) == ("PatientUnknownError", {"Clinic": "north"})
    code, found, said = run(capsys, "show", "0000", *LIVE)
    assert (code, found) == (1, None)
    assert "there is no message 0000" in said


def test_redrive_sends_both_kinds_of_messages(queues, capsys):
    queues.put({"id": "t1"}, POISON)
    queues.put({"id": "t2"})
    code, told, _ = run(capsys, "redrive", "--yes", *LIVE)
    assert (code, told) == (0, {"ok": True, "stack": "tasks-dev", "sent": 2, "not_sent": 0, "to": "WorkQueue"})
    assert queues.bodies(queues.dead) == []
    assert queues.bodies(queues.work) == ['{"id": "t1"}', '{"id": "t2"}']


@pytest.mark.parametrize(
    ("chosen", "sent"), [(("--error-type", "PatientUnknownError"), "t1"), (("--without-reason",), "t2")]
)
def test_redrive_sends_one_kind_of_message_alone(queues, capsys, chosen, sent):
    queues.put({"id": "t1"}, POISON)
    queues.put({"id": "t2"})
    queues.put({"id": "t3"}, {**POISON, "ErrorType": {"DataType": "String", "StringValue": "OtherError"}})
    assert run(capsys, "redrive", *chosen, "--yes", *LIVE)[0] == 0
    assert queues.bodies(queues.work) == [json.dumps({"id": sent})]
    assert len(queues.bodies(queues.dead)) == 2


def test_an_unknown_id_is_an_error_after_the_others_were_sent(queues, capsys):
    wanted = queues.put({"id": "t1"})
    queues.put({"id": "t2"})
    code, told, said = run(capsys, "redrive", wanted, "059f36b4", "--yes", *LIVE)
    assert (code, told["ok"], told["sent"]) == (1, False, 1)
    assert "1 of the ids are of no message" in said
    assert queues.bodies(queues.work) == ['{"id": "t1"}']


def test_reasons_do_not_go_with_it_and_other_attributes_do(queues, capsys):
    own = {"Clinic": {"DataType": "String", "StringValue": "north"}}
    queues.put({"id": "t1"}, {**POISON, **own})
    run(capsys, "redrive", "--yes", *LIVE)
    (message,) = queues.sqs.receive_message(QueueUrl=queues.work, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"].keys() == {"Clinic"}


def test_without_a_terminal_nothing_is_asked_and_nothing_done(queues, capsys):
    queues.put({"id": "t1"})
    code, told, said = run(capsys, "redrive", *LIVE)
    assert (code, told) == (2, None)
    assert "sending all of about 1 dead letters of the stack tasks-dev to WorkQueue again: add --yes" in said
    assert queues.bodies(queues.work) == []


def test_messages_that_arrive_during_a_redrive_stay(queues):
    """Poison that is poison still comes back at once: it is not sent for ever."""
    queues.put({"id": "t1"}, POISON)
    letters = DeadLetters(queues.sqs, queues.dead)

    def poison_again(done):
        assert done < 5
        later = boto3.client("sqs")
        threading.Event().wait(1.1)  # SQS tells its time in seconds
        later.send_message(QueueUrl=queues.dead, MessageBody="again", MessageAttributes=POISON)

    assert letters.move(queues.work, lambda letter: True, poison_again) == (1, 0)
    assert queues.bodies(queues.dead) == ["again"]


class Stubborn:
    """SQS, but every second message of a batch is not taken."""

    def __init__(self, sqs):
        self._sqs = sqs

    def __getattr__(self, name):
        return getattr(self._sqs, name)

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803 - boto3's names
        return self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries[::2])


def test_messages_that_the_other_queue_refuses_stay(queues):
    for number in range(4):
        queues.put({"id": f"t{number}"})
    assert DeadLetters(Stubborn(queues.sqs), queues.dead).move(queues.work, lambda letter: True) == (2, 2)
    assert len(queues.bodies(queues.dead)) == 2
    assert len(queues.bodies(queues.work)) == 2


def test_large_ones_are_sent_in_parts_that_any_queue_takes(queues):
    for _ in range(4):
        queues.put("x" * 100_000)
    assert DeadLetters(queues.sqs, queues.dead).move(queues.work, lambda letter: True) == (4, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["list", "--config-env", "dev"], 2, "add --live"),
        (["list", "--live"], 2, "either --config-env, an environment of samconfig.toml, or --stack"),
        (["list", "--live", "--config-env", "dev", "--stack", "tasks"], 2, "either --config-env"),
        (["list", "--live", "--config-env", "prod"], 2, "has no environment `prod`; there are: dev, nameless"),
        (["list", "--live", "--config-env", "nameless"], 2, "[nameless.deploy.parameters] has no stack_name"),
        (["list", "--live", "--stack", "other"], 1, "cannot look at the stack other: AWS answered ValidationError"),
        (["list", *LIVE, "--queue", "DeadLeterQueue"], 2, "no resource DeadLeterQueue (did you mean"),
        (["redrive", *LIVE, "--queue", "WorkQueue"], 2, "--queue WorkQueue needs --to"),
        (["list", *LIVE, "--error-type", "A", "--without-reason"], 2, "exclude each other"),
        (["redrive", *LIVE, "--to", "DeadLetterQueue"], 2, "are the same queue"),
    ],
)
def test_wrong_usage_of_dead_letters_is_refused(queues, capsys, arguments, code, told):
    found, printed, said = run(capsys, *arguments)
    assert (found, printed) == (code, None)
    assert told in json.loads(said.splitlines()[-1])["message"]


def test_an_unreachable_aws_is_an_error(queues, capsys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    code, _, said = run(capsys, "list", *LIVE)
    assert code == 1
    assert "cannot look at the stack tasks-dev: Could not connect" in said


def test_missing_credentials_of_aws_are_an_error(queues, capsys, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nowhere")
    code, _, said = run(capsys, "list", *LIVE)
    assert code == 1
    assert "Unable to locate credentials" in said


def test_a_terminal_shows_a_table(queues, capsys):
    queues.put({"id": "t1"}, POISON)
    assert run_command(["dead-letters", "list", "--table", *LIVE]) == 0
    printed = capsys.readouterr().out
    assert "PatientUnknownError" in printed


def test_messages_that_another_consumer_has_are_mentioned(queues, capsys):
    for number in range(3):
        queues.put({"id": f"t{number}"})
    hidden = queues.sqs.receive_message(QueueUrl=queues.dead, MaxNumberOfMessages=10, VisibilityTimeout=60)
    assert len(hidden["Messages"]) == 3
    for command in (["list"], ["redrive", "--yes"]):
        code, _, said = run(capsys, *command, *LIVE)
        assert code == 1
        assert "about 3 messages are in the queue, but another consumer is reading them" in said


def test_a_filter_without_a_match_lists_nothing(queues, capsys):
    queues.put({"id": "t1"})
    assert run(capsys, "list", "--error-type", "OtherError", *LIVE)[:2] == (0, [])
    assert run_command(["dead-letters", "list", "--error-type", "OtherError", "--table", *LIVE]) == 0
    assert capsys.readouterr().out == "None fits, of 1\n"


def test_reading_ends_although_messages_become_visible_again(queues, monkeypatch):
    monkeypatch.setattr("exh_dev.aws.dead_letters._HIDDEN", 0)
    for number in range(10):
        queues.put({"id": f"t{number}"})
    with DeadLetters(queues.sqs, queues.dead).reading() as messages:
        assert len([each.id for each in messages]) == 10


@pytest.mark.parametrize(
    ("body", "attributes", "error"),
    [
        ({"responsePayload": {"errorType": "KeyError", "errorMessage": "'id'"}}, {}, ("KeyError", "'id'")),
        (
            {"version": "0"},
            {"ERROR_CODE": {"DataType": "String", "StringValue": "AccessDenied"},
             "ERROR_MESSAGE": {"DataType": "String", "StringValue": "no"}},
            ("AccessDenied", "no"),
        ),
        ({"responsePayload": None}, {}, (None, None)),
    ],
)  # fmt: skip
def test_of_a_scheduled_run_the_error_is_shown(queues, capsys, body, attributes, error):
    queues.put(body, attributes)
    (found,) = run(capsys, "list", *LIVE)[1]
    assert (found["error_type"], found["error_message"]) == error
