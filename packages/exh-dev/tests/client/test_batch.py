"""A function as a job on AWS Batch: variables become its event, and an exit code what became of it."""

import json
import subprocess
import sys

import pytest

from exh_dev.testing import transition_event
from extrahorizon.batch import event_of
from extrahorizon.errors import ConfigurationError
from extrahorizon.task import Task

SCHEMA, DOCUMENT = "6968d0a1c4b7e2f3a1d5e900", "6968d0a1c4b7e2f3a1d5e921"
JOB = {"SCHEMA_ID": SCHEMA, "DOCUMENT_ID": DOCUMENT}


@pytest.fixture
def job(project_root):
    """Runs a function as a job with these variables and no others; its exit code, and the lines of its log."""

    def job(handler, **variables):
        done = subprocess.run(
            [sys.executable, "-m", "extrahorizon.batch"],
            cwd=project_root,
            env={"FUNCTION_HANDLER": handler, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    return job


@pytest.fixture
def functions(tmp_path):
    """A folder to import functions from: `{"PYTHONPATH": ...}`."""
    (tmp_path / "made_up.py").write_text(
        "import json\n"
        "from extrahorizon.errors import ResourceUnknownError\n"
        "from extrahorizon.task import task_handler\n"
        "def plain(event, context): print(json.dumps([event, context.aws_request_id]))\n"
        "def fails(event, context): raise KeyError('pulse')\n"
        "def unknown(event, context): raise ResourceUnknownError(status=404, code=16)\n"
        "@task_handler\n"
        "def time_left(task, exh): print(json.dumps(str(exh.deadline.remaining())))\n"
    )
    return {"PYTHONPATH": str(tmp_path)}


def test_the_event_is_a_transitions():
    sent = Task.from_event(transition_event(schema_id=SCHEMA, document_id=DOCUMENT))
    made = Task.from_event(event_of(JOB))
    assert made.data == sent.data
    assert (made.text("schemaId"), made.text("documentId")) == (SCHEMA, DOCUMENT)


def test_each_attempt_at_a_job_is_known_as_the_same():
    first = event_of({**JOB, "AWS_BATCH_JOB_ID": "4f1d", "AWS_BATCH_JOB_ATTEMPT": "1"})
    second = event_of({**JOB, "AWS_BATCH_JOB_ID": "4f1d", "AWS_BATCH_JOB_ATTEMPT": "2"})
    assert Task.from_event(first).first_id == Task.from_event(second).first_id == "4f1d"


@pytest.mark.parametrize("missing", [["SCHEMA_ID"], ["DOCUMENT_ID"], ["SCHEMA_ID", "DOCUMENT_ID"]])
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_variable_is_named(missing, empty):
    variables = {**JOB, **dict.fromkeys(missing, "")}
    if not empty:
        variables = {name: value for name, value in variables.items() if value}
    with pytest.raises(ConfigurationError, match=f"^{' and '.join(missing)} must be set: "):
        event_of(variables)


def test_swapped_ids_are_refused_where_they_can_be_recognised():
    with pytest.raises(ConfigurationError, match="they are swapped"):
        event_of({"SCHEMA_ID": DOCUMENT, "DOCUMENT_ID": "psg-recording"})
    with pytest.raises(ConfigurationError, match="24 hexadecimal digits$"):
        event_of({"SCHEMA_ID": "psg-recording", "DOCUMENT_ID": "12"})
    assert event_of({"SCHEMA_ID": "psg-recording", "DOCUMENT_ID": DOCUMENT})["data"]["schemaId"] == "psg-recording"


def test_a_swap_of_two_ids_is_a_document_that_is_not_there(job, functions):
    code, (line,) = job("made_up.unknown", **JOB, **functions)
    assert (code, line["errorType"]) == (1, "ResourceUnknownError")
    assert "SCHEMA_ID and DOCUMENT_ID may be swapped" in line["hint"]


def test_the_platform_is_called_as_the_functions_user(job, platform):
    code, (line,) = job("handlers.whoami.handler", **JOB, **platform.environment(), AWS_BATCH_JOB_ID="4f1d")
    assert (code, line["message"], line["user_id"]) == (0, "authenticated", platform.credentials.user_id)
    assert (line["task_id"], line["function_request_id"]) == ("4f1d", "4f1d")


def test_a_plain_handler_gets_event_and_context(job, functions):
    code, (line,) = job("made_up.plain", **JOB, **functions, AWS_BATCH_JOB_ID="4f1d")
    assert (code, line) == (0, [{"id": "4f1d", "data": {"schemaId": SCHEMA, "documentId": DOCUMENT}}, "4f1d"])


def test_a_job_has_no_deadline(job, functions):
    assert job("made_up.time_left", **JOB, **functions) == (0, ["inf"])


@pytest.mark.parametrize(
    ("handler", "error", "message"),
    [
        ("made_up.fails", "KeyError", "'pulse'"),
        ("made_up.nobody", "AttributeError", "module 'made_up' has no attribute 'nobody'"),
        ("nowhere.handler", "ModuleNotFoundError", "No module named 'nowhere'"),
    ],
)
def test_what_a_function_raises_is_one_line_as_lambda_logs_it(job, functions, handler, error, message):
    code, (line,) = job(handler, **JOB, **functions)
    assert (code, line["level"], line["errorType"], line["errorMessage"]) == (1, "ERROR", error, message)
    assert isinstance(line["stackTrace"], list)
    assert "hint" not in line


@pytest.mark.parametrize("handler", ["", "handler", "handlers/whoami.py"])
def test_what_is_not_the_name_of_a_function_is_refused(job, handler):
    code, (line,) = job(handler, **JOB)
    assert (code, line["message"].partition(" must")[0]) == (2, "FUNCTION_HANDLER")


def test_without_its_document_a_job_does_not_begin(job, functions):
    code, (line,) = job("made_up.fails", **functions)
    assert (code, line["level"]) == (2, "ERROR")
    assert line["message"].startswith("SCHEMA_ID and DOCUMENT_ID must be set")
