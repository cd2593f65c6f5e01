"""The page of public names is complete and true: what it lists is there, and what is public it lists."""

import importlib
import json
import re
import subprocess
import sys
from subprocess import PIPE
from urllib.parse import quote

import exh_dev.testing
import extrahorizon
import pytest
from doc_blocks import table_rows
from exh_dev.aws.services import LocalAws
from exh_dev.aws.stacks import Stack
from exh_dev.cli.main import app, run_command
from jsonschema import Draft202012Validator
from typer.main import get_command

#: What functions read of AWS's own, and names that are no variables: no contract of this project.
_OTHERS = re.compile(r"AWS_|LAMBDA_|EXH_CLI_|UV_")
_VARIABLE = re.compile(
    r'"((?:API|AWS|DEAD|DOCUMENT|EXH|FUNCTION|IDEMPOTENCY|LAMBDA|PARAMETERS|POWERTOOLS|SCHEMA|SECRETS|SIDEFX|SOURCE|UV'
    r'|WORK)_[A-Z0-9_]+)"'
)


@pytest.fixture
def page(project_root):
    return (project_root / "docs" / "contracts.md").read_text()


def words(text):
    return re.findall(r"`([^`]+)`", text)


def commands():
    for name, command in get_command(app).commands.items():
        for each, sub in getattr(command, "commands", {"": command}).items():
            yield f"{name} {each}".strip(), sub


def test_each_command_is_listed_with_all_its_options(page):
    listed = {words(cells[0])[0]: set(words(cells[2])) for cells in table_rows(page, "Commands")}
    there = {
        name: {each for option in command.params for each in (*option.opts, *option.secondary_opts) if each[0] == "-"}
        for name, command in commands()
    }
    assert listed == there


def test_each_import_path_is_there(page):
    section = page.partition("## Import paths")[2].partition("\n## ")[0]
    for name in words(section):
        if re.fullmatch(r"extrahorizon(\.\w+)+", name):
            importlib.import_module(name)


@pytest.mark.parametrize("package", [extrahorizon, exh_dev.testing])
def test_what_a_package_exports_is_what_is_listed(page, package):
    section = page.partition(f"From `{package.__name__}`:")[2].partition(".\n")[0]
    assert set(words(section)) == set(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_each_variable_that_is_read_is_listed(page, project_root):
    section = page.partition("## Environment variables")[2].partition("\n## ")[0]
    read = {
        name
        for path in (project_root / "packages").glob("*/src/**/*.py")
        for name in _VARIABLE.findall(path.read_text())
        if not _OTHERS.match(name) or name == "EXH_DEV_DEBUG"
    }
    assert {name for name in words(section) if name.isupper()} == read


def members(page, command):
    (row,) = (cells for cells in table_rows(page, "JSON") if words(cells[0]) == [command])
    return row[1]


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_members_of_a_commands_json(page, project_root, command):
    done = subprocess.run(
        [sys.executable, "-m", "exh_dev", command, "--json"], cwd=project_root, capture_output=True, check=True
    )
    assert list(json.loads(done.stdout)) == words(members(page, command))


@pytest.fixture
def answers(project_root):
    """What validates the answer of a command by `docs/answers.schema.json`."""
    schema = json.loads((project_root / "docs" / "answers.schema.json").read_text())

    def validate(command, answer):
        only = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{quote(command)}"}
        errors = [
            f"{command}: {each.json_path}: {each.message}" for each in Draft202012Validator(only).iter_errors(answer)
        ]
        assert not errors, errors

    validate.commands = set(schema["$defs"]) - {"a_run", "error", "problem", "stderr"}
    return validate


def test_each_command_has_a_schema_for_its_answer(answers):
    assert answers.commands == {name for name, _ in commands()}


@pytest.mark.slow
def test_what_the_commands_print_fits_their_schemas(answers, tmp_path, monkeypatch):
    folder = tmp_path / "clinic"
    monkeypatch.setenv("HOME", str(tmp_path))
    tool = [sys.executable, "-m", "exh_dev"]

    def run(*arguments, code=0, cwd=folder):
        done = subprocess.run([*tool, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        for line in done.stderr.splitlines():
            answers("stderr", json.loads(line))
        return done.stdout

    answers("init", json.loads(run("init", str(folder), "--name", "clinic", cwd=tmp_path)))
    answers("new", json.loads(run("new", "greet", "--kind", "schedule")))
    answers("rename", json.loads(run("rename", "greet", "hello-there")))
    answers("check", json.loads(run("check")))
    answers("editor", json.loads(run("editor")))
    answers("run", json.loads(run("run")))
    with subprocess.Popen([*tool, "serve", "--port", "0"], cwd=folder, stdout=PIPE, stderr=PIPE, text=True) as serving:
        try:
            answers("serve", json.loads(serving.stdout.readline()))
            answers("credentials", json.loads(run("credentials")))
            for command in (
                ["invoke", "whoami"],
                ["call", "POST", "/tasks/v1/", '{"functionName": "whoami"}', "--wait"],
            ):
                answers(command[0], json.loads(run(*command)))
            runs = json.loads(run("runs"))
            assert len(runs) > 4
            answers("runs", runs)
            answers("replay", json.loads(run("replay", runs[0]["id"])))
            mail = {"recipients": {"to": ["ada@example.com"]}, "subject": "Hello", "body": "there"}
            sent = json.loads(run("call", "POST", "/mail/v1/", json.dumps(mail)))
            answers("mails", json.loads(run("mails")))
            answers("mails", json.loads(run("mails", sent["id"])))
            answers("tasks", json.loads(run("tasks")))
            for line in run("logs", "whoami").splitlines():
                answers("logs", json.loads(line))
            for command in ("list", "sync"):
                answers(f"schedules {command}", json.loads(run("schedules", command)))
        finally:
            serving.terminate()
            serving.communicate()
    answers("remove", json.loads(run("remove", "hello-there", "--force")))
    (folder / "schemas").mkdir()
    answers("types", json.loads(run("types")))
    (folder / "events" / "whoami.json").write_text("{")
    answers("check", json.loads(run("check", code=1)))


def test_the_page_on_functions_shows_the_typed_documents_that_are_checked(project_root):
    shown = (project_root / "packages/exh-dev/tests/data/typed_documents.txt").read_text()
    assert f"```python\n{shown}```" in (project_root / "docs" / "functions.md").read_text()


@pytest.mark.slow
def test_what_is_printed_of_dead_letters_fits_their_schemas(answers, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("exh_dev.aws.dead_letters._WAIT", 0)
    template = {
        "Resources": {name: {"Type": "AWS::SQS::Queue"} for name in ("WorkQueue", "DeadLetterQueue")},
    }
    with LocalAws() as aws:
        for name, value in {**aws.environment(), "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
            monkeypatch.setenv(name, value)
        stack = Stack("clinic")
        stack.client("cloudformation").create_stack(StackName="clinic", TemplateBody=json.dumps(template))
        reason = {"ErrorType": {"DataType": "String", "StringValue": "PatientUnknownError"}}
        for attributes in ({}, reason):
            sent = stack.client("sqs").send_message(
                QueueUrl=stack.physical_id("DeadLetterQueue"), MessageBody="{}", MessageAttributes=attributes
            )
        for command in (["list"], ["show", sent["MessageId"]], ["redrive", "--yes"]):
            assert run_command(["dead-letters", *command, "--live", "--stack", "clinic", "--json"]) == 0
            printed = capsys.readouterr()
            answers(f"dead-letters {command[0]}", json.loads(printed.out))
            for line in printed.err.splitlines():
                answers("stderr", json.loads(line))
